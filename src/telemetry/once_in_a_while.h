// Keeps a trouble that lasts from filling the log: the same text goes through once in a while.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "env/clock.h"
#include "env/mutex.h"

namespace audit::telemetry {

// Any thread.
class OnceInAWhile {
 public:
  explicit OnceInAWhile(std::chrono::seconds interval) : interval_(interval) {}

  // How often `text` was held back since it last went through, if it may go through now; nothing: it is held
  // back. Remembers a bounded number of texts.
  std::optional<std::uint64_t> Ask(std::string_view text, env::SteadyTime now) EXCLUDES(mutex_);

 private:
  struct Said {
    env::SteadyTime at;
    std::uint64_t held_back = 0;
  };
  const std::chrono::seconds interval_;
  env::Mutex mutex_;
  std::map<std::string, Said, std::less<>> said_ GUARDED_BY(mutex_);
};

}  // namespace audit::telemetry
