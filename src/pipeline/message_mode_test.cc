#include "pipeline/message_mode.h"

#include <gmock/gmock.h>

#include <string>

namespace audit::pipeline {
namespace {

using Headers = std::vector<event::MessageHeader>;

std::string Attributes(const Headers& headers) {
  std::vector<event::Parser::Attribute> attributes;
  if (!ReadBinaryMode(headers, &attributes)) return "structured";
  std::string text;
  for (const auto& [name, value] : attributes) text.append(name).append("=").append(value).append(" ");
  return text;
}

TEST(MessageMode, WithoutHeadersItIsStructured) { EXPECT_EQ(Attributes({}), "structured"); }

TEST(MessageMode, TheContentTypeOfCloudEventsIsStructuredWhateverElseThereIs) {
  EXPECT_EQ(Attributes({{"content-type", "application/cloudevents+json; charset=UTF-8"}, {"ce_specversion", "1.0"}}),
            "structured");
  EXPECT_EQ(Attributes({{"Content-Type", "Application/CloudEvents+JSON"}, {"ce_specversion", "1.0"}}), "structured");
}

TEST(MessageMode, HeadersAreAttributesAndTheContentTypeIsThatOfTheData) {
  EXPECT_EQ(Attributes({{"ce_specversion", "1.0"}, {"ce_id", "7"}, {"content-type", "application/json"}, {"x", "y"}}),
            "specversion=1.0 id=7 datacontenttype=application/json ");
}

TEST(MessageMode, WithoutASpecversionThereIsNoBinaryMode) {
  EXPECT_EQ(Attributes({{"ce_id", "7"}, {"content-type", "application/json"}}), "structured");
}

}  // namespace
}  // namespace audit::pipeline
