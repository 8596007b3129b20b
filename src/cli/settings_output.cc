#include "cli/settings_output.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "cli/table.h"
#include "event/json_text.h"

namespace audit::cli {
namespace {

std::string NameOf(const config::Loaded& loaded, const config::Setting& setting) {
  switch (setting.origin) {
    case config::Origin::kDefault: return "default";
    case config::Origin::kFile: return loaded.file;
    case config::Origin::kEnvironment: return setting.environment;
    case config::Origin::kCommandLine: return "command line";
  }
  return {};
}

std::string_view KindOf(config::Origin origin) {
  switch (origin) {
    case config::Origin::kDefault: return "default";
    case config::Origin::kFile: return "file";
    case config::Origin::kEnvironment: return "environment";
    case config::Origin::kCommandLine: return "command_line";
  }
  return {};
}

std::vector<std::string> Split(std::string_view key) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t dot = key.find('.');
    parts.emplace_back(key.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    key.remove_prefix(dot + 1);
  }
}

// Names that only the environment knows, DB_HOST and its like, have no place in a file.
bool HasPlaceInFile(const config::Setting& setting) { return setting.environment.starts_with("AUDIT_MANAGER__"); }

}  // namespace

std::string SettingsTable(const config::Loaded& loaded, std::size_t width, bool bold_titles) {
  std::string out;
  Table table({{"KEY", false}, {"VALUE"}, {"FROM"}}, width, bold_titles,
              [&out](std::string_view text) { out += text; });
  for (const config::Setting& setting : loaded.settings) {
    table.Add({setting.key, setting.value, NameOf(loaded, setting)});
  }
  table.Finish();
  return out;
}

std::string SettingsJson(const config::Loaded& loaded) {
  std::string out = "[";
  const auto add = [&out](std::string_view name, std::string_view text) {
    event::AppendQuoted(name, &out);
    out += ": ";
    event::AppendQuoted(text, &out);
  };
  for (const config::Setting& setting : loaded.settings) {
    out += out.size() == 1 ? "\n  {" : ",\n  {";
    add("key", setting.key);
    out += ", ";
    add("value", setting.value);
    out += ", ";
    add("default", setting.default_value);
    out += ", ";
    add("origin", KindOf(setting.origin));
    out += ", ";
    add("from", NameOf(loaded, setting));
    out += ", ";
    add("environment", setting.environment);
    out += '}';
  }
  return out + "\n]\n";
}

std::string SettingsYaml(const config::Loaded& loaded) {
  std::string out = "audit_manager:\n";
  std::vector<std::string> open;  // the sections that the last line stands in
  for (const config::Setting& setting : loaded.settings) {
    std::vector<std::string> parts = Split(setting.key);
    const std::string name = parts.back();
    parts.pop_back();
    const bool in_file = HasPlaceInFile(setting) && !setting.secret;
    if (in_file) {
      const auto same = std::ranges::mismatch(open, parts).in2 - parts.begin();
      for (auto i = static_cast<std::size_t>(same); i < parts.size(); ++i) {
        out += std::string(2 * (i + 1), ' ') + parts[i] + ":\n";
      }
      open = parts;
      out += std::string(2 * (parts.size() + 1), ' ') + name + ": ";
    } else {
      out += "# " + setting.environment + ": ";
    }
    event::AppendQuoted(setting.value, &out);  // a JSON string is a YAML string
    out += '\n';
  }
  return out;
}

}  // namespace audit::cli
