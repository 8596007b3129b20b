// What the process is connected to: a person at a terminal, or a program.
#pragma once

#include <cstddef>
#include <string_view>

namespace audit::cli {

[[nodiscard]] bool IsTerminal(int fd);

// Columns of the terminal at `fd`; $COLUMNS or 80 where it is none.
[[nodiscard]] std::size_t TerminalWidth(int fd);

// Colours are for terminals only, and not where NO_COLOR is set or TERM is "dumb".
[[nodiscard]] bool ColoursAllowed(int fd);

enum class Colour : unsigned char { kRed, kGreen, kYellow, kDim };

// The escape sequences around text in that colour; empty where colours are not allowed.
struct ColourCodes {
  std::string_view begin;
  std::string_view end;
};
[[nodiscard]] ColourCodes CodesOf(Colour colour, int fd);

}  // namespace audit::cli
