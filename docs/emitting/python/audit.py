"""Audit events from a Python program, sent in the background to Audit Manager.

    audit = AuditSender("http://127.0.0.1:8000/v1/auditmanager", source="/registry")
    audit.emit("record.updated", {"actor": {"id": "ann"}, "action": "update", "outcome": "success"})
    audit.close()

emit() never waits and never raises: a thread sends what it took, again and again until the service has it. The
buffer is bounded and in memory, so close() at the end of the program. Any thread may call any of these. Make a
sender after a fork, not before it: threads do not survive one.
"""

import collections
import email.utils
import logging
import math
import random
import re
import threading
import time
import typing
import uuid
from datetime import datetime, timezone

import requests
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

log = logging.getLogger("audit")

# What the service takes in one request.
BATCH_EVENTS = 500
BATCH_BYTES = 16 << 20

# Sent again, these bodies would be refused again. Any other answer but 202 may be a passing one.
REFUSED_FOR_GOOD = {400, 413, 415, 422}

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0  # unless the service asks for more
LONGEST_ASKED_SECONDS = 600.0


class Event(typing.NamedTuple):
    id: str
    json: bytes


class AuditSender:
    def __init__(self, url: str, source: str, *, buffer_events=10_000, buffer_bytes=64 << 20, timeout_seconds=10.0):
        self.accepted = 0  # the service has them
        self.refused = 0  # they break a rule; logged one by one
        self.dropped = 0  # the buffer was full
        self._url = url.rstrip("/") + "/events/batch"
        self._source = source
        self._buffer_events = buffer_events
        self._buffer_bytes = buffer_bytes
        self._timeout_seconds = timeout_seconds
        self._session = requests.Session()
        # What follows, and the counters, are guarded by _changed.
        self._changed = threading.Condition()
        self._waiting: collections.deque[Event] = collections.deque()
        self._unsettled_events = 0  # those that wait, and those of the request under way
        self._unsettled_bytes = 0
        self._drops_said = 0
        self._closing = False
        self._deadline = math.inf
        # A daemon, so that a program that ends without close() does end.
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def emit(self, type: str, data: dict, **attributes) -> bool:
        """Takes an event and returns at once. False: it is not taken, which is counted and logged. `attributes` are
        further ones of CloudEvents (subject, traceparent) or replace the id and the time that it gets here."""
        # Here, once: a repeat with another id or time would be another event.
        attributes = {"id": str(uuid.uuid4()), "time": datetime.now(timezone.utc), "source": self._source,
                      "type": type} | attributes
        try:
            event = Event(attributes["id"], JSONFormat().write(CloudEvent(attributes, data)))
        except Exception as error:  # pylint: disable=broad-except  # whatever it is, the caller's request goes on
            with self._changed:
                self.refused += 1
            log.error("event %s is refused before it is sent: %s", attributes["id"], error)
            return False
        with self._changed:
            if (self._closing or self._unsettled_events >= self._buffer_events
                    or self._unsettled_bytes + len(event.json) > self._buffer_bytes):
                self.dropped += 1
                first = self.dropped == self._drops_said + 1
            else:
                self._waiting.append(event)
                self._unsettled_events += 1
                self._unsettled_bytes += len(event.json)
                self._changed.notify()
                return True
        if first:  # one line when it begins, and one with the number when it is over
            log.error("the buffer is %s: events are dropped", "closed" if self._closing else "full")
        return False

    def close(self, deadline_seconds: float = 10.0) -> int:
        """Takes no more, sends what is there, and returns how many events were not sent within the time."""
        with self._changed:
            self._closing = True
            self._deadline = time.monotonic() + deadline_seconds
            self._changed.notify()
        self._thread.join(deadline_seconds)
        with self._changed:
            self._say_drops()
            unsent = self._unsettled_events
        if unsent:
            log.error("%d events were not sent before the end", unsent)
        return unsent

    def _run(self):
        while batch := self._next_batch():
            self._deliver(batch)

    def _next_batch(self) -> list[Event]:
        """Waits for events, and returns as many as one request holds. Empty: the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            if time.monotonic() >= self._deadline:
                return []
            batch, size = [], 2
            while self._waiting and len(batch) < BATCH_EVENTS:
                size += len(self._waiting[0].json) + 1
                if batch and size > BATCH_BYTES:
                    break
                batch.append(self._waiting.popleft())
            return batch

    def _deliver(self, batch: list[Event]):
        """Sends until the fate of each event is known, or the deadline of close() is over. The service takes a request
        whole or not at all: what it refuses is left out, and the rest sent without it."""
        parts = [batch]
        while parts:
            part = parts.pop()
            answer = self._post(part)
            if answer is None:
                return
            if answer.status_code == 202:
                self._settle(part, accepted=True)
                continue
            reasons = refusals(answer, len(part))
            if not reasons and len(part) > 1:
                # The answer names no event: a limit below ours, or a proxy. Halves find the one that is meant.
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
                continue
            reasons = reasons or {0: []}
            for index, reason in reasons.items():
                log.error("event %s is refused: HTTP %d %s", part[index].id, answer.status_code, ", ".join(reason))
            self._settle([part[index] for index in reasons], accepted=False)
            if rest := [event for index, event in enumerate(part) if index not in reasons]:
                parts.append(rest)

    def _post(self, part: list[Event]) -> requests.Response | None:
        """The service's word on these events: 202, or refused for good. None: the deadline of close() is over."""
        body = b"[" + b",".join(event.json for event in part) + b"]"
        longest_wait = FIRST_WAIT_SECONDS
        while (left := self._deadline - time.monotonic()) > 0:
            asked_seconds = 0.0
            try:
                answer = self._session.post(self._url, body, timeout=min(self._timeout_seconds, left),
                                            headers={"Content-Type": "application/cloudevents-batch+json"},
                                            allow_redirects=False)
                if answer.status_code == 202 or answer.status_code in REFUSED_FOR_GOOD:
                    return answer
                why = f"HTTP {answer.status_code}"
                asked_seconds = retry_after_seconds(answer.headers.get("Retry-After", ""))
            except requests.RequestException as error:
                why = type(error).__name__
            # Not all callers at once, and not before the service asked for it.
            wait = max(min(asked_seconds, LONGEST_ASKED_SECONDS), random.uniform(longest_wait / 2, longest_wait))
            longest_wait = min(2 * longest_wait, LONGEST_WAIT_SECONDS)
            log.warning("%d events not sent yet: %s; next try in %.1f s", len(part), why, wait)
            self._pause(wait)
        return None

    def _pause(self, seconds: float):
        end = time.monotonic() + seconds
        with self._changed:
            # emit() notifies too, and close() brings the deadline nearer.
            while (left := min(end, self._deadline) - time.monotonic()) > 0:
                self._changed.wait(left)

    def _settle(self, events: list[Event], accepted: bool):
        with self._changed:
            if accepted:
                self.accepted += len(events)
            else:
                self.refused += len(events)
            self._unsettled_events -= len(events)
            self._unsettled_bytes -= sum(len(event.json) for event in events)
            self._say_drops()

    def _say_drops(self):
        if self.dropped > self._drops_said:
            log.error("%d events were dropped", self.dropped - self._drops_said)
            self._drops_said = self.dropped


def refusals(answer: requests.Response, events: int) -> dict[int, list[str]]:
    """By index of the event: what is wrong with it, as code and path. Never a value: it may name a person."""
    reasons = collections.defaultdict(list)
    try:
        for error in answer.json()["errors"]:
            path = re.fullmatch(r"events\[(\d+)\]\.?(.*)", error.get("path", ""))
            index = int(path[1]) if path else 0
            if index < events and (path or events == 1):
                reasons[index].append(f"{error['errorCode']} {path[2] if path else ''}".rstrip())
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # a proxy's page, not the service's envelope
    return reasons


def retry_after_seconds(value: str) -> float:
    """Of the header: seconds, or a date. 0: neither."""
    if value.isdecimal():
        return float(value)
    try:
        return (email.utils.parsedate_to_datetime(value) - datetime.now(timezone.utc)).total_seconds()
    except (ValueError, TypeError):
        return 0.0
