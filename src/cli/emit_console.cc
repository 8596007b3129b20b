#include "cli/emit_console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/report.h"
#include "cli/table.h"
#include "cli/terminal.h"

namespace audit::cli {
namespace {

constexpr std::chrono::seconds kWarningInterval{5};  // where no progress line can show the trouble

double Seconds(std::chrono::nanoseconds elapsed) { return std::chrono::duration<double>(elapsed).count(); }

double Rate(const EmitCounts& counts, std::chrono::nanoseconds elapsed) {
  return elapsed.count() > 0 ? static_cast<double>(counts.accepted) / Seconds(elapsed) : 0.0;
}

}  // namespace

void EmitConsole::OnRefused(const Place& place, std::span<const client::Refusal> refusals, std::string_view json) {
  const ColourCodes red = CodesOf(Colour::kRed, STDERR_FILENO);
  std::string text;
  for (const client::Refusal& refusal : refusals) {
    text += fmt::format("{}{}: {}{}\n", red.begin, Describe(place), Harmless(client::Describe(refusal)), red.end);
  }
  const env::MutexLock lock(mutex_);
  ClearLocked();
  std::fputs(text.c_str(), stderr);
  if (options_.refused_file != nullptr && !json.empty()) {
    // One that came over several lines is put onto one: a line feed is white space in JSON.
    std::string line(json);
    std::ranges::replace(line, '\n', ' ');
    fmt::print(options_.refused_file, "{}\n", line);
  }
}

void EmitConsole::OnRetry(std::string_view why, std::chrono::milliseconds wait) {
  const env::MutexLock lock(mutex_);
  trouble_ = fmt::format("{}; again in {:.1f} s", Harmless(why), Seconds(wait));
  accepted_at_trouble_ = last_accepted_;
  const auto now = std::chrono::steady_clock::now();
  if (options_.progress || now - last_warning_ < kWarningInterval) return;
  last_warning_ = now;
  ReportWarning(trouble_);
}

void EmitConsole::Draw(const EmitCounts& counts, std::chrono::nanoseconds elapsed) {
  const env::MutexLock lock(mutex_);
  last_accepted_ = counts.accepted;
  if (!options_.progress) return;
  if (counts.accepted != accepted_at_trouble_) trouble_.clear();
  const std::string line =
      ProgressLine(counts, elapsed, options_.total_bytes, trouble_, TerminalWidth(STDERR_FILENO) - 1);
  fmt::print(stderr, "\r{}\x1b[K", line);
  std::fflush(stderr);
  drawn_ = true;
}

void EmitConsole::Clear() {
  const env::MutexLock lock(mutex_);
  ClearLocked();
}

void EmitConsole::ClearLocked() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

std::string ProgressLine(const EmitCounts& counts, std::chrono::nanoseconds elapsed,
                         std::optional<std::uint64_t> total_bytes, std::string_view trouble, std::size_t width) {
  constexpr std::size_t kBarWidth = 20;
  std::string line;
  if (total_bytes && *total_bytes > 0) {
    const double done = std::min(1.0, static_cast<double>(counts.bytes_read) / static_cast<double>(*total_bytes));
    const auto full = static_cast<std::size_t>(done * kBarWidth);
    line = fmt::format("[{}{}] {:3.0f} %  ", std::string(full, '#'), std::string(kBarWidth - full, '-'), done * 100);
  }
  line += fmt::format("{} accepted", counts.accepted);
  if (counts.refused > 0) line += fmt::format(", {} refused", counts.refused);
  line += fmt::format("  {:.0f}/s", Rate(counts, elapsed));
  if (!trouble.empty()) line += fmt::format("  {}", trouble);
  while (DisplayWidth(line) > width) line.pop_back();
  return line;
}

std::string SummaryText(const EmitCounts& counts, std::chrono::nanoseconds elapsed, bool check_only) {
  std::string text;
  if (check_only) {
    text = fmt::format("{} events checked: {} good, {} refused; {:.2f} s\n", counts.events, counts.accepted,
                       counts.refused, Seconds(elapsed));
  } else {
    text = fmt::format("{} events: {} accepted, {} refused, {} unsent; {} retries; {:.2f} s, {:.0f} events/s\n",
                       counts.events, counts.accepted, counts.refused, counts.unsent, counts.retries, Seconds(elapsed),
                       Rate(counts, elapsed));
  }
  if (counts.first_unsent) text += fmt::format("the first unsent one: {}\n", Describe(*counts.first_unsent));
  if (!counts.whole_input) text += "the input was not read to its end\n";
  return text;
}

std::string SummaryJson(const EmitCounts& counts, std::chrono::nanoseconds elapsed) {
  return fmt::format(
      R"({{"events":{},"accepted":{},"refused":{},"unsent":{},"retries":{},"seconds":{:.3f},"events_per_second":{:.0f}}})"
      "\n",
      counts.events, counts.accepted, counts.refused, counts.unsent, counts.retries, Seconds(elapsed),
      Rate(counts, elapsed));
}

}  // namespace audit::cli
