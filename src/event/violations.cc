#include "event/violations.h"

#include <utility>

namespace audit::event {
namespace {

// What is not JSON says nothing about events; too many or too large ones are not looked at further.
int Gravity(Refusal refusal) {
  switch (refusal) {
    case Refusal::kInvalid: return 0;
    case Refusal::kEventTooLarge: return 1;
    case Refusal::kTooManyEvents: return 2;
    case Refusal::kNotJson: return 3;
  }
  return 3;
}

}  // namespace

void Violations::Clear() {
  list_.clear();
  refusal_ = Refusal::kInvalid;
  event_.reset();
}

void Violations::Add(Refusal refusal, std::string_view path, std::string message) {
  const int gravity = Gravity(refusal);
  if (gravity < Gravity(refusal_)) return;
  if (gravity > Gravity(refusal_)) list_.clear();
  refusal_ = refusal;
  if (list_.size() < kMaxViolations) list_.push_back({FullPath(path), std::move(message)});
}

std::string Violations::FullPath(std::string_view path) const {
  if (!event_) return std::string(path);
  std::string full = "events[" + std::to_string(*event_) + "]";
  if (!path.empty()) full.append(".").append(path);
  return full;
}

}  // namespace audit::event
