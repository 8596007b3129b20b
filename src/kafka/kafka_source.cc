#include "kafka/kafka_source.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "env/mutex.h"
#include "kafka/broker_error.h"
#include "kafka/fetched_events.h"
#include "kafka/group_consumer.h"
#include "kafka/message_view.h"
#include "kafka/offset_commits.h"
#include "kafka/partition_table.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;

// A member that died for good (its static id is in use elsewhere) begins anew, but not at once: two
// processes with one id would throw each other out in turns.
constexpr milliseconds kRejoinAfter{10'000};
// After an answer that did not come.
constexpr milliseconds kAskAgainAfter{1'000};
// While a batch waits nothing is fetched, so nothing tells where the partitions end.
constexpr milliseconds kAskWatermarksEvery{5'000};

// For an answer whose content does not matter.
constexpr milliseconds kWakeTimeout{200};

// Of one partition, for Lag.
struct Progress {
  std::int32_t partition = 0;
  bool known = false;  // what is committed, or that nothing is
  std::optional<std::int64_t> committed;
  std::optional<Watermarks> marks;  // asked for while nothing is fetched
};

}  // namespace

struct KafkaSource::State final : GroupListener {
  State(SourceOptions given, env::Clock& time, SourceObserver& watcher, std::function<void()> notify)
      : options(std::move(given)),
        clock(time),
        observer(watcher),
        wake(std::move(notify)),
        fetched(options.topic),
        ahead(options.topic),
        commits(options, clock, partitions) {}

  void OnAssigned(std::span<const std::int32_t> partitions) override;
  void OnRevoked(std::span<const std::int32_t> partitions, bool lost) override;
  void OnConsumerError(rd_kafka_resp_err_t code, std::string_view text) override;

  Result<void> Join();
  MessageHandle Take();
  void Hold();
  void GoOn();
  void DropRevoked();
  Result<void> Fill(FetchedEvents& events, std::size_t max_events, std::size_t max_bytes);
  void KeepFetching();
  Result<void> AskCommitted();
  Result<void> CheckContinuity(const rd_kafka_message_t& message);
  void AskWatermarks();
  void UpdateLag() EXCLUDES(lag_mutex);
  void Leave() EXCLUDES(lag_mutex);

  const SourceOptions options;
  env::Clock& clock;
  SourceObserver& observer;
  const std::function<void()> wake;

  PartitionTable partitions;
  FetchedEvents fetched;
  FetchedEvents ahead;  // what comes behind those
  // Taken from the consumer, not yet in `fetched`.
  std::deque<MessageHandle> carried;
  HeaderViews header_views;
  // Partitions that were taken away since DropRevoked, though they may have come back: what was read
  // of them before will be read again by whoever has them.
  std::set<std::int32_t> revoked;
  bool given_is_ours = true;
  std::set<std::int32_t> paused;
  OffsetCommits commits;
  std::size_t average_bytes = 0;  // of a message
  // Partitions by way of which the threads that fetch are woken, once the queue was full.
  std::vector<std::int32_t> to_wake;
  std::optional<env::SteadyTime> rejoin_at;
  env::SteadyTime ask_committed_at;
  env::SteadyTime ask_watermarks_at;
  std::map<std::int32_t, Watermarks> asked_watermarks;

  mutable env::Mutex lag_mutex;
  std::vector<Progress> progress GUARDED_BY(lag_mutex);
  const GroupConsumer* lag_consumer GUARDED_BY(lag_mutex) = nullptr;
  std::optional<time::UnixMicros> oldest GUARDED_BY(lag_mutex);

  // Last: it calls the members above while it is closed.
  std::unique_ptr<GroupConsumer> consumer;
};

Result<void> KafkaSource::State::Join() {
  if (consumer != nullptr) {
    const auto fatal = consumer->Fatal();
    if (!fatal) return {};
    const env::SteadyTime now = clock.SteadyNow();
    if (!rejoin_at) {
      rejoin_at = now + kRejoinAfter;
      observer.OnGroupRefused(*fatal);
    }
    if (now < *rejoin_at) return Error(ErrorCode::kUnavailable, fatal->message());
    Leave();
    partitions.Clear();
    fetched.Clear();
    ahead.Clear();
    revoked.clear();
    paused.clear();
  }
  rejoin_at.reset();
  auto joined = GroupConsumer::Join(options, *this, wake);
  if (!joined) return std::move(joined).error();
  consumer = std::move(*joined);
  return {};
}

void KafkaSource::State::OnAssigned(std::span<const std::int32_t> added) {
  partitions.Add(added);
  ask_committed_at = clock.SteadyNow();
  observer.OnAssignment(partitions.All(), false);
}

void KafkaSource::State::OnRevoked(std::span<const std::int32_t> removed, bool lost) {
  // So that whoever gets them begins behind what is dealt with.
  if (!lost && consumer != nullptr) (void)commits.Finish(*consumer, options.query_timeout);
  commits.Drop(removed);
  partitions.Remove(removed);
  revoked.insert(removed.begin(), removed.end());
  std::erase_if(carried, [this](const MessageHandle& message) { return revoked.contains(message->partition); });
  if (fetched.GivenFrom(revoked)) given_is_ours = false;
  // One that is paused when it goes would come back paused.
  std::vector<std::int32_t> still_paused;
  for (const std::int32_t partition : removed) {
    if (paused.erase(partition) != 0) still_paused.push_back(partition);
  }
  if (consumer != nullptr && !still_paused.empty()) consumer->Resume(still_paused);
  observer.OnAssignment(partitions.All(), lost);
}

void KafkaSource::State::OnConsumerError(rd_kafka_resp_err_t code, std::string_view text) {
  // A fatal error is told where the consumer begins anew.
  if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__FATAL) return;
  const Error error =
      BrokerError(code, "group " + options.group + ", topic " + options.topic, text, {"Read", options.topic});
  if (RefusesMember(code)) {
    observer.OnGroupRefused(error);
  } else if (ConcernsConnection(code)) {
    observer.OnConnectionFailed();
  } else {
    observer.OnBrokerError(error);
  }
}

// Nothing is given out: views may go.
void KafkaSource::State::DropRevoked() {
  if (revoked.empty()) return;
  fetched.DropPartitions(revoked);
  ahead.DropPartitions(revoked);
  revoked.clear();
}

MessageHandle KafkaSource::State::Take() {
  MessageHandle message = consumer->Poll();
  while (message != nullptr) {
    if (Standing* standing = partitions.Find(message->partition)) {
      standing->flowing = true;
      return message;
    }
    message = consumer->Poll();
  }
  return nullptr;
}

// Serves the group while nothing may be fetched. Partitions are paused, each as soon as it has given
// a message: librdkafka then throws away what it has of it and remembers where it was. Pausing one
// that has not begun yet could keep it from ever beginning (the request to fetch and the one to pause
// overtake each other), and resuming one that is not paused stops it for good.
void KafkaSource::State::Hold() {
  std::vector<std::int32_t> flowing;
  for (const auto& [partition, standing] : partitions.standings()) {
    if (standing.flowing && paused.insert(partition).second) flowing.push_back(partition);
  }
  if (!flowing.empty()) consumer->Pause(flowing);
  while (MessageHandle message = Take()) {
    const std::int32_t partition = message->partition;
    carried.push_back(std::move(message));
    if (paused.insert(partition).second) consumer->Pause({&partition, 1});
  }
}

void KafkaSource::State::GoOn() {
  if (paused.empty()) return;
  consumer->Resume(std::vector(paused.begin(), paused.end()));
  paused.clear();
  asked_watermarks.clear();
}

Result<void> KafkaSource::State::AskCommitted() {
  const std::vector<std::int32_t> unknown = partitions.Unknown();
  if (unknown.empty()) return {};
  auto offsets = consumer->Committed(unknown);
  if (!offsets) {
    ask_committed_at = clock.SteadyNow() + kAskAgainAfter;
    return std::move(offsets).error();
  }
  for (const auto& [partition, offset] : *offsets) partitions.Know(partition, offset);
  return {};
}

// An error: what could not be asked must be, before the message goes on.
Result<void> KafkaSource::State::CheckContinuity(const rd_kafka_message_t& message) {
  Standing* standing = partitions.Find(message.partition);
  if (!standing->asked) {
    if (auto asked = AskCommitted(); !asked) return asked;
  }
  if (standing->next && *standing->next != message.offset) {
    auto marks = consumer->AskWatermarks(message.partition, options.query_timeout);
    if (!marks) return std::move(marks).error();
    const auto hole =
        FindHole(message.partition, *standing->next, message.offset, *marks, options.auto_offset_reset != "earliest");
    if (hole) observer.OnHole(*hole);
  }
  standing->next = message.offset + 1;
  return {};
}

// An error: the next message could not be had, and there is none before it.
Result<void> KafkaSource::State::Fill(FetchedEvents& events, std::size_t max_events, std::size_t max_bytes) {
  while (events.count() < max_events) {
    if (carried.empty()) {
      MessageHandle message = Take();
      DropRevoked();
      if (message == nullptr) break;
      carried.push_back(std::move(message));
    }
    const rd_kafka_message_t& message = *carried.front();
    const MessageView view = header_views.ViewOf(message);
    if (events.count() > 0 && events.bytes() + view.bytes() > max_bytes) break;
    if (auto checked = CheckContinuity(message); !checked) {
      if (fetched.count() > 0) break;
      return checked;
    }
    average_bytes += view.bytes() / 8;
    average_bytes -= average_bytes / 8;
    events.Add(view);
    carried.pop_front();
  }
  return {};
}

// A thread of librdkafka that stopped fetching because the queue was full sleeps for up to a second, however soon there
// is room again. Any request to its broker wakes it: the partitions are asked about, one a Fetch, until the queue has
// filled. Only those that are known to have more than the queue holds, or the question would wait behind a fetch that
// waits for events to come.
void KafkaSource::State::KeepFetching() {
  const std::size_t queued = consumer->Queued();
  const std::size_t bytes = queued * average_bytes;
  if (queued >= options.prefetch_events || bytes >= options.prefetch_bytes) {
    to_wake = partitions.All();
    return;
  }
  if (queued >= options.prefetch_events / 2 || bytes >= options.prefetch_bytes / 2) return;
  for (bool asked = false; !asked && !to_wake.empty(); to_wake.pop_back()) {
    const std::int32_t partition = to_wake.back();
    const Standing* standing = partitions.Find(partition);
    const auto marks = consumer->LastWatermarks(partition);
    if (standing == nullptr || !standing->next || !marks) continue;
    if (marks->high - *standing->next <= static_cast<std::int64_t>(queued)) continue;
    asked = true;
    (void)consumer->AskEnd(partition, kWakeTimeout);
  }
}

void KafkaSource::State::AskWatermarks() {
  const env::SteadyTime now = clock.SteadyNow();
  if (now < ask_watermarks_at) return;
  ask_watermarks_at = now + kAskWatermarksEvery;
  for (const std::int32_t partition : partitions.All()) {
    auto marks = consumer->AskWatermarks(partition, milliseconds(500));
    if (!marks) return;  // the others would be waited for in vain too
    asked_watermarks[partition] = *marks;
  }
}

void KafkaSource::State::UpdateLag() {
  std::vector<Progress> now;
  for (const auto& [partition, standing] : partitions.standings()) {
    Progress each{.partition = partition, .known = standing.asked, .committed = standing.committed, .marks = {}};
    if (const auto asked = asked_watermarks.find(partition); asked != asked_watermarks.end())
      each.marks = asked->second;
    now.push_back(each);
  }
  const env::MutexLock lock(lag_mutex);
  progress = std::move(now);
  lag_consumer = consumer.get();
}

// Before the consumer goes, everything that is its own.
void KafkaSource::State::Leave() {
  {
    const env::MutexLock lock(lag_mutex);
    progress.clear();
    lag_consumer = nullptr;
    oldest.reset();
  }
  carried.clear();
  // What the group takes away while the consumer is closed finds nothing to wait for.
  if (consumer != nullptr) commits.End(*consumer, options.close_timeout);
  consumer.reset();
}

Result<std::unique_ptr<KafkaSource>> KafkaSource::Open(SourceOptions options, env::Clock& clock,
                                                       SourceObserver& observer, std::function<void()> wake) {
  if (options.auto_offset_reset != "earliest" && options.auto_offset_reset != "latest") {
    return Error(ErrorCode::kInvalidArgument,
                 "auto_offset_reset " + options.auto_offset_reset + ": must be earliest or latest");
  }
  auto state = std::make_unique<State>(std::move(options), clock, observer, std::move(wake));
  if (auto joined = state->Join(); !joined) return std::move(joined).error();
  return std::unique_ptr<KafkaSource>(new KafkaSource(std::move(state)));
}

KafkaSource::KafkaSource(std::unique_ptr<State> state) : state_(std::move(state)) {}

KafkaSource::~KafkaSource() { state_->Leave(); }

Result<std::span<const pipeline::SourcedEvent>> KafkaSource::Fetch(std::size_t max_events, std::size_t max_bytes) {
  State& state = *state_;
  if (auto joined = state.Join(); !joined) return std::move(joined).error();
  if (state.fetched.count() > 0) {
    // Given once and taken back. What the group says comes first: they may be another's by now.
    state.Hold();
    state.DropRevoked();
  }
  if (state.fetched.count() == 0) {
    state.DropRevoked();
    std::swap(state.fetched, state.ahead);
    state.GoOn();
    if (state.clock.SteadyNow() >= state.ask_committed_at) {
      if (auto asked = state.AskCommitted(); !asked) state.observer.OnBrokerError(asked.error());
    }
    state.KeepFetching();
    if (auto filled = state.Fill(state.fetched, max_events, max_bytes); !filled) return std::move(filled).error();
    if (state.fetched.count() == 0) {
      if (auto committed = state.commits.GoOn(*state.consumer); !committed) {
        state.observer.OnBrokerError(committed.error());
      }
      state.UpdateLag();
    } else if (state.fetched.count() >= max_events) {
      (void)state.Fill(state.ahead, max_events, max_bytes);
    }
  }
  {
    const env::MutexLock lock(state.lag_mutex);
    state.oldest = state.fetched.Oldest();
  }
  state.given_is_ours = true;
  return state.fetched.Give(max_events, max_bytes);
}

std::span<const pipeline::SourcedEvent> KafkaSource::LookAhead(std::size_t max_events, std::size_t max_bytes) {
  FetchedEvents& ahead = state_->ahead;
  if (!state_->fetched.all_given()) return {};
  const auto events = ahead.Give(max_events, max_bytes);
  ahead.TakeBack();
  return events;
}

Result<void> KafkaSource::Commit() {
  State& state = *state_;
  if (!state.fetched.given()) return {};
  if (!state.given_is_ours) {
    return Error(ErrorCode::kUnavailable,
                 "commit offsets of the group " + state.options.group + ": the partitions are another member's now");
  }
  if (const auto fatal = state.consumer->Fatal()) return *fatal;
  // Where the answer is that this member is out, a revocation comes and StillOurs says so.
  if (auto finished = state.commits.Finish(*state.consumer, state.options.commit_timeout); !finished) return finished;
  state.commits.Add(state.fetched.GivenUpTo());
  if (auto started = state.commits.Start(*state.consumer); !started) return started;
  state.fetched.DropGiven();
  state.UpdateLag();
  return {};
}

void KafkaSource::Rewind() {
  State& state = *state_;
  state.fetched.TakeBack();
  state.DropRevoked();
  state.given_is_ours = true;
}

bool KafkaSource::StillOurs() {
  State& state = *state_;
  if (state.consumer->Fatal()) return false;
  state.Hold();
  state.AskWatermarks();
  state.UpdateLag();
  return state.given_is_ours;
}

std::vector<PartitionLag> KafkaSource::Lag() const {
  const env::MutexLock lock(state_->lag_mutex);
  std::vector<PartitionLag> lags;
  for (const Progress& each : state_->progress) {
    PartitionLag lag{.partition = each.partition, .events = std::nullopt};
    const auto marks = each.marks ? each.marks : state_->lag_consumer->LastWatermarks(each.partition);
    if (each.known && marks) lag.events = std::max<std::int64_t>(0, marks->high - each.committed.value_or(marks->low));
    lags.push_back(lag);
  }
  return lags;
}

std::optional<time::UnixMicros> KafkaSource::OldestUnstored() const {
  const env::MutexLock lock(state_->lag_mutex);
  return state_->oldest;
}

}  // namespace audit::kafka
