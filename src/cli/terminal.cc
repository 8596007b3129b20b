#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

namespace audit::cli {
namespace {

constexpr std::size_t kDefaultWidth = 80;

std::string_view EnvironmentValue(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool IsTerminal(int fd) { return isatty(fd) == 1; }

std::size_t TerminalWidth(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const std::string_view columns = EnvironmentValue("COLUMNS");
  std::size_t width = 0;
  const auto [end, error] = std::from_chars(columns.data(), columns.data() + columns.size(), width);
  return error == std::errc() && end == columns.data() + columns.size() && width > 0 ? width : kDefaultWidth;
}

bool ColoursAllowed(int fd) {
  return IsTerminal(fd) && EnvironmentValue("NO_COLOR").empty() && EnvironmentValue("TERM") != "dumb";
}

ColourCodes CodesOf(Colour colour, int fd) {
  if (!ColoursAllowed(fd)) return {};
  switch (colour) {
    case Colour::kRed: return {"\x1b[31m", "\x1b[0m"};
    case Colour::kGreen: return {"\x1b[32m", "\x1b[0m"};
    case Colour::kYellow: return {"\x1b[33m", "\x1b[0m"};
    case Colour::kDim: return {"\x1b[2m", "\x1b[0m"};
  }
  return {};
}

}  // namespace audit::cli
