#include "cli/dead_letter_output.h"

#include "cli/table.h"
#include "event/json_text.h"
#include "time/rfc3339.h"

namespace audit::cli {
namespace {

std::string PlaceOf(const dead_letters::DeadLetter& letter) {
  const std::string partition = letter.partition < 0 ? "" : '/' + std::to_string(letter.partition);
  return Harmless(letter.origin) + partition + ' ' + std::to_string(letter.offset);
}

}  // namespace

std::vector<std::string> LetterCells(const BoxedLetter& boxed) {
  return {boxed.name, time::FormatMicros(boxed.dead_at).substr(0, 19) + 'Z', std::string(boxed.letter.reason),
          PlaceOf(boxed.letter), std::to_string(boxed.letter.value.size())};
}

std::string LetterJson(const BoxedLetter& boxed) {
  const dead_letters::DeadLetter& letter = boxed.letter;
  std::string out = R"({"number":")" + boxed.name + '"';
  const auto add = [&out](std::string_view name, std::string_view text) {
    out.append(",\"").append(name).append("\":");
    event::AppendQuoted(text, &out);
  };
  add("dead_at", time::FormatMicros(boxed.dead_at));
  add("ingested_at", time::FormatMicros(letter.ingested_at));
  add("reason", Harmless(letter.reason));
  add("origin", Harmless(letter.origin));
  if (letter.partition >= 0) out += R"(,"partition":)" + std::to_string(letter.partition);
  out += R"(,"offset":)" + std::to_string(letter.offset);
  add("key", Harmless(letter.key.value_or("")));
  return out + R"(,"bytes":)" + std::to_string(letter.value.size()) + "}\n";
}

std::string LetterText(const BoxedLetter& boxed) {
  const dead_letters::DeadLetter& letter = boxed.letter;
  std::string text = "number    " + boxed.name + "\ndied      " + time::FormatMicros(boxed.dead_at) + "\naccepted  " +
                     time::FormatMicros(letter.ingested_at) + "\nreason    " + Harmless(letter.reason) +
                     "\nfrom      " + PlaceOf(letter) + "\nkey       " + Harmless(letter.key.value_or("")) + '\n';
  for (const event::MessageHeader& header : letter.headers) {
    text += "header    " + Harmless(header.name) +
            (header.value ? ": " + Harmless(*header.value) : ", without a value") + '\n';
  }
  text += "bytes     ";
  text += letter.tombstone ? "none, the message had no value" : std::to_string(letter.value.size());
  return text + (boxed.complete ? "" : ", a part is missing") + "\n\n" + Harmless(letter.value) + '\n';
}

}  // namespace audit::cli
