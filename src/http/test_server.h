// For tests: a server on a free port with a handler whose answers the path chooses.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/server.h"

namespace audit::http {

// What a test may do while it handles a request, on the I/O thread.
using Answering = std::function<void(const Request&, Exchange)>;

inline int StatusOf(Fault fault) {
  switch (fault) {
    case Fault::kMalformed: return 400;
    case Fault::kHeaderTooLarge: return 431;
    case Fault::kBodyTooLarge: return 413;
    case Fault::kUnsupportedEncoding: return 415;
    case Fault::kMalformedEncoding: return 400;
    case Fault::kTimeout: return 408;
    case Fault::kOverloaded: return 503;
  }
  return 500;
}

class TestHandler final : public Handler {
 public:
  explicit TestHandler(Answering on_request) : on_request_(std::move(on_request)) {}

  void OnRequest(const Request& request, Exchange exchange) override {
    if (on_request_) return on_request_(request, std::move(exchange));
    exchange.Respond({.status = 202, .content_type = "text/plain", .body = request.body, .headers = {}});
  }
  Response OnFault(Fault fault) override {
    return {.status = StatusOf(fault), .content_type = "text/plain", .body = "fault", .headers = {}};
  }
  void OnRoundEnd() override {}

 private:
  Answering on_request_;
};

class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}, Answering on_request = nullptr) {
    options.host = "127.0.0.1";
    options.port = 0;
    auto listening = Server::Listen(std::move(options), [on_request](IoThread&) -> std::unique_ptr<Handler> {
      return std::make_unique<TestHandler>(on_request);
    });
    EXPECT_TRUE(listening.ok()) << listening.error().message();
    server_ = *std::move(listening);
    server_->Start();
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  Server* operator->() { return server_.get(); }

 private:
  std::unique_ptr<Server> server_;
};

}  // namespace audit::http
