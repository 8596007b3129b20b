#include "kafka/kafka_publisher.h"

#include <algorithm>
#include <deque>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "kafka/broker_error.h"
#include "kafka/outstanding.h"
#include "kafka/producer.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;

// Structured mode of the CloudEvents Kafka binding (contract, section 4).
constexpr event::MessageHeader kContentType{.name = "content-type",
                                            .value = "application/cloudevents+json; charset=UTF-8"};
constexpr std::size_t kSmallestBatchBytes = 16U << 10;

// Destroying a producer joins its threads; on a thread of its own, so that Poll never waits for it.
class Retirement {
 public:
  ~Retirement() { Join(); }
  void Take(std::unique_ptr<Producer> producer) {
    Join();
    thread_ = std::thread([retired = std::move(producer)]() mutable { retired.reset(); });
  }

 private:
  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  std::thread thread_;
};

}  // namespace

struct KafkaPublisher::State {
  // Which producer is at work.
  enum class Mode : std::uint8_t {
    kBatches,   // the normal one
    kOneByOne,  // a batch was refused: what may be to blame goes again, each in a batch of its own
    kGivingUp,  // a message failed: the producer is purged, and its reports are awaited
  };

  Result<void> Open(bool one_by_one);
  void Retire();
  void GiveUp();
  void TakeReports(pipeline::PublisherListener& listener);
  void AfterGivingUp(pipeline::PublisherListener& listener);
  void FailAll(const Error& error, pipeline::PublisherListener& listener);
  void Isolate(pipeline::PublisherListener& listener);
  void SendAgain(pipeline::PublisherListener& listener);
  void Refuse(const FailedMessage& report, const std::string& reason, pipeline::PublisherListener& listener);
  [[nodiscard]] std::string What() const { return "publish to " + options.topic; }

  PublisherOptions options;
  std::function<void()> wake;
  std::size_t batch_bytes = 0;

  Retirement retirement;
  std::unique_ptr<Producer> producer;
  bool producer_is_one_by_one = false;
  Mode mode = Mode::kBatches;
  Outstanding outstanding;
  std::vector<std::uint64_t> delivered;  // both kept for their room
  std::vector<FailedMessage> failed;
  std::vector<FailedMessage> given_up;  // by the producer that is being purged
  std::deque<FailedMessage> waiting;    // to be sent again, in order
  std::set<std::uint64_t> suspects;     // of a refused batch, not yet sent alone
  bool innocent_suspect = false;        // one of them went through: the batch was too large, not they
  std::vector<FailedMessage> refused_at_once;
};

Result<void> KafkaPublisher::State::Open(bool one_by_one) {
  const std::vector<Setting> settings{
      {"linger.ms", one_by_one ? "0" : std::to_string(options.linger.count())},
      {"compression.type", options.compression_type},
      {"batch.size", std::to_string(batch_bytes)},
      {"batch.num.messages", one_by_one ? "1" : "10000"},
      // The bounds are ours to keep, see Publish; these are only above them.
      {"queue.buffering.max.messages", std::to_string(options.max_outstanding_events + 1)},
      {"queue.buffering.max.kbytes", std::to_string(2 * (options.max_outstanding_bytes >> 10) + 65'536)},
  };
  auto made = Producer::Create(options.connection, options.topic, settings, wake);
  if (!made) return std::move(made).error();
  producer = std::move(*made);
  producer_is_one_by_one = one_by_one;
  return {};
}

void KafkaPublisher::State::Retire() {
  if (producer != nullptr) retirement.Take(std::move(producer));
}

void KafkaPublisher::State::Refuse(const FailedMessage& report, const std::string& reason,
                                   pipeline::PublisherListener& listener) {
  suspects.erase(report.number);
  listener.OnRefused({.position = outstanding.Take(report.number),
                      .key = report.key ? std::string_view(*report.key) : std::string_view(),
                      .value = report.value,
                      .ingested_at = {report.timestamp_ms * 1'000}},
                     reason);
}

void KafkaPublisher::State::GiveUp() {
  if (mode == Mode::kGivingUp) return;
  mode = Mode::kGivingUp;
  producer->Purge();
  // Nothing comes back from it that would wake anybody.
  if (producer->outstanding() == 0 && wake) wake();
}

void KafkaPublisher::State::TakeReports(pipeline::PublisherListener& listener) {
  producer->TakeReports(&delivered, &failed);
  for (const std::uint64_t number : delivered) {
    if (!suspects.empty() && suspects.erase(number) != 0) innocent_suspect = true;
    listener.OnDelivered(outstanding.Take(number));
  }
  if (failed.empty()) return;
  given_up.insert(given_up.end(), std::make_move_iterator(failed.begin()), std::make_move_iterator(failed.end()));
  GiveUp();
}

void KafkaPublisher::State::FailAll(const Error& error, pipeline::PublisherListener& listener) {
  for (const FailedMessage& report : given_up) listener.OnFailed(outstanding.Take(report.number), error);
  for (const FailedMessage& report : waiting) listener.OnFailed(outstanding.Take(report.number), error);
  given_up.clear();
  waiting.clear();
  suspects.clear();
  mode = Mode::kBatches;
}

// Everything that the purged producer had is back. Either all of it failed for a reason of the
// environment, or a batch was refused and its messages are looked at one by one.
void KafkaPublisher::State::AfterGivingUp(pipeline::PublisherListener& listener) {
  std::optional<Error> failure;
  bool refused = false;
  for (const FailedMessage& report : given_up) {
    const Blame blame = BlameFor(report.code);
    refused = refused || blame == Blame::kMessage;
    if (blame == Blame::kEnvironment && !failure)
      failure = BrokerError(report.code, What(), {}, {"Write", options.topic});
  }
  if (!failure && !refused) {
    failure.emplace(ErrorCode::kUnavailable, What() + ": " + producer->Fatal().value_or("the producer gave up"));
  }
  const bool was_one_by_one = producer_is_one_by_one;
  Retire();
  if (failure) return FailAll(*failure, listener);

  std::sort(given_up.begin(), given_up.end(),
            [](const FailedMessage& one, const FailedMessage& other) { return one.number < other.number; });
  std::vector<FailedMessage> again;
  for (FailedMessage& report : given_up) {
    if (BlameFor(report.code) == Blame::kMessage) {
      // It stood alone, so it is to blame itself.
      if (was_one_by_one) {
        Refuse(report, rd_kafka_err2str(report.code), listener);
        continue;
      }
      suspects.insert(report.number);
    }
    again.push_back(std::move(report));
  }
  given_up.clear();
  // What waits was published after what the producer had.
  waiting.insert(waiting.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
  mode = Mode::kOneByOne;
}

// Sends what waits: one by one as long as there are suspects among it, then in batches. A new producer
// begins when the one before has nothing outstanding, so that the order stays.
void KafkaPublisher::State::SendAgain(pipeline::PublisherListener& listener) {
  while (mode == Mode::kOneByOne) {
    const bool one_by_one = !suspects.empty();
    if (producer != nullptr && producer_is_one_by_one && !one_by_one) {
      if (producer->outstanding() != 0) return;
      Retire();
    }
    if (!one_by_one && std::exchange(innocent_suspect, false)) {
      batch_bytes = std::max(batch_bytes / 2, kSmallestBatchBytes);
    }
    if (waiting.empty()) {
      if (!one_by_one) mode = Mode::kBatches;
      return;
    }
    if (producer == nullptr) {
      if (auto opened = Open(one_by_one); !opened) return FailAll(opened.error(), listener);
    }
    const FailedMessage& next = waiting.front();
    // Behind the last suspect nothing goes to this producer.
    if (one_by_one && next.number > *suspects.rbegin()) return;
    const rd_kafka_resp_err_t code =
        producer->Send({.number = next.number, .key = next.key, .value = next.value, .timestamp_ms = next.timestamp_ms},
                       {&kContentType, 1});
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      waiting.pop_front();
    } else if (BlameFor(code) == Blame::kMessage) {
      Refuse(next, rd_kafka_err2str(code), listener);
      waiting.pop_front();
    } else {
      given_up.push_back(std::move(waiting.front()));
      given_up.back().code = code;
      waiting.pop_front();
      GiveUp();
    }
  }
}

Result<std::unique_ptr<KafkaPublisher>> KafkaPublisher::Create(PublisherOptions options, std::function<void()> wake) {
  auto state = std::make_unique<State>();
  state->batch_bytes = options.max_batch_bytes;
  state->options = std::move(options);
  state->wake = std::move(wake);
  if (auto opened = state->Open(false); !opened) return std::move(opened).error();
  return std::unique_ptr<KafkaPublisher>(new KafkaPublisher(std::move(state)));
}

KafkaPublisher::KafkaPublisher(std::unique_ptr<State> state) : state_(std::move(state)) {}

KafkaPublisher::~KafkaPublisher() = default;

Result<bool> KafkaPublisher::Publish(const pipeline::OutgoingEvent& event) {
  State& state = *state_;
  if (state.mode != State::Mode::kBatches) return false;
  if (state.producer == nullptr) {
    if (auto opened = state.Open(false); !opened) return std::move(opened).error();
  }
  // A failure that is known is seen before anything is sent behind it.
  state.producer->ServeIfRung();
  if (state.producer->HasFailure()) return false;
  const std::size_t bytes = event.key.size() + event.value.size();
  if (state.outstanding.count() >= state.options.max_outstanding_events) return false;
  if (state.outstanding.count() > 0 && state.outstanding.bytes() + bytes > state.options.max_outstanding_bytes) {
    return false;
  }
  const std::uint64_t number = state.outstanding.Add(event.position, bytes);
  const rd_kafka_resp_err_t code = state.producer->Send(
      {.number = number, .key = event.key, .value = event.value, .timestamp_ms = event.ingested_at.value / 1'000},
      {&kContentType, 1});
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
  if (BlameFor(code) == Blame::kMessage) {
    state.refused_at_once.push_back({.number = number,
                                     .code = code,
                                     .timestamp_ms = event.ingested_at.value / 1'000,
                                     .key = std::string(event.key),
                                     .value = std::string(event.value)});
    if (state.wake) state.wake();
    return true;
  }
  (void)state.outstanding.Take(number);
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  const std::string fatal = state.producer->Fatal().value_or("");
  if (state.outstanding.count() > 0) {
    state.GiveUp();
  } else {
    state.Retire();
  }
  return BrokerError(code, state.What(), fatal, {"Write", state.options.topic});
}

void KafkaPublisher::Poll(pipeline::PublisherListener& listener) {
  State& state = *state_;
  for (const FailedMessage& report : std::exchange(state.refused_at_once, {})) {
    state.Refuse(report, rd_kafka_err2str(report.code), listener);
  }
  if (state.producer != nullptr) {
    state.producer->Serve(milliseconds(0));
    state.TakeReports(listener);
    if (state.mode != State::Mode::kGivingUp && state.producer->Fatal()) state.GiveUp();
    if (state.mode == State::Mode::kGivingUp && state.producer->outstanding() == 0) state.AfterGivingUp(listener);
  }
  state.SendAgain(listener);
}

void KafkaPublisher::Abandon() {
  State& state = *state_;
  state.Retire();
  state.outstanding.Clear();
  state.given_up.clear();
  state.waiting.clear();
  state.suspects.clear();
  state.refused_at_once.clear();
  state.mode = State::Mode::kBatches;
}

bool KafkaPublisher::Close(pipeline::PublisherListener& listener, milliseconds timeout) {
  State& state = *state_;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  Poll(listener);
  while (state.outstanding.count() > 0) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    if (state.producer != nullptr) state.producer->Serve(std::min(left, milliseconds(100)));
    Poll(listener);
  }
  const bool all = state.outstanding.count() == 0;
  Abandon();
  return all;
}

}  // namespace audit::kafka
