// The operating system's files under SQLite, failing on demand: for tests. Becomes SQLite's default
// for the life of the object, so every connection opened meanwhile goes through it.
#pragma once

#include <cstdint>
#include <memory>

namespace audit::sqlite {

// One at a time in a process. The calls that can fail are those that write: write, sync, truncate,
// making the shared memory of a log.
class FaultingVfs {
 public:
  FaultingVfs();
  // Close all connections first.
  ~FaultingVfs();
  FaultingVfs(const FaultingVfs&) = delete;
  FaultingVfs& operator=(const FaultingVfs&) = delete;

  enum class Fault : std::uint8_t { kIo, kNoSpace };
  // The `nth` such call from now on (1: the next) fails; the later ones work again.
  void FailNth(std::uint64_t nth, Fault fault);
  // Such calls from now on fail until Heal.
  void FailAll(Fault fault);
  void Heal();
  // Since the last FailNth, FailAll or Heal.
  [[nodiscard]] std::uint64_t calls() const;
  [[nodiscard]] std::uint64_t syncs() const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace audit::sqlite
