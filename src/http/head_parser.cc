#include "http/head_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <cstring>
#include <utility>

#include "http/ascii.h"

namespace audit::http {
namespace {

namespace beast = boost::beast;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

Method ToMethod(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get: return Method::kGet;
    case beast::http::verb::head: return Method::kHead;
    case beast::http::verb::post: return Method::kPost;
    case beast::http::verb::put: return Method::kPut;
    case beast::http::verb::delete_: return Method::kDelete;
    case beast::http::verb::options: return Method::kOptions;
    case beast::http::verb::patch: return Method::kPatch;
    default: return Method::kOther;
  }
}

// uri-host [ ":" port ] by its characters (RFC 3986, section 3.2): no user, no space, no path.
constexpr bool IsAuthority(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return IsAlphaNumeric(c) || std::string_view("-._~!$&'()*+,;=%[]:").find(c) != std::string_view::npos;
  });
}

constexpr bool IsTarget(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

// Beast's grammar with our own storage, and the refusals that Beast leaves to its user.
class Parser final : public beast::http::basic_parser<true> {
 public:
  Parser(std::string_view input, std::size_t max_headers, RequestHead& head)
      : input_(input), max_headers_(max_headers), head_(head) {
    header_limit(static_cast<std::uint32_t>(input.size() + 1));  // the caller bounds the bytes
    body_limit(boost::none);
  }

  HeadOutcome Run() {
    beast::error_code failure;
    const std::size_t bytes = put(boost::asio::const_buffer(input_.data(), input_.size()), failure);
    if (failure == beast::http::error::need_more) return {};
    if (failure) return {.bytes = 0, .fault = too_many_ ? Fault::kHeaderTooLarge : Fault::kMalformed};
    head_.keep_alive = keep_alive();
    return {.bytes = bytes, .fault = std::nullopt};
  }

 private:
  using Field = beast::http::field;
  using Error = beast::http::error;

  void on_request_impl(beast::http::verb verb, beast::string_view, beast::string_view target, int version,
                       beast::error_code& failure) override {
    head_.method = ToMethod(verb);
    head_.http_1_1 = version == 11;
    if (!SetTarget(View(target))) failure = Error::bad_target;
  }

  bool SetTarget(std::string_view target) {
    if (!IsTarget(target)) return false;
    if (target.front() != '/') {
      if (target == "*") {
        if (head_.method != Method::kOptions) return false;
      } else {
        // absolute-form, which a server must take too (RFC 9112, section 3.2.2)
        const std::size_t scheme = target.find("://");
        if (scheme == std::string_view::npos) return false;
        const std::string_view name = target.substr(0, scheme);
        if (!EqualWithoutCase(name, "http") && !EqualWithoutCase(name, "https")) return false;
        target.remove_prefix(scheme + 3);
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        if (end == 0 || !IsAuthority(target.substr(0, end))) return false;
        target.remove_prefix(end);
      }
    }
    const std::size_t mark = target.find('?');
    head_.path = target.substr(0, mark);
    head_.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    if (head_.path.empty()) head_.path = "/";
    return true;
  }

  void on_field_impl(Field field, beast::string_view name, beast::string_view value,
                     beast::error_code& failure) override {
    if (head_.headers.size() == max_headers_) {
      too_many_ = true;
      failure = Error::header_limit;
      return;
    }
    const Header header{View(name), View(value)};
    if (IsFolded(header) || !Check(field, header.value)) {
      failure = Error::bad_field;
      return;
    }
    head_.headers.push_back(header);
  }

  // Beast joins a folded value in a buffer of its own, or lets it begin on a later line.
  [[nodiscard]] bool IsFolded(const Header& header) const {
    const char* const after_colon = header.name.data() + header.name.size() + 1;
    const char* const value = header.value.data();
    if (value < after_colon || value > input_.data() + input_.size()) return true;
    return std::find(after_colon, value, '\r') != value;
  }

  bool Check(Field field, std::string_view value) {
    switch (field) {
      case Field::host: return !std::exchange(has_host_, true) && IsAuthority(value);
      case Field::content_length: {
        if (std::exchange(has_length_, true)) return false;
        const char* const end = value.data() + value.size();
        const auto [stop, failed] = std::from_chars(value.data(), end, head_.content_length);
        return failed == std::errc() && stop == end;
      }
      case Field::transfer_encoding: head_.chunked = true; return head_.http_1_1 && EqualWithoutCase(value, "chunked");
      case Field::expect: head_.expects_continue = head_.http_1_1 && EqualWithoutCase(value, "100-continue"); break;
      case Field::content_encoding: SetCoding(value); break;
      default: break;
    }
    return true;
  }

  void SetCoding(std::string_view value) {
    const bool twice = std::exchange(has_coding_, true);
    if (!twice && (value.empty() || EqualWithoutCase(value, "identity"))) return;
    const bool gzip = EqualWithoutCase(value, "gzip") || EqualWithoutCase(value, "x-gzip");
    head_.coding = gzip && !twice ? ContentCoding::kGzip : ContentCoding::kOther;
  }

  void on_header_impl(beast::error_code& failure) override {
    if (head_.http_1_1 && !has_host_) failure = Error::bad_field;
  }

  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, beast::error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, beast::error_code&) override {
    return body.size();
  }
  void on_finish_impl(beast::error_code&) override {}

  std::string_view input_;
  std::size_t max_headers_;
  RequestHead& head_;
  bool too_many_ = false;
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_coding_ = false;
};

}  // namespace

HeadOutcome ParseHead(std::string_view bytes, std::size_t max_headers, RequestHead& head) {
  head.headers.clear();
  head.expects_continue = false;
  head.chunked = false;
  head.content_length = 0;
  head.coding = ContentCoding::kIdentity;
  const auto* const last_line_end = static_cast<const char*>(::memrchr(bytes.data(), '\n', bytes.size()));
  if (last_line_end == nullptr) return {};
  return Parser({bytes.data(), last_line_end + 1}, max_headers, head).Run();
}

}  // namespace audit::http
