#include "request_template.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

namespace audit::bench {
namespace {

std::string BodyOf(std::string_view request) { return std::string(request.substr(request.find("\r\n\r\n") + 4)); }

TEST(RequestTemplate, AnEventHasTheBytesAskedFor) {
  RequestTemplate requests({.event_bytes = 700}, 1);
  const std::string_view request = requests.Fill(0);
  EXPECT_EQ(BodyOf(request).size(), 700U);
  EXPECT_NE(request.find("\r\nContent-Length: 700\r\n"), std::string_view::npos);
}

TEST(RequestTemplate, IdsAreNeverUsedTwice) {
  RequestTemplate requests({.event_bytes = 1'000, .batch = 3}, 7);
  std::set<std::string> ids;
  for (std::uint64_t request = 0; request < 1'000; ++request) {
    std::string lines;
    requests.AppendIds(request, &lines);
    for (std::size_t at = 0; at < lines.size(); at += RequestTemplate::kIdBytes + 1) {
      ids.insert(lines.substr(at, RequestTemplate::kIdBytes));
    }
  }
  EXPECT_EQ(ids.size(), 3'000U);
}

TEST(RequestTemplate, TheIdsWrittenDownAreTheIdsSent) {
  RequestTemplate requests({.event_bytes = 1'000, .batch = 2}, 7);
  const std::string body = BodyOf(requests.Fill(41));
  std::string lines;
  requests.AppendIds(41, &lines);
  ASSERT_EQ(lines.size(), 2 * (RequestTemplate::kIdBytes + 1));
  EXPECT_NE(body.find("\"id\":\"" + lines.substr(0, RequestTemplate::kIdBytes)), std::string::npos);
  EXPECT_NE(body.find("\"id\":\"" + lines.substr(RequestTemplate::kIdBytes + 1, RequestTemplate::kIdBytes)),
            std::string::npos);
}

TEST(RequestTemplate, SubjectsAreMany) {
  RequestTemplate requests({.event_bytes = 700}, 1);
  std::set<std::string> subjects;
  for (std::uint64_t request = 0; request < 1'000; ++request) {
    const std::string body = BodyOf(requests.Fill(request));
    subjects.insert(body.substr(body.find("beneficiary/"), 16));
    ASSERT_EQ(body[body.find("beneficiary/") + 16], '"') << body;
  }
  EXPECT_GT(subjects.size(), 900U);
}

TEST(RequestTemplate, AnEventCannotBeTooSmall) {
  EXPECT_THROW(RequestTemplate({.event_bytes = 10}, 1), std::invalid_argument);
}

}  // namespace
}  // namespace audit::bench
