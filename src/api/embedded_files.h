// Files inside the binary: the OpenAPI description and the page that shows it.
#pragma once

#include <string>
#include <string_view>

namespace audit::api {

struct EmbeddedFile {
  std::string_view name;
  std::string_view content_type;
  std::string_view gzip;
};

// Null: there is none of that name.
[[nodiscard]] const EmbeddedFile* FindEmbeddedFile(std::string_view name);
[[nodiscard]] std::string Inflate(const EmbeddedFile& file);

// Whether an Accept-Encoding header of this value takes gzip.
[[nodiscard]] bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace audit::api
