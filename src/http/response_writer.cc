#include "http/response_writer.h"

#include <charconv>

namespace audit::http {
namespace {

std::string_view Reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "";  // may be empty (RFC 9112, section 4)
  }
}

void AppendNumber(std::size_t number, std::string& out) {
  std::array<char, 20> digits;
  const auto [end, failed] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

}  // namespace

std::string_view HttpDate::Text(std::time_t now) {
  if (now != second_) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    size_ = std::strftime(text_.data(), text_.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    second_ = now;
  }
  return {text_.data(), size_};
}

void AppendResponse(const Response& response, const ResponseFraming& framing, std::string_view date, std::string& out) {
  out.append("HTTP/1.1 ");
  AppendNumber(static_cast<std::size_t>(response.status), out);
  out.append(" ").append(Reason(response.status));
  out.append("\r\nDate: ").append(date);
  if (!response.content_type.empty()) out.append("\r\nContent-Type: ").append(response.content_type);
  for (const Header& header : response.headers) {
    out.append("\r\n").append(header.name).append(": ").append(header.value);
  }
  if (framing.close) {
    out.append("\r\nConnection: close");
  } else if (framing.keep_alive) {
    out.append("\r\nConnection: keep-alive");
  }
  if (response.status == 204) {  // has no body and must not say how long it is (RFC 9110, section 8.6)
    out.append("\r\n\r\n");
    return;
  }
  out.append("\r\nContent-Length: ");
  AppendNumber(response.body.size(), out);
  out.append("\r\n\r\n");
  if (!framing.head_only && response.status != 304) out.append(response.body);
}

}  // namespace audit::http
