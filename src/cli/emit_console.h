// What a person or a script sees of a run of `emit`: each refusal, a progress line on a terminal, the
// summary.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/emit_run.h"
#include "env/mutex.h"

namespace audit::cli {

struct EmitConsoleOptions {
  bool progress = false;                          // draw a line that changes in place
  std::optional<std::uint64_t> total_bytes = {};  // of the input, where known
  std::FILE* refused_file = nullptr;              // refused events go here, one a line; may be null
};

// Any thread. Writes to standard error.
class EmitConsole final : public EmitObserver {
 public:
  explicit EmitConsole(EmitConsoleOptions options) : options_(options) {}

  void OnRefused(const Place& place, std::span<const client::Refusal> refusals, std::string_view json) override;
  void OnRetry(std::string_view why, std::chrono::milliseconds wait) override;

  void Draw(const EmitCounts& counts, std::chrono::nanoseconds elapsed);
  void Clear();  // the progress line, before something else is written

 private:
  void ClearLocked() REQUIRES(mutex_);

  const EmitConsoleOptions options_;
  env::Mutex mutex_;
  bool drawn_ GUARDED_BY(mutex_) = false;
  std::string trouble_ GUARDED_BY(mutex_);  // the last retry, shown until events are taken again
  std::uint64_t accepted_at_trouble_ GUARDED_BY(mutex_) = 0;
  std::uint64_t last_accepted_ GUARDED_BY(mutex_) = 0;
  std::chrono::steady_clock::time_point last_warning_ GUARDED_BY(mutex_);
};

// "1000 events: 990 accepted, 10 refused, 0 unsent; 3 retries; 1.20 s, 825 events/s".
[[nodiscard]] std::string SummaryText(const EmitCounts& counts, std::chrono::nanoseconds elapsed, bool check_only);
[[nodiscard]] std::string SummaryJson(const EmitCounts& counts, std::chrono::nanoseconds elapsed);
// What Draw draws, without the control characters; no longer than `width`.
[[nodiscard]] std::string ProgressLine(const EmitCounts& counts, std::chrono::nanoseconds elapsed,
                                       std::optional<std::uint64_t> total_bytes, std::string_view trouble,
                                       std::size_t width);

}  // namespace audit::cli
