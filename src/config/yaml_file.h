// The YAML file, flattened; which keys there are is not known here.
#pragma once

#include <string>
#include <string_view>

#include "config/assignment.h"
#include "errors/result.h"

namespace audit::config {

// Everything under the root `audit_manager`, in the order of the file. kNotFound or kIo when the
// file cannot be read; kInvalidArgument, with path and line, when it is not YAML, holds anything
// else at the root, a key twice or more than one document.
Result<Assignments> ReadYamlFile(const std::string& path);

// The same of a text; `path` is for messages.
Result<Assignments> ReadYaml(const std::string& text, std::string_view path);

}  // namespace audit::config
