#!/usr/bin/env python3
"""A replica as the Python service has them, seen from outside: from Kafka, from the table and by callers of
POST /events/batch. Written from what is known of its messages, its rows and its group, with the clients that it uses.

usage: python_replica.py [--produce-only | --die-before-commit]

It reads the variables of an existing installation, DB_* and AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS, and the
port in AUDIT_MANAGER__HTTP__PORT; SIGTERM ends it. Two faults are not copied, because they lose events
whoever is beside it: here the 202 follows Kafka's acknowledgement, and a batch that the database refuses is read again.
"""

import asyncio
import datetime
import http.server
import json
import os
import re
import signal
import sys
import threading

import aiokafka
import asyncpg
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

BASE = "/v1/auditmanager"
BOOTSTRAP = os.environ["AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS"]
TOPIC = "openg2p.audit.events"
GROUP = "openg2p-audit-consumer"
CLIENT = "openg2p-audit-manager"
BATCH = 500

ENVELOPE = ("specversion", "id", "source", "type", "time", "datacontenttype", "subject", "traceparent", "data")
DATA = ("actor", "action", "outcome", "reason", "resource")
ACTOR = ("type", "id", "name", "ip", "session_id", "roles")
RESOURCE = ("type", "id")

COLUMNS = ("id", "occurred_at", "source", "type", "subject", "actor_type", "actor_id", "resource_type", "resource_id",
           "action", "outcome", "reason", "trace_id", "details")
INSERT = f"""
    INSERT INTO audit_events ({', '.join(COLUMNS)})
    VALUES ({', '.join(f'${number}' for number in range(1, len(COLUMNS) + 1))}) ON CONFLICT DO NOTHING"""
TABLE = """
    CREATE TABLE IF NOT EXISTS audit_events (
      id TEXT NOT NULL, occurred_at TIMESTAMPTZ NOT NULL, ingested_at TIMESTAMPTZ NOT NULL DEFAULT now(),
      source TEXT NOT NULL, type TEXT NOT NULL, subject TEXT, actor_type TEXT NOT NULL, actor_id TEXT NOT NULL,
      resource_type TEXT, resource_id TEXT, action TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT, trace_id TEXT,
      details JSONB, PRIMARY KEY (id, occurred_at)) PARTITION BY RANGE (occurred_at);
    CREATE INDEX IF NOT EXISTS idx_audit_events_occurred_at ON audit_events (occurred_at DESC);
    CREATE INDEX IF NOT EXISTS idx_audit_events_actor ON audit_events (actor_id, occurred_at DESC);
    CREATE INDEX IF NOT EXISTS idx_audit_events_resource
      ON audit_events (resource_type, resource_id, occurred_at DESC);
    CREATE INDEX IF NOT EXISTS idx_audit_events_type ON audit_events (type, occurred_at DESC);
    CREATE INDEX IF NOT EXISTS idx_audit_events_trace ON audit_events (trace_id) WHERE trace_id IS NOT NULL"""
MONTHS_AHEAD = 3


def message_of(event: dict) -> tuple[bytes, bytes]:
    """Key and value: every optional field is there, as null where the caller left it out."""
    def whole(fields, given):
        return dict.fromkeys(fields) | given

    data = event["data"]
    data = whole(DATA, data) | {"actor": whole(ACTOR, {"type": "user"} | data["actor"])}
    if data["resource"] is not None:
        data["resource"] = whole(RESOURCE, data["resource"])
    event = whole(ENVELOPE, {"specversion": "1.0"} | event) | {"data": data}
    return (event["subject"] or data["actor"]["id"]).encode(), json.dumps(event).encode()


def details_of(data: dict) -> str | None:
    details = {name: value for name, value in data.items()
               if name not in ("action", "outcome", "reason") and value is not None}
    for name in ("actor", "resource"):
        rest = {key: value for key, value in details.pop(name, {}).items()
                if key not in ("type", "id") and value not in (None, "", [], {})}
        if rest:
            details[name] = rest
    return json.dumps(details) if details else None


def trace_of(traceparent: str | None) -> str | None:
    found = re.fullmatch(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", traceparent or "")
    return found[1] if found and int(found[1], 16) else None


def row_of(value: bytes) -> tuple:
    event = json.loads(value)
    data = event["data"]
    actor, resource = data["actor"], data.get("resource") or {}
    return (event["id"], datetime.datetime.fromisoformat(event["time"]), event["source"], event["type"],
            event.get("subject"), actor.get("type") or "user", actor["id"], resource.get("type"), resource.get("id"),
            data["action"], data["outcome"], data.get("reason"), trace_of(event.get("traceparent")), details_of(data))


class Replica:
    def __init__(self, arguments: list[str]):
        self.consumes = "--produce-only" not in arguments
        self.dies_before_commit = "--die-before-commit" in arguments
        self.handled = 0  # events that were written to the table and committed
        self.loop = asyncio.get_running_loop()
        self.producer = None

    async def produce(self, events: list[dict]):
        sent = []
        for event in events:
            key, value = message_of(event)
            sent.append(await self.producer.send(TOPIC, value, key))
        await asyncio.gather(*sent)

    async def make_table(self, connection: asyncpg.Connection):
        await connection.execute(TABLE)
        first = datetime.date.today().replace(day=1)
        for _ in range(MONTHS_AHEAD):
            following = (first + datetime.timedelta(days=32)).replace(day=1)
            await connection.execute(f"CREATE TABLE IF NOT EXISTS audit_events_{first:%Y_%m} PARTITION OF audit_events "
                                     f"FOR VALUES FROM ('{first} 00:00:00+00') TO ('{following} 00:00:00+00')")
            first = following

    async def consume(self, connection: asyncpg.Connection):
        async with aiokafka.AIOKafkaConsumer(
                TOPIC, bootstrap_servers=BOOTSTRAP, client_id=CLIENT, group_id=GROUP, enable_auto_commit=False,
                auto_offset_reset="earliest", max_poll_records=BATCH,
                partition_assignment_strategy=(RoundRobinPartitionAssignor,)) as consumer:
            while True:
                fetched = await consumer.getmany(timeout_ms=200, max_records=BATCH)
                rows = [row_of(message.value) for messages in fetched.values() for message in messages]
                if not rows:
                    continue
                try:
                    async with connection.transaction():
                        await connection.executemany(INSERT, rows)
                except asyncpg.PostgresError as error:
                    print("the database refused a batch, which is read again:", error, flush=True)
                    await consumer.seek_to_committed()
                    continue
                if self.dies_before_commit:
                    os.kill(os.getpid(), signal.SIGKILL)
                try:
                    await consumer.commit()
                except aiokafka.errors.KafkaError as error:
                    print("others go on with what was not committed:", error, flush=True)
                    continue
                self.handled += len(rows)

    async def run(self):
        connection = await asyncpg.connect(
            host=os.environ["DB_HOST"], port=int(os.environ["DB_PORT"]), database=os.environ["DB_NAME"],
            user=os.environ["DB_USER"], password=os.environ["DB_PASSWORD"])
        await self.make_table(connection)
        ended = asyncio.Event()
        self.loop.add_signal_handler(signal.SIGTERM, ended.set)
        async with aiokafka.AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, client_id=CLIENT, acks=1,
                                             compression_type="gzip", linger_ms=50) as self.producer:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["AUDIT_MANAGER__HTTP__PORT"])),
                                                     callers_of(self))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            ending = asyncio.create_task(ended.wait())
            consuming = asyncio.create_task(self.consume(connection) if self.consumes else ended.wait())
            await asyncio.wait((ending, consuming), return_when=asyncio.FIRST_COMPLETED)
            server.shutdown()
            consuming.cancel()  # by which it leaves the group
            try:
                await consuming
            except asyncio.CancelledError:
                pass


def callers_of(replica: Replica) -> type:
    class Caller(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status: int, body: str):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def do_POST(self):  # noqa: N802
            events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["events"]
            asyncio.run_coroutine_threadsafe(replica.produce(events), replica.loop).result()
            self.answer(202, json.dumps({"accepted": [event["id"] for event in events]}))

        def do_GET(self):  # noqa: N802
            if self.path == BASE + "/metrics":
                self.answer(200, f"handled_events_total {replica.handled}\n")
            else:
                self.answer(200 if self.path == BASE + "/health/ready" else 404, "")

        def log_message(self, *_):
            pass

    return Caller


async def main():
    await Replica(sys.argv[1:]).run()


if __name__ == "__main__":
    asyncio.run(main())
