// What was looked at before the service runs, and what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace audit::preflight {

enum class Verdict : std::uint8_t {
  kOk,
  kWarning,  // it runs, and something is lost, slow or unsafe one day
  kError,    // it does not start, or does not do its work
  kSkipped,  // it could not be looked at, or does not matter here
};

[[nodiscard]] std::string_view Name(Verdict verdict);

struct Finding {
  std::string area;   // "kafka"
  std::string check;  // "topic openg2p.audit.events: replicas"
  Verdict verdict = Verdict::kOk;
  std::string found;
  std::string remedy;  // one line; empty where it is ok
};

// Findings of one area, in the order in which they are added.
class Findings {
 public:
  explicit Findings(std::string area) : area_(std::move(area)) {}

  void Ok(std::string check, std::string found) { Add(std::move(check), Verdict::kOk, std::move(found), {}); }
  void Warning(std::string check, std::string found, std::string remedy) {
    Add(std::move(check), Verdict::kWarning, std::move(found), std::move(remedy));
  }
  void Error(std::string check, std::string found, std::string remedy) {
    Add(std::move(check), Verdict::kError, std::move(found), std::move(remedy));
  }
  void Skipped(std::string check, std::string why, std::string remedy) {
    Add(std::move(check), Verdict::kSkipped, std::move(why), std::move(remedy));
  }
  [[nodiscard]] std::vector<Finding> Take() { return std::move(all_); }

 private:
  void Add(std::string check, Verdict verdict, std::string found, std::string remedy) {
    all_.push_back({area_, std::move(check), verdict, std::move(found), std::move(remedy)});
  }

  std::string area_;
  std::vector<Finding> all_;
};

}  // namespace audit::preflight
