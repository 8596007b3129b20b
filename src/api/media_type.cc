#include "api/media_type.h"

#include <algorithm>

#include "http/request.h"

namespace audit::api {
namespace {

using http::EqualWithoutCase;

bool StartsWith(std::string_view text, std::string_view other) {
  return EqualWithoutCase(text.substr(0, other.size()), other);
}

bool EndsWith(std::string_view text, std::string_view other) {
  return text.size() >= other.size() && EqualWithoutCase(text.substr(text.size() - other.size()), other);
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Up to the next `;`, which is taken off `rest` too.
std::string_view NextPart(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(';'), rest.size());
  const std::string_view part = Trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool IsUtf8Charset(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return EqualWithoutCase(value, "utf-8") || EqualWithoutCase(value, "utf8");
}

bool HasForeignCharset(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = NextPart(parameters);
    const std::size_t equals = parameter.find('=');
    if (equals != std::string_view::npos && EqualWithoutCase(parameter.substr(0, equals), "charset") &&
        !IsUtf8Charset(parameter.substr(equals + 1))) {
      return true;
    }
  }
  return false;
}

BodyForm FormOfType(std::string_view type, bool has_ce_headers) {
  if (EqualWithoutCase(type, "application/cloudevents-batch+json")) return BodyForm::kBatch;
  if (EqualWithoutCase(type, "application/cloudevents+json")) return BodyForm::kStructured;
  if (StartsWith(type, "application/cloudevents")) return BodyForm::kUnsupported;  // another event format
  if (has_ce_headers && (EndsWith(type, "/json") || EndsWith(type, "+json"))) return BodyForm::kBinary;
  if (EqualWithoutCase(type, "application/json")) return BodyForm::kStructured;
  return BodyForm::kUnsupported;
}

}  // namespace

BodyForm FormOf(std::optional<std::string_view> content_type, bool has_ce_headers) {
  std::string_view parameters = Trim(content_type.value_or(""));
  if (parameters.empty()) parameters = "application/json";
  const std::string_view type = NextPart(parameters);
  const BodyForm form = FormOfType(type, has_ce_headers);
  if (form != BodyForm::kUnsupported && HasForeignCharset(parameters)) return BodyForm::kCharset;
  return form;
}

}  // namespace audit::api
