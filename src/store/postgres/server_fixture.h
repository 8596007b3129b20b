// What the tests with a server share: a database of each test's own on the server that tests/servers/postgres.py
// has started, a store on it, and SQL beside the store.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/manual_clock.h"
#include "store/postgres/connection.h"
#include "store/postgres/partitions.h"
#include "store/postgres/postgres_audit_store.h"
#include "store/postgres/query.h"
#include "store/postgres/schema.h"
#include "store/store_fixture.h"

namespace audit::store {

class PostgresTest : public StoreFixture {
 protected:
  static std::string Environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  }

  static int Port(const char* name) {
    const std::string text = Environment(name);
    return text.empty() ? 0 : std::stoi(text);
  }

  static PostgresOptions ServerOptions() {
    return {.host = Environment("AUDIT_TEST_POSTGRES_HOST"),
            .port = Port("AUDIT_TEST_POSTGRES_PORT"),
            .name = Environment("AUDIT_TEST_POSTGRES_NAME"),
            .user = Environment("AUDIT_TEST_POSTGRES_USER"),
            .password = Environment("AUDIT_TEST_POSTGRES_PASSWORD")};
  }

  void SetUp() override {
    options_ = ServerOptions();
    ASSERT_NE(options_.host, "") << "run it with tests/servers/postgres.py run";
    static int number = 0;
    database_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(number++);
    Administer("CREATE DATABASE " + database_);
    options_.name = database_;
    Open();
  }

  void TearDown() override {
    store_.reset();
    sql_.Close();
    Administer("DROP DATABASE IF EXISTS " + database_ + " WITH (FORCE)");
    for (const std::string& role : roles_) Administer("DROP ROLE IF EXISTS " + role);
  }

  void Open() { store_ = std::make_unique<PostgresAuditStore>(options_, clock_); }

  // Outside the test's database.
  static void Administer(const std::string& sql) {
    auto connection = postgres::Connection::Open(ServerOptions());
    ASSERT_TRUE(connection.ok()) << connection.error().message();
    auto done = connection->Execute(sql);
    ASSERT_TRUE(done.ok()) << sql << ": " << done.error().message();
  }

  [[nodiscard]] PostgresOptions SuperuserOptions() const {
    PostgresOptions options = ServerOptions();
    options.name = database_;
    return options;
  }

  [[nodiscard]] postgres::Connection NewConnection() const {
    auto connection = postgres::Connection::Open(SuperuserOptions());
    EXPECT_TRUE(connection.ok()) << connection.error().message();
    return std::move(connection).value();
  }

  // As a superuser in the test's database: the first column, one line a row.
  std::string Sql(const std::string& sql) {
    if (!sql_.usable()) sql_ = NewConnection();
    auto rows = sql_.Execute(sql);
    EXPECT_TRUE(rows.ok()) << sql << ": " << rows.error().message();
    std::string lines;
    for (int row = 0; rows.ok() && row < rows->size(); ++row) {
      lines += (row == 0 ? "" : "\n") + std::string(rows->Text(row, 0));
    }
    return lines;
  }

  // A role that can log in; gone at the end.
  std::string MakeRole(const std::string& suffix) {
    std::string role = database_ + "_" + suffix;
    Sql("CREATE ROLE " + role + " LOGIN PASSWORD '" + options_.password + "'");
    roles_.push_back(role);
    return role;
  }

  // The roles of the schema script, which has run: the store is the writer from here on.
  PostgresRoles InstallSchemaForWriter() {
    PostgresRoles roles{.owner = MakeRole("owner"), .writer = MakeRole("writer"), .investigator = MakeRole("reader")};
    Sql(PostgresSchemaSql(roles));
    options_.user = roles.writer;
    Open();
    return roles;
  }

  AuditStore& store() override { return *store_; }
  // As a superuser: what is stored, whatever the store's own role may read.
  Result<std::uint64_t> Query(const EventQuery& query, const EachEvent& each) override {
    return QueryEvents(SuperuserOptions(), query, each);
  }
  std::vector<std::string> Months() {
    auto connection = NewConnection();
    auto partitions = postgres::ListPartitions(connection, SuperuserOptions());
    std::vector<std::string> names;
    EXPECT_TRUE(partitions.ok());
    if (partitions.ok()) {
      for (const postgres::Partition& partition : *partitions) names.push_back(partition.month.ToString());
    }
    return names;
  }

  std::string Count() { return Sql("SELECT count(*) FROM audit_events"); }
  std::string Partitions() {
    return Sql(
        "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_inherits i JOIN pg_class c ON "
        "c.oid = i.inhrelid WHERE i.inhparent = 'audit_events'::regclass");
  }

  // The server itself: start, stop, kill, restart.
  static void Control(const std::string& action) {
    const std::string command = Environment("AUDIT_TEST_POSTGRES_CONTROL") + " " + action;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

  std::string database_;
  std::vector<std::string> roles_;
  postgres::Connection sql_;
  env::ManualClock clock_{kNow};
  PostgresOptions options_;
  std::unique_ptr<PostgresAuditStore> store_;
};

}  // namespace audit::store
