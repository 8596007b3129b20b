#include "instance/supervisor.h"

#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "errors/result.h"
#include "telemetry/log.h"

namespace audit::instance {
namespace {

using std::chrono::microseconds;

// A supervisor that reads nothing for that long is not waited for.
constexpr timeval kSendTimeout{.tv_sec = 5, .tv_usec = 0};

std::string_view ValueOf(const config::Environment& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::int64_t> Number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A path, or a name in the abstract namespace with '@' for its first byte, which is zero.
Result<SocketAddress> Parse(std::string_view name) {
  const bool abstract = name.front() == '@';
  if ((!abstract && name.front() != '/') || name.size() == 1) {
    return Error(ErrorCode::kInvalidArgument, "neither an absolute path nor @ and a name");
  }
  SocketAddress address;
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1));
  if (address.length > sizeof(address.name)) {
    return Error(ErrorCode::kInvalidArgument, "longer than the name of a socket can be");
  }
  address.name.sun_family = AF_UNIX;
  std::ranges::copy(name, address.name.sun_path);
  if (abstract) address.name.sun_path[0] = '\0';
  return address;
}

// Not connected: the supervisor may make its socket anew while the service runs.
Result<int> NewSocket() {
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return Error::FromErrno(errno, "socket");
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof(kSendTimeout));
  return socket;
}

// Half of WATCHDOG_USEC, where that is meant for this process and no parent of it.
std::optional<microseconds> AliveInterval(const config::Environment& environment) {
  const std::string_view process = ValueOf(environment, "WATCHDOG_PID");
  if (!process.empty() && Number(process) != ::getpid()) return std::nullopt;
  const std::optional<std::int64_t> patience = Number(ValueOf(environment, "WATCHDOG_USEC"));
  if (patience.value_or(0) <= 0) return std::nullopt;
  return microseconds(*patience) / 2;
}

}  // namespace

Supervisor::Supervisor(const config::Environment& environment) : name_(ValueOf(environment, "NOTIFY_SOCKET")) {
  if (name_.empty()) return;
  const Result<SocketAddress> address = Parse(name_);
  const Result<int> socket = address ? NewSocket() : address.error();
  if (!socket) {
    Log(telemetry::LogLevel::kWarn, "NOTIFY_SOCKET cannot be used, so the supervisor is told nothing",
        {{"socket", name_}, {"error", socket.error().message()}});
    return;
  }
  address_ = *address;
  socket_ = *socket;
  alive_interval_ = AliveInterval(environment);
}

Supervisor::~Supervisor() {
  if (socket_ >= 0) ::close(socket_);
}

void Supervisor::Ready() const { Tell("READY=1", 0); }

void Supervisor::Reloading() const {
  const auto now = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch());
  Tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()), 0);
}

void Supervisor::Stopping(microseconds may_take) const {
  Tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(may_take.count()), 0);
}

void Supervisor::Alive() const { Tell("WATCHDOG=1", MSG_DONTWAIT); }

void Supervisor::Tell(std::string_view message, int flags) const {
  if (socket_ < 0) return;
  const auto* const address = reinterpret_cast<const sockaddr*>(&address_.name);
  if (::sendto(socket_, message.data(), message.size(), flags | MSG_NOSIGNAL, address, address_.length) >= 0) return;
  Log(telemetry::LogLevel::kWarn, "the supervisor did not take what it was told",
      {{"told", message.substr(0, message.find('\n'))},
       {"socket", name_},
       {"error", Error::FromErrno(errno, "sendto").message()}});
}

}  // namespace audit::instance
