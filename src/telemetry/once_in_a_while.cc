#include "telemetry/once_in_a_while.h"

#include <algorithm>
#include <utility>

namespace audit::telemetry {
namespace {

// More than the kinds of trouble that one cluster has at a time.
constexpr std::size_t kTexts = 256;

}  // namespace

std::optional<std::uint64_t> OnceInAWhile::Ask(std::string_view text, env::SteadyTime now) {
  const env::MutexLock lock(mutex_);
  const auto found = said_.find(text);
  if (found == said_.end()) {
    if (said_.size() == kTexts) {
      said_.erase(std::ranges::min_element(said_, {}, [](const auto& entry) { return entry.second.at; }));
    }
    said_.emplace(text, Said{.at = now, .held_back = 0});
    return 0;
  }
  Said& said = found->second;
  if (now < said.at + interval_) {
    ++said.held_back;
    return std::nullopt;
  }
  said.at = now;
  return std::exchange(said.held_back, 0);
}

}  // namespace audit::telemetry
