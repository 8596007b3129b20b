#include "kafka/dead_letter_message.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "time/rfc3339.h"

namespace audit::kafka {
namespace {

constexpr std::array kOurs{kReasonHeader, kTopicHeader,    kPartitionHeader, kOffsetHeader,
                           kTimeHeader,   kIngestedHeader, kPartHeader,      kStrippedHeader};

template <class Number>
std::string_view ReadNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() ? text.substr(static_cast<std::size_t>(end - text.data())) : text;
}

LetterPart ReadPart(std::string_view text) {
  LetterPart part;
  const std::string_view rest = ReadNumber(text, &part.number);
  if (!rest.starts_with('/')) return {};
  ReadNumber(rest.substr(1), &part.count);
  return part.number >= 1 && part.number <= part.count ? part : LetterPart{};
}

}  // namespace

LetterHeaders::LetterHeaders(const dead_letters::DeadLetter& letter, time::UnixMicros now, LetterPart part,
                             bool stripped)
    : partition_(std::to_string(letter.partition)),
      offset_(std::to_string(letter.offset)),
      time_(time::FormatMillis(now)),
      ingested_(time::FormatMicros(letter.ingested_at)) {
  if (part.number == 1 && !stripped) headers_.assign(letter.headers.begin(), letter.headers.end());
  headers_.push_back({kReasonHeader, letter.reason});
  headers_.push_back({kTopicHeader, letter.origin});
  headers_.push_back({kPartitionHeader, partition_});
  headers_.push_back({kOffsetHeader, offset_});
  headers_.push_back({kTimeHeader, time_});
  headers_.push_back({kIngestedHeader, ingested_});
  if (part.count > 1) {
    part_ = std::to_string(part.number) + "/" + std::to_string(part.count);
    headers_.push_back({kPartHeader, part_});
  }
  if (stripped) headers_.push_back({kStrippedHeader, "key and headers"});
}

LetterFacts ReadLetterHeaders(std::span<const event::MessageHeader> headers) {
  LetterFacts facts;
  for (const event::MessageHeader& header : headers) {
    if (std::find(kOurs.begin(), kOurs.end(), header.name) == kOurs.end()) facts.originals.push_back(header);
    const std::string_view value = header.value.value_or("");
    if (header.name == kReasonHeader) facts.reason = value;
    if (header.name == kTopicHeader) facts.origin = value;
    if (header.name == kPartitionHeader) ReadNumber(value, &facts.partition);
    if (header.name == kOffsetHeader) ReadNumber(value, &facts.offset);
    if (header.name == kTimeHeader) facts.dead_at = time::ParseRfc3339(value);
    if (header.name == kIngestedHeader) facts.ingested_at = time::ParseRfc3339(value);
    if (header.name == kPartHeader) facts.part = ReadPart(value);
  }
  return facts;
}

}  // namespace audit::kafka
