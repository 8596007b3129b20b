// The errors of an answer (contract, section 1: the response envelope), as the caller sees them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace audit::client {

struct Refusal {
  std::string code;  // "AUD-002"; empty where the answer was not an envelope
  std::string message;
  std::string path;                  // within the event: "data.outcome"; empty: the event as a whole
  std::optional<std::size_t> event;  // the index in the batch, where the answer names one
};

// The entries of `errors`, those of a batch taken apart ("events[3].data.actor.id"). A body that is
// no envelope gives one entry that quotes its beginning.
[[nodiscard]] std::vector<Refusal> ParseRefusals(int status, std::string_view body);

// "AUD-002 data.outcome: must be ...", for people.
[[nodiscard]] std::string Describe(const Refusal& refusal);

}  // namespace audit::client
