#include "cli/letter_box.h"

#include <charconv>
#include <chrono>
#include <utility>

#include "cli/broker_warnings.h"
#include "dead_letters/sqlite_dead_letter_queue.h"
#include "instance/backend_options.h"
#include "instance/data_layout.h"
#include "kafka/dead_letter_topic.h"

namespace audit::cli {
namespace {

using dead_letters::LetterQuery;
using dead_letters::SqliteDeadLetterQueue;
using dead_letters::StoredLetter;

constexpr std::chrono::seconds kBrokerPatience{30};

std::optional<std::int64_t> NumberOf(const std::string& name) {
  std::int64_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

class FileBox final : public LetterBox {
 public:
  // Null: there is no file, so nothing ever died.
  explicit FileBox(std::unique_ptr<SqliteDeadLetterQueue> queue) : queue_(std::move(queue)) {}

  Result<std::uint64_t> List(const LetterFilter& filter, const std::function<bool(const BoxedLetter&)>& each) override {
    return ListWhere({.reason = filter.reason, .from = filter.from, .before = filter.before}, each);
  }
  Result<bool> Find(const std::string& name, const std::function<void(const BoxedLetter&)>& use) override {
    const std::optional<std::int64_t> number = NumberOf(name);
    if (!number) return false;
    const auto found = ListWhere({.number = number}, [&use](const BoxedLetter& letter) {
      use(letter);
      return true;
    });
    if (!found.ok()) return found.error();
    return *found > 0;
  }
  Result<bool> Drop(const std::string& name) override {
    const std::optional<std::int64_t> number = NumberOf(name);
    if (!number || queue_ == nullptr) return false;
    const Result<std::uint64_t> removed = queue_->Remove({.number = number});
    if (!removed.ok()) return removed.error();
    return *removed > 0;
  }
  [[nodiscard]] bool drops_what_is_before() const override { return false; }

 private:
  Result<std::uint64_t> ListWhere(const LetterQuery& query, const std::function<bool(const BoxedLetter&)>& each) {
    if (queue_ == nullptr) return std::uint64_t{0};
    return queue_->List(query, [&each](const StoredLetter& stored) {
      return each({.name = std::to_string(stored.number), .dead_at = stored.dead_at, .letter = stored.letter});
    });
  }

  std::unique_ptr<SqliteDeadLetterQueue> queue_;
};

class TopicBox final : public LetterBox {
 public:
  explicit TopicBox(std::unique_ptr<kafka::DeadLetterTopic> topic) : topic_(std::move(topic)) {}

  Result<std::uint64_t> List(const LetterFilter& filter, const std::function<bool(const BoxedLetter&)>& each) override {
    return topic_->List({.reason = filter.reason, .from = filter.from, .before = filter.before},
                        [&each](const kafka::TopicLetter& letter) { return each(Boxed(letter)); });
  }
  Result<bool> Find(const std::string& name, const std::function<void(const BoxedLetter&)>& use) override {
    const std::optional<kafka::LetterName> place = kafka::LetterName::Parse(name);
    if (!place) return false;
    return Found(topic_->Find(*place, [&use](const kafka::TopicLetter& letter) { use(Boxed(letter)); }));
  }
  Result<bool> Drop(const std::string& name) override {
    const std::optional<kafka::LetterName> place = kafka::LetterName::Parse(name);
    if (!place) return false;
    return Found(topic_->DropThrough(*place));
  }
  [[nodiscard]] bool drops_what_is_before() const override { return true; }

 private:
  static BoxedLetter Boxed(const kafka::TopicLetter& letter) {
    return {.name = letter.name.ToString(),
            .dead_at = letter.dead_at,
            .letter = letter.letter,
            .complete = letter.complete};
  }
  static Result<bool> Found(const Result<void>& result) {
    if (result.ok()) return true;
    if (result.error().code() == ErrorCode::kNotFound) return false;
    return result.error();
  }

  std::unique_ptr<kafka::DeadLetterTopic> topic_;
};

}  // namespace

Result<std::unique_ptr<LetterBox>> OpenLetterBox(const config::Config& config, bool local) {
  if (config.log_backend == config::LogBackend::kKafka && !local) {
    auto topic = kafka::DeadLetterTopic::Open(instance::KafkaConnectionOf(config, BrokerWarnings()),
                                              config.kafka.dlq_topic, kBrokerPatience);
    if (!topic.ok()) return std::move(topic).error();
    return std::unique_ptr<LetterBox>(std::make_unique<TopicBox>(*std::move(topic)));
  }
  auto queue =
      SqliteDeadLetterQueue::OpenExisting(local ? instance::SetAsideFile(config) : instance::DeadLetterFile(config));
  if (!queue.ok() && queue.error().code() != ErrorCode::kNotFound) return std::move(queue).error();
  return std::unique_ptr<LetterBox>(std::make_unique<FileBox>(queue.ok() ? *std::move(queue) : nullptr));
}

}  // namespace audit::cli
