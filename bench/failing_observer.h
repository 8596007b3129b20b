// Ends the program at whatever a consumer of a bench should never meet: a figure that is not what it says is worse
// than none.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "kafka/source_observer.h"

namespace audit::bench {

class FailingObserver final : public kafka::SourceObserver {
 public:
  void OnAssignment(std::span<const std::int32_t>, bool) override {}
  void OnGroupRefused(const Error& error) override { Fail(error.message()); }
  void OnHole(const kafka::Hole&) override { Fail("a hole in a topic that nobody deletes from"); }
  void OnBrokerError(const Error& error) override { Fail(error.message()); }
  void OnConnectionFailed() override {}  // librdkafka tries again

 private:
  [[noreturn]] static void Fail(const std::string& why) {
    std::fprintf(stderr, "a consumer: %s\n", why.c_str());
    std::exit(1);
  }
};

}  // namespace audit::bench
