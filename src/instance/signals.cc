#include "instance/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace audit::instance {
namespace {

int Checked(int fd, const char* call) {
  if (fd < 0) {
    std::perror(call);
    std::abort();
  }
  return fd;
}

}  // namespace

Signals::Signals() : signal_fd_(-1), interrupt_fd_(Checked(eventfd(0, EFD_CLOEXEC), "eventfd")) {
  sigset_t handled;
  sigemptyset(&handled);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&handled, number);
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  signal_fd_ = Checked(signalfd(-1, &handled, SFD_CLOEXEC), "signalfd");
  std::signal(SIGPIPE, SIG_IGN);  // a caller that hung up is an error of that write, nothing more
}

Signals::~Signals() {
  close(signal_fd_);
  close(interrupt_fd_);
}

Signal Signals::Wait() {
  std::array<pollfd, 2> fds{pollfd{signal_fd_, POLLIN, 0}, pollfd{interrupt_fd_, POLLIN, 0}};
  for (;;) {
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) Checked(-1, "poll");
    std::uint64_t count = 0;
    if ((fds[1].revents & POLLIN) != 0 && read(interrupt_fd_, &count, sizeof(count)) == sizeof(count)) {
      return Signal::kInterrupt;
    }
    signalfd_siginfo info{};
    if ((fds[0].revents & POLLIN) != 0 && read(signal_fd_, &info, sizeof(info)) == sizeof(info)) {
      return info.ssi_signo == SIGHUP ? Signal::kReload : Signal::kStop;
    }
  }
}

void Signals::Interrupt() {
  const std::uint64_t one = 1;
  if (write(interrupt_fd_, &one, sizeof(one)) != sizeof(one)) Checked(-1, "write to eventfd");
}

}  // namespace audit::instance
