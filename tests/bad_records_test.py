"""A topic in which every hundredth message is bad, each in another way: the bad ones are dead letters, whole and with
the reason, and all others are rows. `audit-manager dlq` shows them, mends them and sends them again."""

import datetime
import itertools
import json
import re
import unittest

import harness
import raw_topic
import shared_log

GROUP = "openg2p-audit-consumer"
PARTITIONS = 12
MESSAGES = 30_000
BAD_EVERY = 100
LARGE = 2 << 20
JSON_EVENT = ("content-type", b"application/cloudevents+json; charset=UTF-8")
# What a message may carry beside the event, and a letter must bring back as it is.
FOREIGN = [("trace", b"\x00\xff\x7f"), ("none", None), ("empty", b""), ("twice", b"1"), ("twice", b"2")]
SECOND = datetime.timedelta(seconds=1)


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


class Messages:
    """Makes good and bad ones; each is of the next partition and has an id of its own."""

    def __init__(self):
        self.now = utc_now()
        self.time = self.now.isoformat(timespec="milliseconds")
        self.numbers = itertools.count()
        self.good = []

    def event(self, **changes) -> dict:
        return harness.event(id=f"event-{next(self.numbers)}", time=self.time) | changes

    @staticmethod
    def binary(event: dict) -> raw_topic.Message:
        headers = [("ce_" + name, event[name].encode()) for name in ("id", "source", "type", "time")]
        return raw_topic.Message(json.dumps(event["data"]).encode(), event["id"].encode(),
                                 [("ce_specversion", b"1.0"), *headers, ("content-type", b"application/json")])

    @staticmethod
    def structured(event: dict) -> raw_topic.Message:
        return raw_topic.Message(json.dumps(event).encode(), event["id"].encode(), [JSON_EVENT])

    # -- good ones

    def with_content_type(self):
        return self.structured(self.event())

    def without_headers(self):
        message = self.structured(self.event())
        message.headers = []
        return message

    def without_key(self):
        message = self.structured(self.event(subject="a subject"))
        message.key = None
        return message

    def in_binary_mode(self):
        return self.binary(self.event())

    def in_binary_mode_without_content_type(self):
        message = self.in_binary_mode()
        message.headers.pop()
        return message

    # -- bad ones, and how their reasons read

    def not_json(self):
        """rejected: .*not JSON"""
        return raw_topic.Message(json.dumps(self.event()).encode()[:-1], b"cut off", [JSON_EVENT])

    def not_utf8(self):
        """rejected: .*UTF-8"""
        return raw_topic.Message(json.dumps(self.event(type="*")).encode().replace(b"*", b"\xe9"), b"\xff\x00", [])

    def rule_broken(self):
        """rejected: data.outcome: .*"""
        return self.structured(harness.event(id=f"mend-{next(self.numbers)}", time=self.time, data={
            "actor": {"id": "tester"}, "action": "test", "outcome": "maybe"}))

    def nul_in_text(self):
        """rejected: .*U\\+0000.*"""
        return self.structured(self.event(note="a\0b"))

    def large(self):
        """rejected: .*not JSON"""
        return raw_topic.Message(json.dumps(self.event(note="x" * LARGE)).encode()[:-1], b"large", [JSON_EVENT])

    def older_than_retention(self):
        """rejected: .*retention.*"""
        return self.structured(self.event(time="2001-02-03T04:05:06Z"))

    def empty(self):
        """rejected: .*"""
        return raw_topic.Message(b"", b"empty", [JSON_EVENT])

    def tombstone(self):
        """rejected: .*"""
        return raw_topic.Message(None, b"", [])

    def attribute_twice(self):
        """rejected: .*"""
        message = self.in_binary_mode()
        message.headers.append(("ce_id", b"another"))
        return message

    def no_source(self):
        """rejected: source: .*"""
        message = self.in_binary_mode()
        message.headers = [header for header in message.headers if header[0] != "ce_source"]
        return message

    def conflict(self):
        """conflict: .*"""
        return self.another_content(self.structured)

    def binary_conflict(self):
        """conflict: .*"""
        return self.another_content(self.binary)

    def another_content(self, mode):
        """Behind the one that it contradicts, in its partition."""
        original = next(message for message in reversed(self.good) if not message.headers)
        message = mode(json.loads(original.value) | {"type": "test.contradicted"})
        message.partition = original.partition
        return message

    GOOD = (with_content_type, without_headers, without_key, in_binary_mode, in_binary_mode_without_content_type)
    BAD = (not_json, not_utf8, rule_broken, nul_in_text, large, older_than_retention, empty, tombstone, attribute_twice,
           no_source, conflict, binary_conflict)

    def make(self, count: int) -> list[tuple[raw_topic.Message, str | None]]:
        """Each with what the reason must match, if it is bad."""
        made = []
        for i in range(count):
            is_bad = i % BAD_EVERY == BAD_EVERY - 1
            way = self.BAD[i // BAD_EVERY % len(self.BAD)] if is_bad else self.GOOD[i % len(self.GOOD)]
            message = way(self)
            message.timestamp = int((self.now - i * SECOND).timestamp() * 1000)
            if message.partition is None:
                message.partition = i % PARTITIONS
            if is_bad:
                message.headers = message.headers + FOREIGN
            else:
                self.good.append(message)
            made.append((message, way.__doc__))
        return made


class BadRecordsTest(shared_log.SharedLogTest):
    KAFKA = {"message.max.bytes": 2 * LARGE}

    def setUp(self):
        super().setUp()
        self.topic = raw_topic.RawTopic(self.kafka.bootstrap).create(PARTITIONS)
        self.dead = raw_topic.RawTopic(self.kafka.bootstrap, "openg2p.audit.dlq").create(
            PARTITIONS, compression_type="uncompressed")

    def test_bad_records_are_dead_letters_and_hold_nothing_up(self):
        made = Messages().make(MESSAGES)
        bad = [(message, reason) for message, reason in made if reason]
        self.assertEqual(len(bad), MESSAGES // BAD_EVERY)
        self.topic.produce([message for message, _ in made])
        began = utc_now()
        service = self.replica("replica").start()
        self.wait_for_rows(MESSAGES - len(bad))
        harness.wait_until("all is committed", lambda: self.topic.committed(GROUP) == self.topic.ends())
        self.assertEqual(self.rows(), MESSAGES - len(bad))
        self.assertEqual(service.metric("audit_manager_store_unavailable_total"), 0, "it paused")

        letters = self.dead.read()
        self.assert_letters(letters, bad, began)
        self.assert_listed(service, letters)


    def assert_letters(self, letters: list[raw_topic.Message], bad: list, began: datetime.datetime):
        """One for each, as the message was, and what is known of its death."""
        self.assertEqual(len(letters), len(bad))
        by_place = {}
        for letter in letters:
            facts = {name: value.decode() for name, value in letter.headers if name.startswith("dlq-")}
            by_place[int(facts["dlq-partition"]), int(facts["dlq-offset"])] = letter, facts
        for message, reason in bad:
            letter, facts = by_place[message.partition, message.offset]
            self.assertEqual(letter.key, message.key)
            self.assertEqual(letter.value, message.value)
            self.assertEqual([header for header in letter.headers if not header[0].startswith("dlq-")], message.headers)
            self.assertRegex(facts["dlq-reason"], re.compile(f"^{reason}$", re.DOTALL))
            self.assertEqual(facts["dlq-topic"], self.topic.name)
            died = datetime.datetime.fromisoformat(facts["dlq-time"])
            self.assertTrue(began - SECOND < died < utc_now() + SECOND, died)
            ingested = datetime.datetime.fromisoformat(facts["dlq-ingested-time"])
            self.assertEqual(ingested.timestamp() * 1000, message.timestamp)

    def assert_listed(self, service: harness.Service, letters: list[raw_topic.Message]):
        pass


if __name__ == "__main__":
    unittest.main()
