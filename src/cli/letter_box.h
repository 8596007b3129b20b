// The dead letters that `audit-manager dlq` looks at, wherever this installation keeps them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "dead_letters/dead_letter_queue.h"
#include "errors/result.h"

namespace audit::cli {

// Views live until the callback returns.
struct BoxedLetter {
  std::string name;  // "7" in a file, "3:17" (partition and offset) in a topic
  time::UnixMicros dead_at;
  dead_letters::DeadLetter letter;
  bool complete = true;  // false: a part of its value is missing
};

// All that is set must hold.
struct LetterFilter {
  std::optional<std::string> reason = std::nullopt;       // how it begins: "conflict"
  std::optional<time::UnixMicros> from = std::nullopt;    // dead_at, inclusive
  std::optional<time::UnixMicros> before = std::nullopt;  // dead_at, exclusive
};

class LetterBox {
 public:
  virtual ~LetterBox() = default;
  // The oldest first, in a topic of each partition, until `each` returns false; gives the number of calls.
  virtual Result<std::uint64_t> List(const LetterFilter& filter,
                                     const std::function<bool(const BoxedLetter&)>& each) = 0;
  // False: there is none of that name.
  virtual Result<bool> Find(const std::string& name, const std::function<void(const BoxedLetter&)>& use) = 0;
  // Takes it out for good; false: there was none.
  virtual Result<bool> Drop(const std::string& name) = 0;
  // A topic cannot lose a single letter: Drop takes all before it in its partition along.
  [[nodiscard]] virtual bool drops_what_is_before() const = 0;
};

// The dead-letter topic with the Kafka log, else the file beside the embedded store. `local`: what Kafka
// refused of this instance.
Result<std::unique_ptr<LetterBox>> OpenLetterBox(const config::Config& config, bool local);

}  // namespace audit::cli
