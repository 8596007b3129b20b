// For tests: a server on a free port whose handler does what the test says.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "http/server.h"

namespace audit::http {

inline int StatusOf(Fault fault) {
  switch (fault) {
    case Fault::kMalformed: return 400;
    case Fault::kHeaderTooLarge: return 431;
    case Fault::kBodyTooLarge: return 413;
    case Fault::kUnsupportedEncoding: return 415;
    case Fault::kMalformedEncoding: return 422;  // told apart from kMalformed, unlike in the contract
    case Fault::kTimeout: return 408;
    case Fault::kOverloaded: return 503;
  }
  return 500;
}

inline Response Text(int status, std::string_view body) {
  return {.status = status, .content_type = "text/plain", .body = body, .headers = {}};
}

// Both are called on the I/O thread.
struct Script {
  std::function<void(const Request&, Exchange)> on_request;  // none: 202 with the body that came
  std::function<void()> on_round_end;
};

class ScriptedHandler final : public Handler {
 public:
  explicit ScriptedHandler(const Script& script) : script_(script) {}

  void OnRequest(const Request& request, Exchange exchange) override {
    if (script_.on_request) return script_.on_request(request, std::move(exchange));
    exchange.Respond(Text(202, request.body));
  }
  Response OnFault(Fault fault) override { return Text(StatusOf(fault), "fault"); }
  void OnRoundEnd() override {
    if (script_.on_round_end) script_.on_round_end();
  }

 private:
  const Script& script_;
};

class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}, Script script = {}) : script_(std::move(script)) {
    options.host = "127.0.0.1";
    options.port = 0;
    auto listening = Server::Listen(std::move(options), [this](IoThread& thread) -> std::unique_ptr<Handler> {
      io_thread_ = &thread;
      return std::make_unique<ScriptedHandler>(script_);
    });
    EXPECT_TRUE(listening.ok()) << listening.error().message();
    server_ = *std::move(listening);
    server_->Start();
  }

  Server* operator->() { return server_.get(); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  IoThread& io_thread() { return *io_thread_; }  // the last one, with several

 private:
  const Script script_;
  IoThread* io_thread_ = nullptr;
  std::unique_ptr<Server> server_;
};

// False when `condition` does not come true within a time that no sane machine needs.
inline bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 60'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

inline std::string PostOf(std::string_view body, std::string_view fields = "") {
  return "POST /e HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

}  // namespace audit::http
