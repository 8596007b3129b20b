// The error catalogue (contract, section 1): every code a caller can see, with its status and what
// it says. The one place where what other rooms refuse becomes an HTTP status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "event/parser.h"
#include "http/request.h"
#include "spool/spool.h"

namespace audit::api {

// The numbers are the contract's and never change. 10 and 11 belong to authentication.
enum class Code : std::uint8_t {
  kMalformed = 1,         // not JSON, not the shape asked for, a malformed ce- header, not HTTP
  kInvalidEvent = 2,      // a rule of section 2 is broken
  kMediaType = 3,         // media type or content encoding not accepted
  kNoRoom = 4,            // backpressure: nothing of the request was taken
  kNotServing = 5,        // startup not complete, shutting down, or not this instance's role
  kStoreUnreachable = 6,  // /health only
  kTooManyEvents = 7,     // in one batch
  kTooLarge = 8,          // a body, an event, or the head of a request
  kNoSuchRoute = 9,       // no such path (404) or method (405)
  kTimeout = 12,          // the request did not arrive in time
};
inline constexpr std::size_t kCodeSlots = 13;  // one more than the largest, to index by code

[[nodiscard]] std::string_view Name(Code code);  // "AUD-004"

// One refusal, ready to be told. `message` says what is wrong and what to do about it.
struct Problem {
  Code code;
  int status;
  std::string_view message;
};

// For refusals that come without a violation of their own.
[[nodiscard]] Problem ProblemOf(event::Refusal refusal);
[[nodiscard]] Problem ProblemOf(spool::AppendStatus status);  // any but kAccepted
[[nodiscard]] Problem ProblemOf(http::Fault fault);

namespace problems {
extern const Problem kNoSuchPath;
extern const Problem kNoSuchMethod;
extern const Problem kContentType;
extern const Problem kCharset;
extern const Problem kBinaryBatch;
extern const Problem kAttributeHeader;
extern const Problem kDiskFull;
extern const Problem kNotReplicated;
extern const Problem kStarting;
extern const Problem kStopping;
extern const Problem kFailed;
extern const Problem kNotIngesting;
extern const Problem kStoreUnreachable;
}  // namespace problems

}  // namespace audit::api
