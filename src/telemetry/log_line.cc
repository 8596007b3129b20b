#include "telemetry/log_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <type_traits>

namespace audit::telemetry {
namespace {

struct LevelLook {
  std::string_view name;
  std::string_view colour;  // ANSI escape sequence
};

// By LogLevel.
constexpr std::array kLevels{LevelLook{"debug", "\x1b[2m"}, LevelLook{"info", "\x1b[32m"},
                             LevelLook{"warn", "\x1b[33m"}, LevelLook{"error", "\x1b[31m"}};
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

const LevelLook& LookOf(LogLevel level) { return kLevels.at(static_cast<std::size_t>(level)); }

struct LeadByte {
  unsigned char mask;
  unsigned char bits;
  std::size_t length;
  char32_t first_code_point;  // below it the sequence is overlong
};
constexpr std::array kLeadBytes{LeadByte{0x80, 0x00, 1, 0}, LeadByte{0xE0, 0xC0, 2, 0x80},
                                LeadByte{0xF0, 0xE0, 3, 0x800}, LeadByte{0xF8, 0xF0, 4, 0x10000}};

// Bytes of the UTF-8 character at the start of `text`; 0 if there is none.
std::size_t CharacterLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  for (const LeadByte& kind : kLeadBytes) {
    if ((lead & kind.mask) != kind.bits) continue;
    if (text.size() < kind.length) return 0;
    char32_t code_point = lead & static_cast<unsigned char>(~kind.mask);
    for (const char byte : text.substr(1, kind.length - 1)) {
      const auto value = static_cast<unsigned char>(byte);
      if ((value & 0xC0U) != 0x80U) return 0;
      code_point = code_point << 6U | (value & 0x3FU);
    }
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    return code_point < kind.first_code_point || code_point > 0x10FFFF || surrogate ? 0 : kind.length;
  }
  return 0;
}

// The inside of a JSON string.
void AppendEscaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    const char c = text.front();
    if (length == 0) {
      out += kReplacement;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  AppendEscaped(out, text);
  out += '"';
}

bool NeedsQuotes(std::string_view text) {
  static constexpr std::string_view kSafe = "-._/:+@,";
  return text.empty() || !std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kSafe.find(c) != std::string_view::npos;
         });
}

// Numbers and booleans, which both formats write alike.
template <class Number>
void AppendNumber(std::string& out, Number number) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(number)) {
      out += "null";
      return;
    }
  }
  fmt::format_to(std::back_inserter(out), "{}", number);
}

}  // namespace

std::string JsonMembers(LogLevel level, std::string_view message, std::span<const LogField> fields) {
  std::string out = R"("level":")";
  out += LookOf(level).name;
  out += R"(","message":)";
  AppendQuoted(out, message);
  for (const LogField& field : fields) {
    out += ',';
    AppendQuoted(out, field.name);
    out += ':';
    std::visit(
        [&out](auto value) {
          if constexpr (std::is_same_v<decltype(value), std::string_view>) {
            AppendQuoted(out, value);
          } else {
            AppendNumber(out, value);
          }
        },
        field.value);
  }
  return out;
}

std::string TextLine(LogLevel level, std::string_view message, std::span<const LogField> fields, bool coloured) {
  const LevelLook& look = LookOf(level);
  std::string out =
      coloured ? fmt::format("{}{:<5}{} ", look.colour, look.name, kPlain) : fmt::format("{:<5} ", look.name);
  AppendEscaped(out, message);
  for (const LogField& field : fields) {
    out += ' ';
    AppendEscaped(out, field.name);
    out += '=';
    std::visit(
        [&out](auto value) {
          if constexpr (!std::is_same_v<decltype(value), std::string_view>) {
            AppendNumber(out, value);
          } else if (NeedsQuotes(value)) {
            AppendQuoted(out, value);
          } else {
            out += value;
          }
        },
        field.value);
  }
  return out;
}

}  // namespace audit::telemetry
