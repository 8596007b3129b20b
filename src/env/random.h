// Randomness as it comes from outside (back-off jitter, segment salts, UUIDs).
#pragma once

#include <cstdint>
#include <memory>

namespace audit::env {

// One thread at a time.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t Next() = 0;  // 64 uniformly distributed bits
};

// Seeded from the operating system; good enough for identifiers, not for keys.
[[nodiscard]] std::unique_ptr<Random> NewSystemRandom();
// The same sequence for the same seed, on every platform.
[[nodiscard]] std::unique_ptr<Random> NewSeededRandom(std::uint64_t seed);

}  // namespace audit::env
