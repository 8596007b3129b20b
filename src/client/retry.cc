#include "client/retry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "time/rfc3339.h"

namespace audit::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that may be sent (RFC 9110, section 5.6.7).
std::optional<time::UnixMicros> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto* month = std::ranges::find(kMonths, text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  std::string number = std::to_string(month - kMonths.begin() + 1);
  if (number.size() == 1) number.insert(0, "0");
  const auto part = [text](std::size_t at, std::size_t size) { return std::string(text.substr(at, size)); };
  return time::ParseRfc3339(part(12, 4) + '-' + number + '-' + part(5, 2) + 'T' + part(17, 8) + 'Z');
}

}  // namespace

bool IsRetryable(int status) {
  return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

std::optional<seconds> ParseRetryAfter(std::string_view value, time::UnixMicros now) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size()) return seconds(number);
  const std::optional<time::UnixMicros> date = ParseHttpDate(value);
  if (!date) return std::nullopt;
  // Rounded up: not a moment too early.
  const std::int64_t micros = std::max<std::int64_t>(0, date->value - now.value);
  return seconds((micros + time::kMicrosPerSecond - 1) / time::kMicrosPerSecond);
}

Backoff::Backoff(const RetryPolicy& policy, env::SteadyTime first_attempt)
    : policy_(policy), deadline_(first_attempt + policy.give_up_after), delay_(policy.initial) {}

std::optional<milliseconds> Backoff::Next(env::SteadyTime now, std::optional<seconds> retry_after,
                                          env::Random& random) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - now);
  if (left.count() <= 0) return std::nullopt;
  const auto half = static_cast<std::uint64_t>(delay_.count() / 2);
  milliseconds wait = delay_ - milliseconds(random.Next() % (half + 1));
  delay_ = std::min(delay_ * 2, policy_.max);
  if (!retry_after) return std::min(wait, left);  // one last attempt at the very end
  wait = std::max<milliseconds>(wait, *retry_after);
  if (wait > left) return std::nullopt;
  return wait;
}

}  // namespace audit::client
