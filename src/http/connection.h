// One caller: reads requests one after the other, hands each to the handler, writes its answer. A
// plain state machine on its thread; time-outs come from outside by Sweep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "env/clock.h"
#include "http/byte_buffer.h"
#include "http/event_loop.h"
#include "http/handler.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "http/transport.h"

namespace audit::http {

struct ConnectionShared;

class Connection final : public Pollable, public Responder {
 public:
  // Over the bound on connections one is only told so; it does not count, or a flood of such would
  // keep the server full.
  enum class Admission : std::uint8_t { kCounted, kOverBound };

  Connection(ConnectionShared& shared, Transport transport, Admission admission);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int descriptor() const { return transport_.descriptor(); }
  [[nodiscard]] bool closed() const { return phase_ == Phase::kClosed; }

  // Goes on with what was received and not looked at yet.
  void Run();
  void OnReady(Readiness readiness) override;
  void Respond(const Response& response) override;
  void Drop() override;

  // Ends it if its time is up.
  void Sweep();
  // The server stops: reads once more, and ends it if no request has begun.
  void CloseIfIdle();
  // Answers `fault` and ends it.
  void Refuse(Fault fault);
  // Ends it at once. The object stays until ConnectionSet lets it go.
  void Close();

  // ConnectionSet lets it go: it lives on, closed, for as long as a handler may still answer it.
  static void Release(std::unique_ptr<Connection> connection);

 private:
  friend class ConnectionSet;

  enum class Phase : std::uint8_t {
    kHandshake,
    kReading,    // between requests, or a request is arriving
    kHandling,   // the handler has it
    kWriting,    // the answer does not fit into the socket
    kLingering,  // all is said; reads on, so that the other side can read it before it meets a reset
    kClosed,
  };
  enum class Arrival : std::uint8_t { kNothing, kHead, kBody };

  void ContinueHandshake();
  void ReceiveOnce();
  void ParseReceived(std::span<char> received, bool buffered);
  void KeepPartial(std::span<char> partial, bool buffered);
  void Dispatch(const Request& request);
  void OnInputEnd();
  void SendResponse(const Response& response);
  void Send(std::string_view bytes);
  void Flush();
  void AfterResponse();
  void Discard();

  ConnectionShared& shared_;
  Transport transport_;
  RequestParser parser_;
  ByteBuffer input_;   // a request that is not whole, or those behind the one being answered
  ByteBuffer output_;  // of an answer, what the socket has no room for
  env::SteadyTime deadline_;
  env::SteadyTime linger_end_;
  std::size_t index_ = 0;  // ConnectionSet's
  std::size_t discard_left_ = 0;
  const Admission admission_;
  Phase phase_;
  Arrival arrival_ = Arrival::kNothing;
  ResponseFraming framing_;   // of the answer that is due
  bool readable_ = true;      // there may be something to receive
  bool input_ended_ = false;  // the other side has sent everything, received or not
  bool refused_ = false;      // what it sends from now on is not read as requests
  bool dispatching_ = false;  // within OnRequest: input_ must not go away
  bool exchange_open_ = false;
  bool queued_ = false;    // ConnectionSet's: Run is due
  bool released_ = false;  // closed, and owned by its open exchange alone
};

}  // namespace audit::http
