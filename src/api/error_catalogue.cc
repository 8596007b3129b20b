#include "api/error_catalogue.h"

namespace audit::api {
namespace {

constexpr int StatusOf(Code code) {
  switch (code) {
    case Code::kMalformed:
    case Code::kTooManyEvents: return 400;
    case Code::kNoSuchRoute: return 404;
    case Code::kTimeout: return 408;
    case Code::kTooLarge: return 413;
    case Code::kMediaType: return 415;
    case Code::kInvalidEvent: return 422;
    case Code::kNoRoom:
    case Code::kNotServing:
    case Code::kStoreUnreachable: return 503;
  }
  return 500;
}

constexpr Problem Say(Code code, std::string_view message) { return {code, StatusOf(code), message}; }

}  // namespace

std::string_view Name(Code code) {
  switch (code) {
    case Code::kMalformed: return "AUD-001";
    case Code::kInvalidEvent: return "AUD-002";
    case Code::kMediaType: return "AUD-003";
    case Code::kNoRoom: return "AUD-004";
    case Code::kNotServing: return "AUD-005";
    case Code::kStoreUnreachable: return "AUD-006";
    case Code::kTooManyEvents: return "AUD-007";
    case Code::kTooLarge: return "AUD-008";
    case Code::kNoSuchRoute: return "AUD-009";
    case Code::kTimeout: return "AUD-012";
  }
  return "AUD-000";
}

namespace problems {

constexpr Problem kNoSuchPath =
    Say(Code::kNoSuchRoute, "there is nothing at this path; see /v1/auditmanager/docs for those there are");
constexpr Problem kNoSuchMethod{Code::kNoSuchRoute, 405,
                                "this path does not take this method; the Allow header names those it takes"};
constexpr Problem kContentType =
    Say(Code::kMediaType,
        "Content-Type is not accepted; send application/json, application/cloudevents+json, "
        "application/cloudevents-batch+json, or a JSON media type together with ce- headers");
constexpr Problem kCharset = Say(Code::kMediaType, "the charset is not accepted; send JSON as UTF-8");
constexpr Problem kBinaryBatch =
    Say(Code::kMediaType, "ce- headers (binary content mode) carry one event; send it to /events");
constexpr Problem kAttributeHeader = Say(Code::kMalformed, "a ce- header is malformed");
constexpr Problem kDiskFull =
    Say(Code::kNoRoom,
        "the disk space for events is full; nothing was taken, send the request again when the store has caught up");
constexpr Problem kNotReplicated =
    Say(Code::kNoRoom,
        "the replicas of the log did not acknowledge in time; the events are kept and go on their way, and sending "
        "the request again changes nothing");
constexpr Problem kStarting = Say(Code::kNotServing, "startup is not complete; try again shortly");
constexpr Problem kStopping = Say(Code::kNotServing, "this instance is shutting down; send the request again");
constexpr Problem kFailed = Say(
    Code::kNotServing, "this instance can keep no event safe any more and is shutting down; send the request again");
constexpr Problem kNotIngesting = Say(
    Code::kNotServing, "this instance takes no events (it runs without the role ingest); send them to one that does");
constexpr Problem kStoreUnreachable =
    Say(Code::kStoreUnreachable, "the store cannot be reached; events are accepted and kept until it can");

}  // namespace problems

Problem ProblemOf(event::Refusal refusal) {
  switch (refusal) {
    case event::Refusal::kNotJson: return Say(Code::kMalformed, "the body is not JSON of the shape this path takes");
    case event::Refusal::kInvalid: return Say(Code::kInvalidEvent, "an event breaks a rule of the event format");
    case event::Refusal::kTooManyEvents: return Say(Code::kTooManyEvents, "too many events in one batch; split it");
    case event::Refusal::kEventTooLarge:
      return Say(Code::kTooLarge, "an event is larger than ingest.max_event_bytes; make it smaller");
  }
  return problems::kContentType;
}

Problem ProblemOf(spool::AppendStatus status) {
  switch (status) {
    case spool::AppendStatus::kQueueFull:
      return Say(Code::kNoRoom, "the queue is full; nothing was taken, send the request again after Retry-After");
    case spool::AppendStatus::kDiskFull: return problems::kDiskFull;
    case spool::AppendStatus::kTooLarge:
      return Say(Code::kTooLarge, "the events of this request fit in no segment of the spool; send fewer at once");
    case spool::AppendStatus::kAccepted:
    case spool::AppendStatus::kClosed: break;
  }
  return problems::kStopping;
}

Problem ProblemOf(http::Fault fault) {
  switch (fault) {
    case http::Fault::kMalformed: return Say(Code::kMalformed, "the request is not well-formed HTTP/1.1");
    case http::Fault::kHeaderTooLarge:
      return Say(Code::kTooLarge, "the head of the request is larger than http.max_header_bytes; send fewer headers");
    case http::Fault::kBodyTooLarge:
      return Say(Code::kTooLarge, "the body is larger than http.max_body_bytes (counted decoded); send less at once");
    case http::Fault::kUnsupportedEncoding:
      return Say(Code::kMediaType, "the Content-Encoding is not accepted; send gzip or none");
    case http::Fault::kMalformedEncoding: return Say(Code::kMalformed, "the body is not well-formed gzip");
    case http::Fault::kTimeout:
      return Say(Code::kTimeout, "the request did not arrive in time; send it again, faster or in smaller pieces");
    case http::Fault::kOverloaded:
      return Say(Code::kNoRoom,
                 "too many requests at once; nothing was taken, send the request again after Retry-After");
  }
  return Say(Code::kMalformed, "the request cannot be read");
}

}  // namespace audit::api
