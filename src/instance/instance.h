// One running service, put together from the rooms by its configuration: which parts run, in which
// order they start and stop. serve.h runs one as a process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "config/config.h"
#include "env/file_system.h"
#include "errors/result.h"

namespace audit::instance {

class Instance {
 public:
  // Recovers the spool, opens the store, then listens: what can fail is tried before the first 202.
  // The error says what, where and what to do. `on_failure` is called once, on a thread of the
  // instance, when events cannot be made durable any more; /health/ready says so by then, and all
  // that is left is to Stop and to end the process: the restart recovers.
  // `files` is where the spool lies, and outlives the instance.
  static Result<std::unique_ptr<Instance>> Start(const config::Loaded& loaded, std::function<void()> on_failure,
                                                 env::FileSystem& files = env::PosixFileSystem());
  ~Instance();  // as Stop with no grace
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  Result<void> ReloadTls();
  // Calls `answered` once, on the last event loop that has come around to it: one that is stuck keeps it
  // from being called. Any thread, until Stop.
  void AskEventLoops(std::function<void()> answered);

  // In this order: no new events are accepted; requests in flight are answered; the spool is
  // synced; the store takes what is left; everything is closed. The waiting in it takes `grace`
  // at most; what the store has not taken by then stays in the spool. Again calls do nothing.
  void Stop(std::chrono::milliseconds grace);

  // For an end without waiting, while Stop may be under way on another thread: returns when what
  // was accepted is on disk, or cannot be brought there.
  void SyncForExit();

 private:
  struct State;
  explicit Instance(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::instance
