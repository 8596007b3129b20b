// A server that is away, slow, locked, full or read-only: nothing is lost, nothing stored twice, nobody waits
// for ever.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <stdexcept>
#include <thread>

#include "store/postgres/postgres_probe.h"
#include "store/postgres/server_fixture.h"

namespace audit::store {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

class PostgresFailureTest : public PostgresTest {
 protected:
  // From here on every inserted row runs `body` (PL/pgSQL).
  void OnEachRow(const std::string& body) {
    Sql("CREATE OR REPLACE FUNCTION on_row() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN " + body +
        " RETURN NEW; END $f$");
    Sql("CREATE OR REPLACE TRIGGER on_row BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION on_row()");
  }
  void OnNoRow() { Sql("DROP TRIGGER on_row ON audit_events"); }

  ErrorCode CodeOfWrite(const std::vector<SampleEvent>& events) {
    const auto written = TryWrite(events);
    EXPECT_FALSE(written.ok());
    if (written.ok()) return ErrorCode::kClosed;
    EXPECT_TRUE(written.error().retryable()) << written.error().message();
    return written.error().code();
  }

  // Of a store with the options as they are now.
  std::string Refusal() {
    Open();
    const auto written = TryWrite({Numbered(2)});
    EXPECT_FALSE(written.ok());
    return written.ok() ? "" : written.error().message();
  }
};

TEST_F(PostgresFailureTest, ALockedTableIsLockedAndNothingIsStored) {
  options_.lock_timeout = std::chrono::milliseconds(100);
  Open();
  Write({Numbered(1)});
  Sql("BEGIN; LOCK TABLE audit_events");
  EXPECT_EQ(CodeOfWrite({Numbered(2)}), ErrorCode::kLocked);
  Sql("COMMIT");
  EXPECT_THAT(Write({Numbered(2)}), ElementsAre(Outcome::kStored));
}

TEST_F(PostgresFailureTest, AStatementThatTakesTooLongIsATimeoutAndNothingIsStored) {
  options_.statement_timeout = std::chrono::milliseconds(300);
  Open();
  Write({Numbered(1)});
  OnEachRow("PERFORM pg_sleep(300);");
  EXPECT_EQ(CodeOfWrite({Numbered(2)}), ErrorCode::kTimeout);
  OnNoRow();
  EXPECT_THAT(Write({Numbered(2)}), ElementsAre(Outcome::kStored));
}

TEST_F(PostgresFailureTest, ABatchThatIsTooMuchForItsTimeoutGetsInBySmallerTransactions) {
  options_.statement_timeout = std::chrono::milliseconds(1'000);
  Open();
  Write({Numbered(1'000)});
  OnEachRow("PERFORM pg_sleep(0.01);");
  const std::vector<SampleEvent> events = NumberedEvents(0, 400);
  EXPECT_EQ(CodeOfWrite(events), ErrorCode::kTimeout);
  auto written = TryWrite(events);
  for (int tries = 0; !written.ok() && tries < 10; ++tries) written = TryWrite(events);
  EXPECT_TRUE(written.ok()) << written.error().message();
  EXPECT_EQ(Count(), "401");
}

TEST_F(PostgresFailureTest, WhatTheServerCannotDoNowIsTriedAgain) {
  Write({Numbered(1)});
  const std::pair<const char*, ErrorCode> failures[] = {
      {"40001", ErrorCode::kLocked},      {"40P01", ErrorCode::kLocked},      {"53100", ErrorCode::kNoSpace},
      {"53200", ErrorCode::kUnavailable}, {"58030", ErrorCode::kUnavailable}, {"XX000", ErrorCode::kUnavailable}};
  for (const auto& [state, code] : failures) {
    OnEachRow(std::string("RAISE EXCEPTION 'asha' USING ERRCODE = '") + state + "';");
    EXPECT_EQ(CodeOfWrite({Numbered(2), Numbered(3)}), code) << state;
  }
  OnNoRow();
  EXPECT_THAT(Write({Numbered(2), Numbered(3)}), Each(Outcome::kStored));
}

TEST_F(PostgresFailureTest, AReadOnlyServerIsUnavailableToTheStoreAndToTheProbe) {
  Write({Numbered(1)});
  Administer("ALTER DATABASE " + database_ + " SET default_transaction_read_only = on");
  Open();
  const auto written = TryWrite({Numbered(2)});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(written.error().message(), HasSubstr("read-only"));
  PostgresProbe probe(options_);
  const auto checked = probe.Check();
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(checked.error().message(), HasSubstr("read-only"));
  // The next attempt is on a new connection, which finds the server as it is then.
  Administer("ALTER DATABASE " + database_ + " RESET default_transaction_read_only");
  EXPECT_THAT(Write({Numbered(2)}), ElementsAre(Outcome::kStored));
  EXPECT_TRUE(probe.Check().ok());
}

// Another session holds a row of ours and then wants one that we hold. It is patient, so the server ends ours.
TEST_F(PostgresFailureTest, ADeadlockIsLockedAndTheRepeatIsStored) {
  Write({Numbered(1)});
  const std::string insert =
      "INSERT INTO audit_events (id, occurred_at, source, type, actor_type, actor_id, action, outcome) SELECT 'e-' || "
      "n, "
      "'2026-11-24 10:00:00+00'::timestamptz + n * interval '1 microsecond', 's', 't', 'user', 'u', 'a', 'success' "
      "FROM ";
  Sql("SET deadlock_timeout = '60s'; BEGIN; " + insert + "(VALUES (3)) v (n)");
  Result<std::vector<RecordOutcome>> written = std::vector<RecordOutcome>();
  std::thread writer([&] { written = TryWrite({Numbered(2), Numbered(3)}); });
  postgres::Connection observer = NewConnection();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (bool waits = false; !waits && std::chrono::steady_clock::now() < deadline;) {
    auto rows = observer.Execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)");
    waits = rows.ok() && rows->Bool(0, 0);
  }
  Sql(insert + "(VALUES (2)) v (n)");
  writer.join();
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kLocked);
  EXPECT_THAT(written.error().message(), HasSubstr("deadlock detected"));
  Sql("ROLLBACK");
  EXPECT_THAT(Write({Numbered(2), Numbered(3)}), Each(Outcome::kStored));
}

// Serializable sessions fail on their own account, never ours, whatever the server's default is.
TEST_F(PostgresFailureTest, SerializableSessionsBesideItDoNotHoldItUp) {
  Administer("ALTER DATABASE " + database_ + " SET default_transaction_isolation = serializable");
  Open();
  Write({Numbered(1)});
  Sql("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM audit_events");
  EXPECT_THAT(Write({Numbered(2)}), ElementsAre(Outcome::kStored));
  Sql("UPDATE audit_events SET action = action");
  EXPECT_THAT(Write({Numbered(2), Numbered(3)}), ElementsAre(Outcome::kDuplicate, Outcome::kStored));
  Sql("ROLLBACK");
}

TEST_F(PostgresFailureTest, ATableThatIsGoneIsWaitedForAndNotMadeAnew) {
  Write({Numbered(1)});
  Sql("ALTER TABLE audit_events RENAME TO elsewhere");
  std::string said;
  for (int tries = 0; tries < 2; ++tries) {
    const auto written = TryWrite({Numbered(2)});
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
    said = written.error().message();
  }
  EXPECT_THAT(said, HasSubstr("was there and is gone"));
  EXPECT_FALSE(store_->MaintainPartitions(kNow, 1, 0).ok());
  EXPECT_EQ(Sql("SELECT to_regclass('audit_events') IS NULL"), "t");
  Sql("ALTER TABLE elsewhere RENAME TO audit_events");
  EXPECT_THAT(Write({Numbered(1), Numbered(2)}), ElementsAre(Outcome::kDuplicate, Outcome::kStored));
  // A service that starts makes one.
  Sql("DROP TABLE audit_events");
  Open();
  EXPECT_THAT(Write({Numbered(2)}), ElementsAre(Outcome::kStored));
}

// To the server each of these makes the rows impossible. They are not: the table is.
TEST_F(PostgresFailureTest, ATableThatIsChangedWhileItIsUsedKillsNoEvent) {
  const std::pair<const char*, const char*> changes[] = {
      {"ALTER TABLE audit_events ADD COLUMN tenant text NOT NULL DEFAULT 'x'; "
       "ALTER TABLE audit_events ALTER COLUMN tenant DROP DEFAULT",
       "ALTER TABLE audit_events DROP COLUMN tenant"},
      {"ALTER TABLE audit_events ALTER COLUMN details TYPE json",
       "ALTER TABLE audit_events ALTER COLUMN details TYPE jsonb"},
      {"ALTER TABLE audit_events ALTER COLUMN actor_type TYPE varchar(4)",
       "ALTER TABLE audit_events ALTER COLUMN actor_type TYPE text"},
      {"ALTER TABLE audit_events ALTER COLUMN subject SET NOT NULL",
       "ALTER TABLE audit_events ALTER COLUMN subject DROP NOT NULL"},
  };
  int number = 0;
  const auto next = [&] {
    SampleEvent event = Numbered(++number);
    event.details = R"({"k":1})";
    event.subject = "s";
    return event;
  };
  Write({next()});
  for (const auto& [change, undo] : changes) {
    Sql(change);
    SampleEvent event = next();
    event.subject.reset();
    event.actor_type = "service";
    const auto refused = TryWrite({event});
    EXPECT_FALSE(refused.ok()) << change;
    if (!refused.ok()) {
      EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
      EXPECT_THAT(refused.error().message(), HasSubstr("audit_events does not fit: column"));
    }
    Sql(undo);
    EXPECT_THAT(Write({event}), ElementsAre(Outcome::kStored)) << undo;
    Sql("DELETE FROM audit_events WHERE subject IS NULL");
  }
  Sql("ALTER TABLE audit_events ADD COLUMN note text");
  EXPECT_THAT(Write({next()}), ElementsAre(Outcome::kStored));
}

TEST_F(PostgresFailureTest, HealthSpeaksOfTheLastWriteUntilOneSucceeds) {
  Write({Numbered(1)});
  EXPECT_TRUE(store_->Check().ok());
  OnEachRow("RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100';");
  EXPECT_EQ(CodeOfWrite({Numbered(2)}), ErrorCode::kNoSpace);
  EXPECT_EQ(store_->Check().error().code(), ErrorCode::kNoSpace);
  // Nobody repeats it here: another replica has the batch.
  clock_.Advance(std::chrono::minutes(3));
  EXPECT_TRUE(store_->Check().ok());
  EXPECT_EQ(CodeOfWrite({Numbered(2)}), ErrorCode::kNoSpace);
  OnNoRow();
  EXPECT_FALSE(store_->Check().ok());
  Write({Numbered(2)});
  EXPECT_TRUE(store_->Check().ok());
}

TEST_F(PostgresFailureTest, TooManyConnectionsAreUnavailable) {
  const PostgresRoles roles = InstallSchemaForWriter();
  Sql("ALTER ROLE " + roles.writer + " CONNECTION LIMIT 0");
  const auto written = TryWrite({Numbered(1)});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(written.error().message(), HasSubstr("too many connections"));
  Sql("ALTER ROLE " + roles.writer + " CONNECTION LIMIT -1");
  EXPECT_THAT(Write({Numbered(1)}), ElementsAre(Outcome::kStored));
}

TEST_F(PostgresFailureTest, AWrongPasswordIsInNoMessage) {
  options_.password = "hunter2";
  Open();
  const auto written = TryWrite({Numbered(1)});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(written.error().message(), HasSubstr("password authentication failed"));
  EXPECT_THAT(written.error().message(), HasSubstr("(SQLSTATE 28P01); check DB_USER and DB_PASSWORD"));
  EXPECT_THAT(written.error().message(), testing::Not(HasSubstr("hunter2")));
}

TEST_F(PostgresFailureTest, ACommitWaitsForTheDiskWhateverTheServersDefault) {
  Administer("ALTER DATABASE " + database_ + " SET synchronous_commit = off");
  Open();
  Write({Numbered(1)});
  OnEachRow("IF current_setting('synchronous_commit') <> 'on' THEN RAISE EXCEPTION 'off'; END IF;");
  EXPECT_THAT(Write({Numbered(2)}), ElementsAre(Outcome::kStored));
  EXPECT_THAT(Write({Numbered(2), Numbered(3)}), ElementsAre(Outcome::kDuplicate, Outcome::kStored));
}

TEST_F(PostgresFailureTest, WhenOneOfSeveralWritersFailsTheRepeatFindsTheOthersRows) {
  options_.writers = 4;
  Open();
  Write({Numbered(1'000)});
  std::vector<SampleEvent> events = NumberedEvents(0, 100);
  for (std::size_t i = 0; i < events.size(); ++i) events[i].subject = "s-" + std::to_string(i);
  OnEachRow("IF NEW.subject = 's-7' THEN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END IF;");
  EXPECT_EQ(CodeOfWrite(events), ErrorCode::kLocked);
  const std::string before = Count();
  EXPECT_GT(std::stoi(before), 1);
  EXPECT_LT(std::stoi(before), 101);
  OnNoRow();
  EXPECT_THAT(Write(events), Each(AnyOf(Outcome::kStored, Outcome::kDuplicate)));
  EXPECT_EQ(Count(), "101");
}

TEST_F(PostgresFailureTest, AServerKilledInTheMiddleOfABatchHasNoneOfIt) {
  Write({Numbered(1)});
  OnEachRow("IF NEW.id = 'e-150' THEN PERFORM pg_sleep(300); END IF;");
  Result<std::vector<RecordOutcome>> written = std::vector<RecordOutcome>();
  std::thread writer([&] { written = TryWrite(NumberedEvents(100, 100)); });
  while (Sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0") std::this_thread::yield();
  Control("kill");
  writer.join();
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOfWrite({Numbered(2)}), ErrorCode::kUnavailable);
  Control("start");
  sql_.Close();
  EXPECT_EQ(Count(), "1");
  OnNoRow();
  EXPECT_THAT(Write(NumberedEvents(100, 100)), Each(Outcome::kStored));
}

TEST_F(PostgresFailureTest, AConnectionThatBrokeWhileItStoodIdleCostsNoBatch) {
  Write({Numbered(1)});
  PostgresProbe probe(options_);
  EXPECT_TRUE(probe.Check().ok());
  Control("restart");
  EXPECT_TRUE(probe.Check().ok());
  EXPECT_THAT(Write({Numbered(1), Numbered(2)}), ElementsAre(Outcome::kDuplicate, Outcome::kStored));
}

TEST_F(PostgresFailureTest, TheProbeFollowsTheServer) {
  PostgresProbe probe(options_);
  EXPECT_TRUE(probe.Check().ok());
  Control("stop");
  EXPECT_FALSE(probe.Check().ok());
  EXPECT_FALSE(probe.Check().ok());
  Control("start");
  EXPECT_TRUE(probe.Check().ok());
  std::vector<std::thread> callers;
  callers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int n = 0; n < 20; ++n) EXPECT_TRUE(probe.Check().ok());
    });
  }
  for (std::thread& caller : callers) caller.join();
}

// Takes connections and never says a word.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (socket_ < 0) throw std::runtime_error("no socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  [[nodiscard]] int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
};

TEST_F(PostgresFailureTest, AServerThatNeverAnswersIsATimeout) {
  const SilentServer silent;
  options_.port = silent.port();
  options_.connect_timeout = std::chrono::milliseconds(200);
  Open();
  EXPECT_EQ(CodeOfWrite({Numbered(1)}), ErrorCode::kTimeout);
  PostgresProbe probe(options_);
  const auto checked = probe.Check();
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code(), ErrorCode::kTimeout);
}

TEST_F(PostgresFailureTest, ABackendThatStandsStillIsATimeoutAndTheNextConnectionGoesOn) {
  options_.statement_timeout = std::chrono::milliseconds(100);
  Open();
  Write({Numbered(1)});
  const pid_t backend =
      std::stoi(Sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"));
  ASSERT_EQ(::kill(backend, SIGSTOP), 0);
  EXPECT_EQ(CodeOfWrite({Numbered(2)}), ErrorCode::kTimeout);
  EXPECT_THAT(Write({Numbered(2)}), ElementsAre(Outcome::kStored));
  ASSERT_EQ(::kill(backend, SIGCONT), 0);
}

TEST_F(PostgresFailureTest, AServerThatTheAuthorityDoesNotVouchForIsRefused) {
  options_.sslmode = "verify-full";
  options_.sslrootcert = Environment("AUDIT_TEST_POSTGRES_AUTHORITY");
  Open();
  EXPECT_THAT(Write({Numbered(1)}), ElementsAre(Outcome::kStored));
  EXPECT_EQ(Sql("SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE s.ssl AND "
                "a.datname = current_database() AND a.pid <> pg_backend_pid()"),
            "1");
  options_.host = "localhost";  // the certificate is for 127.0.0.1
  EXPECT_THAT(Refusal(), HasSubstr("set DB_HOST to a name in the server's certificate"));
  options_.host = "127.0.0.1";
  options_.sslrootcert = "/etc/ssl/certs/ca-certificates.crt";
  EXPECT_THAT(Refusal(), HasSubstr("check database.ssl_root_certificate_file: it does not vouch"));
  options_.sslrootcert = "/nowhere.pem";
  EXPECT_THAT(Refusal(), HasSubstr("check database.ssl_root_certificate_file"));
}

TEST_F(PostgresFailureTest, OfSeveralHostsTheOneThatAnswersIsTaken) {
  options_.host = "127.0.0.2," + options_.host;  // nobody listens on the first
  Open();
  EXPECT_THAT(Write({Numbered(1)}), ElementsAre(Outcome::kStored));
}

}  // namespace
}  // namespace audit::store
