#include "config/key.h"

#include <algorithm>
#include <set>

#include "config/value.h"

namespace audit::config {

const Key* FindKey(std::string_view name) {
  const auto found = std::find_if(Keys().begin(), Keys().end(), [name](const Key& key) { return key.name == name; });
  return found == Keys().end() ? nullptr : &*found;
}

const Section* FindSection(std::string_view name) {
  const auto found = std::find_if(Sections().begin(), Sections().end(),
                                  [name](const Section& section) { return section.name == name; });
  return found == Sections().end() ? nullptr : &*found;
}

std::string_view SectionOf(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

std::string_view LastPart(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

std::string EnvironmentName(std::string_view name) {
  std::string environment = "AUDIT_MANAGER__";
  for (const char c : name) {
    if (c == '.') {
      environment += "__";
    } else {
      environment += c;
    }
  }
  return Upper(environment);
}

std::string MembersOf(std::string_view section) {
  std::set<std::string_view> seen;
  std::string members;
  for (const Key& key : Keys()) {
    if (!key.in_file) continue;
    std::string_view rest = key.name;
    if (!section.empty()) {
      if (!rest.starts_with(section) || rest.substr(section.size(), 1) != ".") continue;
      rest.remove_prefix(section.size() + 1);
    }
    const std::string_view member = rest.substr(0, rest.find('.'));
    if (!seen.insert(member).second) continue;
    if (!members.empty()) members += ", ";
    members += member;
  }
  return members;
}

}  // namespace audit::config
