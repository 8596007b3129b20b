#include "api/error_catalogue.h"

#include <gtest/gtest.h>

#include <string>

namespace audit::api {
namespace {

// The contract's table, typed from it a second time.
TEST(ErrorCatalogue, DomainRefusalsBecomeTheCodesAndStatusesOfTheContract) {
  const auto is = [](const Problem& problem, std::string_view code, int status) {
    EXPECT_EQ(Name(problem.code), code);
    EXPECT_EQ(problem.status, status) << code;
    EXPECT_FALSE(problem.message.empty()) << code;
  };
  is(ProblemOf(event::Refusal::kNotJson), "AUD-001", 400);
  is(ProblemOf(event::Refusal::kInvalid), "AUD-002", 422);
  is(ProblemOf(event::Refusal::kTooManyEvents), "AUD-007", 400);
  is(ProblemOf(event::Refusal::kEventTooLarge), "AUD-008", 413);
  is(ProblemOf(spool::AppendStatus::kQueueFull), "AUD-004", 503);
  is(ProblemOf(spool::AppendStatus::kDiskFull), "AUD-004", 503);
  is(ProblemOf(spool::AppendStatus::kTooLarge), "AUD-008", 413);
  is(ProblemOf(spool::AppendStatus::kClosed), "AUD-005", 503);
  is(ProblemOf(http::Fault::kMalformed), "AUD-001", 400);
  is(ProblemOf(http::Fault::kHeaderTooLarge), "AUD-008", 413);
  is(ProblemOf(http::Fault::kBodyTooLarge), "AUD-008", 413);
  is(ProblemOf(http::Fault::kUnsupportedEncoding), "AUD-003", 415);
  is(ProblemOf(http::Fault::kMalformedEncoding), "AUD-001", 400);
  is(ProblemOf(http::Fault::kTimeout), "AUD-012", 408);
  is(ProblemOf(http::Fault::kOverloaded), "AUD-004", 503);
  is(problems::kNoSuchPath, "AUD-009", 404);
  is(problems::kNoSuchMethod, "AUD-009", 405);
  is(problems::kContentType, "AUD-003", 415);
  is(problems::kCharset, "AUD-003", 415);
  is(problems::kBinaryBatch, "AUD-003", 415);
  is(problems::kAttributeHeader, "AUD-001", 400);
  is(problems::kStarting, "AUD-005", 503);
  is(problems::kStopping, "AUD-005", 503);
  is(problems::kFailed, "AUD-005", 503);
  is(problems::kNotIngesting, "AUD-005", 503);
  is(problems::kStoreUnreachable, "AUD-006", 503);
}

TEST(ErrorCatalogue, CodesAreTheirNumbers) {
  EXPECT_EQ(Name(Code::kMalformed), "AUD-001");
  EXPECT_EQ(Name(Code::kTimeout), "AUD-012");
  EXPECT_EQ(static_cast<std::size_t>(Code::kTimeout), kCodeSlots - 1);
}

}  // namespace
}  // namespace audit::api
