// What a server calls. One handler for each I/O thread, called on that thread only.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "http/request.h"
#include "http/response.h"

namespace audit::http {

// Where the answer to one request goes: a connection of the server, or a test's fake. It stays alive
// until one of the two calls was made, once, on its I/O thread.
class Responder {
 public:
  virtual void Respond(const Response& response) = 0;
  virtual void Drop() = 0;  // there will be no answer: closes the connection

 protected:
  ~Responder() = default;
};

// The right to answer one request, once, now or later, on the I/O thread it came from. Dropping it
// unanswered closes the connection. Answering after the caller hung up does nothing.
class Exchange {
 public:
  explicit Exchange(Responder& responder) : responder_(&responder) {}
  Exchange(Exchange&& other) noexcept : responder_(std::exchange(other.responder_, nullptr)) {}
  Exchange& operator=(Exchange&& other) noexcept {
    std::swap(responder_, other.responder_);
    return *this;
  }
  ~Exchange() {
    if (responder_ != nullptr) responder_->Drop();
  }

  // Copies what it needs before it returns, and does not call the handler meanwhile: the next
  // request of the connection comes later.
  void Respond(const Response& response) { std::exchange(responder_, nullptr)->Respond(response); }

 private:
  Responder* responder_;  // null: answered, or moved from
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual void OnRequest(const Request& request, Exchange exchange) = 0;
  // Builds the answer to a request that the server refused. `Response` views must stay valid until
  // the next call. The server closes the connection after it.
  virtual Response OnFault(Fault fault) = 0;
  // Nothing more is ready on this thread: a good moment to start work for a whole round at once.
  virtual void OnRoundEnd() = 0;
};

// Lets other threads run something on an I/O thread. Outlives its handler.
class IoThread {
 public:
  virtual ~IoThread() = default;
  // Runs `task` there soon. Any thread. Dropped once the server has stopped.
  virtual void Post(std::function<void()> task) = 0;
};

// Called once an I/O thread, before it serves.
using HandlerFactory = std::function<std::unique_ptr<Handler>(IoThread& thread)>;

}  // namespace audit::http
