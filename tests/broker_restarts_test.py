"""Brokers that go and come back while events arrive: all of them stopped in order, and one after the other restarted.
Callers notice nothing, and each event is one row, in the order of its key."""

import time
import unittest

import harness
import shared_log

AWAY_SECONDS = 15


class BrokerRestartsTest(shared_log.SharedLogTest):
    NODES = 3

    def setUp(self):
        super().setUp()
        self.replicas = [self.replica(f"replica-{i}").start() for i in range(2)]
        self.number_the_rows()
        self.callers = [self.call(replica, f"caller-{i}", 250, pause=0.05) for i, replica in enumerate(self.replicas)]
        harness.wait_until("rows come in", self.rows_or_none)

    def more(self, count: int):
        """Until so many events were accepted since."""
        goal = self.accepted() + count
        harness.wait_until(f"{goal} events accepted", lambda: self.accepted() >= goal)

    def accepted(self) -> int:
        return sum(caller.accepted for caller in self.callers)

    def judge(self):
        for caller in self.callers:
            caller.end()
            self.assertEqual(caller.refusals, {}, f"{caller.name} was refused")
        self.assert_stored_once_in_order(self.callers)
        for replica in self.replicas:
            self.assert_nothing_is_left(replica)
            self.assertEqual(replica.stop(), 0)
            self.assert_spool_sound(replica)

    def test_all_brokers_stopped_and_started(self):
        self.kafka.end_in_order()
        stopped_at = self.accepted()
        time.sleep(AWAY_SECONDS)
        self.assertGreater(self.accepted(), stopped_at, "callers were held up")
        for replica in self.replicas:
            self.assertEqual(replica.get("/health/ready").status, 200)
        self.kafka.start()
        self.more(1_000)
        self.judge()

    def test_a_rolling_restart(self):
        for node in (1, 2, 3):
            self.kafka.restart(node)
            self.more(1_000)
        self.judge()


if __name__ == "__main__":
    unittest.main()
