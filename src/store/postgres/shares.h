// Divides a batch between connections that write at the same time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "event/record.h"

namespace audit::store::postgres {

using Share = std::vector<std::uint32_t>;  // places in the batch, ascending

// At most `writers` shares of `places`, none of them empty. All records of one key (the subject, else the actor:
// contract, section 4) are in one share, in their order. Where two records with the same id and time
// have different keys there is one share only: else chance would decide which of them is the conflict.
[[nodiscard]] std::vector<Share> DivideByKey(std::span<const event::Record> records, Share places, int writers);

}  // namespace audit::store::postgres
