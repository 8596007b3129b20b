#include "pipeline/forwarder.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/key_reader.h"
#include "event/parser.h"
#include "pipeline/backoff.h"

namespace audit::pipeline {

static_assert(spool::kPayloadPadding >= event::kPadding, "payloads are parsed where they lie");

namespace {

// Published, its fate not known, or known and not yet at the front.
struct Outstanding {
  std::uint64_t position = 0;
  bool settled = false;
};

// Refused by the log; owns what the letter shows until it is put.
struct Refused {
  std::uint64_t position = 0;
  std::string reason;
  std::string key;
  std::string value;  // with the parser's padding behind it
  std::size_t value_bytes = 0;
  time::UnixMicros ingested_at;
};

}  // namespace

class Forwarder::State final : public PublisherListener {
 public:
  State(spool::Reader& from, Publisher& to, dead_letters::DeadLetterQueue& letters, env::Clock& time,
        env::Random& random, ForwarderOptions limits, ForwarderObserver* watcher)
      : reader_(from),
        publisher_(to),
        set_aside_(letters),
        clock_(time),
        options_(limits),
        observer_(watcher),
        backoff_(limits.backoff_min, limits.backoff_max, random),
        parser_(event::Limits{.max_event_bytes = SIZE_MAX, .max_batch_events = 1},
                [&random] { return random.Next(); }) {}

  Step Run();

  void OnDelivered(std::uint64_t position) override;
  void OnRefused(const OutgoingEvent& event, const std::string& reason) override;
  void OnFailed(std::uint64_t position, const Error& error) override;

 private:
  Result<void> Advance(bool* progressed);
  Result<bool> Publish();
  Result<void> PutRefused();
  Result<void> Commit(bool now);
  void Settle(std::uint64_t position);
  void PopSettled();
  void StartOver();
  [[nodiscard]] bool under_way() const { return !outstanding_.empty() || next_ < batch_.size(); }
  Step Hold(const Error& error);

  spool::Reader& reader_;
  Publisher& publisher_;
  dead_letters::DeadLetterQueue& set_aside_;
  env::Clock& clock_;
  const ForwarderOptions options_;
  ForwarderObserver* const observer_;
  Backoff backoff_;
  event::KeyReader keys_;
  event::Parser parser_;  // for the log, of events that are set aside

  std::span<const spool::RecordView> batch_;  // the reader's, until its next Read or Rewind
  std::size_t next_ = 0;                      // of batch_, to be published
  std::deque<Outstanding> outstanding_;       // by position
  std::vector<Refused> refused_;
  std::optional<Error> failure_;
  spool::Sequence settled_;  // the prefix
  std::size_t newly_settled_ = 0;
  env::SteadyTime last_commit_ = env::SteadyTime::min();
  std::optional<env::SteadyTime> not_before_;
  bool unavailable_ = false;
  bool spool_empty_ = false;  // when it was last read
};

void Forwarder::State::Settle(std::uint64_t position) {
  if (outstanding_.empty() || position < outstanding_.front().position) return;
  // Positions follow each other but where the spool has a hole.
  const std::uint64_t behind_front = position - outstanding_.front().position;
  if (behind_front < outstanding_.size() && outstanding_[behind_front].position == position) {
    outstanding_[behind_front].settled = true;
    return;
  }
  const auto found = std::ranges::lower_bound(outstanding_, position, {}, &Outstanding::position);
  if (found != outstanding_.end() && found->position == position) found->settled = true;
}

void Forwarder::State::PopSettled() {
  while (!outstanding_.empty() && outstanding_.front().settled) {
    settled_ = {outstanding_.front().position};
    ++newly_settled_;
    outstanding_.pop_front();
  }
  if (newly_settled_ == 0) return;
  if (observer_ != nullptr) observer_->OnSettled(settled_, newly_settled_);
  newly_settled_ = 0;
}

void Forwarder::State::OnDelivered(std::uint64_t position) {
  Settle(position);
  if (!std::exchange(unavailable_, false)) return;
  backoff_.Reset();
  if (observer_ != nullptr) observer_->OnAvailableAgain();
}

void Forwarder::State::OnRefused(const OutgoingEvent& event, const std::string& reason) {
  refused_.push_back({.position = event.position,
                      .reason = "rejected: " + reason,
                      .key = std::string(event.key),
                      .value = std::string(event.value).append(event::kPadding, '\0'),
                      .value_bytes = event.value.size(),
                      .ingested_at = event.ingested_at});
}

void Forwarder::State::OnFailed(std::uint64_t /*position*/, const Error& error) {
  if (!failure_) failure_ = error;
}

// Durable before the position may pass it.
Result<void> Forwarder::State::PutRefused() {
  while (!refused_.empty()) {
    const Refused& refused = refused_.front();
    const std::string_view value = std::string_view(refused.value).substr(0, refused.value_bytes);
    const dead_letters::DeadLetter letter{.reason = refused.reason,
                                          .origin = "spool",
                                          .offset = refused.position,
                                          .key = refused.key,
                                          .value = value,
                                          .ingested_at = refused.ingested_at};
    if (auto put = set_aside_.Put({&letter, 1}, clock_.Now()); !put) return put;
    Settle(refused.position);
    if (observer_ != nullptr) {
      event::Record record;
      (void)parser_.Read(value, &record);
      observer_->OnSetAside(refused.reason, record.id, record.source, refused.position);
    }
    refused_.erase(refused_.begin());
  }
  return {};
}

// True: something was published.
Result<bool> Forwarder::State::Publish() {
  bool any = false;
  while (outstanding_.size() < options_.window_max_events) {
    if (next_ == batch_.size()) {
      auto read = reader_.Read(options_.read_max_events, options_.read_max_bytes);
      if (!read) return std::move(read).error();
      batch_ = *read;
      next_ = 0;
      spool_empty_ = batch_.empty();
      if (spool_empty_) return any;
    }
    const spool::RecordView& record = batch_[next_];
    const OutgoingEvent event{.position = record.sequence.value,
                              .key = keys_.Read(record.payload),
                              .value = record.payload,
                              .ingested_at = record.appended_at};
    auto taken = publisher_.Publish(event);
    if (!taken) return std::move(taken).error();
    if (!*taken) return any;
    outstanding_.push_back({.position = record.sequence.value, .settled = false});
    ++next_;
    any = true;
  }
  return any;
}

Result<void> Forwarder::State::Commit(bool now) {
  if (settled_ <= reader_.committed()) return {};
  if (!now && clock_.SteadyNow() < last_commit_ + options_.commit_interval) return {};
  last_commit_ = clock_.SteadyNow();
  return reader_.Commit(settled_);
}

// Everything that is not settled is published again, in order.
void Forwarder::State::StartOver() {
  publisher_.Abandon();
  outstanding_.clear();
  refused_.clear();
  batch_ = {};
  next_ = 0;
  reader_.Rewind();
}

Result<void> Forwarder::State::Advance(bool* progressed) {
  publisher_.Poll(*this);
  auto put = PutRefused();
  PopSettled();
  if (!put) return put;
  if (failure_) {
    // The reader starts behind its last commit, so the prefix goes in first; where that fails, events
    // are published twice, which the store sees.
    auto committed = Commit(true);
    StartOver();
    const Error error = *std::exchange(failure_, std::nullopt);
    return committed ? Result<void>(error) : committed;
  }
  auto published = Publish();
  if (!published) return std::move(published).error();
  *progressed = *published;
  return Commit(!under_way());
}

Step Forwarder::State::Hold(const Error& error) {
  const std::chrono::milliseconds wait = backoff_.Next();
  not_before_ = clock_.SteadyNow() + wait;
  unavailable_ = true;
  if (observer_ != nullptr) observer_->OnUnavailable(error, wait);
  return {.progressed = false, .not_before = not_before_};
}

Step Forwarder::State::Run() {
  if (not_before_ && clock_.SteadyNow() < *not_before_) return {.progressed = false, .not_before = not_before_};
  not_before_.reset();
  const env::SteadyTime began = clock_.SteadyNow();
  bool progressed = false;
  const Result<void> advanced = Advance(&progressed);
  if (!advanced) return Hold(advanced.error());
  if (progressed && spool_empty_ && options_.gather.count() > 0) {
    not_before_ = began + options_.gather;
    return {.progressed = false, .not_before = not_before_, .under_way = under_way()};
  }
  return {.progressed = progressed, .not_before = std::nullopt, .under_way = under_way()};
}

Forwarder::Forwarder(spool::Reader& reader, Publisher& publisher, dead_letters::DeadLetterQueue& set_aside,
                     env::Clock& clock, env::Random& random, ForwarderOptions options, ForwarderObserver* observer)
    : state_(std::make_unique<State>(reader, publisher, set_aside, clock, random, options, observer)) {}

Forwarder::~Forwarder() = default;

Step Forwarder::Run() { return state_->Run(); }

}  // namespace audit::pipeline
