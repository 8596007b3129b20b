// What a source tells beside the events: for log and metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "errors/error.h"

namespace audit::kafka {

// Offsets of a partition that were never read and are no longer there.
struct Hole {
  std::int32_t partition = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;  // inclusive
  std::string cause;      // "deleted before it was read", ...
};

// How far behind the end of its partition the group is.
struct PartitionLag {
  std::int32_t partition = 0;
  std::optional<std::int64_t> events;  // nothing: not known yet
};

// Called on the source's thread.
class SourceObserver {
 public:
  virtual ~SourceObserver() = default;
  // All partitions that are this member's from now on, sorted. `lost`: taken away without a chance to
  // finish (the session timed out, another process took the place).
  virtual void OnAssignment(std::span<const std::int32_t> partitions, bool lost) = 0;
  // The group does not let this member in. It keeps trying; the error says why and what to do.
  virtual void OnGroupRefused(const Error& error) = 0;
  // Told again after a crash between this and the commit of the events behind it.
  virtual void OnHole(const Hole& hole) = 0;
  // A connection to a broker failed; the log of the connection's client says why.
  virtual void OnConnectionFailed() = 0;
  // Anything else that the brokers have to say.
  virtual void OnBrokerError(const Error& error) = 0;
};

}  // namespace audit::kafka
