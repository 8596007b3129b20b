// One setting: its names, what it may be, and where its value lies in Config.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace audit::config {

struct Key {
  std::string name;         // "ingest.durability"
  std::string environment;  // "AUDIT_MANAGER__INGEST__DURABILITY"
  std::string allowed;
  std::string description;
  std::string computed_default;  // said instead of the default where Load works it out
  bool secret = false;
  bool public_value = true;     // may be shown to anybody who can reach the port
  bool in_file = true;          // false: from the environment alone
  bool list = false;            // the file may give a sequence, which is read as if joined by commas
  bool in_default_file = true;  // false: commented out in config/default.yaml

  std::function<bool(std::string_view text, Config& config)> set;  // false: not what `allowed` says
  std::function<std::string(const Config& config)> print;          // set() reads it back
};

struct Section {
  std::string_view name;  // "kafka.producer"
  std::string_view description;
};

// All of them, in the order of the documentation; those of one section stand together.
[[nodiscard]] const std::vector<Key>& Keys();
[[nodiscard]] const std::vector<Section>& Sections();

[[nodiscard]] const Key* FindKey(std::string_view name);           // null: no such key
[[nodiscard]] const Section* FindSection(std::string_view name);   // null: no such section
[[nodiscard]] std::string_view SectionOf(std::string_view name);   // "http" of "http.port", "" of "roles"
[[nodiscard]] std::string_view LastPart(std::string_view name);    // "port" of "http.port"
[[nodiscard]] std::string EnvironmentName(std::string_view name);  // of a key or section

// The keys and sections directly in `section` that a file may hold: "host, port, threads".
[[nodiscard]] std::string MembersOf(std::string_view section);

// Settings under this prefix are librdkafka's and kept as they are: Config::Kafka::properties.
inline constexpr std::string_view kKafkaProperties = "kafka.properties";

// Where a setting's value is masked, it reads like this.
inline constexpr std::string_view kMask = "********";

}  // namespace audit::config
