#include "client/http_client.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <utility>

#include "client/retry.h"
#include "env/clock.h"

namespace audit::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// The address that `host` is, if it is no name.
std::optional<asio::ip::address> AddressOf(const std::string& host) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  return error ? std::nullopt : std::optional(address);
}

}  // namespace

class HttpClient::State {
 public:
  explicit State(ClientOptions options) : options_(std::move(options)), tls_(asio::ssl::context::tls_client) {}

  Result<void> LoadTrust();
  Result<Answer> Send(std::string_view method, std::string_view path, std::string_view content_type,
                      std::string_view body);
  [[nodiscard]] const Url& base() const { return options_.base; }

 private:
  [[nodiscard]] beast::tcp_stream& tcp_layer() { return beast::get_lowest_layer(*stream_); }

  // Starts one operation, whose deadline is the stream's, and runs the loop until it has ended.
  template <class Start>
  error_code Await(Start start) {
    error_code result = asio::error::would_block;
    start([&result](error_code error, auto&&...) { result = error; });
    io_.restart();
    io_.run();
    return result;
  }

  Result<tcp::resolver::results_type> Resolve();
  Result<void> Connect();
  void Disconnect() {
    stream_.reset();
    buffer_.clear();
  }
  // One attempt on the connection that there is.
  error_code Exchange(std::string_view head, std::string_view body, Answer* answer);
  [[nodiscard]] Error Failure(std::string_view what, const error_code& error) const;

  const ClientOptions options_;
  asio::io_context io_{1};
  asio::ssl::context tls_;
  std::unique_ptr<TlsStream> stream_;  // null: not connected; its TCP layer alone where the URL is http
  beast::flat_buffer buffer_;
};

Result<void> HttpClient::State::LoadTrust() {
  if (!options_.base.tls) return {};
  error_code error;
  if (options_.insecure) {
    error = tls_.set_verify_mode(asio::ssl::verify_none, error);
  } else if (options_.ca_file.empty()) {
    error = tls_.set_default_verify_paths(error);
  } else {
    error = tls_.load_verify_file(options_.ca_file, error);
  }
  if (!error) return {};
  return Error(ErrorCode::kInvalidArgument,
               "CA file " + options_.ca_file + ": " + error.message() + ": give a file of PEM certificates");
}

Error HttpClient::State::Failure(std::string_view what, const error_code& error) const {
  const std::string where = std::string(what) + ' ' + options_.base.ToString();
  if (error == beast::error::timeout || error == asio::error::operation_aborted) {
    return {ErrorCode::kTimeout, where + ": no answer in time"};
  }
  if (error.category() == http::make_error_code(http::error::bad_version).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return {ErrorCode::kCorrupt, where + ": the answer is not the HTTP of an audit manager: " + error.message()};
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message) {
    return {ErrorCode::kUnavailable, where + ": the connection was closed before the answer was complete"};
  }
  if (error.category() == asio::error::get_ssl_category()) {
    const long verified = SSL_get_verify_result(stream_->native_handle());
    if (verified != X509_V_OK) {
      return {ErrorCode::kInvalidArgument, where + ": its certificate is not trusted (" +
                                               X509_verify_cert_error_string(verified) + "): give its CA by --ca-file"};
    }
  }
  return {ErrorCode::kUnavailable, where + ": " + error.message()};
}

Result<tcp::resolver::results_type> HttpClient::State::Resolve() {
  const std::string port = std::to_string(options_.base.port);
  if (const auto address = AddressOf(options_.base.host)) {
    return tcp::resolver::results_type::create(tcp::endpoint(*address, options_.base.port), options_.base.host, port);
  }
  // The resolver has no deadline of its own, so a timer ends the wait for it.
  tcp::resolver resolver(io_);
  asio::steady_timer timer(io_, options_.connect_timeout);
  std::optional<error_code> outcome;
  tcp::resolver::results_type found;
  resolver.async_resolve(options_.base.host, port, [&](error_code failed, tcp::resolver::results_type results) {
    outcome = failed;
    found = std::move(results);
    timer.cancel();
  });
  timer.async_wait([&](error_code) { resolver.cancel(); });
  io_.restart();
  while (!outcome && io_.run_one() > 0) {
  }
  io_.run();
  if (outcome && *outcome) return Failure("look up the name in", *outcome);
  return found;
}

Result<void> HttpClient::State::Connect() {
  Result<tcp::resolver::results_type> endpoints = Resolve();
  if (!endpoints.ok()) return std::move(endpoints).error();
  stream_ = std::make_unique<TlsStream>(io_, tls_);
  tcp_layer().expires_after(options_.connect_timeout);
  if (const error_code error = Await([&](auto done) { tcp_layer().async_connect(*endpoints, std::move(done)); })) {
    Error failure = Failure("connect to", error);
    Disconnect();
    return failure;
  }
  error_code error;
  error = tcp_layer().socket().set_option(tcp::no_delay(true), error);  // slower without it, and nothing else
  if (!options_.base.tls) return {};

  if (!AddressOf(options_.base.host)) SSL_set_tlsext_host_name(stream_->native_handle(), options_.base.host.c_str());
  if (!options_.insecure) {
    stream_->set_verify_mode(asio::ssl::verify_peer, error);
    stream_->set_verify_callback(asio::ssl::host_name_verification(options_.base.host), error);
  }
  error = Await([&](auto done) { stream_->async_handshake(asio::ssl::stream_base::client, std::move(done)); });
  if (!error) return {};
  Error failure = Failure("TLS handshake with", error);
  Disconnect();
  return failure;
}

error_code HttpClient::State::Exchange(std::string_view head, std::string_view body, Answer* answer) {
  const auto on_stream = [this](auto operation) {
    return Await([&](auto done) {
      if (options_.base.tls) {
        operation(*stream_, std::move(done));
      } else {
        operation(stream_->next_layer(), std::move(done));
      }
    });
  };
  tcp_layer().expires_after(options_.request_timeout);
  const std::array<asio::const_buffer, 2> request = {asio::buffer(head), asio::buffer(body)};
  const error_code sent =
      on_stream([&](auto& stream, auto done) { asio::async_write(stream, request, std::move(done)); });
  if (sent == beast::error::timeout) return sent;
  // A service that refuses a request before it has all of it answers and closes: the answer is there
  // though the write failed.
  http::response_parser<http::string_body> parser;
  parser.body_limit(options_.max_answer_bytes);
  const error_code received =
      on_stream([&](auto& stream, auto done) { http::async_read(stream, buffer_, parser, std::move(done)); });
  if (received) return sent ? sent : received;

  http::response<http::string_body> response = parser.release();
  answer->status = static_cast<int>(response.result_int());
  answer->body = std::move(response.body());
  const auto retry_after = response.find(http::field::retry_after);
  if (retry_after != response.end()) {
    answer->retry_after =
        ParseRetryAfter({retry_after->value().data(), retry_after->value().size()}, env::SystemClock().Now());
  }
  if (sent || !response.keep_alive()) Disconnect();
  return {};
}

Result<Answer> HttpClient::State::Send(std::string_view method, std::string_view path, std::string_view content_type,
                                       std::string_view body) {
  std::string head(method);
  head.append(" ").append(options_.base.path).append(path);
  head.append(" HTTP/1.1\r\nHost: ").append(options_.base.Authority());
  head.append("\r\nUser-Agent: audit-manager\r\nAccept: application/json\r\n");
  if (method == "POST") {
    head.append("Content-Type: ").append(content_type);
    head.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  head.append("\r\n");

  for (;;) {
    const bool kept = stream_ != nullptr;
    if (!kept) {
      if (Result<void> connected = Connect(); !connected.ok()) return std::move(connected).error();
    }
    Answer answer;
    const error_code error = Exchange(head, body, &answer);
    if (!error) return answer;
    Error failure = Failure("send to", error);
    Disconnect();
    // The service may close a connection that was idle at the very moment that it is used again.
    if (!kept || failure.code() != ErrorCode::kUnavailable) return failure;
  }
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::Create(ClientOptions options) {
  auto state = std::make_unique<State>(std::move(options));
  if (Result<void> loaded = state->LoadTrust(); !loaded.ok()) return std::move(loaded).error();
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(state)));
}

Result<Answer> HttpClient::Get(std::string_view path) { return state_->Send("GET", path, {}, {}); }

Result<Answer> HttpClient::Post(std::string_view path, std::string_view content_type, std::string_view body) {
  return state_->Send("POST", path, content_type, body);
}

const Url& HttpClient::base() const { return state_->base(); }

}  // namespace audit::client
