#include "api/media_type.h"

#include <gtest/gtest.h>

#include <ostream>

namespace audit::api {

void PrintTo(BodyForm form, std::ostream* out) { *out << static_cast<int>(form); }

namespace {

BodyForm Plain(std::string_view type) { return FormOf(type, false); }
BodyForm WithAttributes(std::string_view type) { return FormOf(type, true); }

TEST(MediaType, JsonAndCloudEventsJsonAreStructured) {
  EXPECT_EQ(Plain("application/json"), BodyForm::kStructured);
  EXPECT_EQ(Plain("application/cloudevents+json"), BodyForm::kStructured);
}

TEST(MediaType, MissingOrEmptyIsReadAsJson) {
  EXPECT_EQ(FormOf(std::nullopt, false), BodyForm::kStructured);
  EXPECT_EQ(Plain(""), BodyForm::kStructured);
}

TEST(MediaType, BatchIsNotTakenForItsPrefix) {
  EXPECT_EQ(Plain("application/cloudevents-batch+json"), BodyForm::kBatch);
  EXPECT_EQ(Plain("application/cloudevents-batch+json; charset=utf-8"), BodyForm::kBatch);
  EXPECT_EQ(WithAttributes("application/cloudevents-batch+json"), BodyForm::kBatch);
}

TEST(MediaType, CaseAndSpaceDoNotMatter) {
  EXPECT_EQ(Plain("Application/JSON"), BodyForm::kStructured);
  EXPECT_EQ(Plain(" application/CloudEvents+JSON ;x=y"), BodyForm::kStructured);
}

TEST(MediaType, ParametersWithoutATypeAreNotAccepted) {
  EXPECT_EQ(Plain(";charset=utf-8"), BodyForm::kUnsupported);
  EXPECT_EQ(Plain(" "), BodyForm::kStructured);
}

TEST(MediaType, AnyParametersAreAcceptedButForeignCharsets) {
  EXPECT_EQ(Plain("application/json;charset=utf-8"), BodyForm::kStructured);
  EXPECT_EQ(Plain("application/json; Charset=\"UTF-8\"; v=2"), BodyForm::kStructured);
  EXPECT_EQ(Plain("application/json; profile=\"urn:a\""), BodyForm::kStructured);
  EXPECT_EQ(Plain("application/json; v=2; charset=iso-8859-1"), BodyForm::kCharset);
  EXPECT_EQ(Plain("application/cloudevents-batch+json; charset=utf-16"), BodyForm::kCharset);
  EXPECT_EQ(WithAttributes("text/json; charset=latin1"), BodyForm::kCharset);
  EXPECT_EQ(Plain("application/json; charset="), BodyForm::kCharset);
}

TEST(MediaType, JsonTypesWithAttributeHeadersAreBinaryMode) {
  EXPECT_EQ(WithAttributes("application/json"), BodyForm::kBinary);
  EXPECT_EQ(WithAttributes("application/vnd.openg2p.v1+json"), BodyForm::kBinary);
  EXPECT_EQ(WithAttributes("text/json"), BodyForm::kBinary);
  EXPECT_EQ(FormOf(std::nullopt, true), BodyForm::kBinary);
}

TEST(MediaType, StructuredTypeWinsOverAttributeHeaders) {
  EXPECT_EQ(WithAttributes("application/cloudevents+json"), BodyForm::kStructured);
}

TEST(MediaType, EverythingElseIsUnsupported) {
  for (const char* type : {"text/plain", "application/xml", "application/vnd.openg2p.v1+json", "text/json", "json", "/",
                           "application/jsonx", "application/cloudevents+avro", "application/cloudevents",
                           "application/cloudevents+jsonx", "multipart/form-data; boundary=x"}) {
    EXPECT_EQ(Plain(type), BodyForm::kUnsupported) << type;
  }
  EXPECT_EQ(WithAttributes("text/plain"), BodyForm::kUnsupported);
  EXPECT_EQ(WithAttributes("application/cloudevents+xml"), BodyForm::kUnsupported);
}

}  // namespace
}  // namespace audit::api
