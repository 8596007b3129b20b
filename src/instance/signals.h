// The signals that steer a running service, read in one place instead of interrupting it.
#pragma once

#include <cstdint>

namespace audit::instance {

enum class Signal : std::uint8_t {
  kStop,       // SIGTERM or SIGINT
  kReload,     // SIGHUP
  kInterrupt,  // Signals::Interrupt was called
};

// One a process. Blocks these signals for the calling thread and those it starts from then on, and
// ignores SIGPIPE. Ends the process when the system refuses; there is no sensible way on.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits for the next one. One thread at a time.
  Signal Wait();
  // Makes one Wait return. Any thread.
  void Interrupt();

 private:
  int signal_fd_;
  int interrupt_fd_;
};

}  // namespace audit::instance
