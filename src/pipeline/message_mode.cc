#include "pipeline/message_mode.h"

#include <algorithm>
#include <string_view>

namespace audit::pipeline {
namespace {

constexpr std::string_view kContentType = "content-type";
constexpr std::string_view kCloudEvents = "application/cloudevents";
constexpr std::string_view kAttribute = "ce_";

bool SameIgnoringCase(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

}  // namespace

bool ReadBinaryMode(std::span<const event::MessageHeader> headers, std::vector<event::Parser::Attribute>* attributes) {
  attributes->clear();
  std::string_view content_type;
  bool has_version = false;
  for (const event::MessageHeader& header : headers) {
    if (SameIgnoringCase(header.name, kContentType)) {
      content_type = header.value.value_or("");
    } else if (header.name.starts_with(kAttribute)) {
      const std::string_view name = header.name.substr(kAttribute.size());
      has_version = has_version || name == "specversion";
      attributes->push_back({.name = name, .value = header.value.value_or("")});
    }
  }
  // A structured message may carry attributes in headers too, for those who route by them.
  if (!has_version || SameIgnoringCase(content_type.substr(0, kCloudEvents.size()), kCloudEvents)) return false;
  if (!content_type.empty()) attributes->push_back({.name = "datacontenttype", .value = content_type});
  return true;
}

}  // namespace audit::pipeline
