#include "cli/preflight_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace audit::cli {
namespace {

using preflight::Verdict;
using testing::HasSubstr;
using testing::Not;

const std::vector<preflight::Finding> kFindings{
    {"kafka", "broker k:1", Verdict::kOk, "answers", ""},
    {"disk", "room", Verdict::kWarning, "1 MiB \"free\", and a long story about it", "make room"},
    {"machine", "port 8000", Verdict::kError, "in\nuse", "stop it"},
};

TEST(PreflightOutput, WhatIsNotOkIsToldInFullBelowTheTable) {
  const std::string text = FindingsText(kFindings, 50, false);
  EXPECT_THAT(text, HasSubstr("1 errors, 1 warnings, 0 skipped, 1 ok\n"));
  EXPECT_THAT(text, HasSubstr("\nwarning: disk, room: 1 MiB \"free\", and a long story about it\n  make room\n"));
  EXPECT_LT(text.find("error: machine, port 8000"), text.find("warning: disk, room"));
  EXPECT_THAT(text, Not(HasSubstr("ok: kafka")));
}

TEST(PreflightOutput, JsonHasEveryFindingAndTheCounts) {
  EXPECT_EQ(
      FindingsJson({&kFindings[1], 1}),
      "{\"findings\": [\n  {\"area\": \"disk\", \"check\": \"room\", \"result\": \"warning\", \"found\": \"1 MiB "
      "\\\"free\\\", and a long story about it\", \"remedy\": \"make room\"}\n], \"errors\": 0, \"warnings\": 1}\n");
  EXPECT_THAT(FindingsJson(kFindings), HasSubstr("\"errors\": 1, \"warnings\": 1"));
}

}  // namespace
}  // namespace audit::cli
