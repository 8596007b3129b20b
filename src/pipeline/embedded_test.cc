// The embedded way whole: the real spool on files that can be cut off, the real parser, the real
// SQLite store and dead letters, one thread, a seed.
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "dead_letters/sqlite_dead_letter_queue.h"
#include "env/faulting_file_system.h"
#include "env/manual_clock.h"
#include "env/memory_file_system.h"
#include "pipeline/persister.h"
#include "pipeline/spool_source.h"
#include "spool/spool.h"
#include "sqlite/database.h"
#include "store/sqlite/query.h"
#include "store/sqlite/sqlite_audit_store.h"

namespace audit::pipeline {
namespace {

constexpr time::UnixMicros kNow{1'795'521'600'000'000};  // 2026-11-24T12:00:00Z

class EmbeddedTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name =
        ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/embedded-XXXXXX" : testing::TempDir() + "embedded-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    Start();
  }
  void TearDown() override {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    auto store = store::SqliteAuditStore::Open(
        {.directory = folder_, .retention_months = 84, .open_days = 2, .busy_timeout = std::chrono::milliseconds(1)},
        clock_);
    ASSERT_TRUE(store.ok()) << store.error().message();
    store_ = std::move(store).value();
    auto letters = dead_letters::SqliteDeadLetterQueue::Open(folder_ + "/dead_letters.db");
    ASSERT_TRUE(letters.ok()) << letters.error().message();
    letters_ = std::move(letters).value();

    disk_ = std::make_unique<env::FaultingFileSystem>(files_);
    auto spool = spool::Spool::Open(*disk_, clock_, *random_,
                                    {.directory = "spool",
                                     .segment_bytes = 1U << 20,
                                     .max_bytes = 16U << 20,
                                     .queue_max_bytes = 256U << 10,
                                     .readers = {"persister"}},
                                    nullptr);
    ASSERT_TRUE(spool.ok()) << spool.error().message();
    spool_ = std::move(spool).value();
    auto reader = spool_->OpenReader("persister");
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    reader_ = std::move(reader).value();
    source_ = std::make_unique<SpoolSource>(*reader_);
    persister_ = std::make_unique<Persister>(*source_, *store_, *letters_, clock_, *random_,
                                             PersisterOptions{.batch_max_events = 20}, nullptr);
  }
  void Stop() {
    persister_.reset();
    source_.reset();
    reader_.reset();
    spool_.reset();
    disk_.reset();
    letters_.reset();
    store_.reset();
  }
  // The machine goes down and comes up. SQLite's files are the real ones: what a killed process
  // leaves of them is the business of the store's own tests.
  void PowerCut() {
    Stop();
    files_.PowerCut(*random_);
    Start();
  }

  // Durable when it returns, as at the moment of a 202.
  void Accept(const std::string& json) {
    const std::array<std::string_view, 1> payloads{json};
    ASSERT_EQ(spool_->Append(payloads).status, spool::AppendStatus::kAccepted);
    ASSERT_TRUE(spool_->Flush().ok());
    ++accepted_;
  }
  void AcceptEvent(const std::string& id, int day, const std::string& actor = "u-1") {
    Accept(R"({"specversion":"1.0","id":")" + id + R"(","source":"/registry","type":"t","time":"2026-11-)" +
           std::to_string(day) + R"(T10:00:00Z","data":{"actor":{"id":")" + actor +
           R"("},"action":"login","outcome":"success","n":1.50}})");
  }

  // False: idle. Goes forward in time over every wait.
  bool Step() {
    const pipeline::Step step = persister_->Run();
    if (step.not_before) clock_.Advance(*step.not_before - clock_.SteadyNow());
    return step.progressed || step.not_before.has_value();
  }

  std::map<std::string, std::string> StoredActors() {
    std::map<std::string, std::string> actors;
    auto read = store::QueryEvents(folder_, {}, [&](const store::StoredEvent& event) {
      EXPECT_TRUE(actors.emplace(event.record.id, event.record.actor_id).second) << "twice: " << event.record.id;
      return true;
    });
    EXPECT_TRUE(read.ok()) << read.error().message();
    return actors;
  }

  std::string folder_;
  env::ManualClock clock_{kNow};
  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(1);
  env::MemoryFileSystem files_;
  std::unique_ptr<env::FaultingFileSystem> disk_;
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<spool::Reader> reader_;
  std::unique_ptr<SpoolSource> source_;
  std::unique_ptr<store::SqliteAuditStore> store_;
  std::unique_ptr<dead_letters::SqliteDeadLetterQueue> letters_;
  std::unique_ptr<Persister> persister_;
  std::size_t accepted_ = 0;
};

class SeededEmbeddedTest : public EmbeddedTest, public testing::WithParamInterface<std::uint64_t> {
 protected:
  SeededEmbeddedTest() { random_ = env::NewSeededRandom(GetParam()); }
};

TEST_P(SeededEmbeddedTest, AcceptedIsStoredOnceOrDeadWhateverIsKilledOrLocked) {
  std::set<std::string> ids;
  std::size_t dead = 0;
  std::size_t power_cuts = 0;
  std::optional<sqlite::Database> blocker;
  for (int i = 0; i < 300; ++i) {
    const std::string id = "e-" + std::to_string(i);
    const int day = 10 + i % 7;
    AcceptEvent(id, day);
    ids.insert(id);
    if (i % 11 == 0) AcceptEvent(id, day);  // a caller that repeats its request
    if (i % 23 == 0) {
      AcceptEvent(id, day, "another");
      ++dead;
    }
    if (i % 37 == 0) {
      Accept("{broken " + id);
      ++dead;
    }
    const std::uint64_t dice = random_->Next() % 16;
    if (dice == 0 && !blocker) {
      // Somebody holds one of the days.
      auto database = sqlite::Database::Open(folder_ + "/2026_11/12.db", sqlite::OpenMode::kReadWrite, {});
      if (database && database->Execute("BEGIN IMMEDIATE").ok()) blocker.emplace(std::move(*database));
    } else if (dice <= 2) {
      blocker.reset();
    } else if (dice <= 4) {
      // The process dies at one of the next calls that touch the spool's files, perhaps between the
      // store's commit and its own.
      disk_->Arm(env::Fault::kCrash, 1 + random_->Next() % 8);
      for (int step = 0; step < 4 && !disk_->struck(); ++step) Step();
      ++power_cuts;
      PowerCut();
    } else if (dice <= 8) {
      Step();
    }
  }
  blocker.reset();
  while (Step()) {
  }
  const auto stored = StoredActors();
  std::set<std::string> stored_ids;
  for (const auto& [id, actor] : stored) {
    stored_ids.insert(id);
    EXPECT_EQ(actor, "u-1") << id;  // the one that came first
  }
  EXPECT_EQ(stored_ids, ids);
  EXPECT_EQ(letters_->Count({}).value(), dead);
  EXPECT_EQ(reader_->committed().value, accepted_);
  EXPECT_GT(power_cuts, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SeededEmbeddedTest, testing::Range<std::uint64_t>(1, 9));

TEST_F(EmbeddedTest, DeadLettersKeepTheBytesAndTheReasonWithoutValues) {
  AcceptEvent("good", 24);
  Accept(R"({"specversion":"1.0","id":"x","source":"s","type":"t","time":"2026-11-24T10:00:00Z",)"
         R"("data":{"actor":{"id":"secret-person"}}})");
  AcceptEvent("good", 24, "secret-person");
  while (Step()) {
  }
  std::vector<std::string> reasons;
  ASSERT_TRUE(letters_
                  ->List({},
                         [&](const dead_letters::StoredLetter& stored) {
                           reasons.emplace_back(stored.letter.reason);
                           EXPECT_THAT(std::string(stored.letter.value), testing::HasSubstr("secret-person"));
                           EXPECT_EQ(stored.letter.origin, "spool");
                           return true;
                         })
                  .ok());
  EXPECT_THAT(reasons, testing::ElementsAre(testing::StartsWith("rejected: data."), testing::StartsWith("conflict: ")));
  EXPECT_THAT(reasons, testing::Each(testing::Not(testing::HasSubstr("secret"))));
}

}  // namespace
}  // namespace audit::pipeline
