// Sends a batch until the fate of each of its events is known. The service takes a batch whole or
// not at all, so that the events it refuses are taken out and the others sent again without them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/refusal.h"
#include "client/sender.h"
#include "errors/error.h"

namespace audit::client {

struct RefusedEvent {
  std::size_t index = 0;          // in the batch
  std::vector<Refusal> refusals;  // at least one
};

struct BatchResult {
  std::size_t accepted = 0;
  std::vector<RefusedEvent> refused;  // by index
  std::vector<std::size_t> unsent;    // by index; nobody knows whether the service has them
  std::optional<Error> error;         // why: going on would meet the same
};

// One thread at a time.
class BatchSender {
 public:
  // `sender` outlives it.
  explicit BatchSender(Sender& sender) : sender_(sender) {}

  // `events`: one JSON object each, in the order they are to be taken in.
  BatchResult Send(std::span<const std::string_view> events);

 private:
  Sender& sender_;
  std::size_t largest_batch_ = SIZE_MAX;  // learnt from a service whose limit is lower than ours
  std::string body_;
};

}  // namespace audit::client
