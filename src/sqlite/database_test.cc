#include "sqlite/database.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "sqlite/schema.h"

namespace audit::sqlite {
namespace {

using testing::HasSubstr;

class DatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "sqlite-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Database Open(const std::string& name, OpenMode mode = OpenMode::kCreate) {
    auto database = Database::Open(folder_ + "/" + name, mode, std::chrono::milliseconds(10));
    EXPECT_TRUE(database.ok()) << database.error().message();
    return std::move(database).value();
  }

  std::string folder_;
};

TEST_F(DatabaseTest, EmptyTextIsNotNull) {
  Database database = Open("a.db");
  auto row = database.Prepare("SELECT ?1 IS NULL, ?2 IS NULL, ?3 IS NULL, ?1, ?2, ?4");
  ASSERT_TRUE(row.ok());
  row->BindText(1, std::string_view());
  row->BindText(2, std::nullopt);
  row->BindBlob(3, std::string_view());
  row->BindText(4, std::string_view("a\0b", 3));
  ASSERT_TRUE(row->Step().value());
  EXPECT_EQ(row->Integer(0), 0);
  EXPECT_EQ(row->Integer(1), 1);
  EXPECT_EQ(row->Integer(2), 0);
  EXPECT_EQ(row->OptionalText(3), "");
  EXPECT_EQ(row->OptionalText(4), std::nullopt);
  EXPECT_EQ(row->Text(5), std::string_view("a\0b", 3));
}

TEST_F(DatabaseTest, AStatementRunsAgainAfterAnErrorAndReset) {
  Database database = Open("a.db");
  ASSERT_TRUE(database.Execute("CREATE TABLE t (x TEXT NOT NULL UNIQUE)").ok());
  auto insert = database.Prepare("INSERT INTO t VALUES (?)");
  insert->BindText(1, std::nullopt);
  const auto refused = insert->Step();
  insert->Reset();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("a.db"));
  EXPECT_THAT(refused.error().message(), HasSubstr("t.x"));
  insert->BindText(1, "x");
  EXPECT_FALSE(insert->Step().value());
  EXPECT_EQ(database.changes(), 1);
}

TEST_F(DatabaseTest, ATransactionThatIsNotCommittedLeavesNothing) {
  Database database = Open("a.db");
  ASSERT_TRUE(database.Execute("CREATE TABLE t (x)").ok());
  {
    auto transaction = Transaction::Begin(database);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(database.Execute("INSERT INTO t VALUES (1)").ok());
  }
  EXPECT_EQ(database.QueryInteger("SELECT count(*) FROM t").value(), 0);
  auto transaction = Transaction::Begin(database);
  ASSERT_TRUE(database.Execute("INSERT INTO t VALUES (1)").ok());
  ASSERT_TRUE(transaction->Commit().ok());
  EXPECT_EQ(database.QueryInteger("SELECT count(*) FROM t").value(), 1);
}

TEST_F(DatabaseTest, ASecondWriterIsLockedOut) {
  Database first = Open("a.db");
  Database second = Open("a.db");
  const auto held = Transaction::Begin(first);
  ASSERT_TRUE(held.ok());
  const auto locked = Transaction::Begin(second);
  ASSERT_FALSE(locked.ok());
  EXPECT_EQ(locked.error().code(), ErrorCode::kLocked);
}

TEST_F(DatabaseTest, AMissingFileIsNotFoundAndNotMade) {
  for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kReadWrite, OpenMode::kImmutable}) {
    const auto opened = Database::Open(folder_ + "/missing.db", mode, {});
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code(), ErrorCode::kNotFound) << opened.error().message();
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(DatabaseTest, AFileThatIsNoDatabaseIsCorrupt) {
  const std::string rubbish(4096, 'x');
  std::filesystem::create_directory(folder_ + "/d");
  auto* file = std::fopen((folder_ + "/a.db").c_str(), "w");
  std::fwrite(rubbish.data(), 1, rubbish.size(), file);
  std::fclose(file);
  Database database = Open("a.db", OpenMode::kReadWrite);
  const auto read = database.QueryInteger("PRAGMA user_version");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), ErrorCode::kCorrupt);
}

TEST_F(DatabaseTest, NamesThatMeanSomethingInAUriAreNamesAllTheSame) {
  for (const char* name : {"100%25.db", "what?.db", "a#b.db", "a b.db"}) {
    {
      ASSERT_TRUE(Open(name).Execute("PRAGMA user_version=7").ok());
    }
    EXPECT_EQ(Open(name, OpenMode::kImmutable).QueryInteger("PRAGMA user_version").value(), 7) << name;
  }
}

constexpr Schema kOne{.application_id = 1, .version = 1, .sql = "CREATE TABLE IF NOT EXISTS t (x)"};
constexpr Schema kTwo{.application_id = 1, .version = 2, .sql = "CREATE TABLE IF NOT EXISTS t (x)"};

TEST_F(DatabaseTest, ASchemaIsMadeOnceAndItsVersionKept) {
  Database database = Open("a.db");
  EXPECT_EQ(SchemaVersion(database, kOne).value(), 0);
  ASSERT_TRUE(EnsureSchema(database, kOne).ok());
  ASSERT_TRUE(EnsureSchema(database, kOne).ok());
  EXPECT_EQ(SchemaVersion(database, kOne).value(), 1);
  EXPECT_EQ(database.QueryInteger("PRAGMA application_id").value(), 1);
}

TEST_F(DatabaseTest, ASchemaOfANewerProgramIsRefused) {
  Database database = Open("a.db");
  ASSERT_TRUE(EnsureSchema(database, kTwo).ok());
  EXPECT_FALSE(SchemaVersion(database, kOne).ok());
  EXPECT_FALSE(EnsureSchema(database, kOne).ok());
}

TEST_F(DatabaseTest, ASchemaThatFailsHalfWayLeavesNothing) {
  Database database = Open("a.db");
  constexpr Schema kBad{.application_id = 1, .version = 1, .sql = "CREATE TABLE t (x); CREATE TABLE t (x)"};
  EXPECT_FALSE(EnsureSchema(database, kBad).ok());
  EXPECT_EQ(database.QueryInteger("SELECT count(*) FROM sqlite_schema").value(), 0);
  EXPECT_EQ(SchemaVersion(database, kOne).value(), 0);
}

}  // namespace
}  // namespace audit::sqlite
