"""Brokers that take only small messages: a large event that was accepted keeps none of the others back, is kept by
its replica with the reason, and goes the usual way when the limit was raised."""

import base64
import json
import random
import unittest

import harness
import shared_log

TOPIC = "openg2p.audit.events"
LIMIT = 100_000
LARGE = 500_000


def large_event(name: str) -> dict:
    """What the brokers measure is compressed, so it must not be compressible."""
    noise = base64.b64encode(random.Random(name).randbytes(LARGE * 3 // 4)).decode()
    event = harness.event(id=name, subject="large")
    return event | {"data": event["data"] | {"scan": noise}}


class OversizedEventTest(shared_log.SharedLogTest):
    def test_a_message_that_is_too_large_is_set_aside_and_goes_when_the_limit_was_raised(self):
        self.make_topics()
        admin = self.admin()
        admin.set_topic(TOPIC, max_message_bytes=LIMIT)
        replica = self.replica("replica").start()
        self.number_the_rows()
        callers = [self.call(replica, f"caller-{i}", 100) for i in range(2)]
        harness.wait_until("events go through",
                           lambda: replica.metric("audit_manager_kafka_published_events_total") > 1_000)

        for name in ("large-1", "large-2"):
            self.assertEqual(replica.post(large_event(name)).status, 202)
        harness.wait_until("both are set aside",
                           lambda: replica.metric("audit_manager_kafka_refused_events_total") == 2)
        before = sum(caller.accepted for caller in callers)
        harness.wait_until("callers go on", lambda: sum(caller.accepted for caller in callers) > before + 2_000)
        for caller in callers:
            caller.end()
            self.assertEqual(caller.refusals, {})
        self.assert_stored_once_in_order(callers)
        self.assert_nothing_is_left(replica)
        harness.wait_until("the spool is empty", lambda: replica.metric("audit_manager_spool_undelivered_records") == 0)

        lines = replica.logged("Kafka does not take an event")
        self.assertEqual([line["id"] for line in lines], ["large-1", "large-2"])
        for line in lines:
            self.assertIn("too large", line["reason"])
            self.assertEqual((line["level"], line["source"]), ("error", "/tests"))
        self.assertTrue((replica.data / "set_aside.db").exists())
        letters = self.set_aside(replica)
        self.assertEqual([letter["key"] for letter in letters], ["large", "large"])
        for letter in letters:
            self.assertIn("too large", letter["reason"])
            self.assertGreater(letter["bytes"], LARGE)

        admin.set_topic(TOPIC, max_message_bytes=2 * LARGE)
        replayed = replica.run("dlq", "replay", "--local", "--all")
        self.assertEqual(replayed.returncode, 0, replayed.stderr)
        harness.wait_until("both have rows", lambda: self.stored("large-_") == 2)
        self.assertEqual(self.set_aside(replica), [])
        self.assertEqual(replica.metric("audit_manager_kafka_refused_events_total"), 2)
        self.assertEqual(replica.stop(), 0)
        self.assert_spool_sound(replica)

    @staticmethod
    def set_aside(replica: harness.Service) -> list[dict]:
        listed = replica.run("dlq", "list", "--local", "--format", "ndjson").stdout
        return [json.loads(line) for line in listed.splitlines()]


if __name__ == "__main__":
    unittest.main()
