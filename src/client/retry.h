// When to try again, and how long to wait before. Pure: time and randomness are passed in.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "env/clock.h"
#include "env/random.h"
#include "time/unix_micros.h"

namespace audit::client {

struct RetryPolicy {
  std::chrono::milliseconds initial{100};           // the first wait, doubled with each next
  std::chrono::milliseconds max{10'000};            // of a wait that the service did not ask for
  std::chrono::milliseconds give_up_after{60'000};  // of trying one request, from its first attempt
};

// Statuses after which the same request may succeed: 408, 429, 502, 503 and 504.
[[nodiscard]] bool IsRetryable(int status);

// The value of a Retry-After header: seconds, or an HTTP date (RFC 9110, section 10.2.3), which is
// measured from `now`. nullopt: neither.
[[nodiscard]] std::optional<std::chrono::seconds> ParseRetryAfter(std::string_view value, time::UnixMicros now);

// The waits between the attempts at one request.
class Backoff {
 public:
  Backoff(const RetryPolicy& policy, env::SteadyTime first_attempt);

  // The wait before the next attempt: between half of the doubling delay and all of it, so that many
  // clients do not come back at once, and never less than the service asked for. nullopt: the next
  // attempt would be too late, give up.
  std::optional<std::chrono::milliseconds> Next(env::SteadyTime now, std::optional<std::chrono::seconds> retry_after,
                                                env::Random& random);

 private:
  RetryPolicy policy_;
  env::SteadyTime deadline_;
  std::chrono::milliseconds delay_;
};

}  // namespace audit::client
