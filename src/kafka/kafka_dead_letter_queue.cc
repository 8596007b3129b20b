#include "kafka/kafka_dead_letter_queue.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "kafka/broker_error.h"
#include "kafka/dead_letter_message.h"
#include "kafka/producer.h"

namespace audit::kafka {
namespace {

using dead_letters::DeadLetter;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How large a part may be, tried one after the other; none: the value whole. The last one is sent
// without the original key and headers, which may be what has no room.
constexpr std::array<std::size_t, 5> kPartBytes{SIZE_MAX, 512U << 10, 64U << 10, 8U << 10, 8U << 10};
constexpr std::size_t kStripped = kPartBytes.size() - 1;

using Identity = std::tuple<std::string, std::int32_t, std::uint64_t, std::int64_t>;
Identity IdentityOf(const DeadLetter& letter) {
  return {std::string(letter.origin), letter.partition, letter.offset, letter.ingested_at.value};
}

// One letter on its way.
struct Delivery {
  std::size_t size_step = 0;  // into kPartBytes
  std::size_t parts_left = 0;
  bool too_large = false;
};

}  // namespace

struct KafkaDeadLetterQueue::State {
  Result<void> Open();
  Result<void> Send(const DeadLetter& letter, std::size_t index, time::UnixMicros now);
  Result<void> Await(std::span<const DeadLetter> letters, time::UnixMicros now);
  Result<void> PutAll(std::span<const DeadLetter> letters, time::UnixMicros now);
  void TakeReports();
  [[nodiscard]] std::string What() const { return "put dead letters to " + options.topic; }

  DeadLetterOptions options;
  std::unique_ptr<Producer> producer;
  std::set<Identity> there;                   // of a Put that failed
  std::map<std::size_t, Delivery> under_way;  // by the index of the letter
  std::optional<Error> failure;
  steady_clock::time_point deadline;
};

Result<void> KafkaDeadLetterQueue::State::Open() {
  if (producer != nullptr) return {};
  const std::vector<Setting> settings{
      {"compression.type", options.compression_type},
      {"linger.ms", "0"},
      // A letter that is refused must not take others along, nor stop them: their order says nothing.
      {"batch.num.messages", "1"},
      {"enable.gapless.guarantee", "false"},
      {"queue.buffering.max.kbytes", "65536"},
  };
  auto made = Producer::Create(options.connection, options.topic, settings, nullptr);
  if (!made) return std::move(made).error();
  producer = std::move(*made);
  return {};
}

Result<void> KafkaDeadLetterQueue::State::Send(const DeadLetter& letter, std::size_t index, time::UnixMicros now) {
  Delivery& delivery = under_way.at(index);
  const bool stripped = delivery.size_step == kStripped;
  const std::size_t size = kPartBytes[delivery.size_step];
  const std::size_t count = std::max<std::size_t>(1, letter.value.size() / size + (letter.value.size() % size != 0));
  delivery.parts_left = count;
  delivery.too_large = false;
  for (std::size_t number = 1; number <= count; ++number) {
    const LetterHeaders headers(letter, now, {number, count}, stripped);
    OutgoingMessage message;
    message.number = index;
    message.value = letter.value.substr((number - 1) * size, size);
    message.tombstone = letter.tombstone;
    // Time of death: the topic's retention counts from it.
    message.timestamp_ms = now.value / 1'000;
    if (letter.key && !stripped) {
      message.key = *letter.key;
    } else if (count > 1) {
      message.partition = 0;  // all parts in one, in a row
    }
    rd_kafka_resp_err_t code = producer->Send(message, headers.all());
    while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && steady_clock::now() < deadline) {
      producer->Serve(milliseconds(10));
      code = producer->Send(message, headers.all());
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (BlameFor(code) != Blame::kMessage) return BrokerError(code, What());
    delivery.too_large = true;
    delivery.parts_left -= count - number + 1;
    return {};
  }
  return {};
}

void KafkaDeadLetterQueue::State::TakeReports() {
  std::vector<std::uint64_t> delivered;
  std::vector<FailedMessage> failed;
  producer->TakeReports(&delivered, &failed);
  for (const std::uint64_t index : delivered) --under_way.at(index).parts_left;
  for (const FailedMessage& message : failed) {
    Delivery& delivery = under_way.at(message.number);
    --delivery.parts_left;
    if (message.code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      delivery.too_large = true;
    } else {
      failure = BrokerError(message.code, What());
    }
  }
}

// Until each letter is there whole, or cannot be.
Result<void> KafkaDeadLetterQueue::State::Await(std::span<const DeadLetter> letters, time::UnixMicros now) {
  while (!under_way.empty()) {
    TakeReports();
    if (failure) return *std::exchange(failure, std::nullopt);
    for (auto each = under_way.begin(); each != under_way.end();) {
      auto& [index, delivery] = *each;
      if (delivery.parts_left > 0) {
        ++each;
      } else if (!delivery.too_large) {
        there.insert(IdentityOf(letters[index]));
        each = under_way.erase(each);
      } else if (delivery.size_step == kStripped) {
        return Error(ErrorCode::kUnavailable, What() + ": the topic takes not even " +
                                                  std::to_string(kPartBytes[kStripped]) +
                                                  " bytes; raise its max.message.bytes");
      } else {
        ++delivery.size_step;
        if (auto sent = Send(letters[index], index, now); !sent) return sent;
      }
    }
    if (under_way.empty()) break;
    if (steady_clock::now() >= deadline) {
      return Error(ErrorCode::kUnavailable,
                   What() + ": no answer within " + std::to_string(options.put_timeout.count()) + " ms");
    }
    producer->Serve(milliseconds(10));
  }
  return {};
}

Result<void> KafkaDeadLetterQueue::State::PutAll(std::span<const DeadLetter> letters, time::UnixMicros now) {
  if (auto opened = Open(); !opened) return opened;
  deadline = steady_clock::now() + options.put_timeout;
  under_way.clear();
  failure.reset();
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (there.contains(IdentityOf(letters[i]))) continue;
    under_way[i] = {};
    if (auto sent = Send(letters[i], i, now); !sent) return sent;
  }
  return Await(letters, now);
}

Result<std::unique_ptr<KafkaDeadLetterQueue>> KafkaDeadLetterQueue::Open(DeadLetterOptions options) {
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  if (auto opened = state->Open(); !opened) return std::move(opened).error();
  return std::unique_ptr<KafkaDeadLetterQueue>(new KafkaDeadLetterQueue(std::move(state)));
}

KafkaDeadLetterQueue::KafkaDeadLetterQueue(std::unique_ptr<State> state) : state_(std::move(state)) {}

KafkaDeadLetterQueue::~KafkaDeadLetterQueue() = default;

Result<void> KafkaDeadLetterQueue::Put(std::span<const DeadLetter> letters, time::UnixMicros now) {
  if (letters.empty()) return {};
  auto put = state_->PutAll(letters, now);
  if (put) {
    state_->there.clear();
    return {};
  }
  // What is on its way must not arrive beside what is put again.
  state_->producer.reset();
  return Error(ErrorCode::kUnavailable, put.error().message());
}

}  // namespace audit::kafka
