#include "cli/dead_letter_output.h"

#include "cli/table.h"
#include "event/json_text.h"
#include "time/rfc3339.h"

namespace audit::cli {
namespace {

std::string PlaceOf(const dead_letters::DeadLetter& letter) {
  return std::string(letter.origin) + ' ' + std::to_string(letter.offset);
}

}  // namespace

std::vector<std::string> LetterCells(const dead_letters::StoredLetter& stored) {
  return {std::to_string(stored.number), time::FormatMicros(stored.dead_at).substr(0, 19) + 'Z',
          std::string(stored.letter.reason), PlaceOf(stored.letter), std::to_string(stored.letter.value.size())};
}

std::string LetterJson(const dead_letters::StoredLetter& stored) {
  const dead_letters::DeadLetter& letter = stored.letter;
  std::string out = R"({"number":)" + std::to_string(stored.number);
  const auto add = [&out](std::string_view name, std::string_view text) {
    out.append(",\"").append(name).append("\":");
    event::AppendQuoted(text, &out);
  };
  add("dead_at", time::FormatMicros(stored.dead_at));
  add("ingested_at", time::FormatMicros(letter.ingested_at));
  add("reason", Harmless(letter.reason));
  add("origin", letter.origin);
  out += R"(,"offset":)" + std::to_string(letter.offset);
  add("key", Harmless(letter.key.value_or("")));
  return out + R"(,"bytes":)" + std::to_string(letter.value.size()) + "}\n";
}

std::string LetterText(const dead_letters::StoredLetter& stored) {
  const dead_letters::DeadLetter& letter = stored.letter;
  return "number    " + std::to_string(stored.number) + "\ndied      " + time::FormatMicros(stored.dead_at) +
         "\naccepted  " + time::FormatMicros(letter.ingested_at) + "\nreason    " + Harmless(letter.reason) +
         "\nfrom      " + PlaceOf(letter) + "\nkey       " + Harmless(letter.key.value_or("")) + "\nbytes     " +
         std::to_string(letter.value.size()) + "\n\n" + Harmless(letter.value) + '\n';
}

}  // namespace audit::cli
