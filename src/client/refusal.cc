#include "client/refusal.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace audit::client {
namespace {

constexpr std::string_view kEvents = "events[";
constexpr std::size_t kQuotedBytes = 120;

std::string StringAt(const simdjson::dom::element& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

// "events[3].data.actor.id" becomes 3 and "data.actor.id".
void TakeApart(std::string_view path, Refusal* refusal) {
  refusal->path = path;
  if (!path.starts_with(kEvents)) return;
  std::size_t index = 0;
  const char* const last = path.data() + path.size();
  const auto [end, error] = std::from_chars(path.data() + kEvents.size(), last, index);
  if (error != std::errc() || end == last || *end != ']') return;
  std::string_view rest(end + 1, static_cast<std::size_t>(last - end - 1));
  if (rest.starts_with('.')) rest.remove_prefix(1);
  refusal->event = index;
  refusal->path = rest;
}

// The beginning of what a proxy or another service said instead, on one line.
std::string Quote(std::string_view body) {
  std::string text(body.substr(0, kQuotedBytes));
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, ' ');
  return text.empty() ? "with an empty body" : "with: " + text;
}

}  // namespace

std::vector<Refusal> ParseRefusals(int status, std::string_view body) {
  std::vector<Refusal> refusals;
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::array errors;
  const simdjson::padded_string padded(body);
  if (parser.parse(padded).get(document) == simdjson::SUCCESS && document["errors"].get(errors) == simdjson::SUCCESS) {
    for (const simdjson::dom::element error : errors) {
      Refusal& refusal = refusals.emplace_back();
      refusal.code = StringAt(error, "errorCode");
      refusal.message = StringAt(error, "message");
      TakeApart(StringAt(error, "path"), &refusal);
    }
  }
  if (refusals.empty()) {
    refusals.push_back(
        {.code = {}, .message = "HTTP " + std::to_string(status) + ' ' + Quote(body), .path = {}, .event = {}});
  }
  return refusals;
}

std::string Describe(const Refusal& refusal) {
  std::string text = refusal.code;
  for (const std::string* part : {&refusal.path, &refusal.message}) {
    if (part->empty()) continue;
    if (!text.empty()) text += part == &refusal.message && !refusal.path.empty() ? ": " : " ";
    text += *part;
  }
  return text;
}

}  // namespace audit::client
