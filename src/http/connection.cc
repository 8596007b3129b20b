#include "http/connection.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>

#include "http/connection_set.h"

namespace audit::http {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// A caller that keeps the socket full must let the others of its thread have their turn.
constexpr int kReceivesPerTurn = 2;
constexpr std::size_t kLeastReceiveBytes = 4U << 10;
// After the last answer: how long the other side may pause in what it was sending.
constexpr std::chrono::seconds kLingerPause{2};
constexpr std::size_t kReservedBytes = 256U << 10;
constexpr std::size_t kKeptBlockBytes = 256U << 10;

}  // namespace

Connection::Connection(ConnectionShared& shared, Transport transport, Admission admission)
    : shared_(shared),
      transport_(std::move(transport)),
      parser_(shared.parser),
      input_(shared.server.buffers),
      output_(shared.server.buffers),
      deadline_(shared.loop.now() + shared.options.header_timeout),
      admission_(admission),
      phase_(transport_.is_tls() ? Phase::kHandshake : Phase::kReading) {
  if (admission_ == Admission::kCounted) shared_.server.connections.fetch_add(1, std::memory_order_relaxed);
}

void Connection::OnReady(Readiness readiness) {
  if (phase_ == Phase::kClosed) return;
  if (readiness.broken) return Close();
  readable_ |= readiness.readable || transport_.is_tls();
  input_ended_ |= readiness.ended;
  if (!output_.empty() && (readiness.writable || transport_.is_tls())) Flush();
  Run();
}

void Connection::Run() {
  if (phase_ == Phase::kHandshake) ContinueHandshake();
  if (phase_ == Phase::kReading && arrival_ == Arrival::kNothing && !input_.empty()) {
    ParseReceived(input_.bytes(), /*buffered=*/true);
  }
  for (int turn = 0; readable_ && (phase_ == Phase::kReading || phase_ == Phase::kLingering); ++turn) {
    if (turn == kReceivesPerTurn) return shared_.set.RunLater(*this);
    if (phase_ == Phase::kReading) {
      ReceiveOnce();
    } else {
      Discard();
    }
  }
}

void Connection::ContinueHandshake() {
  switch (transport_.Handshake()) {
    case IoStatus::kDone: phase_ = Phase::kReading; break;
    case IoStatus::kWouldBlock: break;
    case IoStatus::kEnd:
    case IoStatus::kFailed: Close(); break;
  }
}

void Connection::ReceiveOnce() {
  const bool buffered = !input_.empty();
  std::span<char> space(shared_.received.get(), kReceiveBytes);
  if (buffered) {
    // One byte more than the request lacks: a read that leaves it free has emptied the socket.
    const std::size_t missing = parser_.bytes_expected() - std::min(parser_.bytes_expected(), input_.bytes().size());
    space = input_.Room(missing != 0 ? std::min(missing + 1, kReceiveBytes) : kLeastReceiveBytes);
    if (space.empty()) return Refuse(Fault::kOverloaded);
  }
  const IoResult result = transport_.Receive(space);
  switch (result.status) {
    case IoStatus::kDone: break;
    case IoStatus::kWouldBlock: readable_ = false; return;
    case IoStatus::kEnd: return OnInputEnd();
    case IoStatus::kFailed: return Close();
  }
  // Fewer bytes than there was room for are all there were; the next ones raise a new edge. Only
  // the end may have been announced already.
  if (result.bytes < space.size() && !input_ended_ && !transport_.is_tls()) readable_ = false;
  if (!buffered) return ParseReceived(space.first(result.bytes), false);
  input_.Extend(result.bytes);
  ParseReceived(input_.bytes(), true);
}

// `buffered`: `received` is all of input_; otherwise it lies in the buffer of the thread.
void Connection::ParseReceived(std::span<char> received, bool buffered) {
  while (!received.empty()) {
    switch (parser_.Advance(received)) {
      case RequestParser::Progress::kIncomplete: return KeepPartial(received, buffered);
      case RequestParser::Progress::kRefused: return Refuse(parser_.fault());
      case RequestParser::Progress::kWhole: break;
    }
    arrival_ = Arrival::kNothing;
    Dispatch(parser_.request());
    if (phase_ == Phase::kClosed || refused_) return;
    const std::size_t taken = parser_.bytes();
    parser_.Reset();
    received = received.subspan(taken);
    if (buffered) input_.DropFront(taken);
    if (phase_ != Phase::kReading) {
      // Without room for what was sent ahead, the answer that is due is the last one.
      if (!buffered && !input_.Append(received)) framing_.close = refused_ = true;
      return;
    }
  }
}

void Connection::KeepPartial(std::span<char> partial, bool buffered) {
  if (buffered) {
    input_.Truncate(partial.size());
  } else {
    // One allocation for a body of common size. What is promised and never sent takes from the
    // budget, but no memory before it is written to.
    const std::size_t expected = std::min(parser_.bytes_expected() + 1, kReservedBytes);
    if (input_.Room(std::max(expected, partial.size())).empty()) return Refuse(Fault::kOverloaded);
    input_.Extend(partial.size());
    std::memcpy(input_.bytes().data(), partial.data(), partial.size());
  }
  const Arrival arrival = parser_.in_body() ? Arrival::kBody : Arrival::kHead;
  if (std::exchange(arrival_, arrival) == arrival) return;
  const bool in_body = arrival == Arrival::kBody;
  deadline_ = shared_.loop.now() + (in_body ? shared_.options.body_timeout : shared_.options.header_timeout);
  if (in_body && parser_.expects_continue() && partial.size() == parser_.head_bytes()) Send(kContinue);
}

void Connection::Dispatch(const Request& request) {
  framing_ = {.head_only = parser_.is_head(),
              .close = !parser_.keep_alive(),
              .keep_alive = parser_.http_1_0() && parser_.keep_alive()};
  if (shared_.counters.requests_in_flight.value() >= shared_.max_requests_in_flight) {
    return Refuse(Fault::kOverloaded);
  }
  shared_.counters.requests_in_flight.Add(1);
  phase_ = Phase::kHandling;
  deadline_ = env::SteadyTime::max();
  exchange_open_ = true;
  dispatching_ = true;
  shared_.handler->OnRequest(request, Exchange(*this));
  dispatching_ = false;
}

void Connection::OnInputEnd() {
  readable_ = false;
  input_ended_ = true;
  if (arrival_ == Arrival::kNothing) return Close();
  Refuse(Fault::kMalformed);  // half a request; whoever only shut down its sending side can read this
}

void Connection::Respond(const Response& response) {
  exchange_open_ = false;
  if (phase_ == Phase::kClosed) {
    if (released_) delete this;
    return;
  }
  shared_.counters.requests_in_flight.Subtract(1);
  SendResponse(response);
}

void Connection::Drop() {
  exchange_open_ = false;
  if (phase_ == Phase::kClosed) {
    if (released_) delete this;
    return;
  }
  shared_.counters.requests_in_flight.Subtract(1);
  Close();
}

void Connection::Refuse(Fault fault) {
  refused_ = true;
  input_.Clear();
  framing_ = {.head_only = parser_.is_head(), .close = true};
  SendResponse(shared_.handler->OnFault(fault));
}

void Connection::SendResponse(const Response& response) {
  framing_.close |= response.close || shared_.stopping;
  std::string& block = shared_.block;
  block.clear();
  AppendResponse(response, framing_, shared_.date.Text(std::time(nullptr)), block);
  phase_ = Phase::kWriting;
  Send(block);
  if (block.capacity() > kKeptBlockBytes) std::string().swap(block);
  if (phase_ == Phase::kWriting && output_.empty()) AfterResponse();
}

void Connection::Send(std::string_view bytes) {
  if (output_.empty()) {
    const IoResult result = transport_.Send(bytes);
    if (result.status == IoStatus::kFailed) return Close();
    bytes.remove_prefix(result.bytes);
    if (bytes.empty()) return;
  }
  if (!output_.Append(bytes)) return Close();
  if (phase_ == Phase::kWriting) deadline_ = shared_.loop.now() + shared_.options.body_timeout;
}

void Connection::Flush() {
  const std::span<char> waiting = output_.bytes();
  const IoResult result = transport_.Send({waiting.data(), waiting.size()});
  if (result.status == IoStatus::kFailed) return Close();
  output_.DropFront(result.bytes);
  if (phase_ != Phase::kWriting) return;
  if (output_.empty()) return AfterResponse();
  // Slow is allowed, standing still is not.
  if (result.bytes != 0) deadline_ = shared_.loop.now() + shared_.options.body_timeout;
}

void Connection::AfterResponse() {
  if (!framing_.close) {
    phase_ = Phase::kReading;
    deadline_ = shared_.loop.now() + shared_.options.idle_timeout;
    if (!dispatching_ && (readable_ || !input_.empty())) shared_.set.RunLater(*this);
    return;
  }
  transport_.EndSending();
  // Closing with input unread resets the connection, and the reset overtakes the answer.
  if (!refused_ && !readable_) return Close();
  phase_ = Phase::kLingering;
  readable_ = true;
  linger_end_ = shared_.loop.now() + shared_.options.body_timeout;
  deadline_ = shared_.loop.now() + kLingerPause;
  discard_left_ = 2 * shared_.options.max_body_bytes;
  if (!dispatching_) shared_.set.RunLater(*this);
}

void Connection::Discard() {
  const IoResult result = transport_.Discard({shared_.received.get(), kReceiveBytes});
  if (result.status == IoStatus::kWouldBlock && refused_) {
    readable_ = false;
  } else if (result.status == IoStatus::kDone && result.bytes < discard_left_) {
    refused_ = true;  // it does send on
    discard_left_ -= result.bytes;
    deadline_ = std::min(shared_.loop.now() + kLingerPause, linger_end_);
  } else {
    Close();
  }
}

void Connection::Sweep() {
  if (shared_.loop.now() < deadline_) return;
  if (phase_ == Phase::kReading && arrival_ != Arrival::kNothing) return Refuse(Fault::kTimeout);
  Close();
}

void Connection::CloseIfIdle() {
  if (phase_ == Phase::kReading) readable_ = true;  // a request that is here is answered, announced or not
  Run();
  const bool idle = phase_ == Phase::kReading && arrival_ == Arrival::kNothing && input_.empty();
  if (idle || phase_ == Phase::kHandshake) Close();
}

void Connection::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  if (exchange_open_) shared_.counters.requests_in_flight.Subtract(1);
  transport_.Close();
  if (admission_ == Admission::kCounted) shared_.server.connections.fetch_sub(1, std::memory_order_relaxed);
  shared_.set.Remove(*this);
}

void Connection::Release(std::unique_ptr<Connection> connection) {
  if (!connection->exchange_open_) return;
  connection->released_ = true;
  connection->input_.Clear();
  connection->output_.Clear();
  static_cast<void>(connection.release());  // Respond or Drop deletes it
}

}  // namespace audit::http
