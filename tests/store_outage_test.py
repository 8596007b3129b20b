"""The database is away, or there and refusing: callers notice nothing, no offset moves, and afterwards every
accepted event is one row."""

import contextlib
import os
import subprocess
import unittest

import harness
import refusing_store

AWAY_SECONDS = float(os.environ.get("AUDIT_TEST_STORE_AWAY_SECONDS", "120"))
REFUSING_SECONDS = 12


class StoreOutageTest(refusing_store.RefusingStoreTest):
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
        self.during(self.writer(), self.setting("default_transaction_read_only", "on"), REFUSING_SECONDS,
                    "read-only")

    def test_a_database_that_takes_no_more_connections(self):
        self.during(self.writer(), self.no_connections(), REFUSING_SECONDS, "too many connections")

    def test_a_table_that_somebody_holds_locked(self):
        service = self.writer()
        caller = self.caller_of(service)
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
        self.finish(service, caller)


if __name__ == "__main__":
    unittest.main()
