#include "api/embedded_files.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

// embedded_files.S
extern "C" {
extern const char embedded_index_html[];
extern const char embedded_index_html_end[];
extern const char embedded_init_js[];
extern const char embedded_init_js_end[];
extern const char embedded_openapi_json[];
extern const char embedded_openapi_json_end[];
extern const char embedded_swagger_ui_js[];
extern const char embedded_swagger_ui_js_end[];
extern const char embedded_swagger_ui_css[];
extern const char embedded_swagger_ui_css_end[];
extern const char embedded_favicon_png[];
extern const char embedded_favicon_png_end[];
extern const char embedded_licence[];
extern const char embedded_licence_end[];
}

namespace audit::api {
namespace {

constexpr std::string_view kScript = "text/javascript; charset=utf-8";

const std::array kFiles{
    EmbeddedFile{"index.html", "text/html; charset=utf-8", {embedded_index_html, embedded_index_html_end}},
    EmbeddedFile{"init.js", kScript, {embedded_init_js, embedded_init_js_end}},
    EmbeddedFile{"openapi.json", "application/json", {embedded_openapi_json, embedded_openapi_json_end}},
    EmbeddedFile{"swagger-ui-bundle.js", kScript, {embedded_swagger_ui_js, embedded_swagger_ui_js_end}},
    EmbeddedFile{"swagger-ui.css", "text/css; charset=utf-8", {embedded_swagger_ui_css, embedded_swagger_ui_css_end}},
    EmbeddedFile{"favicon-32x32.png", "image/png", {embedded_favicon_png, embedded_favicon_png_end}},
    EmbeddedFile{"LICENSE", "text/plain; charset=utf-8", {embedded_licence, embedded_licence_end}},
};

// A gzip file ends with its length before compression, little-endian.
std::size_t PlainSize(std::string_view gzip) {
  std::size_t size = 0;
  for (std::size_t i = 1; i <= 4; ++i) size = size << 8U | static_cast<unsigned char>(gzip[gzip.size() - i]);
  return size;
}

}  // namespace

const EmbeddedFile* FindEmbeddedFile(std::string_view name) {
  const auto* file = std::find_if(kFiles.begin(), kFiles.end(), [&](const auto& f) { return f.name == name; });
  return file == kFiles.end() ? nullptr : file;
}

std::string Inflate(const EmbeddedFile& file) {
  std::string plain(PlainSize(file.gzip), '\0');
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.gzip.data()));
  stream.avail_in = static_cast<uInt>(file.gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return plain;
}

bool AcceptsGzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const std::size_t end = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view coding = accept_encoding.substr(0, end);
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    const std::size_t at = coding.find("gzip");
    if (at == std::string_view::npos) continue;
    const std::size_t q = coding.find("q=", at);
    // "q=0", "q=0.0" and the like refuse it.
    return q == std::string_view::npos || coding.find_first_of("123456789", q) != std::string_view::npos;
  }
  return false;
}

}  // namespace audit::api
