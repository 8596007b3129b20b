"""ingest.durability: replicated. A 202 means that the brokers' in-sync replicas have the event: the loss of the
machine loses nothing. Without enough brokers the answer is 503, and the event is delivered all the same."""

import shutil
import unittest

import harness
import shared_log

TIMEOUT_MS = 2_000


class ReplicatedTest(shared_log.SharedLogTest):
    NODES = 3

    def replicated(self, name: str, **settings) -> harness.Service:
        return self.replica(name, **({"ingest.durability": "replicated", "ingest.replicated_timeout_ms": TIMEOUT_MS} |
                                     settings)).start()

    def test_what_was_answered_202_outlives_the_machine(self):
        other = self.replica("other").start()
        lost = self.replicated("lost", roles="ingest")
        harness.wait_until("the brokers take events", lambda: lost.post(harness.event(id="first")).status == 202)
        for round_ in range(5):
            self.accept(lost, shared_log.batch_of(f"round-{round_}", 200))
            lost.kill()
            shutil.rmtree(lost.data)
            lost.start()
        lost.kill()
        shutil.rmtree(lost.data)
        harness.wait_until("all are stored by another replica", lambda: self.stored("round-%") == 5 * 200)
        self.assertEqual(self.rows(), 5 * 200 + 1)
        self.assert_nothing_is_left(other)

    def test_without_enough_brokers_the_answer_is_503_and_nothing_is_lost(self):
        service = self.replicated("service")
        # With its time: one that got no answer in time is in the spool, and its repeat is the same event.
        first = harness.event(id="first", time="2026-01-01T00:00:00Z")
        harness.wait_until("the brokers take events", lambda: service.post(first).status == 202)
        for node in (1, 2):
            self.kafka.kill(node)
        event = harness.event(id="waiting", time="2026-01-01T00:00:00Z")
        refused = service.post(event)
        self.assertEqual((refused.status, refused.codes), (503, ["AUD-004"]))
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        self.assertEqual(service.get("/health/ready").status, 200)
        self.assertGreater(service.metric("audit_manager_spool_undelivered_records"), 0)
        self.assertEqual(self.stored("waiting"), 0)

        for node in (1, 2):
            self.kafka.restart(node)
        harness.wait_until("it is delivered all the same", lambda: self.stored("waiting") == 1)
        harness.wait_until("202 again", lambda: service.post(event).status == 202)
        self.assert_nothing_is_left(service)
        harness.wait_until("the repeat was seen",
                           lambda: service.samples("audit_manager_store_events_total")['{outcome="duplicate"}'] > 0)
        self.assertEqual(self.rows(), 2)


if __name__ == "__main__":
    unittest.main()
