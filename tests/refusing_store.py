"""What the tests of a store that is away or refuses have in common: the service logs in to PostgreSQL as a role that
may read and insert and nothing else, callers go on, and afterwards every accepted event is one row."""

import subprocess
import time

import harness
import shared_log

PASSWORD = "a writer's"
LAG = "audit_manager_kafka_consumer_lag_events"
DONE = "audit_manager_store_events_total"


class RefusingStoreTest(shared_log.SharedLogTest):
    def setUp(self):
        super().setUp()
        self.postgres.sql(self.schema())
        self.postgres.sql(f"ALTER ROLE audit_writer LOGIN PASSWORD $${PASSWORD}$$")
        self.number_the_rows()
        self.postgres.sql("GRANT USAGE ON SEQUENCE audit_events_arrival_seq TO audit_writer")

    @staticmethod
    def schema() -> str:
        return subprocess.run([harness.BINARY, "schema", "--print"], capture_output=True, text=True, check=True).stdout

    def writer(self, variables: dict | None = None, **settings) -> harness.Service:
        login = {"DB_USER": "audit_writer", "DB_PASSWORD": PASSWORD}
        return self.replica("replica", login | (variables or {}), **settings).start()

    def caller_of(self, service: harness.Service) -> shared_log.Caller:
        caller = self.call(service, "caller", 500, pause=0.05)
        harness.wait_until("rows come in", self.rows_or_none)
        return caller

    def hold_up(self, service: harness.Service, caller: shared_log.Caller, outage, seconds: float, says: str = ""):
        """While `outage` lasts callers go on, no offset moves, and health and log tell of it; then all recovers."""
        log_before = service.log.stat().st_size

        def logged() -> bool:
            with open(service.log, "rb") as log:
                log.seek(log_before)
                return says.encode() in log.read()

        def health() -> tuple:
            answer = service.get("/health")
            return answer.status, answer.codes

        with outage:
            before = caller.accepted
            harness.wait_until("/health notices", lambda: health() == (503, ["AUD-006"]))
            harness.wait_until(f"the log says '{says}'", logged)
            lag, done = service.metric(LAG), service.metric(DONE)
            time.sleep(seconds)
            self.assertEqual(service.get("/health/ready").status, 200)
            self.assertEqual(service.get("/health/live").status, 200)
            harness.wait_until("callers go on", lambda: caller.accepted > before + 1_000)
            harness.wait_until("the lag grows", lambda: service.metric(LAG) > lag)
            self.assertEqual(service.metric(DONE), done, "events were dealt with, or given up")
        harness.wait_until("/health recovers", lambda: service.get("/health").status == 200)

    def finish(self, service: harness.Service, caller: shared_log.Caller):
        caller.end()
        self.assertEqual(caller.refusals, {})
        self.assert_stored_once_in_order([caller])
        self.assert_nothing_is_left(service)
        self.assertEqual(service.stop(), 0)

    def during(self, service: harness.Service, outage, seconds: float, says: str = ""):
        """One outage, from the first row to the last."""
        caller = self.caller_of(service)
        self.hold_up(service, caller, outage, seconds, says)
        self.finish(service, caller)
