#include "api/ack_queue.h"

#include <utility>

namespace audit::api {
namespace {

constexpr std::size_t kFirstCapacity = 64;
// An entry that once held a large batch's answer gives the memory back.
constexpr std::size_t kKeptResponseBytes = 1'024;

}  // namespace

AckQueue::AckQueue(AckHub& hub, http::IoThread& thread, Answer answer)
    : hub_(hub), thread_(thread), answer_(std::move(answer)), ring_(kFirstCapacity) {
  hub_.Add(*this);
}

AckQueue::~AckQueue() { hub_.Remove(*this); }

AckQueue::Waiting& AckQueue::Push() {
  if (size_ == ring_.size()) Grow();
  Waiting& entry = ring_[(head_ + size_) % ring_.size()];
  ++size_;
  entry.response.clear();
  return entry;
}

void AckQueue::Pushed() {
  if (size_ == 1) AnswerDue();
}

void AckQueue::AnswerDue() {
  while (size_ != 0) {
    PublishOldest();
    const bool failed = hub_.failed();  // before through(): it does not move any more after a failure
    const std::uint64_t through = hub_.through();
    if (Front().last.value > through && !failed) return;
    while (size_ != 0 && (Front().last.value <= through || failed)) {
      answer_(Front(), Front().last.value <= through ? Fate::kKept : Fate::kLost);
      PopFront();
    }
  }
  PublishOldest();
}

void AckQueue::GiveUp(env::SteadyTime received_before) {
  if (size_ == 0 || Front().received >= received_before) return;
  AnswerDue();
  while (size_ != 0 && Front().received < received_before) {
    answer_(Front(), Fate::kLate);
    PopFront();
  }
  PublishOldest();
}

void AckQueue::WakeIfDue(std::uint64_t through) {
  const std::uint64_t oldest = oldest_.load();
  if (oldest == 0 || oldest > through || waking_.exchange(true)) return;
  thread_.Post([this] {
    waking_.store(false);
    AnswerDue();
  });
}

void AckQueue::Grow() {
  std::vector<Waiting> larger(ring_.size() * 2);
  for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move(ring_[(head_ + i) % ring_.size()]);
  ring_ = std::move(larger);
  head_ = 0;
}

void AckQueue::PopFront() {
  Waiting& entry = Front();
  entry.exchange.reset();
  if (entry.response.capacity() > kKeptResponseBytes) entry.response = std::string();
  head_ = (head_ + 1) % ring_.size();
  --size_;
}

void AckQueue::PublishOldest() { oldest_.store(size_ == 0 ? 0 : Front().last.value); }

}  // namespace audit::api
