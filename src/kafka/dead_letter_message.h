// A dead letter as a message of the dead-letter topic (contract, section 4), and back: the original
// key, value and headers, and headers of ours that say why, from where and when.
//
// A value that is too large for the topic is cut into parts: messages of one partition in a row, each
// with the header `dlq-part: 2/5`. The first has the original headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dead_letters/dead_letter_queue.h"
#include "event/message_header.h"

namespace audit::kafka {

inline constexpr std::string_view kReasonHeader = "dlq-reason";
inline constexpr std::string_view kTopicHeader = "dlq-topic";
inline constexpr std::string_view kPartitionHeader = "dlq-partition";
inline constexpr std::string_view kOffsetHeader = "dlq-offset";
inline constexpr std::string_view kTimeHeader = "dlq-time";               // RFC 3339, UTC
inline constexpr std::string_view kIngestedHeader = "dlq-ingested-time";  // of the original, the same
inline constexpr std::string_view kPartHeader = "dlq-part";               // only where it was cut
inline constexpr std::string_view kStrippedHeader = "dlq-stripped";       // what even a part had no room for

struct LetterPart {
  std::size_t number = 1;  // of `count`
  std::size_t count = 1;
  auto operator<=>(const LetterPart&) const = default;
};

// The headers of one message; views into itself and into the letter, which outlives it.
class LetterHeaders {
 public:
  // `stripped`: without the original headers, and it says so.
  LetterHeaders(const dead_letters::DeadLetter& letter, time::UnixMicros now, LetterPart part, bool stripped);
  LetterHeaders(const LetterHeaders&) = delete;
  LetterHeaders& operator=(const LetterHeaders&) = delete;
  [[nodiscard]] const std::vector<event::MessageHeader>& all() const { return headers_; }

 private:
  std::string partition_;
  std::string offset_;
  std::string time_;
  std::string ingested_;
  std::string part_;
  std::vector<event::MessageHeader> headers_;
};

// What our headers of a message say; a message that somebody else put there has fewer. Where one is
// there twice (a letter that died again) the last one counts. The views are those of the headers.
struct LetterFacts {
  std::string_view reason;
  std::string_view origin;
  std::int32_t partition = -1;
  std::uint64_t offset = 0;
  std::optional<time::UnixMicros> dead_at;
  std::optional<time::UnixMicros> ingested_at;
  LetterPart part;
  std::vector<event::MessageHeader> originals;  // all that are not ours
};
[[nodiscard]] LetterFacts ReadLetterHeaders(std::span<const event::MessageHeader> headers);

}  // namespace audit::kafka
