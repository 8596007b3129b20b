"""Three replicas, then four, on three brokers and one database, while one after another is killed, stopped or
restarted: every accepted event is one row, the order of each key is kept, and nothing is left over."""

import os
import time
import unittest

import harness
import shared_log

EVENTS = int(os.environ.get("AUDIT_TEST_EVENTS", "200000"))
KEYS = 2_000
KAFKA_AWAY_SECONDS = float(os.environ.get("AUDIT_TEST_KAFKA_AWAY_SECONDS", "30"))


class ReplicasTest(shared_log.SharedLogTest):
    NODES = 3

    def test_whatever_is_killed_each_event_is_stored_once_and_in_order(self):
        replicas = [self.replica(f"replica-{i}").start() for i in range(3)]
        self.number_the_rows()
        callers = [self.call(replica, f"caller-{i}", KEYS // 4) for i, replica in enumerate(replicas)]

        def more(share: float):
            """Until so much of all events were accepted since."""
            goal = sum(caller.accepted for caller in callers) + share * EVENTS
            harness.wait_until(f"{goal} events accepted", lambda: sum(c.accepted for c in callers) >= goal)

        more(0.1)
        replicas[0].kill()
        more(0.1)
        self.assert_spool_sound(replicas[0])
        replicas[0].start()
        more(0.1)
        replicas.append(self.replica("replica-3").start())
        callers.append(self.call(replicas[3], "caller-3", KEYS - 3 * (KEYS // 4)))
        more(0.1)
        self.postgres.restart()
        more(0.1)
        self.kafka.kill(2)
        more(0.1)
        self.kafka.restart(2)
        more(0.1)
        self.kafka.pause()
        time.sleep(KAFKA_AWAY_SECONDS)
        self.kafka.resume()
        more(0.1)
        harness.wait_until("all events", lambda: sum(c.accepted for c in callers) >= EVENTS)
        for caller in callers:
            caller.end()
            self.assertEqual(caller.refusals, {}, f"{caller.name} was refused")

        self.assert_stored_once_in_order(callers)
        for replica in replicas:
            self.assert_nothing_is_left(replica)
        for replica in replicas:
            self.assertEqual(replica.stop(), 0)
            self.assert_spool_sound(replica)
        print(f"{sum(c.accepted for c in callers)} events of {KEYS} keys, each stored once and in order")


if __name__ == "__main__":
    unittest.main()
