#include "event/json_text.h"

#include <cstdint>

namespace audit::event {
namespace {

// Of four hex digits, known to be such.
unsigned HexOf(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  return value;
}

char* PutUtf8(unsigned code, char* out) {
  const auto put = [&out](unsigned byte) { *out++ = static_cast<char>(byte); };
  const auto put_rest = [&](unsigned shift) { put(0x80U | ((code >> shift) & 0x3fU)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | (code >> 6));
    put_rest(0);
  } else if (code < 0x10000) {
    put(0xe0U | (code >> 12));
    put_rest(6);
    put_rest(0);
  } else {
    put(0xf0U | (code >> 18));
    put_rest(12);
    put_rest(6);
    put_rest(0);
  }
  return out;
}

char SimpleEscape(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;  // a quote, a slash or a backslash
  }
}

}  // namespace

std::size_t Unescape(std::string_view inner, char* out) {
  constexpr unsigned kReplacement = 0xfffd;
  char* const begin = out;
  for (std::size_t i = 0; i < inner.size();) {
    if (inner[i] != '\\') {
      *out++ = inner[i++];
      continue;
    }
    if (inner[i + 1] != 'u') {
      *out++ = SimpleEscape(inner[i + 1]);
      i += 2;
      continue;
    }
    unsigned code = HexOf(inner.substr(i + 2, 4));
    i += 6;
    if (code >= 0xd800 && code < 0xe000) {
      const bool pair = code < 0xdc00 && inner.substr(i, 2) == "\\u" && i + 6 <= inner.size();
      const unsigned low = pair ? HexOf(inner.substr(i + 2, 4)) : 0;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i += 6;
      } else {
        code = kReplacement;
      }
    }
    out = PutUtf8(code, out);
  }
  return static_cast<std::size_t>(out - begin);
}

void AppendQuoted(std::string_view text, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out->append("\\u00");
      out->push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out->push_back(kHex[static_cast<unsigned char>(c) & 0xfU]);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace audit::event
