#include "config/yaml_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include "config/value.h"

namespace audit::config {
namespace {

constexpr std::string_view kRoot = "audit_manager";
// Twice what the deepest key needs; an alias may point at a node it stands in.
constexpr int kDeepest = 8;

// With a dot in it, "http.port" could stand beside the section http and say something else.
bool IsWord(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool IsDottedName(const std::string& text) {
  std::string words = text;
  std::ranges::replace(words, '.', '_');
  return IsWord(words) && !text.starts_with('.') && !text.ends_with('.');
}

class Flattener {
 public:
  explicit Flattener(std::string_view path) : path_(path) {}

  Result<Assignments> Flatten(const YAML::Node& root) {
    if (std::optional<Error> error = Add(root, "", 0)) return *std::move(error);
    return std::move(assignments_);
  }

 private:
  std::optional<Error> Add(const YAML::Node& node, const std::string& name, int depth) {
    if (depth > kDeepest) return Refused(node, Quoted(name) + " is nested too deep");
    switch (node.Type()) {
      case YAML::NodeType::Map: return AddMap(node, name, depth);
      case YAML::NodeType::Sequence: return AddList(node, name);
      case YAML::NodeType::Scalar: Append(name, node.Scalar(), Assignment::Shape::kValue); break;
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined: Append(name, "", Assignment::Shape::kNothing); break;
    }
    return std::nullopt;
  }

  std::optional<Error> AddMap(const YAML::Node& map, const std::string& name, int depth) {
    for (const auto& member : map) {
      const YAML::Node& key = member.first;
      // librdkafka's own names have dots.
      const bool dots = name == std::string(kRoot) + ".kafka.properties";
      if (!key.IsScalar() || !(IsWord(key.Scalar()) || (dots && IsDottedName(key.Scalar()))))
        return Refused(key, "a key that is not a word");
      const std::string& word = key.Scalar();
      std::string path = name;
      if (!path.empty()) path += '.';
      path += word;
      if (!seen_.insert(path).second) return Refused(key, path + " stands here a second time");
      if (name.empty() && word != kRoot) {
        return Refused(key, Quoted(word) + " is not known; everything stands under " + std::string(kRoot) + ":");
      }
      line_ = key.Mark().line + 1;
      if (std::optional<Error> error = Add(member.second, path, depth + 1)) return error;
    }
    return std::nullopt;
  }

  std::optional<Error> AddList(const YAML::Node& list, const std::string& name) {
    std::string joined;
    for (const YAML::Node& item : list) {
      if (!item.IsScalar()) return Refused(item, name + " is a list of something other than words");
      if (!joined.empty()) joined += ',';
      joined += item.Scalar();
    }
    Append(name, joined, Assignment::Shape::kList);
    return std::nullopt;
  }

  void Append(const std::string& name, std::string value, Assignment::Shape shape) {
    // An empty file, or a root with nothing under it.
    if (name.size() <= kRoot.size() && shape == Assignment::Shape::kNothing) return;
    assignments_.push_back({.key = name.substr(std::min(name.size(), kRoot.size() + 1)),
                            .value = std::move(value),
                            .shape = shape,
                            .origin = Origin::kFile,
                            .place = path_ + ":" + std::to_string(line_),
                            .written_as = name});
  }

  [[nodiscard]] Error Refused(const YAML::Node& node, const std::string& what) const {
    return {ErrorCode::kInvalidArgument, path_ + ":" + std::to_string(node.Mark().line + 1) + ": " + what};
  }

  const std::string path_;
  Assignments assignments_;
  std::set<std::string> seen_;
  int line_ = 1;  // of the key at hand
};

}  // namespace

Result<Assignments> ReadYaml(const std::string& text, std::string_view path) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      return Error(ErrorCode::kInvalidArgument, std::string(path) + ": holds more than one YAML document");
    }
    const YAML::Node root = documents.empty() ? YAML::Node() : documents.front();
    if (!root.IsMap() && !root.IsNull()) {
      return Error(ErrorCode::kInvalidArgument, std::string(path) + ":" + std::to_string(root.Mark().line + 1) +
                                                    ": everything stands under " + std::string(kRoot) + ":");
    }
    return Flattener(path).Flatten(root);
  } catch (const YAML::Exception& error) {
    return Error(ErrorCode::kInvalidArgument, std::string(path) + ":" + std::to_string(error.mark.line + 1) + ":" +
                                                  std::to_string(error.mark.column + 1) + ": not YAML: " + error.msg);
  }
}

Result<Assignments> ReadYamlFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  // read() turns the failure to read a directory into badbit; an iterator would throw it.
  std::array<char, 4096> part{};
  while (file.read(part.data(), part.size()) || file.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) return Error::FromErrno(errno, "configuration file " + path);
  return ReadYaml(text, path);
}

}  // namespace audit::config
