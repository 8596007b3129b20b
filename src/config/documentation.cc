#include "config/documentation.h"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "config/key.h"

namespace audit::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

Generated from `src/config/keys.cc`; a test compares the two and says how to write this page anew.

Highest first: the command line, the environment, the YAML file, built-in defaults. The file is what `--config`
names, else `$CONFIG_PATH`, else `config/default.yaml` if it exists in the working directory.
`audit-manager config` prints the values in force and where each one comes from; `GET /v1/auditmanager/config`
shows those that are nobody's secret.

A name that is not known, a value that is not allowed, a key that stands twice: each stops the start with one line
that names the key, the value and what is allowed.

- **Sizes** are bytes, or a whole number with a unit: `KiB`, `MiB`, `GiB`, `TiB` (powers of 1,024) or `kB`, `MB`,
  `GB`, `TB` (powers of 1,000): `64 MiB`, `64MiB`, `67108864`.
- **Durations** are whole numbers in the unit that the name ends with.
- **Lists** are separated by commas; the file may also give a YAML list.
- **Empty is not set**: an environment variable without a value, or a key of the file without one, leaves the
  default in force.
- **Environment variables** of ours begin with `AUDIT_MANAGER__` (two underscores), and all of those must be known;
  upper or lower case is the same. The database is reached by what `DB_HOST` and its like say, which the file cannot
  hold. What Kubernetes itself puts there (`AUDIT_MANAGER_PORT=tcp://…`, `DB_PORT=tcp://…` beside a Service called `db`)
  and `UVICORN_*` are ignored.
)";

constexpr std::string_view kInstalledFileIntroduction =
    R"(# The configuration of audit-manager.service. Every setting stands here, commented out where it has its
# default: take the "# " away and give it another value, then
#
#   audit-manager config --config /etc/audit-manager/config.yaml --check
#   systemctl restart audit-manager
#
# Everybody may read this file. The database, and what is secret, belongs into /etc/audit-manager/environment.
)";

constexpr std::string_view kFileIntroduction =
    R"(# Every setting with its default. A key that is commented out takes its default from other settings or from
# the machine, as the comment says. docs/configuration.md says the same with the environment variables.
#
# Generated from src/config/keys.cc.
)";

void Append(std::string& out, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) out += part;
}

std::vector<const Key*> KeysIn(std::string_view section) {
  std::vector<const Key*> keys;
  for (const Key& key : Keys()) {
    if (SectionOf(key.name) == section) keys.push_back(&key);
  }
  return keys;
}

// "`5432`", or what works it out, or a dash for nothing.
std::string DefaultOf(const Key& key) {
  if (!key.computed_default.empty()) return key.computed_default;
  const std::string value = key.print(Config());
  return value.empty() ? "–" : "`" + value + "`";
}

// `text` in comment lines of at most `width` characters.
void AppendComment(std::string& out, std::string_view indent, std::string_view text) {
  constexpr std::size_t kWidth = 110;
  while (!text.empty()) {
    const std::size_t room = kWidth - indent.size() - 2;
    std::size_t end = text.size();
    if (end > room) end = text.rfind(' ', room);
    Append(out, {indent, "# ", text.substr(0, end), "\n"});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Quoted where another YAML reader would make it a floating-point number, or nothing.
std::string YamlValue(const std::string& value) {
  const bool fraction =
      value.find('.') != std::string::npos && value.find_first_not_of("0123456789.") == std::string::npos;
  return value.empty() || fraction ? '"' + value + '"' : value;
}

// `active`: by itself the line sets `value`; otherwise it is commented out.
void AppendFileKey(std::string& out, const Key& key, std::string_view indent, bool active, const std::string& value) {
  std::string comment = key.description;
  comment += " Allowed: " + key.allowed + ".";
  if (!key.computed_default.empty()) comment += " Default: " + key.computed_default + ".";
  AppendComment(out, indent, comment);
  Append(out, {indent, active ? "" : "# ", LastPart(key.name), ": ", YamlValue(value), "\n"});
}

// Sections have at most one level below them: kafka.producer.
std::string_view IndentOf(std::string_view section) {
  if (section.empty()) return "  ";
  return section.find('.') == std::string_view::npos ? "    " : "      ";
}

}  // namespace

std::string ReferencePage() {
  std::string page(kIntroduction);
  for (const Section& section : Sections()) {
    Append(page, {"\n## ", section.description, "\n\n"});
    if (!section.name.empty()) Append(page, {"In the file under `audit_manager.", section.name, "`.\n\n"});
    if (section.name == kKafkaProperties) {
      page +=
          "For what the settings above do not reach: `socket.keepalive.enable: true` in the file, or\n"
          "`AUDIT_MANAGER__KAFKA__PROPERTIES__SOCKET_KEEPALIVE_ENABLE=true` in the environment. They win over the "
          "settings\nabove; one that would break a promise is refused at the start. Values whose name sounds secret "
          "are "
          "never shown.\n";
      continue;
    }
    page += "| key, environment | default | allowed | what it does |\n|---|---|---|---|\n";
    for (const Key* const key : KeysIn(section.name)) {
      Append(page, {"| "});
      if (key->in_file) Append(page, {"`", LastPart(key->name), "`<br>"});
      Append(page,
             {"`", key->environment, "` | ", DefaultOf(*key), " | ", key->allowed, " | ", key->description, " |\n"});
    }
  }
  return page;
}

namespace {

using AppendKey = std::function<void(std::string& out, const Key& key, std::string_view indent)>;

std::string FileOf(std::string_view introduction, const AppendKey& append_key) {
  std::string file(introduction);
  file += "audit_manager:\n";
  for (const Section& section : Sections()) {
    const std::string_view indent = IndentOf(section.name);
    if (!section.name.empty()) {
      const std::string_view outer = indent.substr(2);
      file += '\n';
      AppendComment(file, outer, section.description);
      Append(file, {outer, LastPart(section.name), ":\n"});
    }
    bool first = true;
    for (const Key* const key : KeysIn(section.name)) {
      if (!key->in_file) continue;
      if (!first) file += '\n';
      first = false;
      append_key(file, *key, indent);
    }
  }
  return file;
}

}  // namespace

std::string DefaultFile() {
  return FileOf(kFileIntroduction, [](std::string& out, const Key& key, std::string_view indent) {
    AppendFileKey(out, key, indent, key.in_default_file, key.print(Config()));
  });
}

std::string InstalledFile(const std::string& data_dir) {
  return FileOf(kInstalledFileIntroduction, [&](std::string& out, const Key& key, std::string_view indent) {
    const bool is_data_dir = key.name == "data_dir";
    AppendFileKey(out, key, indent, is_data_dir, is_data_dir ? data_dir : key.print(Config()));
  });
}

}  // namespace audit::config
