"""The examples of docs/emitting against the service: whatever is away, slow, killed or full, and whatever answer is
lost, each event that a program counts as accepted is stored once, and what is not sent is counted and said."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import emitting_clients
import gate
import harness

# Stands in every event, and never in what a program logs.
ACTOR = "a.person@example.org"


def line(identity: str, **data) -> dict:
    return {"id": identity, "type": "record.read",
            "data": {"actor": {"id": ACTOR}, "action": "read", "outcome": "success"} | data}


class Scenarios:
    """What every language has to live through; the classes below say which."""

    build = None
    events = 2_000
    # What the program says of a request that it will repeat.
    repeats = "not sent yet"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = tempfile.TemporaryDirectory(prefix="audit-emitting-")
        cls.addClassCleanup(place.cleanup)
        cls.built = cls.build(pathlib.Path(place.name))

    def client(self, url: str, **settings) -> emitting_clients.Client:
        settings = {"close_seconds": harness.PATIENCE_SECONDS} | settings
        client = emitting_clients.Client(self.built, url, self.folder / "client.log", **settings)
        self.addCleanup(client.end)
        return client

    def gate(self, service: harness.Service, *arguments, **limits) -> gate.Gate:
        between = gate.Gate(service, *arguments, **limits)
        self.addCleanup(between.close)
        return between

    def assert_all_accepted(self, client: emitting_clients.Client, events: int):
        self.assertEqual(client.finish(), {"accepted": events, "refused": 0, "dropped": 0, "unsent": 0}, client.said())
        self.assertNotIn(ACTOR, client.said())

    def test_every_event_arrives_once(self):
        service = self.service().start()
        client = self.client(service.url)
        ids = [f"event-{i}" for i in range(self.events)]
        client.send([line(identity, text="äöü 中文 \U0001f600", number=i) for i, identity in enumerate(ids)])
        self.assert_all_accepted(client, len(ids))
        self.assert_stored_exactly_once(service, ids)
        listed = service.run("events", "--actor", ACTOR, "--limit", "0", "--format", "ndjson").stdout.splitlines()
        rows = {row["id"]: row["details"] for row in map(json.loads, listed)}
        self.assertEqual(rows, {identity: {"text": "äöü 中文 \U0001f600", "number": i} for i, identity in enumerate(ids)})

    def test_an_id_and_a_time_of_the_callers_own_are_kept(self):
        service = self.service().start()
        event = line("once") | {"time": "2026-04-23T10:00:00.123Z", "subject": "record/4711"}
        for _ in range(2):
            client = self.client(service.url)
            client.send([event])
            self.assert_all_accepted(client, 1)
        client = self.client(service.url)
        client.send([line("last")])
        self.assert_all_accepted(client, 1)
        self.assert_stored_exactly_once(service, ["once", "last"])
        listed = service.run("events", "--id", "once", "--format", "ndjson").stdout
        row = json.loads(listed)
        self.assertEqual((row["occurred_at"], row["subject"]), ("2026-04-23T10:00:00.123000Z", "record/4711"))

    def test_lost_answers_are_asked_for_again_with_the_same_event(self):
        service = self.service().start()
        faults = ["cut", "silence", 502, 503]
        between = self.gate(service, faults)
        client = self.client(between.url, timeout_seconds=1)
        ids = [f"event-{i}" for i in range(min(self.events, 700))]
        client.send([line(identity) for identity in ids])
        self.assert_all_accepted(client, len(ids))
        self.assert_stored_exactly_once(service, ids)
        for i, fault in enumerate(faults):
            self.assertEqual(between.bodies[i], between.bodies[i + 1], f"after {fault}")
        # Not a measure of speed: no machine is so slow that it comes too early.
        (index, asked), = between.asked_to_wait
        self.assertGreaterEqual(between.came[index] - asked, between.retry_after_seconds, "Retry-After is not honoured")

    def test_a_service_that_refuses_for_a_while(self):
        # Nobody empties the spool, so that it fills up.
        small = {"spool.max_bytes": 3 << 20, "spool.segment_bytes": 1 << 20, "http.max_body_bytes": 512 << 10,
                 "ingest.max_event_bytes": 256 << 10}
        service = self.service(roles="ingest", **small)
        service.start()
        load = harness.Load(service, self.folder / "ids", "--duration", 600, "--requests", 8_000, "--connections", 4)
        self.addCleanup(load.end)
        self.assertIn("503", load.finish()["statuses"])
        refusal = service.post(harness.event())
        self.assertEqual((refusal.status, refusal.codes), (503, ["AUD-004"]))

        client = self.client(service.url)
        ids = [f"event-{i}" for i in range(100)]
        client.send([line(identity) for identity in ids])
        harness.wait_until("the program is refused", lambda: self.repeats in client.said())
        self.assertEqual(service.stop(), 0)
        service.settings["roles"] = "ingest,persist,maintain"
        service.start()
        self.assert_all_accepted(client, len(ids))
        self.assert_stored_exactly_once(service, load.accepted + ids)

    def test_a_service_that_is_killed(self):
        service = self.service().start()
        client = self.client(service.url)
        ids = [f"event-{i}" for i in range(min(self.events, 1_000))]
        middle = len(ids) // 2
        client.send([line(identity) for identity in ids[:middle]])
        harness.wait_until("the first row", service.row_count)
        service.kill()
        client.send([line(identity) for identity in ids[middle:]])
        harness.wait_until("the program notices", lambda: self.repeats in client.said())
        service.start()
        self.assert_all_accepted(client, len(ids))
        self.assert_stored_exactly_once(service, ids)

    def test_what_is_refused_takes_nothing_else_along(self):
        service = self.service().start()
        client = self.client(service.url)
        ids = [f"event-{i}" for i in range(60)]
        events = [line(identity) for identity in ids]
        # Refused as it arrives, so that those after it are one batch.
        events.insert(0, line("bad-outcome", outcome="maybe"))
        events.insert(20, line("bad-actor", actor={"name": ACTOR}, action=5))
        events.insert(40, line("bad-size", text="x" * 950_000))
        events.append(line("bad-resource", resource={"id": "4711"}))
        events.append(line("bad-type") | {"type": ""})  # some libraries refuse this themselves
        client.send(events)
        counts = client.finish()
        self.assertEqual(counts, {"accepted": len(ids), "refused": 5, "dropped": 0, "unsent": 0}, client.said())
        self.assert_stored_exactly_once(service, ids)
        said = client.said()
        self.assertNotIn(ACTOR, said)
        for expected in ("bad-outcome is refused: HTTP 422 AUD-002 data.outcome",
                         "bad-actor is refused: HTTP 422 AUD-002 data.actor.id, AUD-002 data.action",
                         "bad-size is refused: HTTP 413 AUD-008",
                         "bad-resource is refused: HTTP 422 AUD-002 data.resource.type", "event bad-type "):
            self.assertIn(expected, said)


class BackgroundScenarios(Scenarios):
    """Those of programs that send in the background, in batches."""

    def test_events_go_in_batches(self):
        service = self.service().start()
        between = self.gate(service, [503])
        client = self.client(between.url)
        ids = [f"event-{i}" for i in range(self.events)]
        client.send([line(identity) for identity in ids])
        self.assert_all_accepted(client, len(ids))
        self.assert_stored_exactly_once(service, ids)
        sizes = [len(json.loads(body)) for body in between.bodies]
        self.assertEqual(max(sizes), 500, sizes)

    def test_batches_keep_to_the_size_that_the_service_takes(self):
        service = self.service().start()
        between = self.gate(service, [503])
        client = self.client(between.url)
        ids = [f"event-{i}" for i in range(30)]
        client.send([line(identity, text="x" * 800_000) for identity in ids])
        self.assert_all_accepted(client, len(ids))
        self.assert_stored_exactly_once(service, ids)
        longest = max(map(len, between.bodies))
        self.assertLessEqual(longest, 16 << 20)
        self.assertGreater(longest, 8 << 20, "these are no batches")

    def test_a_proxy_with_a_limit_of_its_own(self):
        service = self.service().start()
        between = self.gate(service, max_body_bytes=5_000)
        client = self.client(between.url)
        ids = [f"event-{i}" for i in range(300)]
        client.send([line(identity) for identity in ids] + [line("too-long", text="x" * 6_000)])
        counts = client.finish()
        self.assertEqual(counts, {"accepted": len(ids), "refused": 1, "dropped": 0, "unsent": 0}, client.said())
        self.assertIn("too-long is refused: HTTP 413", client.said())
        self.assert_stored_exactly_once(service, ids)

    def test_a_full_buffer_drops_and_says_so(self):
        service = self.service()  # not there yet
        client = self.client(service.url, buffer_events=100)
        client.send([line(f"event-{i}") for i in range(300)])
        harness.wait_until("the program says that it drops", lambda: "events are dropped" in client.said())
        service.start()
        counts = client.finish()
        self.assertEqual((counts["refused"], counts["unsent"]), (0, 0), client.said())
        self.assertEqual(counts["accepted"] + counts["dropped"], 300)
        self.assertGreater(counts["dropped"], 0)
        said = sum(map(int, re.findall(r"(\d+) events were dropped", client.said())))
        self.assertEqual(said, counts["dropped"], client.said())
        self.assertIn("the buffer is full", client.said())
        # The first are the ones that it holds.
        self.assert_stored_exactly_once(service, [f"event-{i}" for i in range(100)])
        self.assertEqual(service.row_count(), counts["accepted"])

    def test_the_end_comes_without_the_service_too(self):
        service = self.service().start()
        # A request that is never answered, and a time-out longer than the test has patience.
        between = self.gate(service, ["silence"])
        client = self.client(between.url, timeout_seconds=10 * harness.PATIENCE_SECONDS, close_seconds=1)
        client.send([line(f"event-{i}") for i in range(10)])
        # Else the request may begin when the end is near already, and wait no longer than that.
        harness.wait_until("the request is under way", lambda: between.bodies)
        counts = client.finish()
        self.assertEqual(counts, {"accepted": 0, "refused": 0, "dropped": 0, "unsent": 10}, client.said())
        self.assertIn("10 events were not sent before the end", client.said())

    def test_the_end_does_not_wait_for_the_next_try(self):
        service = self.service().start()
        # The program is asked to come back when the test has no patience any more.
        between = self.gate(service, [503], retry_after_seconds=10 * harness.PATIENCE_SECONDS)
        client = self.client(between.url, close_seconds=1)
        client.send([line(f"event-{i}") for i in range(10)])
        harness.wait_until("the program waits", lambda: self.repeats in client.said())
        counts = client.finish()
        self.assertEqual(counts["accepted"] + counts["unsent"], 10, client.said())
        self.assertGreater(counts["unsent"], 0)
        self.assertIn(f"{counts['unsent']} events were not sent before the end", client.said())

    def test_the_end_gives_the_service_its_time_and_says_all_that_is_lost(self):
        seconds = 2
        client = self.client(self.service().url, buffer_events=100, close_seconds=seconds)  # it never comes
        client.send([line(f"event-{i}") for i in range(300)])
        harness.wait_until("the program drops", lambda: "events are dropped" in client.said())
        began = time.monotonic()
        self.assertEqual(client.finish(), {"accepted": 0, "refused": 0, "dropped": 200, "unsent": 100}, client.said())
        # Not a measure of speed: no machine is so slow that it ends too early. Timers may be some milliseconds off.
        self.assertGreater(time.monotonic() - began, seconds - 0.1)
        self.assertIn("200 events were dropped", client.said())
        self.assertIn("100 events were not sent before the end", client.said())

    def test_a_service_that_comes_back_during_the_end(self):
        service = self.service()
        client = self.client(service.url)
        ids = [f"event-{i}" for i in range(100)]
        client.send([line(identity) for identity in ids])
        client.end_input()
        harness.wait_until("the program tries", lambda: client.said().count(self.repeats) > 1)
        service.start()
        self.assert_all_accepted(client, len(ids))
        self.assert_stored_exactly_once(service, ids)

    def test_an_end_in_the_middle_counts_both_halves(self):
        service = self.service().start()
        between = self.gate(service, [None, "silence"])
        client = self.client(between.url, timeout_seconds=10 * harness.PATIENCE_SECONDS, close_seconds=1)
        client.send([line("event-0")])
        harness.wait_until("the first is stored", service.row_count)
        client.send([line(f"event-{i}") for i in range(1, 11)])
        harness.wait_until("the second request is under way", lambda: len(between.bodies) == 2)
        counts = client.finish()
        self.assertEqual(counts, {"accepted": 1, "refused": 0, "dropped": 0, "unsent": 10}, client.said())
        self.assertIn("10 events were not sent before the end", client.said())


class CurlTest(Scenarios, harness.WholeTest):
    build = staticmethod(emitting_clients.curl)
    events = 100
    repeats = "Will retry"


class PythonTest(BackgroundScenarios, harness.WholeTest):
    build = staticmethod(emitting_clients.python)


class JavaScriptTest(BackgroundScenarios, harness.WholeTest):
    build = staticmethod(emitting_clients.javascript)


class JavaTest(BackgroundScenarios, harness.WholeTest):
    build = staticmethod(emitting_clients.java)


class GoTest(BackgroundScenarios, harness.WholeTest):
    build = staticmethod(emitting_clients.go)


class FastApiTest(harness.WholeTest):
    def application(self, service: harness.Service) -> str:
        """Starts it and returns its address."""
        port = harness.free_port()
        folder = emitting_clients.EXAMPLES / "python"
        with open(self.folder / "application.log", "wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "uvicorn", "fastapi_app:app", "--app-dir", folder,
                                        "--port", str(port)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env=emitting_clients.python_environment() | {"AUDIT_URL": service.url})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.process = process
        address = f"http://127.0.0.1:{port}"
        harness.wait_until("the application is ready", lambda: self.answers(f"{address}/nothing"))
        return address

    @staticmethod
    def answers(url: str, **headers) -> int | None:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers),
                                        timeout=harness.PATIENCE_SECONDS) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def test_every_request_is_audited_and_none_waits_for_it(self):
        service = self.service().start()
        address = self.application(service)
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        service.process.send_signal(signal.SIGSTOP)
        self.assertEqual(self.answers(f"{address}/records/4711?secret=1", traceparent=f"00-{trace}-00f067aa0ba902b7-01",
                                      **{"x-user": "ann"}), 200)
        self.assertEqual(self.answers(f"{address}/records/4711"), 401)
        service.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGTERM)
        self.assertIn(self.process.wait(harness.PATIENCE_SECONDS), (0, -signal.SIGTERM))
        columns = "actor_id, actor_type, action, outcome, resource_type, resource_id, trace_id"
        seen = f"SELECT {columns} FROM audit_events WHERE resource_id LIKE '/records/%' ORDER BY occurred_at"
        harness.wait_until("both rows", lambda: len(service.query(seen)) == 2)
        self.assertEqual(service.query(seen),
                         [("ann", "user", "GET", "success", "/records/{record_id}", "/records/4711", trace),
                          ("anonymous", "anonymous", "GET", "denied", "/records/{record_id}", "/records/4711", None)])


if __name__ == "__main__":
    unittest.main()
