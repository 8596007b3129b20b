#include <algorithm>
#include <filesystem>
#include <system_error>

#include "config/assignment.h"
#include "config/checks.h"
#include "config/config.h"
#include "config/environment.h"
#include "config/key.h"
#include "config/suggestion.h"
#include "config/value.h"
#include "config/yaml_file.h"

namespace audit::config {
namespace {

constexpr const char* kDefaultFile = "config/default.yaml";

// The name of a key, or section, where `like` stands.
std::string WrittenLike(const Assignment& like, const Key& key) {
  switch (like.origin) {
    case Origin::kEnvironment: return key.environment;
    case Origin::kFile: return "audit_manager." + key.name;
    default: return key.name;
  }
}

// A value may be a secret under a name that is misspelt.
bool SoundsSecret(std::string_view name) {
  const std::string lower = Lower(name);
  for (const std::string_view word :
       {"password", "passwd", "secret", "token", "credential", "private", ".pem", "jaas"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

Error Refused(const Assignment& assignment, const std::string& what) {
  return {ErrorCode::kInvalidArgument, assignment.place + ": " + OneLine(assignment.written_as) + " " + what};
}

Error Unknown(const Assignment& assignment) {
  // The DB_* variables are known by the names they have in the environment alone.
  const Key* const key = FindKey(assignment.key);
  const Key* const meant = key != nullptr ? key : MostLike(assignment.key);
  const bool hidden = SoundsSecret(assignment.key) || (meant != nullptr && meant->secret);
  std::string what = "(" + (hidden ? std::string(kMask) : Quoted(assignment.value)) + ") is not known";
  if (meant != nullptr && !meant->in_file)
    return Refused(assignment, what + "; set " + meant->environment + " in the environment");
  std::string_view section = SectionOf(assignment.key);
  while (FindSection(section) == nullptr) section = SectionOf(section);
  const std::string where = section.empty() ? "there" : "in " + std::string(section);
  if (meant != nullptr) what += "; did you mean " + WrittenLike(assignment, *meant) + "? Allowed ";
  if (meant == nullptr) what += "; allowed ";
  return Refused(assignment, what + where + ": " + MembersOf(section));
}

// By this name it can be set where the assignment stands.
bool Reachable(const Key& key, const Assignment& assignment) {
  return key.in_file || (assignment.origin == Origin::kEnvironment && assignment.written_as == key.environment) ||
         assignment.origin == Origin::kCommandLine;
}

// The name that librdkafka has for it, where `key` is one of its settings. Its names have dots, where
// variables of the environment cannot.
std::optional<std::string> KafkaProperty(const Assignment& assignment) {
  std::string_view key = assignment.key;
  if (!key.starts_with(kKafkaProperties) || key.size() <= kKafkaProperties.size() + 1) return std::nullopt;
  std::string name(key.substr(kKafkaProperties.size() + 1));
  if (assignment.origin == Origin::kEnvironment) std::ranges::replace(name, '_', '.');
  return name;
}

Result<void> Apply(const Assignment& assignment, Config& config, Origins& origins) {
  if (const std::optional<std::string> property = KafkaProperty(assignment)) {
    if (assignment.shape == Assignment::Shape::kNothing) return {};
    config.kafka.properties[*property] = assignment.value;
    origins[std::string(kKafkaProperties) + '.' + *property] = assignment.origin;
    return {};
  }
  const Key* const key = FindKey(assignment.key);
  if (key == nullptr && FindSection(assignment.key) != nullptr) {
    if (assignment.shape == Assignment::Shape::kNothing) return {};
    return Refused(assignment,
                   "is " + Quoted(assignment.value) + ", but it is a section with: " + MembersOf(assignment.key));
  }
  if (key == nullptr || !Reachable(*key, assignment)) {
    const Key* const outer = FindKey(SectionOf(assignment.key));
    if (outer != nullptr)
      return Refused(assignment, "lies in " + outer->name + ", which is one value: " + outer->allowed);
    return Unknown(assignment);
  }
  if (assignment.shape == Assignment::Shape::kNothing) return {};
  if ((assignment.shape == Assignment::Shape::kList && !key->list) || !key->set(assignment.value, config)) {
    const std::string value = key->secret ? std::string(kMask) : Quoted(assignment.value);
    return Refused(assignment, "is " + value + ", allowed: " + key->allowed);
  }
  origins[key->name] = assignment.origin;
  return {};
}

Result<void> ApplyAll(const Assignments& assignments, Config& config, Origins& origins) {
  for (const Assignment& assignment : assignments) {
    if (Result<void> applied = Apply(assignment, config, origins); !applied) return applied;
  }
  return {};
}

// Two spellings of one variable would make it a matter of luck which counts.
Result<void> RefuseTwoSpellings(const Assignments& assignments) {
  std::map<std::string_view, const Assignment*> seen;
  for (const Assignment& assignment : assignments) {
    const auto [first, is_new] = seen.emplace(assignment.key, &assignment);
    if (!is_new) return Refused(assignment, "and " + first->second->written_as + " are both set; keep one");
  }
  return {};
}

std::string FileToRead(const Environment& environment, const std::optional<std::string>& file) {
  if (file) return *file;
  const auto variable = environment.find("CONFIG_PATH");
  if (variable != environment.end() && !variable->second.empty()) return variable->second;
  std::error_code error;
  return std::filesystem::exists(kDefaultFile, error) ? kDefaultFile : "";
}

Assignments CommandLine(const std::map<std::string, std::string>& overrides) {
  Assignments assignments;
  for (const auto& [key, value] : overrides) {
    assignments.push_back({.key = key,
                           .value = value,
                           .shape = Assignment::Shape::kValue,
                           .origin = Origin::kCommandLine,
                           .place = "command line",
                           .written_as = key});
  }
  return assignments;
}

std::vector<Setting> SettingsOf(const Config& config, const Origins& origins) {
  const Config defaults;
  std::vector<Setting> settings;
  for (const Key& key : Keys()) {
    const auto origin = origins.find(key.name);
    const std::string value = key.print(config);
    settings.push_back({.key = key.name,
                        .environment = key.environment,
                        .value = key.secret && !value.empty() ? std::string(kMask) : value,
                        .default_value = key.computed_default.empty() ? key.print(defaults) : key.computed_default,
                        .allowed = key.allowed,
                        .description = key.description,
                        .origin = origin == origins.end() ? Origin::kDefault : origin->second,
                        .secret = key.secret,
                        .public_value = key.public_value});
  }
  for (const auto& [name, value] : config.kafka.properties) {
    const std::string key = std::string(kKafkaProperties) + '.' + name;
    const bool secret = SoundsSecret(name);
    const auto origin = origins.find(key);
    settings.push_back({.key = key,
                        .environment = EnvironmentName(key),
                        .value = secret ? std::string(kMask) : value,
                        .default_value = "",
                        .allowed = "what librdkafka takes",
                        .description = "A setting of librdkafka.",
                        .origin = origin == origins.end() ? Origin::kDefault : origin->second,
                        .secret = secret,
                        .public_value = false});
  }
  return settings;
}

}  // namespace

Result<Loaded> Load(const Environment& environment, const std::optional<std::string>& file,
                    const std::map<std::string, std::string>& overrides) {
  Loaded loaded;
  Origins origins;
  loaded.file = FileToRead(environment, file);
  if (!loaded.file.empty()) {
    const Result<Assignments> read = ReadYamlFile(loaded.file);
    if (!read) return read.error();
    if (Result<void> applied = ApplyAll(*read, loaded.config, origins); !applied) return applied.error();
  }
  EnvironmentRead variables = ReadEnvironment(environment);
  if (Result<void> once = RefuseTwoSpellings(variables.assignments); !once) return once.error();
  for (const Assignments& assignments : {variables.assignments, CommandLine(overrides)}) {
    if (Result<void> applied = ApplyAll(assignments, loaded.config, origins); !applied) return applied.error();
  }
  DeriveDefaults(loaded.config, origins);
  if (Result<void> checked = CheckTogether(loaded.config); !checked) return checked.error();
  loaded.settings = SettingsOf(loaded.config, origins);
  loaded.warnings = std::move(variables.warnings);
  for (std::string& warning : WarningsOf(loaded.config, origins)) loaded.warnings.push_back(std::move(warning));
  return loaded;
}

}  // namespace audit::config
