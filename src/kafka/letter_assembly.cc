#include "kafka/letter_assembly.h"

#include <charconv>

#include "kafka/dead_letter_message.h"

namespace audit::kafka {

std::string LetterName::ToString() const { return std::to_string(partition) + ":" + std::to_string(offset); }

std::optional<LetterName> LetterName::Parse(std::string_view text) {
  LetterName name;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, name.partition);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, name.offset);
  if (second.ec != std::errc() || second.ptr != end || name.partition < 0 || name.offset < 0) return std::nullopt;
  return name;
}

bool LetterAssembly::Add(const MessageView& message, const Each& each) {
  const LetterFacts facts = ReadLetterHeaders(message.headers);
  const LetterName name{message.partition, message.offset};
  const time::UnixMicros dead_at = facts.dead_at.value_or(message.timestamp);
  const time::UnixMicros ingested_at = facts.ingested_at.value_or(message.timestamp);
  if (facts.part.count == 1) {
    const dead_letters::DeadLetter letter{.reason = facts.reason,
                                          .origin = facts.origin,
                                          .partition = facts.partition,
                                          .offset = facts.offset,
                                          .key = message.key,
                                          .value = message.value,
                                          .tombstone = message.tombstone,
                                          .ingested_at = ingested_at,
                                          .headers = facts.originals};
    return each({.name = name, .behind = message.offset + 1, .dead_at = dead_at, .letter = letter, .complete = true});
  }
  const Key key{message.partition, std::string(facts.origin), facts.partition, facts.offset};
  auto found = cuts_.find(key);
  if (facts.part.number == 1) {
    // Put again after an error: the first try lacks parts.
    if (found != cuts_.end()) {
      const Cut before = std::move(found->second);
      cuts_.erase(found);
      if (!Tell(before, false, each)) return false;
    }
    Cut cut;
    cut.name = name;
    cut.dead_at = dead_at;
    cut.ingested_at = ingested_at;
    cut.reason = facts.reason;
    cut.origin = facts.origin;
    cut.partition = facts.partition;
    cut.offset = facts.offset;
    if (message.key) cut.key.emplace(*message.key);
    for (const event::MessageHeader& header : facts.originals) cut.headers.emplace_back(header.name, header.value);
    found = cuts_.insert({key, std::move(cut)}).first;
  }
  // A part whose first one is gone, or that is there twice, adds nothing.
  if (found == cuts_.end() || found->second.next_part != facts.part.number) return true;
  found->second.value += message.value;
  found->second.behind = message.offset + 1;
  ++found->second.next_part;
  if (facts.part.number < facts.part.count) return true;
  const Cut whole = std::move(found->second);
  cuts_.erase(found);
  return Tell(whole, true, each);
}

bool LetterAssembly::Tell(const Cut& cut, bool complete, const Each& each) {
  std::vector<event::MessageHeader> headers;
  headers.reserve(cut.headers.size());
  for (const auto& [name, value] : cut.headers) headers.push_back({name, value});
  const dead_letters::DeadLetter letter{.reason = cut.reason,
                                        .origin = cut.origin,
                                        .partition = cut.partition,
                                        .offset = cut.offset,
                                        .key = cut.key ? std::optional<std::string_view>(*cut.key) : std::nullopt,
                                        .value = cut.value,
                                        .ingested_at = cut.ingested_at,
                                        .headers = headers};
  return each({.name = cut.name, .behind = cut.behind, .dead_at = cut.dead_at, .letter = letter, .complete = complete});
}

bool LetterAssembly::Finish(const Each& each) {
  for (const auto& [key, cut] : std::exchange(cuts_, {})) {
    if (!Tell(cut, false, each)) return false;
  }
  return true;
}

}  // namespace audit::kafka
