#include "cli/table.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace audit::cli {
namespace {

constexpr std::size_t kRowsThatDecide = 500;
constexpr std::size_t kLeastWidth = 8;  // of an elastic column: less says nothing
constexpr std::size_t kGap = 2;
constexpr std::string_view kEllipsis = "…";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct CodePoint {
  char32_t value = 0xFFFD;
  std::size_t bytes = 1;
  bool valid = false;
};

// The code point that `text`, which is not empty, begins with.
CodePoint First(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  char32_t value = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    value = (value << 6U) | (byte(i) & 0x3FU);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[bytes] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, bytes, true};
}

// Controls, and the marks that turn the direction of text around, which can hide what a line says.
bool DrivesTerminal(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

std::size_t WidthOf(char32_t c) {
  if ((c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200D) || (c >= 0xFE00 && c <= 0xFE0F)) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                    (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

// The longest beginning of `text` that takes at most `width` columns.
std::string_view Cut(std::string_view text, std::size_t width) {
  std::size_t at = 0;
  for (std::size_t used = 0; at < text.size();) {
    const CodePoint next = First(text.substr(at));
    used += WidthOf(next.value);
    if (used > width) break;
    at += next.bytes;
  }
  return text.substr(0, at);
}

}  // namespace

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint next = First(text);
    width += WidthOf(next.value);
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string Harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint next = First(text);
    out += next.valid && !DrivesTerminal(next.value) ? text.substr(0, next.bytes) : kReplacement;
    text.remove_prefix(next.bytes);
  }
  return out;
}

Table::Table(std::vector<Column> columns, std::size_t width, bool bold_titles, Write write)
    : columns_(std::move(columns)), width_(width), bold_titles_(bold_titles), write_(std::move(write)) {}

void Table::Add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = Harmless(cell);
  if (!widths_.empty()) return WriteRow(cells, false);
  waiting_.push_back(std::move(cells));
  if (waiting_.size() == kRowsThatDecide) DecideWidths();
}

void Table::Finish() {
  if (widths_.empty() && !waiting_.empty()) DecideWidths();
}

void Table::DecideWidths() {
  std::vector<std::string> titles;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    titles.push_back(columns_[i].title);
    std::size_t width = DisplayWidth(columns_[i].title);
    for (const auto& cells : waiting_) width = std::max(width, DisplayWidth(cells[i]));
    widths_.push_back(width);
  }
  const auto total = [this] { return std::accumulate(widths_.begin(), widths_.end(), kGap * (widths_.size() - 1)); };
  while (width_ != 0 && total() > width_) {
    // The widest gives way, so that all the elastic ones end about as wide as each other.
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      if (columns_[i].elastic && widths_[i] > kLeastWidth && (widest == nullptr || widths_[i] > *widest)) {
        widest = &widths_[i];
      }
    }
    if (widest != nullptr) {
      --*widest;
    } else if (widths_.size() > 1) {
      widths_.pop_back();  // the last column says least
    } else {
      break;
    }
  }
  WriteRow(titles, true);
  for (const auto& cells : waiting_) WriteRow(cells, false);
  waiting_.clear();
}

void Table::WriteRow(const std::vector<std::string>& cells, bool titles) {
  std::string line;
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    const std::size_t width = DisplayWidth(cells[i]);
    std::size_t used = width;
    if (width <= widths_[i]) {
      line += cells[i];
    } else {
      const std::string_view cut = Cut(cells[i], widths_[i] - 1);
      line.append(cut).append(kEllipsis);
      used = DisplayWidth(cut) + 1;
    }
    line.append(widths_[i] - used + kGap, ' ');
  }
  line.resize(line.find_last_not_of(' ') + 1);
  if (titles && bold_titles_) line = "\x1b[1m" + line + "\x1b[0m";
  write_(line + '\n');
}

}  // namespace audit::cli
