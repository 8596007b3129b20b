// Posts until there is a final answer: tries again what may succeed later (retry.h), and gives up
// when its time is over or the run is stopped.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include "client/http_client.h"
#include "client/retry.h"
#include "env/clock.h"
#include "env/random.h"
#include "errors/result.h"

namespace audit::client {

// One thread at a time.
class Sender {
 public:
  struct Hooks {
    // Waits for that long. False: stop, do not try again.
    std::function<bool(std::chrono::milliseconds wait)> wait;
    // Before every wait; `why` says what went wrong. May be empty.
    std::function<void(std::string_view why, std::chrono::milliseconds wait)> on_retry;
  };

  // All outlive the sender.
  Sender(HttpClient& http, RetryPolicy policy, env::Clock& clock, env::Random& random, Hooks hooks);

  // An Answer whose status is final. An error: what kept it from one, after the last attempt;
  // kClosed when `wait` said stop.
  Result<Answer> Post(std::string_view path, std::string_view content_type, std::string_view body);

 private:
  HttpClient& http_;
  const RetryPolicy policy_;
  env::Clock& clock_;
  env::Random& random_;
  const Hooks hooks_;
};

}  // namespace audit::client
