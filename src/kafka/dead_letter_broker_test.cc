#include "kafka/broker_test_support.h"
#include "kafka/dead_letter_topic.h"
#include "kafka/kafka_dead_letter_queue.h"
#include "time/rfc3339.h"

namespace audit::kafka {
namespace {

using dead_letters::DeadLetter;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr time::UnixMicros kNow{1'777'000'000'123'456};

std::unique_ptr<KafkaDeadLetterQueue> QueueTo(const std::string& topic, milliseconds timeout = milliseconds(30'000)) {
  auto opened = KafkaDeadLetterQueue::Open({.connection = Connection(), .topic = topic, .put_timeout = timeout});
  EXPECT_TRUE(opened.ok());
  return std::move(*opened);
}

std::unique_ptr<DeadLetterTopic> ReaderOf(const std::string& topic) {
  auto opened = DeadLetterTopic::Open(Connection(), topic, kPatience);
  EXPECT_TRUE(opened.ok());
  return std::move(*opened);
}

struct Seen {
  LetterName name;
  std::string reason;
  std::string value;
  std::optional<std::string> key;
  bool complete = false;
};

std::vector<Seen> ListAll(DeadLetterTopic& topic, const LetterFilter& filter = {}) {
  std::vector<Seen> all;
  auto listed = topic.List(filter, [&](const TopicLetter& letter) {
    Seen seen{.name = letter.name,
              .reason = std::string(letter.letter.reason),
              .value = std::string(letter.letter.value),
              .key = {},
              .complete = letter.complete};
    if (letter.letter.key) seen.key.emplace(*letter.letter.key);
    all.push_back(std::move(seen));
    return true;
  });
  EXPECT_TRUE(listed.ok()) << listed.error().message();
  EXPECT_EQ(*listed, all.size());
  return all;
}

DeadLetter Letter(std::string_view reason, std::string_view value, std::uint64_t offset,
                  std::optional<std::string_view> key = "k") {
  return {.reason = reason,
          .origin = "events",
          .partition = 3,
          .offset = offset,
          .key = key,
          .value = value,
          .ingested_at = {1'776'000'000'000'001}};
}

TEST(DeadLetterBrokerTest, ALetterHasItsOriginalAndSaysWhyFromWhereAndWhen) {
  const std::string topic = MakeTopic(2);
  const std::vector<event::MessageHeader> headers{{"ce_id", "1"}};
  DeadLetter letter = Letter("rejected: no data", "{}", 17);
  letter.headers = headers;
  ASSERT_TRUE(QueueTo(topic)->Put({&letter, 1}, kNow).ok());

  Member member(Member::Options(topic, FreshName("group")));
  ASSERT_TRUE(member.ReadUntil(1));
  const Read& read = member.read[0];
  EXPECT_EQ(read.key, "k");
  EXPECT_EQ(read.value, "{}");
  EXPECT_THAT(read.headers,
              AllOf(Contains(Pair("ce_id", "1")), Contains(Pair("dlq-reason", "rejected: no data")),
                    Contains(Pair("dlq-topic", "events")), Contains(Pair("dlq-partition", "3")),
                    Contains(Pair("dlq-offset", "17")), Contains(Pair("dlq-time", time::FormatMillis(kNow)))));

  auto reader = ReaderOf(topic);
  auto found = reader->Find({read.partition, 0}, [&](const TopicLetter& shown) {
    EXPECT_EQ(shown.letter.reason, "rejected: no data");
    EXPECT_EQ(shown.letter.origin, "events");
    EXPECT_EQ(shown.letter.partition, 3);
    EXPECT_EQ(shown.letter.offset, 17U);
    EXPECT_EQ(shown.letter.ingested_at.value, 1'776'000'000'000'001);
    EXPECT_EQ(shown.dead_at.value / 1'000, kNow.value / 1'000);
    ASSERT_THAT(shown.letter.headers, SizeIs(1));
    EXPECT_EQ(shown.letter.headers[0].name, "ce_id");
  });
  EXPECT_TRUE(found.ok());
}

TEST(DeadLetterBrokerTest, NullStaysNullAndEmptyStaysEmpty) {
  const std::string topic = MakeTopic(1);
  const std::vector<event::MessageHeader> headers{{"null", std::nullopt}, {"empty", ""}};
  std::vector<DeadLetter> letters{Letter("rejected: x", "", 1), Letter("rejected: x", "", 2)};
  letters[0].headers = headers;
  letters[0].tombstone = true;
  ASSERT_TRUE(QueueTo(topic)->Put(letters, kNow).ok());

  Member member(Member::Options(topic, FreshName("group")));
  ASSERT_TRUE(member.ReadUntil(2));
  EXPECT_THAT(member.read[0].headers, AllOf(Contains(Pair("null", "null")), Contains(Pair("empty", ""))));
  EXPECT_EQ(member.read[0].value, "null");
  EXPECT_EQ(member.read[1].value, "");

  auto found = ReaderOf(topic)->Find({0, 0}, [](const TopicLetter& shown) {
    EXPECT_TRUE(shown.letter.tombstone);
    ASSERT_THAT(shown.letter.headers, SizeIs(2));
    EXPECT_EQ(shown.letter.headers[0].value, std::nullopt);
    EXPECT_EQ(shown.letter.headers[1].value, "");
  });
  EXPECT_TRUE(found.ok());
}

TEST(DeadLetterBrokerTest, ListingFiltersAndEndsWhereTheTopicEnds) {
  const std::string topic = MakeTopic(3);
  auto reader = ReaderOf(topic);
  EXPECT_THAT(ListAll(*reader), IsEmpty());
  auto queue = QueueTo(topic);
  std::vector<DeadLetter> letters;
  letters.reserve(100);
  for (std::uint64_t i = 0; i < 100; ++i) {
    letters.push_back(Letter(i % 2 == 0 ? "conflict: x" : "rejected: y", "v", i, std::nullopt));
  }
  ASSERT_TRUE(queue->Put(letters, kNow).ok());
  EXPECT_THAT(ListAll(*reader), SizeIs(100));
  EXPECT_THAT(ListAll(*reader, {.reason = "conflict"}), SizeIs(50));
  EXPECT_THAT(ListAll(*reader, {.origin = "elsewhere"}), IsEmpty());
  EXPECT_THAT(ListAll(*reader, {.from = time::UnixMicros{kNow.value + 1'000'000}}), IsEmpty());
  EXPECT_THAT(ListAll(*reader, {.before = time::UnixMicros{kNow.value + 1'000'000}}), SizeIs(100));
}

TEST(DeadLetterBrokerTest, AValueThatTheTopicHasNoRoomForIsCutAndPutTogetherAgain) {
  const std::string topic = MakeTopic(3, {{"max.message.bytes", "100000"}});
  std::string large(700'000, '\0');
  unsigned state = 1;
  for (char& byte : large) byte = static_cast<char>((state = state * 1'664'525U + 1'013'904'223U) >> 24);
  const std::vector<DeadLetter> letters{Letter("rejected: a", "small", 1), Letter("rejected: b", large, 2),
                                        Letter("rejected: c", large, 3, std::nullopt), Letter("rejected: d", "", 4)};
  ASSERT_TRUE(QueueTo(topic)->Put(letters, kNow).ok());
  auto reader = ReaderOf(topic);
  const std::vector<Seen> seen = ListAll(*reader);
  ASSERT_THAT(seen, SizeIs(4));
  std::map<std::string, const Seen*> by_reason;
  for (const Seen& each : seen) {
    EXPECT_TRUE(each.complete);
    by_reason[each.reason] = &each;
  }
  EXPECT_TRUE(by_reason["rejected: b"]->value == large);
  EXPECT_EQ(by_reason["rejected: b"]->key, "k");
  EXPECT_TRUE(by_reason["rejected: c"]->value == large);
  EXPECT_EQ(by_reason["rejected: c"]->key, std::nullopt);
  EXPECT_EQ(by_reason["rejected: d"]->value, "");
  bool used = false;
  EXPECT_TRUE(reader
                  ->Find(by_reason["rejected: b"]->name,
                         [&](const TopicLetter& letter) { used = letter.letter.value == large; })
                  .ok());
  EXPECT_TRUE(used);
}

TEST(DeadLetterBrokerTest, WithoutTheTopicPutFailsAndTheSameLettersGoThroughLater) {
  const TopicSpec spec{.name = FreshName("dlq-made-later"), .partitions = 1, .replication = 1, .config = {}};
  auto queue = QueueTo(spec.name, milliseconds(300));
  const DeadLetter letter = Letter("rejected: x", "v", 1);
  auto put = queue->Put({&letter, 1}, kNow);
  ASSERT_FALSE(put.ok());
  EXPECT_EQ(put.error().code(), ErrorCode::kUnavailable);
  auto admin = TopicAdmin::Create(Connection());
  ASSERT_TRUE((*admin)->Ensure({&spec, 1}, kPatience).ok());
  ASSERT_TRUE(WaitFor([&] { return queue->Put({&letter, 1}, kNow).ok(); }));
}

TEST(DeadLetterBrokerTest, DropTakesAllUpToTheNamedOne) {
  const std::string topic = MakeTopic(1);
  auto queue = QueueTo(topic);
  std::vector<DeadLetter> letters;
  letters.reserve(5);
  for (std::uint64_t i = 0; i < 5; ++i) letters.push_back(Letter("rejected: y", "v", i));
  ASSERT_TRUE(queue->Put(letters, kNow).ok());
  auto reader = ReaderOf(topic);
  ASSERT_TRUE(reader->DropThrough({0, 2}).ok());
  const std::vector<Seen> left = ListAll(*reader);
  ASSERT_THAT(left, SizeIs(2));
  EXPECT_EQ(left[0].name.ToString(), "0:3");
  EXPECT_EQ(reader->DropThrough({0, 2}).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace audit::kafka
