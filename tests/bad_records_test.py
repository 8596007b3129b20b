"""A topic in which every hundredth message is bad, each in another way: the bad ones are dead letters, whole and with
the reason, and all others are rows. `audit-manager dlq` shows them, gives them out for mending and sends them again."""

import datetime
import itertools
import json
import unittest

import harness
import raw_topic
import shared_log

GROUP = "openg2p-audit-consumer"
PARTITIONS = 12
MESSAGES = 30_000
BAD_EVERY = 100
LARGE_EVERY = 5_000
LARGE_BYTES = 2 << 20
CONTENT_TYPE = ("content-type", b"application/cloudevents+json; charset=UTF-8")
# What a message may carry beside the event, and a letter must bring back as it is.
FOREIGN = [("trace", b"\x00\xff\x7f"), ("null", None), ("empty", b""), ("twice", b"1"), ("twice", b"2")]
CONTRADICTED = "test.contradicted"
SECOND = datetime.timedelta(seconds=1)


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def binary(event: dict) -> raw_topic.Message:
    headers = [("ce_" + name, event[name].encode()) for name in ("id", "source", "type", "time")]
    return raw_topic.Message(json.dumps(event["data"]).encode(), event["id"].encode(),
                             [("ce_specversion", b"1.0"), *headers, ("content-type", b"application/json")])


def structured(event: dict) -> raw_topic.Message:
    return raw_topic.Message(json.dumps(event).encode(), event["id"].encode(), [CONTENT_TYPE])


class Messages:
    """Makes good and bad ones, each with an id of its own."""

    def __init__(self):
        self.now = utc_now()
        self.time = self.now.isoformat(timespec="milliseconds")
        self.numbers = itertools.count()
        self.good = []

    def event(self, **changes) -> dict:
        return harness.event(id=f"event-{next(self.numbers)}", time=self.time) | changes

    # -- good ones

    def with_content_type(self):
        return structured(self.event())

    def without_headers(self):
        message = structured(self.event())
        message.headers = []
        return message

    def without_key(self):
        message = structured(self.event(subject="a subject"))
        message.key = None
        return message

    def in_binary_mode(self):
        return binary(self.event())

    def in_binary_mode_without_content_type(self):
        message = binary(self.event())
        message.headers.pop()
        return message

    def large(self):
        return structured(self.event(note="x" * LARGE_BYTES))

    # -- bad ones

    def not_json(self):
        return raw_topic.Message(json.dumps(self.event()).encode()[:-1], b"cut off", [CONTENT_TYPE])

    def not_utf8(self):
        return raw_topic.Message(json.dumps(self.event(type="*")).encode().replace(b"*", b"\xe9"), b"\xff")

    def rule_broken(self):
        return structured(self.event(data=harness.event()["data"] | {"outcome": "maybe"}))

    def nul_in_text(self):
        message = structured(self.event(note="a\0b"))
        message.key = None
        return message

    def large_and_cut_off(self):
        message = self.large()
        message.value = message.value[:-1]
        return message

    def older_than_retention(self):
        return structured(self.event(time="2001-02-03T04:05:06Z"))

    def empty(self):
        return raw_topic.Message(b"", b"empty", [CONTENT_TYPE])

    def tombstone(self):
        return raw_topic.Message(None, b"")

    def attribute_twice(self):
        message = self.in_binary_mode()
        message.headers.append(("ce_id", b"another"))
        return message

    def attribute_missing(self):
        message = self.in_binary_mode()
        message.headers = [header for header in message.headers if header[0] != "ce_source"]
        return message

    def conflict(self):
        return self.contradiction(structured)

    def binary_conflict(self):
        return self.contradiction(binary)

    def contradiction(self, mode):
        """Behind the event that it contradicts, in its partition."""
        original = next(message for message in reversed(self.good) if not message.headers)
        message = mode(json.loads(original.value) | {"type": CONTRADICTED})
        message.partition = original.partition
        return message

    GOOD = (with_content_type, without_headers, without_key, in_binary_mode, in_binary_mode_without_content_type)
    # Of each, how the reason begins.
    BAD = {not_json: "rejected: not JSON: expected ',' or '}'",
           not_utf8: "rejected: not JSON: the text is not valid UTF-8",
           rule_broken: "rejected: data.outcome: must be one of",
           nul_in_text: "rejected: note: holds the character U+0000",
           large_and_cut_off: "rejected: not JSON: expected ',' or '}'",
           older_than_retention: "rejected: its time is older than the retention of 84 months",
           empty: "rejected: expected one event", tombstone: "rejected: expected one event",
           attribute_twice: "rejected: ce-id: occurs more than once", attribute_missing: "rejected: source: is missing",
           conflict: "conflict: another event is stored under this id and time; it differs in type",
           binary_conflict: "conflict: another event is stored under this id and time; it differs in type"}

    def make(self, count: int) -> list[tuple[raw_topic.Message, object]]:
        """Each with the way in which it was made, which for a bad one is in BAD."""
        good, bad = itertools.cycle(self.GOOD), itertools.cycle(self.BAD)
        made = []
        for i in range(count):
            way = Messages.large if i % LARGE_EVERY == 0 else next(bad if i % BAD_EVERY == BAD_EVERY - 1 else good)
            message = way(self)
            message.timestamp = int((self.now - i * SECOND).timestamp() * 1000)
            if message.partition is None:
                message.partition = i % PARTITIONS
            if way in self.BAD:
                message.headers = message.headers + FOREIGN
            else:
                self.good.append(message)
            made.append((message, way))
        return made


class BadRecordsTest(shared_log.SharedLogTest):
    KAFKA = {"message.max.bytes": 2 * LARGE_BYTES}

    def test_bad_records_are_dead_letters_and_hold_nothing_up(self):
        topic = raw_topic.RawTopic(self.kafka.bootstrap).create(PARTITIONS)
        self.dead = raw_topic.RawTopic(self.kafka.bootstrap, "openg2p.audit.dlq")
        self.dead.create(PARTITIONS, compression_type="uncompressed")
        made = Messages().make(MESSAGES)
        bad = [(message, way) for message, way in made if way in Messages.BAD]
        self.assertEqual(len(bad), MESSAGES // BAD_EVERY)
        topic.produce([message for message, _ in made])
        began = utc_now()
        self.ours = self.replica("ours").start()
        self.wait_for_rows(MESSAGES - len(bad))
        harness.wait_until("all is committed", lambda: topic.committed(GROUP) == topic.ends())
        self.assertEqual(self.rows(), MESSAGES - len(bad))
        self.assertEqual(self.ours.metric("audit_manager_store_unavailable_total"), 0, "it paused")
        self.assertEqual(int(self.postgres.sql(
            f"SELECT count(*) FROM audit_events WHERE type = '{CONTRADICTED}' OR outcome = 'maybe'")), 0)

        letters = self.dead.read()
        numbers = self.assert_letters_are_whole(letters, bad, began)
        self.assert_listed(letters, bad)
        examples = {way: (number, message) for number, (message, way) in zip(numbers, bad)}
        self.assert_shown(examples)
        self.assert_mended(*examples[Messages.rule_broken])
        self.assert_replayed(examples)
        self.assert_dropped(letters, numbers[0])
        self.assert_any_month_is_stored()

    def dlq(self, *arguments: str, exit_code: int = 0, text: bool = True):
        """What it prints: on both streams, or as bytes on the first."""
        ended = self.ours.run("dlq", *arguments, text=text)
        self.assertEqual(ended.returncode, exit_code, ended.stderr)
        return ended.stdout + ended.stderr if text else ended.stdout

    def assert_letters_are_whole(self, letters: list, bad: list, began: datetime.datetime) -> list[str]:
        """One for each, as the message was, and what is known of its death. Returns what `dlq` calls them."""
        self.assertEqual(len(letters), len(bad))
        by_place = {}
        for letter in letters:
            facts = {name: value.decode() for name, value in letter.headers if name.startswith("dlq-")}
            by_place[int(facts["dlq-partition"]), int(facts["dlq-offset"])] = letter, facts
        numbers = []
        for message, way in bad:
            letter, facts = by_place[message.partition, message.offset]
            numbers.append(f"{letter.partition}:{letter.offset}")
            self.assertEqual(letter.key, message.key)
            self.assertEqual(letter.value, message.value)
            self.assertEqual([header for header in letter.headers if not header[0].startswith("dlq-")], message.headers)
            self.assertTrue(facts["dlq-reason"].startswith(Messages.BAD[way]), facts["dlq-reason"])
            self.assertEqual(facts["dlq-topic"], "openg2p.audit.events")
            died = datetime.datetime.fromisoformat(facts["dlq-time"])
            self.assertTrue(began - SECOND < died < utc_now() + SECOND, died)
            ingested = datetime.datetime.fromisoformat(facts["dlq-ingested-time"])
            self.assertEqual(ingested.timestamp() * 1000, message.timestamp)
        return numbers

    def assert_listed(self, letters: list, bad: list):
        listed = {line["number"]: line for line in map(json.loads, self.dlq("list", "--format", "ndjson").splitlines())}
        self.assertEqual(len(listed), len(letters))
        for letter in letters:
            line = listed[f"{letter.partition}:{letter.offset}"]
            facts = dict(letter.headers)
            self.assertEqual([line["origin"], line["partition"], line["offset"], line["bytes"]],
                             ["openg2p.audit.events", int(facts["dlq-partition"]), int(facts["dlq-offset"]),
                              len(letter.value or b"")])
            self.assertEqual(line["reason"], facts["dlq-reason"].decode())
            self.assertEqual(line["key"], (letter.key or b"").decode(errors="replace"))
        conflicts = self.dlq("list", "--reason", "conflict").splitlines()
        self.assertEqual(len(conflicts) - 1, sum("conflict" in Messages.BAD[way] for _, way in bad))
        self.assertEqual(self.dlq("list", "--until", "1h").strip(), "no dead letters")

    def assert_shown(self, examples: dict):
        for way, (number, message) in examples.items():
            shown = self.dlq("show", number)
            self.assertIn(f"number    {number}\n", shown)
            self.assertIn(f"reason    {Messages.BAD[way]}", shown)
            self.assertIn("header    twice: 2\n", shown)
            self.assertIn("header    null, without a value\n", shown)
            self.assertEqual("none, the message had no value" in shown, message.value is None)
            self.assertEqual(self.dlq("show", "--raw", number, text=False), (message.value or b"") + b"\n")
        self.assertIn("no dead letter has the number 0:999999", self.dlq("show", "0:999999", exit_code=1))

    def assert_mended(self, number: str, message: raw_topic.Message):
        """As the help says: given out, mended by hand, sent."""
        file = self.ours.folder / "event.json"
        file.write_bytes(self.dlq("show", "--raw", number, text=False).replace(b"maybe", b"denied"))
        sent = self.ours.run("emit", str(file))
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.wait_for_row(json.loads(message.value)["id"], "outcome = 'denied'")

    def wait_for_row(self, event_id: str, condition: str):
        harness.wait_until(f"{event_id} is stored", lambda: self.postgres.sql(
            f"SELECT count(*) FROM audit_events WHERE id = '{event_id}' AND {condition}") == "1")

    def assert_replayed(self, examples: dict):
        refused, _ = examples[Messages.not_json]
        self.assertIn(f"{refused}: refused, kept: ", self.dlq("replay", refused, exit_code=1))
        refused, _ = examples[Messages.attribute_missing]
        self.assertIn(f"{refused}: refused, kept: source: is missing", self.dlq("replay", refused, exit_code=1))
        # A conflict is one again while the other event is there...
        number, message = examples[Messages.conflict]
        count = sum(self.dead.ends().values())
        self.assertIn(f"{number}: accepted", self.dlq("replay", number))
        harness.wait_until("it is a dead letter again", lambda: sum(self.dead.ends().values()) == count + 1)
        # ... and a row when it is not.
        events = {examples[Messages.conflict][0]: json.loads(message.value)["id"],
                  examples[Messages.binary_conflict][0]: examples[Messages.binary_conflict][1].key.decode()}
        for event_id in events.values():
            deleted = self.postgres.sql(f"DELETE FROM audit_events WHERE id = '{event_id}' RETURNING id")
            self.assertEqual(deleted, event_id)
        self.assertIn("2 of 2 replayed", self.dlq("replay", *events))
        for event_id in events.values():
            self.wait_for_row(event_id, f"type = '{CONTRADICTED}'")

    def assert_dropped(self, letters: list, number: str):
        partition, offset = map(int, number.split(":"))
        self.assertIn("say --through", self.dlq("drop", "--yes", number, exit_code=2))
        self.assertIn("1 dropped", self.dlq("drop", "--yes", "--through", number))
        behind = [letter for letter in self.dead.read() if letter.partition == partition]
        self.assertEqual(min(letter.offset for letter in behind), offset + 1)
        elsewhere = sum(letter.partition != partition for letter in letters)
        self.assertGreaterEqual(sum(letter.partition != partition for letter in self.dead.read()), elsewhere)

    def assert_any_month_is_stored(self):
        """Over HTTP an event of a month inside the retention that nobody has made a partition for."""
        when = utc_now() - datetime.timedelta(days=3 * 365)
        partition = f"audit_events_{when:%Y_%m}"
        self.assertEqual(self.postgres.sql(f"SELECT to_regclass('{partition}')"), "")
        answer = self.ours.post(harness.event(id="old", time=when.isoformat()))
        self.assertEqual(answer.status, 202, answer.body)
        self.wait_for_row("old", f"tableoid = to_regclass('{partition}')")


if __name__ == "__main__":
    unittest.main()
