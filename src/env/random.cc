#include "env/random.h"

#include <random>

namespace audit::env {
namespace {

// mt19937_64 is fixed by the standard to the last bit, so a seed means the same run everywhere.
class Twister final : public Random {
 public:
  explicit Twister(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t Next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace

std::unique_ptr<Random> NewSystemRandom() {
  std::random_device device;
  const std::uint64_t high = device();
  return std::make_unique<Twister>((high << 32U) | device());
}

std::unique_ptr<Random> NewSeededRandom(std::uint64_t seed) { return std::make_unique<Twister>(seed); }

}  // namespace audit::env
