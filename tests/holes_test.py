"""What was never read is gone from the log: the hole is told to the offset, and everything behind it is stored."""

import unittest

import harness
import shared_log

TOPIC = "openg2p.audit.events"
PARTITIONS = 3
COUNT = 300


class HolesTest(shared_log.SharedLogTest):
    # Brokers look for what they may delete twice a second.
    KAFKA = {"log.retention.check.interval.ms": "500", "log.initial.task.delay.ms": "500"}

    def setUp(self):
        super().setUp()
        self.brokers = self.admin()
        self.reader = self.replica("reader", **{"kafka.topics.partitions": PARTITIONS}).start()
        self.accept(self.reader, shared_log.batch_of("read", COUNT))
        self.wait_for_rows(COUNT)
        harness.wait_until("everything is committed", lambda: self.lag(self.reader) == 0)

    def ends(self) -> list[tuple[int, int]]:
        return [self.brokers.ends(TOPIC, partition) for partition in range(PARTITIONS)]

    def assert_told(self, holes: dict[int, tuple[int, int]]):
        """`holes` by partition: their first offsets, and those behind them."""
        lines = self.reader.logged("offsets of the topic are gone")
        self.assertEqual({(line["topic"], line["partition"], line["first"], line["last"]) for line in lines},
                         {(TOPIC, partition, first, end - 1) for partition, (first, end) in holes.items()})
        self.assertEqual({line["level"] for line in lines}, {"error"})
        self.assertEqual(self.reader.metric("audit_manager_kafka_holes_total"), len(holes))
        self.assertEqual(self.reader.metric("audit_manager_kafka_missing_offsets_total"),
                         sum(end - first for first, end in holes.values()))

    def publisher(self) -> harness.Service:
        return self.replica("publisher", **{"roles": "ingest", "kafka.topics.partitions": PARTITIONS}).start()

    def publish(self, publisher: harness.Service, prefix: str, count: int = COUNT):
        self.accept(publisher, shared_log.batch_of(prefix, count))
        harness.wait_until("it is published", lambda: publisher.metric("audit_manager_spool_undelivered_records") == 0)

    def test_records_that_somebody_deleted(self):
        self.assertEqual(self.reader.stop(), 0)
        publisher = self.publisher()
        committed = [end for _, end in self.ends()]
        self.publish(publisher, "lost")
        published = [end for _, end in self.ends()]
        middle = (committed[0] + published[0]) // 2
        self.brokers.delete_records(TOPIC, 0, middle)
        self.brokers.delete_records(TOPIC, 1, published[1])
        self.publish(publisher, "behind")

        self.reader.start()
        harness.wait_until("what is behind is stored", lambda: self.stored("behind-%") == COUNT)
        harness.wait_until("all is read", lambda: self.lag(self.reader) == 0)
        self.assert_told({0: (committed[0], middle), 1: (committed[1], published[1])})
        missing = middle - committed[0] + published[1] - committed[1]
        self.assertEqual(self.rows(), 3 * COUNT - missing)
        self.assertEqual(self.letters(self.reader), [])

    def test_segments_that_the_brokers_deleted_themselves(self):
        self.assertEqual(self.reader.stop(), 0)
        publisher = self.publisher()
        committed = [end for _, end in self.ends()]
        self.publish(publisher, "lost")
        published = [end for _, end in self.ends()]
        self.brokers.set_topic(TOPIC, retention_ms=1_000)
        harness.wait_until("they are gone", lambda: self.ends() == [(end, end) for end in published])
        self.brokers.set_topic(TOPIC, retention_ms=86_400_000)
        self.publish(publisher, "behind")

        self.reader.start()
        harness.wait_until("what is behind is stored", lambda: self.stored("behind-%") == COUNT)
        self.assert_told({partition: (committed[partition], published[partition]) for partition in range(PARTITIONS)})
        self.assertEqual(self.stored("lost-%"), 0)

    def test_a_topic_made_anew_under_a_running_replica(self):
        committed = [end for _, end in self.ends()]
        self.brokers.delete_topic(TOPIC)
        harness.wait_until("the topic is gone", self.topic_is_gone)
        self.accept(self.reader, shared_log.batch_of("anew", 30))
        made = self.reader.run("topics", "ensure")
        self.assertEqual(made.returncode, 0, made.stderr)
        harness.wait_until("the new ones are stored", lambda: self.stored("anew-%") == 30)
        told = self.reader.logged("offsets of the topic are gone")
        self.assertGreater(len(told), 0)
        for line in told:
            self.assertEqual(line["last"], committed[line["partition"]] - 1)
            self.assertIn("made anew", line["cause"])
        self.assertEqual(self.reader.metric("audit_manager_kafka_holes_total"), len(told))

    def test_a_topic_made_anew_while_no_replica_ran(self):
        self.assertEqual(self.reader.stop(), 0)
        self.brokers.delete_topic(TOPIC)
        harness.wait_until("the topic is gone", self.topic_is_gone)
        self.reader.start()
        self.accept(self.reader, shared_log.batch_of("anew", 30))
        harness.wait_until("the new ones are stored", lambda: self.stored("anew-%") == 30)
        # The brokers forgot the group's offsets with the topic, so there is nothing to miss.
        self.assertEqual(self.reader.metric("audit_manager_kafka_holes_total"), 0)

    def topic_is_gone(self) -> bool:
        try:
            self.ends()
        except RuntimeError:
            return True
        return False


if __name__ == "__main__":
    unittest.main()
