// The dead-letter topic as people look at it (`audit-manager dlq`), beside every consumer group.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dead_letters/dead_letter_queue.h"
#include "errors/result.h"
#include "kafka/connection_options.h"

namespace audit::kafka {

// What a letter is called: "3:17", partition and offset in the dead-letter topic; of one that was cut
// into parts, those of its first part.
struct LetterName {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  auto operator<=>(const LetterName&) const = default;
  [[nodiscard]] std::string ToString() const;
  [[nodiscard]] static std::optional<LetterName> Parse(std::string_view text);
};

// Views live until the callback returns.
struct TopicLetter {
  LetterName name;
  std::int64_t behind = 0;  // the offset behind its last message
  time::UnixMicros dead_at;
  dead_letters::DeadLetter letter;  // headers: the original ones
  bool complete = true;             // false: parts are missing; the value has what there is
};

// All that is set must hold.
struct LetterFilter {
  std::optional<std::string> reason = std::nullopt;       // how it begins: "conflict"
  std::optional<std::string> origin = std::nullopt;       // exactly
  std::optional<time::UnixMicros> from = std::nullopt;    // dead_at, inclusive
  std::optional<time::UnixMicros> before = std::nullopt;  // dead_at, exclusive
};

// One thread at a time. A call fails with kTimeout when the brokers say nothing for `patience`.
class DeadLetterTopic {
 public:
  static Result<std::unique_ptr<DeadLetterTopic>> Open(const ConnectionOptions& connection, std::string topic,
                                                       std::chrono::milliseconds patience);
  ~DeadLetterTopic();

  // Calls `each` for all that are there now, in the order of their offsets within a partition, until
  // it returns false; gives the number of calls.
  Result<std::uint64_t> List(const LetterFilter& filter, const std::function<bool(const TopicLetter&)>& each);
  // Calls `use` with that one; kNotFound: there is none, or no more.
  Result<void> Find(LetterName name, const std::function<void(const TopicLetter&)>& use);
  // Deletes, for good, every letter of the partition up to this one: a topic cannot lose a single
  // message from its middle. Else retention does it (the topic's retention.ms).
  Result<void> DropThrough(LetterName name);

 private:
  struct State;
  explicit DeadLetterTopic(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::kafka
