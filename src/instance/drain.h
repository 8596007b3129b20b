// Brings what the spool of an instance that is gone still holds into the topic: a replica scaled away, a
// volume rescued from a dead machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "config/config.h"
#include "errors/result.h"

namespace audit::instance {

struct DrainReport {
  std::uint64_t published = 0;
  std::uint64_t left = 0;        // not acknowledged in time; they stay in the spool
  std::optional<Error> trouble;  // with the topics or the brokers
};

// `directory` is the spool's; what Kafka refuses is set aside beside it. kLocked: an instance is using it.
Result<DrainReport> DrainSpool(const config::Config& config, const std::string& directory,
                               std::chrono::milliseconds patience);

}  // namespace audit::instance
