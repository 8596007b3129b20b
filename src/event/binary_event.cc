#include "event/binary_event.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "event/binary_mode.h"
#include "event/json_text.h"

namespace audit::event {
namespace {

constexpr std::size_t kLongestShownName = 64;

std::string HeaderPath(std::string_view name) {
  return name.size() <= kLongestShownName ? std::string("ce-").append(name) : std::string();
}

}  // namespace

bool CheckAttributes(std::span<const Parser::Attribute> attributes, Violations* violations) {
  std::vector<std::string_view> names;
  names.reserve(attributes.size());
  for (const Parser::Attribute& attribute : attributes) {
    if (!IsAttributeName(attribute.name)) {
      violations->Add(Refusal::kNotJson, "",
                      "a ce- header has a malformed name: it must be lower-case letters and digits");
    } else if (attribute.name == "data") {
      violations->Add(Refusal::kNotJson, "ce-data", "must not be a header: in binary mode the body is the data");
    }
    names.push_back(attribute.name);
  }
  if (!violations->empty()) return false;  // only well-formed names are fit to be shown

  std::sort(names.begin(), names.end());
  for (auto twin = names.begin(); (twin = std::adjacent_find(twin, names.end())) != names.end();) {
    violations->Add(Refusal::kNotJson, HeaderPath(*twin), "occurs more than once");
    twin = std::upper_bound(twin, names.end(), *twin);
  }
  return violations->empty();
}

std::string_view Compose(std::span<const Parser::Attribute> attributes, std::string_view data, std::string* out) {
  out->assign("{");
  for (const Parser::Attribute& attribute : attributes) {
    if (out->size() > 1) out->push_back(',');
    AppendQuoted(attribute.name, out);
    out->push_back(':');
    AppendQuoted(attribute.value, out);
  }
  const bool has_data = data.find_first_not_of(" \t\r\n") != std::string_view::npos;
  if (has_data) out->append(out->size() > 1 ? R"(,"data":)" : R"("data":)").append(data);
  const std::size_t data_end = out->size();
  out->push_back('}');
  out->append(kPadding, '\0');
  if (!has_data) return {};
  return std::string_view(*out).substr(data_end - data.size(), data.size());
}

}  // namespace audit::event
