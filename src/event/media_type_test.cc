#include "event/media_type.h"

#include <gtest/gtest.h>

#include <string_view>

namespace audit::event {
namespace {

TEST(MediaType, TakesJsonAndWhatIsBuiltOnIt) {
  for (const std::string_view text :
       {"application/json", "Application/JSON", "text/json", "application/json; charset=utf-8",
        " application/json ;x=\"y\"", "application/vnd.openg2p.event+json", "application/problem+JSON"}) {
    EXPECT_TRUE(IsJsonMediaType(text)) << text;
  }
}

TEST(MediaType, RefusesEverythingElse) {
  for (const std::string_view text :
       {"", "json", "/json", "application/", "application/xml", "application/jsonl", "application/xjson",
        "application/+json", "application/json+xml", "text/plain; a=application/json", "application /json", "a/b/json",
        "application/js on", "application/vnd json", "application/json,text/json"}) {
    EXPECT_FALSE(IsJsonMediaType(text)) << text;
  }
}

}  // namespace
}  // namespace audit::event
