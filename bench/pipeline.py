"""The way of the events through Kafka to PostgreSQL, each part beside its ceiling, in turns: the spool into the topic
beside a bare producer loop over the same messages, the topic into the table beside a plain COPY BINARY of the same
rows. Then the whole way while events come in at most of the rate of the slower part.
"""

import concurrent.futures
import contextlib
import json
import pathlib
import statistics
import subprocess
import sys
import time

import servers

sys.path.append(str(servers.ROOT / "tests" / "servers"))
import kafka  # noqa: E402  of tests/servers
import postgres  # noqa: E402

CEILING = servers.BUILD / "bench" / "pipeline_ceiling"
BATCH = 100
FILLING_RATE = 100_000  # events a second into the spool: any disk keeps up
PATIENCE_SECONDS = 300
DATABASE_OF_THE_CEILING = "ceiling"
# Of the slower part's rate. Callers do not wait: what they send beyond what goes through takes cores from the rest.
OFFERED = 0.85


class Replica(servers.Service):
    """The service between a Kafka and a PostgreSQL, on all cores."""

    def __init__(self, folder: pathlib.Path, roles: str | None, variables: dict):
        super().__init__(folder, roles, core=None, threads=None)
        self.variables = variables

    def environment(self):
        return super().environment() | self.variables

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()
        self.wait_for_answer()
        return self

    def __exit__(self, *_):
        self.stop()

    def rate_until(self, name: str, count: int, every: float, labels: str = "") -> float:
        """Of a counter, from its first tenth to the last time it was seen below `count`. To ask for it costs the
        service and this process some milliseconds of the cores that are measured: `every` so many seconds."""
        inside = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            value, now = self.metric(name, labels), time.monotonic()
            if value >= count:
                break
            if value >= count / 10:
                inside.append((value, now))
            if now > deadline:
                sys.exit(f"{name} stands at {value:.0f} of {count}:\n{(self.folder / 'log').read_text()[-4000:]}")
            time.sleep(every)
        if len(inside) < 2:
            sys.exit(f"{count} events are too few to measure {name}")
        (first, begin), (last, end) = inside[0], inside[-1]
        return (last - first) / (end - begin)


class Stage:
    """Both servers, and topics and databases that are new for each turn."""

    def __init__(self, folder: pathlib.Path, writers: int | None, batch: int | None):
        self.folder = folder
        self.turn = 0
        self.own = {}
        if writers:
            self.own["AUDIT_MANAGER__DATABASE__WRITERS"] = str(writers)
        if batch:
            self.own["AUDIT_MANAGER__KAFKA__CONSUMER__BATCH_MAX_RECORDS"] = str(batch)
        self.writers = writers or 2
        self.batch = batch or 2000

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.cluster = stack.enter_context(kafka.KafkaCluster())
            self.database = stack.enter_context(postgres.PostgresServer(settings=postgres.BENCH_SETTINGS))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def next_turn(self):
        self.turn += 1
        self.database.sql("DROP TABLE IF EXISTS audit_events CASCADE")
        self.topics("ensure")

    def topic(self, name: str = "events") -> str:
        return f"{name}-{self.turn}"

    def variables(self) -> dict:
        return self.database.environment() | {
            "AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS": self.cluster.bootstrap,
            "AUDIT_MANAGER__KAFKA__TOPIC": self.topic(), "AUDIT_MANAGER__KAFKA__DLQ_TOPIC": self.topic("dlq"),
            "AUDIT_MANAGER__KAFKA__TOPICS__REPLICATION_FACTOR": "1",
            "AUDIT_MANAGER__KAFKA__CONSUMER_GROUP": f"group-{self.turn}"} | self.own

    def topics(self, action: str):
        for name in ("events", "bare"):
            names = self.variables() | {"AUDIT_MANAGER__KAFKA__TOPIC": self.topic(name)}
            subprocess.run([servers.BUILD / "audit-manager", "topics", action], check=True, stdout=subprocess.DEVNULL,
                           env=names)

    def replica(self, name: str, roles: str | None) -> Replica:
        return Replica(self.folder / f"{name}-{self.turn}", roles, self.variables())

    def ceiling(self, events: int, *arguments) -> dict:
        ended = subprocess.run([CEILING, "--bootstrap", self.cluster.bootstrap, "--topic", self.topic(), "--events",
                                str(events), *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True,
                               env=self.database.test_environment())
        return json.loads(ended.stdout)


def publish(stage: Stage, load, events: int) -> tuple[float, int]:
    """Into the spool while Kafka stands still, then into the topic: events a second, and how many there are."""
    with stage.replica("ingest", "ingest") as service:
        stage.cluster.pause()
        try:
            load(service.port, None, "--connections", 16, "--batch", BATCH, "--requests", events // BATCH,
                 "--rate", FILLING_RATE / BATCH, "--duration", PATIENCE_SECONDS)
        finally:
            stage.cluster.resume()
        accepted = int(service.metric("audit_manager_events_accepted_total"))
        return service.rate_until("audit_manager_kafka_published_events_total", accepted, 0.04), accepted


def store(stage: Stage, events: int) -> tuple[float, float]:
    """Rows a second and peak memory."""
    with stage.replica("persist", "persist,maintain") as service:
        rate = service.rate_until("audit_manager_store_events_total", events, 0.25, 'outcome="stored"')
        return rate, service.memory("VmHWM")


def parts(stage: Stage, load, options) -> dict:
    """Each round: publish, bare publish, store, copy; the next one in the other order."""
    figures = {"publish": [], "bare_producer": [], "store": [], "copy": [], "store_peak_mib": []}
    # A broker that just started is slower, and it is the service that meets it first in a round.
    stage.next_turn()
    _, events = publish(stage, load, options.events)
    stage.ceiling(events, "--publish-to", stage.topic("bare"))
    for number in range(options.rounds):
        stage.next_turn()
        rate, events = publish(stage, load, options.events)
        figures["publish"].append(rate)

        def ours():
            rate, peak = store(stage, events)
            figures["store"].append(rate)
            figures["store_peak_mib"].append(peak)

        def plain():
            answer = stage.ceiling(events, "--publish-to", stage.topic("bare"), "--copy-into",
                                   DATABASE_OF_THE_CEILING, "--batch", stage.batch, "--connections", stage.writers)
            figures["bare_producer"].append(answer["published_per_second"])
            figures["copy"].append(answer["copied_per_second"])

        for part in (ours, plain) if number % 2 == 0 else (plain, ours):
            part()
        print(f"  round {number + 1}: " + ", ".join(f"{name} {each[-1]:,.0f}" for name, each in figures.items()), flush=True)
    return figures


def ratio(figures: dict, one: str, other: str) -> float:
    return statistics.median(a / b for a, b in zip(figures[one], figures[other], strict=True))


def measure(folder: pathlib.Path, load, options) -> dict:
    with Stage(folder, options.writers, options.batch) as stage:
        figures = parts(stage, load, options)
        results = {name: statistics.median(each) for name, each in figures.items()}
        results["publish/bare_producer"] = ratio(figures, "publish", "bare_producer")
        results["store/copy"] = ratio(figures, "store", "copy")
        print(f"  spool to topic {results['publish']:,.0f}/s, {results['publish/bare_producer']:.2f} of a bare producer; "
              f"topic to table {results['store']:,.0f}/s, {results['store/copy']:.2f} of a plain COPY", flush=True)
        results |= whole(stage, load, min(results["publish"], results["store"]), options)
    return results


def whole(stage: Stage, load, slower: float, options) -> dict:
    """Rows a second in the second half of a load."""
    offered = OFFERED * slower
    stage.next_turn()
    samples = []
    with stage.replica("whole", None) as service, concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(load, service.port, None, "--connections", 16, "--batch", BATCH, "--rate", offered / BATCH,
                              "--duration", options.whole_seconds)
        while not running.done():
            samples.append((time.monotonic(), service.metric("audit_manager_store_events_total", 'outcome="stored"')))
            time.sleep(1)  # each costs what it measures
        accepted = running.result()
        peak = service.memory("VmHWM")
    half = samples[len(samples) // 2]
    rate = (samples[-1][1] - half[1]) / (samples[-1][0] - half[0])
    print(f"  the whole way: offered {offered:,.0f}/s, accepted {accepted['events_per_second']:,.0f}/s, stored {rate:,.0f}/s "
          f"({rate / slower:.2f} of the slower part), peak memory {peak:.0f} MiB", flush=True)
    return {"offered": offered, "accepted": accepted["events_per_second"], "whole": rate, "whole/slower": rate / slower,
            "whole_peak_mib": peak}
