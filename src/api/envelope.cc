#include "api/envelope.h"

#include "event/json_text.h"
#include "time/rfc3339.h"

namespace audit::api {
namespace {

void AppendEntry(std::string& out, Code code, std::string_view message, std::string_view path) {
  out += R"({"errorCode":)";
  event::AppendQuoted(Name(code), &out);
  out += R"(,"message":)";
  event::AppendQuoted(message, &out);
  if (!path.empty()) {
    out += R"(,"path":)";
    event::AppendQuoted(path, &out);
  }
  out += '}';
}

}  // namespace

Envelope::Envelope(std::string_view service_id, std::string_view api_version) {
  head_ = R"({"id":)";
  event::AppendQuoted(service_id, &head_);
  head_ += R"(,"version":)";
  event::AppendQuoted(api_version, &head_);
  head_ += R"(,"responsetime":")";
}

void Envelope::Begin(time::UnixMicros now) {
  const std::int64_t millis = now.value / 1'000;
  if (millis != rendered_millis_) {
    responsetime_ = time::FormatMillis(now);
    rendered_millis_ = millis;
  }
  body_ = head_;
  body_ += responsetime_;
}

std::string_view Envelope::Success(std::string_view response, time::UnixMicros now) {
  Begin(now);
  body_ += R"(","response":)";
  body_ += response;
  body_ += R"(,"errors":[]})";
  return body_;
}

std::string_view Envelope::Refusal(const Problem& problem, std::span<const event::Violation> violations,
                                   time::UnixMicros now) {
  Begin(now);
  body_ += R"(","response":null,"errors":[)";
  if (violations.empty()) AppendEntry(body_, problem.code, problem.message, {});
  for (const event::Violation& violation : violations) {
    if (&violation != violations.data()) body_ += ',';
    AppendEntry(body_, problem.code, violation.message, violation.path);
  }
  body_ += "]}";
  return body_;
}

}  // namespace audit::api
