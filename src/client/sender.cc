#include "client/sender.h"

#include <utility>

#include "client/refusal.h"

namespace audit::client {

Sender::Sender(HttpClient& http, RetryPolicy policy, env::Clock& clock, env::Random& random, Hooks hooks)
    : http_(http), policy_(policy), clock_(clock), random_(random), hooks_(std::move(hooks)) {}

Result<Answer> Sender::Post(std::string_view path, std::string_view content_type, std::string_view body) {
  Backoff backoff(policy_, clock_.SteadyNow());
  for (;;) {
    Result<Answer> answer = http_.Post(path, content_type, body);
    if (answer.ok() ? !IsRetryable(answer->status) : !answer.error().retryable()) return answer;

    const ErrorCode code = answer.ok() ? ErrorCode::kUnavailable : answer.error().code();
    const std::string why = answer.ok() ? http_.base().ToString() + " answered " + std::to_string(answer->status) +
                                              ' ' + Describe(ParseRefusals(answer->status, answer->body).front())
                                        : answer.error().message();
    const auto wait = backoff.Next(clock_.SteadyNow(), answer.ok() ? answer->retry_after : std::nullopt, random_);
    if (!wait) return Error(code, why + ": gave up");
    if (hooks_.on_retry) hooks_.on_retry(why, *wait);
    if (!hooks_.wait(*wait)) return Error(ErrorCode::kClosed, why + ": stopped");
  }
}

}  // namespace audit::client
