"""The database is away, or there and refusing: callers notice nothing, no offset moves, and afterwards every
accepted event is one row. The service logs in as a role that may read and insert and nothing else."""

import contextlib
import os
import subprocess
import time
import unittest

import harness
import shared_log

AWAY_SECONDS = float(os.environ.get("AUDIT_TEST_STORE_AWAY_SECONDS", "120"))
REFUSING_SECONDS = 12
PASSWORD = "a writer's"


class StoreOutageTest(shared_log.SharedLogTest):
    def setUp(self):
        super().setUp()
        schema = subprocess.run([harness.BINARY, "schema", "--print"], capture_output=True, text=True, check=True).stdout
        self.postgres.sql(schema)
        self.postgres.sql(f"ALTER ROLE audit_writer LOGIN PASSWORD $${PASSWORD}$$")
        self.number_the_rows()
        self.postgres.sql("GRANT USAGE ON SEQUENCE audit_events_arrival_seq TO audit_writer")

    def writer(self, **variables) -> harness.Service:
        return self.replica("replica", {"DB_USER": "audit_writer", "DB_PASSWORD": PASSWORD} | variables).start()

    def during(self, service: harness.Service, outage, seconds: float):
        """Callers go on while `outage` lasts; what they were promised is stored after it."""
        caller = self.call(service, "caller", 500, pause=0.05)
        harness.wait_until("rows come in", lambda: self.rows_or_none())
        with outage:
            before = caller.accepted
            harness.wait_until("/health notices", lambda: service.get("/health").status == 503)
            lag = service.metric("audit_manager_kafka_consumer_lag_events")
            time.sleep(seconds)
            self.assertEqual(service.get("/health/ready").status, 200)
            self.assertEqual(service.get("/health/live").status, 200)
            self.assertGreater(caller.accepted, before + 1_000, "callers were held up")
            self.assertGreater(service.metric("audit_manager_kafka_consumer_lag_events"), lag, "offsets moved")
        harness.wait_until("/health recovers", lambda: service.get("/health").status == 200)
        caller.end()
        self.assertEqual(caller.refusals, {})
        self.assert_stored_once_in_order([caller])
        self.assert_nothing_is_left(service)
        self.assertEqual(service.stop(), 0)

    @contextlib.contextmanager
    def away(self):
        self.postgres.stop("immediate")
        yield
        self.postgres.start()

    @contextlib.contextmanager
    def setting(self, name: str, value: str):
        def apply(statement: str):
            self.postgres.sql(statement)
            self.postgres.sql("SELECT pg_reload_conf()")

        apply(f"ALTER SYSTEM SET {name} = {value}")
        yield
        apply(f"ALTER SYSTEM RESET {name}")

    @contextlib.contextmanager
    def no_connections(self):
        self.postgres.sql("ALTER ROLE audit_writer CONNECTION LIMIT 0")
        self.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'audit_writer'")
        yield
        self.postgres.sql("ALTER ROLE audit_writer CONNECTION LIMIT -1")

    def test_a_database_that_is_away(self):
        self.during(self.writer(), self.away(), AWAY_SECONDS)

    def test_a_database_that_is_read_only(self):
        self.during(self.writer(), self.setting("default_transaction_read_only", "on"), REFUSING_SECONDS)

    def test_a_database_that_takes_no_more_connections(self):
        self.during(self.writer(), self.no_connections(), REFUSING_SECONDS)

    def test_a_table_that_somebody_holds_locked(self):
        service = self.writer()
        caller = self.call(service, "caller", 500, pause=0.05)
        harness.wait_until("rows come in", self.rows_or_none)
        seconds = 3 * REFUSING_SECONDS
        holder = subprocess.Popen(["psql", "-XAtq", "-h", self.postgres.host, "-p", str(self.postgres.port), "-U",
                                   self.postgres.user, "-d", self.postgres.name, "-c",
                                   f"BEGIN; LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({seconds})"],
                                  env=dict(os.environ) | {"PGPASSWORD": self.postgres.password})
        self.addCleanup(holder.kill)
        before = caller.accepted
        harness.wait_until("the store says that it is held up",
                           lambda: service.metric("audit_manager_store_unavailable_total") > 0)
        self.assertIsNone(holder.poll(), "the lock was gone before")
        holder.wait(harness.PATIENCE_SECONDS)
        self.assertGreater(caller.accepted, before + 1_000, "callers were held up")
        caller.end()
        self.assertEqual(caller.refusals, {})
        self.assert_stored_once_in_order([caller])
        self.assert_nothing_is_left(service)


if __name__ == "__main__":
    unittest.main()
