"""Taking over from the Python service: an installation with its file, its topic, its group and its table goes on
as it is, replicas of both kinds share the group in any order, and the way back is open."""

import datetime
import json
import unittest

import harness
import python_service
import shared_log

# How long the brokers wait for a member of ours that was killed; of the other kind it is 10 s.
SESSION_TIMEOUT_MS = 6_000

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
# What one kind of replica could write in another way than the other, by the name of the event.
KINDS = {
    "plain": {},
    "subject": {"subject": "household/7"},
    "nulls": {"subject": None, "traceparent": None, "datacontenttype": None,
              "data": {"actor": {"id": "ann", "name": None, "roles": None}, "action": "read", "outcome": "denied",
                       "reason": None, "resource": None, "note": None}},
    "empty": {"data": {"actor": {"id": "ann", "name": "", "roles": [], "unit": {}}, "action": "read",
                       "outcome": "failure", "reason": "", "resource": {"type": "card", "id": "", "note": ""},
                       "list": [], "object": {}, "text": ""}},
    "actor": {"data": {"actor": {"type": "service", "id": "cron", "name": "Ann Ó Briain", "ip": "10.0.0.1",
                                 "session_id": "s-1", "roles": ["clerk", "auditor"], "unit": "north"},
                       "action": "approve", "outcome": "success", "reason": "four eyes"}},
    "resource": {"data": {"actor": {"id": "ann"}, "action": "pay", "outcome": "success",
                          "resource": {"type": "payment", "id": "p-1", "currency": "INR", "lines": [{"to": "bob"}]}}},
    "values": {"data": {"actor": {"id": "ann"}, "action": "update", "outcome": "success", "whole": -12,
                        "large": 12345678901234567890, "part": 0.1, "yes": True, "deep": {"a": [1, {"b": None}]},
                        "text": "नमस्ते \"quoted\" \\ / \n \U0001f600"}},
    "trace": {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
    "trace-of-zeros": {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"},
    "trace-malformed": {"traceparent": "00-short"},
    "unknown": {"dataschema": "https://example.org/s", "partner": "x", "datacontenttype": "application/json"},
}


def like_events(variant: str, time: str) -> list[dict]:
    return [harness.event(id=f"{name}/{variant}", time=time, **changes) for name, changes in KINDS.items()]


class TakeoverTest(python_service.Installation):
    def wait_for_members(self, count: int):
        def there():
            group = self.topic.group(python_service.GROUP)
            return group.state == "Stable" and len(group.clients) == count

        harness.wait_until(f"the group has {count} members", there)


class ExistingInstallationTest(TakeoverTest):
    def send(self, service: harness.Service, events: list[dict]):
        for first in range(0, len(events), shared_log.BATCH):
            answer = service.post({"events": events[first:first + shared_log.BATCH]}, "/events/batch")
            self.assertEqual(answer.status, 202, answer.body)

    @staticmethod
    def many(name: str, count: int, time: str) -> list[dict]:
        return [harness.event(id=f"{name}-{i}", time=time, subject=f"person/{i % 500}") for i in range(count)]

    def test_it_goes_on_where_the_python_service_stood(self):
        self.make_topics("gzip")
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        done = like_events("stored by it", now) + self.many("done", 3_000, now)
        left = like_events("left by it", now) + self.many("left", 2_000, now)
        python = self.python_replica("python").start()
        self.send(python, done)
        self.wait_for_rows(len(done))
        self.wait_until_all_is_committed()
        committed = self.topic.committed(python_service.GROUP)
        self.assertEqual(python.stop(), 0)
        python.start("--produce-only")
        self.send(python, left)
        self.assertEqual(python.stop(), 0)
        python.start("--die-before-commit", wait=False)
        python.process.wait(harness.PATIENCE_SECONDS)
        stored_before = self.rows() - len(done)
        self.assertTrue(0 < stored_before < len(left), f"{stored_before} rows are stored and not committed")
        self.assertEqual(self.topic.committed(python_service.GROUP), committed)
        for partition, end in self.topic.ends().items():
            self.assertTrue(0 < committed[partition] < end, f"offset {committed[partition]} of {end} in {partition}")

        ours = self.existing_installation("ours")
        ours.start("--port", str(ours.port))
        self.wait_for_rows(len(done) + len(left))
        self.wait_until_all_is_committed()
        expected = {"stored": len(left) - stored_before, "duplicate": stored_before, "conflict": 0, "rejected": 0}
        self.assertEqual({outcome: self.outcome(ours, outcome) for outcome in expected}, expected,
                         "it did not begin at the committed offsets")
        self.send(ours, like_events("sent to ours", now) + self.many("new", 1_000, now))
        self.wait_for_rows(len(done) + len(left) + len(KINDS) + 1_000)
        self.assert_nothing_is_left(ours)
        self.wait_until_all_is_committed()
        self.assert_rows_are_alike(3)
        self.assert_each_key_has_its_partition()
        self.assert_warnings(ours)
        self.assertEqual(ours.stop(), 0)

    @staticmethod
    def outcome(service: harness.Service, outcome: str) -> int:
        name = f'audit_manager_store_events_total{{outcome="{outcome}"}} '
        lines = service.get("/metrics").body.decode().splitlines()
        return int(float(next(line for line in lines if line.startswith(name))[len(name):]))

    def assert_rows_are_alike(self, variants: int):
        """Of each kind of event all rows are the same but for id and the time of storing, to the letter."""
        columns = self.postgres.sql("""
            SELECT string_agg(column_name || '::text', ', ' ORDER BY ordinal_position)
            FROM information_schema.columns
            WHERE table_name = 'audit_events' AND column_name NOT IN ('id', 'ingested_at')""")
        self.assertEqual(columns.count(",") + 1, 13)
        kinds = self.postgres.sql(f"""
            SELECT split_part(id, '/', 1), count(*), count(DISTINCT ({columns})), min(details::text), max(details::text)
            FROM audit_events WHERE id LIKE '%/%' GROUP BY 1""").splitlines()
        self.assertEqual(len(kinds), len(KINDS))
        for kind in kinds:
            self.assertEqual(kind.split("|")[1:3], [str(variants), "1"], kind)
        self.assertEqual(self.postgres.sql("SELECT count(*) FROM audit_events "
                                           "WHERE details->'resource'->>'currency' = 'INR'"), str(variants))
        self.assertEqual(self.postgres.sql(f"SELECT count(*) FROM audit_events WHERE trace_id = '{TRACE}'"),
                         str(variants))

    def assert_each_key_has_its_partition(self):
        partitions = {}
        for message in self.topic.read():
            partitions.setdefault(message.key, set()).add(message.partition)
        self.assertGreater(len(partitions), 500)
        self.assertEqual([key for key, where in partitions.items() if len(where) > 1], [],
                         "the two kinds place a key on different partitions")

    def assert_warnings(self, service: harness.Service):
        lines = [json.loads(line) for line in service.log.read_text().splitlines()]
        warnings = [line["warning"] for line in lines if "warning" in line]
        expected = [[name, "ignored"] for name in python_service.UVICORN] + [
            ["kafka.producer.acks is 1", "all is used"],
            ["kafka.consumer.batch_max_records is 500", "kafka.producer.linger_ms is 50"]]
        for words in expected:
            self.assertEqual(sum(all(word in warning for word in words) for warning in warnings), 1, warnings)
        self.assertEqual(len(warnings), len(expected), warnings)


class SharedGroupTest(TakeoverTest):
    def ours(self, **settings) -> harness.Service:
        return self.replica("ours", **({"kafka.producer.compression_type": "gzip",
                                        "kafka.properties.session.timeout.ms": SESSION_TIMEOUT_MS} | settings))

    @staticmethod
    def handled(service: harness.Service) -> float:
        if isinstance(service, python_service.PythonService):
            return service.handled()
        return service.metric("audit_manager_store_events_total")

    def wait_until_they_store(self, *services: harness.Service):
        """The group consists of them, and each has stored something since."""
        self.wait_for_members(len(services))
        before = [self.handled(service) for service in services]
        for service, count in zip(services, before):
            harness.wait_until(f"{service.folder.name} stores", lambda s=service, c=count: self.handled(s) > c)

    def test_replicas_of_both_kinds_join_and_leave_in_every_order(self):
        self.make_topics("producer")
        ours, python = self.ours(), self.python_replica("python")
        ours.start()
        self.number_the_rows()
        # Callers of one that is away try again until it is back.
        callers = [self.call(ours, "to-ours", 200, pause=0.2), self.call(python, "to-python", 200, pause=0.2)]
        self.wait_until_they_store(ours)
        # Whoever is away joins, then the one that is named leaves: each of the two came first and leaves first, by
        # both ways.
        for leaver, leave in [(python, python.stop), (python, python.kill), (ours, ours.stop), (ours, ours.stop),
                              (ours, ours.kill), (python, python.stop), (ours, ours.kill), (python, python.kill)]:
            stayer = python if leaver is ours else ours
            for service in (ours, python):
                if service.process is None or service.process.poll() is not None:
                    service.start()
            self.wait_until_they_store(ours, python)
            self.assertIn(leave(), (0, None), "it did not stop in order")  # None: it was killed
            self.wait_until_they_store(stayer)
        python.start()  # for its caller; whether it is in the group yet or not
        for caller in callers:
            caller.end()
        self.assert_stored_once_in_order(callers)
        self.wait_until_all_is_committed()
        self.assert_nothing_is_left(ours)
        self.assertEqual([service.stop() for service in (ours, python)], [0, 0])
        self.assert_spool_sound(ours)

    def test_the_way_back_is_open(self):
        self.make_topics("producer")  # so that the messages are compressed as ours did it
        ours = self.ours().start()
        self.number_the_rows()
        caller = self.call(ours, "caller", 200)
        harness.wait_until("events are stored", lambda: caller.accepted >= 2_000)
        caller.end()
        self.wait_for_rows(caller.accepted)
        self.wait_until_all_is_committed()
        self.assertEqual(ours.stop(), 0)
        stored = self.rows()

        ours.settings["roles"] = "ingest"
        ours.start()
        unread = self.call(ours, "unread", 200)
        harness.wait_until("events are published", lambda: unread.accepted >= 2_000)
        unread.end()
        self.assertEqual(ours.stop(), 0)
        self.assertEqual(self.rows(), stored)

        python = self.python_replica("python").start()
        self.assert_stored_once_in_order([caller, unread])
        self.wait_until_all_is_committed()
        self.assertEqual(python.handled(), unread.accepted, "it did not begin at the committed offsets")
        self.assertEqual(python.stop(), 0)

    def test_a_replica_of_another_strategy_waits_until_the_python_service_has_left(self):
        self.make_topics("gzip")
        python = self.python_replica("python").start()
        self.number_the_rows()
        self.wait_for_members(1)
        ours = self.ours(**{"kafka.consumer.assignment_strategy": "cooperative-sticky"}).start()
        caller = self.call(ours, "caller", 200, pause=0.2)
        harness.wait_until("the group refuses it, again and again",
                           lambda: ours.metric("audit_manager_kafka_group_refusals_total") >= 3)
        refusals = [line for line in map(json.loads, ours.log.read_text().splitlines())
                    if "does not let this replica in" in line["message"]]
        self.assertIn("inconsistent", refusals[0]["error"].lower())
        self.assertIn(python_service.GROUP, refusals[0]["error"])
        accepted = caller.accepted
        harness.wait_until("callers go on", lambda: caller.accepted > accepted)
        self.wait_until_they_store(python)
        self.assertEqual(ours.metric("audit_manager_store_events_total"), 0)
        self.assertEqual(python.stop(), 0)
        self.wait_until_they_store(ours)
        caller.end()
        self.assertEqual(caller.refusals, {})
        self.assert_stored_once_in_order([caller])
        self.assert_nothing_is_left(ours)


if __name__ == "__main__":
    unittest.main()
