#include "config/environment.h"

#include <unistd.h>

#include <string_view>

#include "config/key.h"
#include "config/value.h"

namespace audit::config {
namespace {

constexpr std::string_view kPrefix = "AUDIT_MANAGER__";
constexpr std::string_view kOneUnderscore = "AUDIT_MANAGER_";
constexpr std::string_view kUvicorn = "UVICORN_";

// Kubernetes describes each Service of a namespace to its pods: beside one called "db" every pod finds
// DB_PORT=tcp://10.0.0.1:5432. A pod's own setting wins over that, so nobody has set it.
bool IsServiceLink(std::string_view value) { return value.find("://") != std::string_view::npos; }

const Key* DatabaseKey(std::string_view name) {
  for (const Key& key : Keys()) {
    if (!key.in_file && key.environment == name) return &key;
  }
  return nullptr;
}

// A key of ours with single underscores, which Kubernetes did not write: most likely a slip.
const Key* MeantKey(std::string_view name) {
  for (const Key& key : Keys()) {
    std::string single = key.environment;
    for (std::size_t at = 0; (at = single.find("__", at)) != std::string::npos;) single.erase(at, 1);
    if (single == name) return &key;
  }
  return nullptr;
}

// The key that a variable under kPrefix names: HTTP__PORT is http.port.
std::string KeyName(std::string_view name) {
  std::string key = Lower(name.substr(kPrefix.size()));
  for (std::size_t at = 0; (at = key.find("__", at)) != std::string::npos;) key.replace(at, 2, ".");
  return key;
}

Assignment FromEnvironment(std::string key, const std::string& name, const std::string& value) {
  return {.key = std::move(key),
          .value = value,
          .shape = value.empty() ? Assignment::Shape::kNothing : Assignment::Shape::kValue,
          .origin = Origin::kEnvironment,
          .place = "environment",
          .written_as = name};
}

}  // namespace

EnvironmentRead ReadEnvironment(const Environment& environment) {
  EnvironmentRead read;
  for (const auto& [name, value] : environment) {
    const std::string upper = Upper(name);
    if (upper.starts_with(kPrefix)) {
      read.assignments.push_back(FromEnvironment(KeyName(name), name, value));
    } else if (const Key* const database = DatabaseKey(name)) {
      if (name == "DB_PORT" && IsServiceLink(value)) {
        read.warnings.push_back("DB_PORT=" + Quoted(value) +
                                " is ignored: Kubernetes put it there for a Service called db; set DB_PORT to a number "
                                "if PostgreSQL listens elsewhere than on 5432");
      } else {
        read.assignments.push_back(FromEnvironment(database->name, name, value));
      }
    } else if (name.starts_with(kUvicorn)) {
      read.warnings.push_back(name + " is ignored: it set up the server of the Python service");
    } else if (upper.starts_with(kOneUnderscore) && !IsServiceLink(value)) {
      const Key* const meant = MeantKey(upper);
      if (meant != nullptr) read.warnings.push_back(name + " is ignored; " + meant->environment + " would be read");
    }
  }
  return read;
}

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace audit::config
