"""What the tests with a Kafka log and a PostgreSQL store have in common: replicas of the service on real
servers, callers that send events of many keys and count what was accepted, and the judgement at the end."""

import datetime
import itertools
import json
import subprocess
import threading
import time

import harness

import kafka  # of tests/servers, which the harness makes known
import kafka_admin
import postgres

BATCH = 100


class Caller(threading.Thread):
    """Sends batches to one replica until it is told to end. A batch that got no 202 is sent again as it is, so
    what a caller owes is kept: the next event of a key follows when the one before it was accepted."""

    def __init__(self, service: harness.Service, name: str, keys: int, pause: float = 0):
        super().__init__(name=name, daemon=True)
        self.service = service
        self.keys = [f"{name}/{i}" for i in range(keys)]
        self.accepted = 0
        self.refusals = {}
        self.pause = pause  # between two batches, in seconds
        self.ending = threading.Event()

    def events(self):
        for number in itertools.count():
            for key in self.keys:
                # With a time of its own, as a caller must who sends again: id and time make an event the same.
                now = datetime.datetime.now(datetime.timezone.utc).isoformat()
                yield {"id": f"{key}#{number}", "source": "/tests", "type": "test.happened", "subject": key, "time": now,
                       "data": {"actor": {"id": "caller"}, "action": "test", "outcome": "success", "number": number}}

    def run(self):
        events = self.events()
        while not self.ending.wait(self.pause):
            body = json.dumps({"events": list(itertools.islice(events, BATCH))}).encode()
            while not self.send(body):
                time.sleep(0.05)
            self.accepted += BATCH

    def send(self, body: bytes) -> bool:
        try:
            answer = self.service.post(body, "/events/batch")
        except (OSError, ValueError, harness.http.client.HTTPException):
            return False  # it is being killed, or started
        if answer.status != 202:
            self.refusals[answer.status] = self.refusals.get(answer.status, 0) + 1
        return answer.status == 202

    def end(self):
        self.ending.set()
        self.join(harness.PATIENCE_SECONDS)
        assert not self.is_alive(), f"{self.name} got no answer"


def batch_of(prefix: str, count: int, keys: int = 10) -> bytes:
    """A request with so many events, whose ids are PREFIX-0, PREFIX-1, ..."""
    return json.dumps({"events": [harness.event(id=f"{prefix}-{i}", subject=f"{prefix}/{i % keys}")
                                  for i in range(count)]}).encode()


class SharedLogTest(harness.WholeTest):
    """Has servers of its own: a Kafka cluster of `NODES` and a PostgreSQL."""

    NODES = 1
    KAFKA = {}
    SECURED = False
    POSTGRES = {}

    def setUp(self):
        super().setUp()
        self.kafka = kafka.KafkaCluster(self.NODES, self.KAFKA, self.SECURED)
        self.addCleanup(self.kafka.stop)
        self.kafka.start()
        self.postgres = self.database()
        self.addCleanup(self.postgres.remove)
        self.postgres.start()

    def admin(self) -> kafka_admin.KafkaAdmin:
        return self.enterContext(kafka_admin.KafkaAdmin(self.kafka.bootstrap))

    def database(self) -> postgres.PostgresServer:
        return postgres.PostgresServer(settings=self.POSTGRES)

    def replica(self, name: str, variables: dict | None = None, **settings) -> harness.Service:
        defaults = {"http.host": "127.0.0.1", "kafka.bootstrap_servers": self.kafka.bootstrap,
                    "kafka.topics.replication_factor": min(self.NODES, 3)}
        return self.service(name, self.postgres.environment() | (variables or {}), **(defaults | settings))

    def call(self, service: harness.Service, name: str, keys: int, pause: float = 0) -> Caller:
        caller = Caller(service, name, keys, pause)
        self.addCleanup(caller.ending.set)
        caller.start()
        return caller

    def number_the_rows(self):
        """Gives the table a column of the test's own, which says in which order rows were inserted."""
        harness.wait_until("the table is there",
                           lambda: self.postgres.sql("SELECT to_regclass('audit_events')") == "audit_events")
        self.postgres.sql("ALTER TABLE audit_events ADD COLUMN arrival BIGSERIAL")

    def rows(self) -> int:
        return int(self.postgres.sql("SELECT count(*) FROM audit_events"))

    def rows_or_none(self) -> int | None:
        """None while the database or the table is not there."""
        try:
            return self.rows()
        except subprocess.CalledProcessError:
            return None

    def stored(self, pattern: str) -> int:
        """The rows whose id is like that, in SQL's sense."""
        return int(self.postgres.sql(f"SELECT count(*) FROM audit_events WHERE id LIKE '{pattern}'"))

    def make_topics(self, name: str = "topics", **settings):
        made = self.replica(name, **settings).run("topics", "ensure")
        self.assertEqual(made.returncode, 0, made.stderr)

    def accept(self, service: harness.Service, body: bytes):
        self.assertEqual(service.post(body, "/events/batch").status, 202)

    def wait_for_rows(self, count: int):
        """As long as it takes, while there is progress."""
        rows, deadline = -1, 0
        while rows < count:
            if (now := self.rows_or_none() or 0) > rows:
                rows, deadline = now, time.monotonic() + harness.PATIENCE_SECONDS
            self.assertLess(time.monotonic(), deadline,
                            f"{rows} of {count} rows, and no more come\n{self.where_events_are()}")
            time.sleep(0.2)

    def where_events_are(self) -> str:
        wanted = ("audit_manager_spool_undelivered_records", "audit_manager_kafka_published_events_total",
                  "audit_manager_kafka_consumer_lag_events", "audit_manager_store_events_total")
        lines = []
        for service in self.services:
            if service.process is None or service.process.poll() is not None:
                continue
            lines.append(service.folder.name)
            lines += [line for line in service.get("/metrics").body.decode().splitlines() if line.startswith(wanted)]
        return "\n".join(lines)

    def assert_stored_once_in_order(self, callers: list[Caller]):
        accepted = sum(caller.accepted for caller in callers)
        self.assertGreater(accepted, 0)
        self.wait_for_rows(accepted)
        self.assertEqual(self.rows(), accepted, "there are rows that nobody was promised, or some twice")
        self.assertEqual(int(self.postgres.sql("SELECT count(DISTINCT id) FROM audit_events")), accepted)
        out_of_order = self.postgres.sql("""
            SELECT subject, number, before FROM (
              SELECT subject, (details->>'number')::int AS number,
                     lag((details->>'number')::int) OVER (PARTITION BY subject ORDER BY arrival) AS before
              FROM audit_events) AS rows
            WHERE number <> coalesce(before, -1) + 1 LIMIT 3""")
        self.assertEqual(out_of_order, "", "events of a key are stored in another order than they were accepted")

    @staticmethod
    def lag(service: harness.Service) -> float | None:
        """How many events its partitions are behind; None while that is not known of each."""
        samples = service.samples("audit_manager_kafka_consumer_lag_events")
        known = len(samples) == service.metric("audit_manager_kafka_assigned_partitions")
        return sum(samples.values()) if known else None

    def assert_nothing_is_left(self, service: harness.Service):
        harness.wait_until("the lag is gone", lambda: self.lag(service) == 0)
        self.assertEqual(self.letters(service), [])

    @staticmethod
    def letters(service: harness.Service) -> list[dict]:
        return [json.loads(line) for line in harness.dead_letters(service).splitlines()]
