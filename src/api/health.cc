#include "api/health.h"

namespace audit::api {

void Health::Enter(Phase phase) {
  Phase current = phase_.load();
  while (current != Phase::kFailed && !phase_.compare_exchange_weak(current, phase)) {
  }
}

void Health::OnStoreProbe(bool reachable, env::SteadyTime at) {
  reachable_at_.store(reachable ? at : env::SteadyTime::min());
}

const Problem* Health::Ready() const {
  switch (phase_.load()) {
    case Phase::kStarting: return &problems::kStarting;
    case Phase::kServing: return nullptr;
    case Phase::kStopping: return &problems::kStopping;
    case Phase::kFailed: break;
  }
  return &problems::kFailed;
}

const Problem* Health::Healthy(env::SteadyTime now) const {
  if (const Problem* problem = Ready()) return problem;
  const bool reachable = !has_store_ || reachable_at_.load() >= now - kProbeLapse;
  return reachable ? nullptr : &problems::kStoreUnreachable;
}

}  // namespace audit::api
