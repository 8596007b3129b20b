// One HTTP/1.1 connection to one service, kept alive between requests. Sized for what the command
// line needs: no pool, no redirects, no proxies, no compression.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/url.h"
#include "errors/result.h"

namespace audit::client {

struct ClientOptions {
  Url base = {};
  std::string ca_file = {};  // PEM; empty: the certificates that the system trusts
  bool insecure = false;     // https without looking at the certificate
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds request_timeout{30'000};  // from the first byte sent to the last received
  std::size_t max_answer_bytes = 16U << 20;
};

struct Answer {
  int status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;
};

// One thread at a time. Every wait ends at a deadline, but for a name that the system's resolver is
// still looking up when the client is destroyed: that wait ends when the resolver gives up.
class HttpClient {
 public:
  // kInvalidArgument: the CA file cannot be used. Does not connect yet.
  static Result<std::unique_ptr<HttpClient>> Create(ClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `path` begins with a slash and is put behind the path of the base URL. Any status is an Answer.
  // Errors: kUnavailable (no connection, or it broke), kTimeout, kInvalidArgument (the certificate
  // is not trusted), kCorrupt (the answer is not HTTP, or too long).
  // May send the request twice, when a kept connection turns out to be closed: for requests that
  // may be repeated, as all of the API are.
  Result<Answer> Get(std::string_view path);
  Result<Answer> Post(std::string_view path, std::string_view content_type, std::string_view body);

  [[nodiscard]] const Url& base() const;

 private:
  class State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::client
