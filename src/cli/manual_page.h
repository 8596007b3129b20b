// The manual pages, made from the same commands that print --help: a page for the whole, and one for each
// command below it.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace audit::cli {

struct ManualPage {
  std::string name;  // "audit-manager-dlq-list"
  std::string text;  // of section 1, in the man macros of roff
};

[[nodiscard]] std::vector<ManualPage> ManualPages(const CLI::App& app);

}  // namespace audit::cli
