// Rows in columns, for people: as wide as the terminal, never wider; what does not fit ends in "…".
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace audit::cli {

struct Column {
  std::string title;
  bool elastic = true;  // may be cut short when the terminal is narrow
};

// Decides the widths by the first rows and streams the others, so that memory stays bounded.
class Table {
 public:
  using Write = std::function<void(std::string_view)>;

  // `width` in columns of the terminal; 0: as wide as it takes. `bold_titles` puts the titles into
  // bold type. `write` gets whole lines.
  Table(std::vector<Column> columns, std::size_t width, bool bold_titles, Write write);

  // As many cells as there are columns. Bytes that could drive the terminal are replaced.
  void Add(std::vector<std::string> cells);
  // Nothing may be added after it. Without a row, nothing is written.
  void Finish();

 private:
  void DecideWidths();
  void WriteRow(const std::vector<std::string>& cells, bool titles);

  std::vector<Column> columns_;
  const std::size_t width_;
  const bool bold_titles_;
  const Write write_;
  std::vector<std::vector<std::string>> waiting_;  // until the widths are decided
  std::vector<std::size_t> widths_;                // empty: not decided yet; fewer than columns: the last are left out
};

// How many columns of a terminal UTF-8 text takes; ideographs and the like count two.
[[nodiscard]] std::size_t DisplayWidth(std::string_view text);

// Text from outside made harmless for a terminal: control characters and invalid UTF-8 become U+FFFD.
[[nodiscard]] std::string Harmless(std::string_view text);

}  // namespace audit::cli
