#include "event/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "time/rfc3339.h"

namespace audit::event {
namespace {

constexpr std::string_view kTypical =
    R"({"specversion":"1.0","id":"e-1","source":"registry","type":"org.openg2p.update","time":"2026-04-23T10:00:00Z",)"
    R"("subject":"beneficiary/1","data":{"actor":{"type":"user","id":"u-1","name":"A","roles":["r"],"ip":""},)"
    R"("action":"update","outcome":"success","resource":{"type":"beneficiary","id":"1","currency":"INR"},"n":1.50, "z":null}})";

class ParserTest : public testing::Test {
 protected:
  std::string_view Padded(std::string_view text) {
    body_.assign(text);
    body_.append(kPadding, '{');
    return std::string_view(body_).substr(0, text.size());
  }
  std::string body_;
  std::uint64_t counter_ = 0;
  Parser parser_{Limits{}, [this] { return ++counter_; }};
  TimeWindow window_{*time::ParseRfc3339("2026-04-23T10:00:01Z"), *time::ParseRfc3339("2019-05-01T00:00:00Z"),
                     *time::ParseRfc3339("2026-04-24T10:00:01Z")};
};

TEST_F(ParserTest, AdmitsATypicalEvent) {
  ASSERT_TRUE(parser_.Admit(Parser::Shape::kEvent, Padded(kTypical), window_));
  ASSERT_EQ(parser_.admitted().size(), 1U);
  EXPECT_EQ(parser_.admitted()[0].id, "e-1");
  EXPECT_EQ(parser_.admitted()[0].key, "beneficiary/1");
  EXPECT_EQ(parser_.admitted()[0].json, kTypical);
}

TEST_F(ParserTest, ReadsATypicalEvent) {
  Record record;
  ASSERT_TRUE(parser_.Read(Padded(kTypical), &record));
  EXPECT_EQ(record.details, R"({"actor":{"name":"A","roles":["r"]},"resource":{"currency":"INR"},"n":1.50})");
}

}  // namespace
}  // namespace audit::event
