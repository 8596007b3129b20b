#include "api/attribute_headers.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "event/binary_mode.h"

namespace audit::api {
namespace {

constexpr std::string_view kPrefix = "ce-";

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return lower;
}

}  // namespace

bool AttributeHeaders::Read(const http::Request& request) {
  decoded_.clear();
  for (const http::Header& header : request.headers) {
    if (!http::EqualWithoutCase(header.name.substr(0, kPrefix.size()), kPrefix)) continue;
    std::string name = LowerCase(header.name.substr(kPrefix.size()));
    std::optional<std::string> value = event::DecodeHeaderValue(header.value);
    if (!value.has_value()) {
      violation_ = {std::string(kPrefix) + name, "must be percent-encoded UTF-8"};
      return false;
    }
    decoded_.push_back({std::move(name), *std::move(value)});
  }
  attributes_.clear();
  for (const Decoded& attribute : decoded_) attributes_.push_back({attribute.name, attribute.value});
  const std::string_view content_type = request.Find("content-type").value_or("");
  if (!content_type.empty()) attributes_.push_back({"datacontenttype", content_type});
  return true;
}

}  // namespace audit::api
