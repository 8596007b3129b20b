"""The service behind PgBouncer in transaction mode, as the role that may read and insert only: the pooler is killed and
comes back, PostgreSQL is restarted behind it, and every accepted event is one row, in the order of its key."""

import contextlib
import unittest

import refusing_store

import postgres  # of tests/servers, which the harness makes known

SECONDS = 5


class PoolerTest(refusing_store.RefusingStoreTest):
    def setUp(self):
        super().setUp()
        self.pooler = postgres.PgBouncer(self.postgres)
        self.addCleanup(self.pooler.remove)
        self.pooler.start()

    @contextlib.contextmanager
    def no_pooler(self):
        self.pooler.stop()
        yield
        self.pooler.start()

    @contextlib.contextmanager
    def no_server_behind_it(self):
        self.postgres.stop("fast")
        yield
        self.postgres.start()

    def test_pooler_and_server_go_and_come_back(self):
        service = self.writer({"DB_PORT": str(self.pooler.port)}, **{"database.writers": 4})
        caller = self.caller_of(service)
        self.hold_up(service, caller, self.no_pooler(), SECONDS, "check DB_HOST and DB_PORT")
        self.hold_up(service, caller, self.no_server_behind_it(), SECONDS)
        self.postgres.restart()
        self.wait_for_rows(self.rows() + 1_000)
        self.finish(service, caller)


if __name__ == "__main__":
    unittest.main()
