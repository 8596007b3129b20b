"""A primary and a hot standby of PostgreSQL: the primary is lost, the standby is promoted, and the service, which knows
both, goes on there. Commits wait for the standby, so every accepted event is one row."""

import time
import unittest

import harness
import refusing_store

import postgres  # of tests/servers, which the harness makes known

SECONDS = 5


class FailoverTest(refusing_store.RefusingStoreTest):
    def setUp(self):
        super().setUp()
        self.standby = postgres.Standby(self.postgres)
        self.addCleanup(self.standby.remove)
        self.standby.start()

    def test_the_service_follows_the_primary(self):
        # The standby first: it is there, and takes no writes.
        service = self.writer({"DB_HOST": f"{self.standby.host},{self.postgres.host}"})
        caller = self.caller_of(service)
        self.postgres.kill()
        harness.wait_until("/health notices", lambda: service.get("/health").status == 503)
        before = caller.accepted
        time.sleep(SECONDS)
        self.assertGreater(caller.accepted, before, "callers were held up")
        self.assertIn("read-only", service.log_tail())
        self.standby.promote()
        harness.wait_until("/health recovers", lambda: service.get("/health").status == 200)
        self.postgres = self.standby
        self.wait_for_rows(self.rows() + 1_000)
        self.finish(service, caller)


if __name__ == "__main__":
    unittest.main()
