#include "dead_letters/sqlite_dead_letter_queue.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "sqlite/faulting_vfs.h"
#include "time/rfc3339.h"

namespace audit::dead_letters {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

time::UnixMicros At(std::string_view text) { return time::ParseRfc3339(text).value(); }

class DeadLetterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "dead-letters-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    Open();
  }
  void TearDown() override {
    queue_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open() {
    queue_.reset();
    auto opened = SqliteDeadLetterQueue::Open(path());
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    queue_ = std::move(opened).value();
  }
  [[nodiscard]] std::string path() const { return folder_ + "/dead_letters.db"; }

  static DeadLetter Letter(std::uint64_t offset, std::string_view reason = "rejected: too old",
                           std::string_view origin = "spool") {
    return {.reason = reason,
            .origin = origin,
            .offset = offset,
            .key = "k",
            .value = "{}",
            .ingested_at = At("2026-11-24T10:00:00Z")};
  }
  void Put(const std::vector<DeadLetter>& letters, std::string_view now = "2026-11-24T12:00:00Z") {
    const auto put = queue_->Put(letters, At(now));
    EXPECT_TRUE(put.ok()) << put.error().message();
  }
  std::vector<std::uint64_t> Offsets(const LetterQuery& query = {}) {
    std::vector<std::uint64_t> offsets;
    const auto listed = queue_->List(query, [&](const StoredLetter& stored) {
      offsets.push_back(stored.letter.offset);
      return true;
    });
    EXPECT_TRUE(listed.ok()) << listed.error().message();
    return offsets;
  }

  std::string folder_;
  std::unique_ptr<SqliteDeadLetterQueue> queue_;
};

TEST_F(DeadLetterTest, KeepsTheReasonAndTheOriginalBytes) {
  const std::string value("\x00\xFF{not json\n", 12);
  DeadLetter letter = Letter(0xFFFF'FFFF'FFFF'FFFFULL, "conflict: another event");
  letter.key = std::string_view("\xFE", 1);
  letter.value = value;
  Put({letter});
  Open();
  int letters = 0;
  const auto listed = queue_->List({}, [&](const StoredLetter& stored) {
    ++letters;
    EXPECT_EQ(stored.dead_at, At("2026-11-24T12:00:00Z"));
    EXPECT_EQ(stored.letter.reason, letter.reason);
    EXPECT_EQ(stored.letter.origin, "spool");
    EXPECT_EQ(stored.letter.offset, letter.offset);
    EXPECT_EQ(stored.letter.key, letter.key);
    EXPECT_EQ(stored.letter.value, value);
    EXPECT_EQ(stored.letter.ingested_at, letter.ingested_at);
    return true;
  });
  EXPECT_EQ(listed.value(), 1U);
  EXPECT_EQ(letters, 1);
}

TEST_F(DeadLetterTest, TheSameLetterAgainChangesNothing) {
  Put({Letter(1), Letter(2)});
  Put({Letter(2, "another reason"), Letter(3)}, "2026-11-24T13:00:00Z");
  EXPECT_THAT(Offsets(), ElementsAre(1, 2, 3));
  EXPECT_EQ(queue_->Count({.reason = "another"}).value(), 0U);
}

TEST_F(DeadLetterTest, ALogBegunAnewDoesNotHideBehindOldOffsets) {
  Put({Letter(1)});
  DeadLetter fresh = Letter(1);
  fresh.ingested_at = At("2026-11-25T10:00:00Z");
  Put({fresh});
  EXPECT_THAT(Offsets(), ElementsAre(1, 1));
}

TEST_F(DeadLetterTest, EachFilterSelects) {
  Put({Letter(1, "conflict: x"), Letter(2, "rejected: y")}, "2026-11-24T12:00:00Z");
  Put({Letter(3, "rejected: z", "topic-0")}, "2026-11-25T12:00:00Z");
  EXPECT_THAT(Offsets({.number = 2}), ElementsAre(2));
  EXPECT_THAT(Offsets({.reason = "rejected"}), ElementsAre(2, 3));
  EXPECT_THAT(Offsets({.reason = "%"}), IsEmpty());
  EXPECT_THAT(Offsets({.origin = "topic-0"}), ElementsAre(3));
  EXPECT_THAT(Offsets({.from = At("2026-11-25T12:00:00Z")}), ElementsAre(3));
  EXPECT_THAT(Offsets({.before = At("2026-11-25T12:00:00Z")}), ElementsAre(1, 2));
  EXPECT_THAT(Offsets({.number = 1, .reason = "rejected"}), IsEmpty());
  EXPECT_EQ(queue_->Count({}).value(), 3U);
  EXPECT_EQ(queue_->Count({.reason = "rejected", .origin = "spool"}).value(), 1U);
}

TEST_F(DeadLetterTest, TheCallerEndsTheListByReturningFalse) {
  Put({Letter(1), Letter(2), Letter(3)});
  EXPECT_EQ(queue_->List({}, [](const StoredLetter& stored) { return stored.letter.offset < 2; }).value(), 2U);
}

TEST_F(DeadLetterTest, RemovesWhatTheQueryNamesAndSaysHowMany) {
  Put({Letter(1, "conflict: x"), Letter(2), Letter(3)});
  EXPECT_EQ(queue_->Remove({.number = 2}).value(), 1U);
  EXPECT_EQ(queue_->Remove({.number = 2}).value(), 0U);
  EXPECT_THAT(Offsets(), ElementsAre(1, 3));
  EXPECT_EQ(queue_->Remove({}).value(), 2U);
  EXPECT_THAT(Offsets(), IsEmpty());
}

TEST_F(DeadLetterTest, NumbersOfRemovedLettersAreNotUsedAgain) {
  Put({Letter(1)});
  ASSERT_EQ(queue_->Remove({}).value(), 1U);
  Open();
  Put({Letter(2)});
  EXPECT_EQ(queue_->Count({.number = 1}).value(), 0U);
  EXPECT_EQ(queue_->Count({.number = 2}).value(), 1U);
}

TEST_F(DeadLetterTest, RemovedBytesAreGoneFromTheFile) {
  DeadLetter letter = Letter(1);
  letter.value = "a secret of somebody";
  Put({letter});
  ASSERT_EQ(queue_->Remove({}).value(), 1U);
  queue_.reset();  // takes the log into the file
  std::ostringstream bytes;
  bytes << std::ifstream(path(), std::ios::binary).rdbuf();
  EXPECT_THAT(bytes.str(), testing::Not(HasSubstr("a secret")));
}

TEST_F(DeadLetterTest, AnotherProcessListsAndRemovesWhileThisOnePuts) {
  Put({Letter(1), Letter(2)});
  const pid_t child = ::fork();
  if (child == 0) {
    auto theirs = SqliteDeadLetterQueue::OpenExisting(path());
    const bool good = theirs.ok() && (*theirs)->Count({}).value() >= 2 && (*theirs)->Remove({.number = 1}).value() == 1;
    theirs->reset();
    ::_exit(good ? 0 : 1);
  }
  for (std::uint64_t i = 3; i < 30; ++i) Put({Letter(i)});
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(queue_->Count({}).value(), 28U);
}

TEST_F(DeadLetterTest, WhereNothingEverDiedThereIsNothingToOpen) {
  const auto opened = SqliteDeadLetterQueue::OpenExisting(folder_ + "/other.db");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/other.db"));
}

TEST_F(DeadLetterTest, NobodyElseCanReadThem) {
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0007U, 0U);
}

TEST_F(DeadLetterTest, AFailedPutLeavesNothingOfItsLettersAndCanBeRepeated) {
  queue_.reset();
  std::uint64_t faults = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    std::filesystem::remove_all(path());
    sqlite::FaultingVfs vfs;
    Open();
    vfs.FailNth(nth, sqlite::FaultingVfs::Fault::kIo);
    const bool put = queue_->Put(std::vector<DeadLetter>{Letter(1), Letter(2)}, {0}).ok();
    const bool past_the_end = vfs.calls() < nth;
    vfs.Heal();
    if (!put) {
      ++faults;
      ASSERT_THAT(Offsets(), IsEmpty()) << nth;
      Put({Letter(1), Letter(2)});
    }
    ASSERT_THAT(Offsets(), ElementsAre(1, 2)) << nth;
    queue_.reset();
    if (past_the_end) break;
  }
  EXPECT_GT(faults, 0U);
}

}  // namespace
}  // namespace audit::dead_letters
