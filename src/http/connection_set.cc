#include "http/connection_set.h"

#include <utility>

namespace audit::http {

ConnectionSet::~ConnectionSet() {
  CloseAll();
  ReleaseClosed();
}

Connection& ConnectionSet::Add(std::unique_ptr<Connection> connection) {
  connection->index_ = open_.size();
  return *open_.emplace_back(std::move(connection));
}

void ConnectionSet::Remove(Connection& connection) {
  std::unique_ptr<Connection>& place = open_[connection.index_];
  closed_.push_back(std::move(place));
  if (&place != &open_.back()) {
    place = std::move(open_.back());
    place->index_ = connection.index_;
  }
  open_.pop_back();
}

void ConnectionSet::RunLater(Connection& connection) {
  if (std::exchange(connection.queued_, true)) return;
  runnable_.push_back(&connection);
}

void ConnectionSet::RunDue() {
  running_.swap(runnable_);
  for (Connection* connection : running_) {
    connection->queued_ = false;
    connection->Run();
  }
  running_.clear();
}

// From the back: an action may remove its connection, into whose place the last one moves.
template <class Action>
void ConnectionSet::ForEach(Action action) {
  for (std::size_t i = open_.size(); i-- > 0;) action(*open_[i]);
}

void ConnectionSet::Sweep() {
  ForEach([](Connection& connection) { connection.Sweep(); });
}

void ConnectionSet::CloseIdle() {
  ForEach([](Connection& connection) { connection.CloseIfIdle(); });
}

void ConnectionSet::CloseAll() {
  ForEach([](Connection& connection) { connection.Close(); });
}

void ConnectionSet::ReleaseClosed() {
  if (closed_.empty()) return;
  std::erase_if(runnable_, [](const Connection* connection) { return connection->closed(); });
  for (std::unique_ptr<Connection>& connection : closed_) Connection::Release(std::move(connection));
  closed_.clear();
}

ConnectionShared::ConnectionShared(const ServerOptions& server_options, ServerShared& server_shared,
                                   EventLoop& event_loop, std::size_t in_flight_limit)
    : options(server_options),
      server(server_shared),
      loop(event_loop),
      max_requests_in_flight(in_flight_limit),
      received(std::make_unique_for_overwrite<char[]>(kReceiveBytes + kBodyPadding)) {
  parser.limits.max_header_bytes = options.max_header_bytes;
  parser.limits.max_body_bytes = options.max_body_bytes;
}

}  // namespace audit::http
