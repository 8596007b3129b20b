#include "config/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "config/key.h"

namespace audit::config {
namespace {

// Insertions, deletions and replacements that turn one into the other.
std::size_t Distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const Key* MostLike(std::string_view name) {
  constexpr std::size_t kLongest = 200;
  if (name.size() > kLongest) return nullptr;
  const Key* best = nullptr;
  std::size_t least = std::max<std::size_t>(2, name.size() / 5) + 1;
  for (const Key& key : Keys()) {
    // The right word in the wrong section is close, however the sections differ.
    const std::size_t distance = LastPart(key.name) == LastPart(name) ? 1 : Distance(name, key.name);
    if (distance >= least) continue;
    least = distance;
    best = &key;
  }
  return best;
}

}  // namespace audit::config
