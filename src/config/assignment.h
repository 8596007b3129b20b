// A setting as somebody wrote it, with the place where it stands; what becomes of it is decided in
// load.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"

namespace audit::config {

struct Assignment {
  enum class Shape : std::uint8_t { kValue, kList, kNothing };  // kList: `value` is joined by commas

  std::string key;    // as in Key::name, known or not
  std::string value;  // empty for kNothing, which leaves the default in force
  Shape shape = Shape::kValue;
  Origin origin = Origin::kFile;
  std::string place;       // "config/default.yaml:12", "environment", "command line"
  std::string written_as;  // the name as the reader finds it there
};

using Assignments = std::vector<Assignment>;

}  // namespace audit::config
