// For the tests of judgements: a finding by what it is about.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "preflight/finding.h"

namespace audit::preflight {

// One line for each finding that is not ok or skipped: "error topic t: replicas: 1 replica, ...".
inline std::vector<std::string> Complaints(const std::vector<Finding>& findings) {
  std::vector<std::string> lines;
  for (const Finding& each : findings) {
    if (each.verdict == Verdict::kOk) {
      EXPECT_EQ(each.remedy, "") << each.check;
      continue;
    }
    EXPECT_NE(each.remedy, "") << each.check;
    EXPECT_EQ(each.remedy.find('\n'), std::string::npos) << each.check;
    if (each.verdict == Verdict::kSkipped) continue;
    lines.push_back(std::string(Name(each.verdict)) + ' ' + each.check + ": " + each.found);
  }
  return lines;
}

}  // namespace audit::preflight
