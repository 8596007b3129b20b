"""Every alert raised by its cause: replicas on a real Kafka and a real PostgreSQL, scraped each second by a real
Prometheus with the rules of deploy/monitoring, in which time goes sixty times as fast."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
import unittest
import urllib.parse
import urllib.request

import alerts
import harness
import shared_log
from alerts import yaml
from faulty_disk import FaultyDisk
from free_port import free_port

RETENTION_SECONDS = 60  # the least that a topic may have
SMALL_SPOOL = {"spool.segment_bytes": 4 << 20, "spool.max_bytes": 24 << 20, "http.max_body_bytes": 1 << 20}


def shortened(text: str) -> dict:
    """The rules with seconds for minutes: what they wait for, the ranges they look back over, and the age of a
    backlog. All else is as it is."""
    def faster(expression: str) -> str:
        return re.sub(r"\b(\d+)([mh])\b", lambda m: f"{int(m[1]) * (60 if m[2] == 'h' else 1)}s", expression)

    told = yaml.safe_load(text)
    for group in told["groups"]:
        for rule in group["rules"]:
            rule["expr"] = re.sub(r"age_seconds > (\d+)", lambda m: f"age_seconds > {int(m[1]) // 60}",
                                  faster(rule["expr"]))
            if "for" in rule:
                rule["for"] = faster(rule["for"])
    return told


class Prometheus:
    """Scrapes what watch() names."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "targets").mkdir(parents=True)
        self.port = free_port()
        (folder / "rules.yaml").write_text(json.dumps(shortened(alerts.RULES.read_text())))
        (folder / "prometheus.yaml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(folder / "rules.yaml")],
            "scrape_configs": [{"job_name": "audit-manager", "metrics_path": f"{harness.BASE}/metrics",
                                "tls_config": {"insecure_skip_verify": True},
                                "file_sd_configs": [{"files": [f"{folder}/targets/*.json"],
                                                     "refresh_interval": "1s"}]}]}))
        with open(folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [alerts.program("prometheus"), f"--config.file={folder}/prometheus.yaml",
                 f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        harness.wait_until("Prometheus is ready", self.ready)

    def ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"Prometheus ended:\n{(self.folder / 'log').read_text()[-4000:]}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5).close()
            return True
        return False

    def watch(self, service: harness.Service):
        """From now on, under the name of its folder. Waits until it is scraped."""
        name = service.folder.name
        scheme = "https" if "http.tls_certificate_file" in service.settings else "http"
        (self.folder / "targets" / f"{name}.json").write_text(json.dumps([
            {"targets": [f"127.0.0.1:{service.port}"],
             "labels": {"namespace": "audit", "instance": name, "__scheme__": scheme}}]))
        harness.wait_until(f"{name} is scraped", lambda: self.query(f'up{{instance="{name}"}} == 1'))

    def query(self, expression: str) -> list[dict]:
        question = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{question}", timeout=10) as answer:
            return json.load(answer)["data"]["result"]

    def firing(self) -> set[str]:
        return {found["metric"]["alertname"] for found in self.query('ALERTS{alertstate="firing"}')}

    def end(self):
        self.process.kill()
        self.process.wait()


class RaisedAlerts(shared_log.SharedLogTest):
    # Kafka deletes what is older than the retention at once, and takes no large message.
    KAFKA = {"log.retention.check.interval.ms": 500, "log.initial.task.delay.ms": 500, "log.roll.ms": 1000,
             "log.segment.delete.delay.ms": 100, "message.max.bytes": 100_000}

    def setUp(self):
        super().setUp()
        self.raised = set()
        self.shown = set()
        small = {"kafka.topics.partitions": 1, "kafka.topics.retention_ms": RETENTION_SECONDS * 1000}
        self.taking = self.replica("taking", roles="ingest", **small,
                                   **SMALL_SPOOL)
        self.storing = self.replica("storing", roles="persist,maintain", **small,
                                    **{"database.partition_check_interval_seconds": 1})
        self.strange = self.replica("strange", roles="persist", **small,
                                    **{"kafka.consumer.assignment_strategy": "range"})
        certificate, key = self.folder / "tls.crt", self.folder / "tls.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        self.alone = self.service("alone", **{"http.tls_certificate_file": certificate, "http.tls_key_file": key})
        self.damaged = self.service("damaged", roles="ingest", **SMALL_SPOOL)
        self.disk = FaultyDisk(self.folder / "frail")
        self.frail = self.service("frail", self.disk.variables, **SMALL_SPOOL)

    @contextlib.contextmanager
    def raises(self, *names: str):
        """What the block does makes these alerts fire, which did not."""
        full = {f"AuditManager{name}" for name in names}
        self.assertEqual(self.prometheus.firing() & full, set())
        yield
        harness.wait_until(f"{names} fire", lambda: full <= self.prometheus.firing())
        self.raised |= full
        self.look_at_the_dashboard()

    def quiet(self, *names: str):
        full = {f"AuditManager{name}" for name in names}
        harness.wait_until(f"{names} end", lambda: not full & self.prometheus.firing())

    def look_at_the_dashboard(self):
        """Remembers which of its queries have an answer now, and fails where Prometheus refuses one."""
        for shown, expression in alerts.dashboard_queries("audit", "audit-manager", interval="15s").items():
            if self.prometheus.query(expression):
                self.shown.add(shown)

    def accept(self, event: dict):
        self.assertEqual(self.taking.post(event).status, 202)

    def damage(self, service: harness.Service, text: bytes):
        """Another byte on the disk, where `text` lies in the spool."""
        for path in (service.data / "spool").iterdir():
            with open(path, "r+b") as file:
                if (at := file.read().find(text)) >= 0:
                    file.seek(at)
                    file.write(bytes([text[0] ^ 1]))
                    return
        self.fail(f"{text} is not in the spool")

    def test_each_alert_is_raised_by_its_cause(self):
        self.taking.start()
        self.storing.start()
        harness.wait_until("the partition is read",
                           lambda: self.storing.metric("audit_manager_kafka_assigned_partitions") == 1)
        for service in (self.taking, self.storing):
            checked = alerts.promtool("check", "metrics", said=service.get("/metrics").body.decode())
            self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))
        self.prometheus = Prometheus(self.folder / "prometheus")
        self.addCleanup(self.prometheus.end)
        self.prometheus.watch(self.taking)
        self.prometheus.watch(self.storing)
        harness.wait_until("no alert fires", lambda: not self.prometheus.firing())

        self.of_single_events()
        self.of_single_replicas()
        self.of_the_disk()
        self.of_the_store()
        self.of_the_topic()
        self.of_the_backlog()
        self.of_the_spool()
        self.assertEqual(set(alerts.dashboard_queries()) - self.shown, set(), "panels that never showed anything")
        with self.raises("Absent"):
            for service in self.services:
                self._end(service)
        self.assertEqual(set(alerts.rules()), self.raised)

    def of_single_events(self):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with self.raises("DeadLetters"):
            self.accept(harness.event(id="one", time=now))
            self.accept(harness.event(id="one", time=now, type="test.changed"))
        with self.raises("KafkaRefusesEvents"):
            self.accept(harness.event(padding=os.urandom(200_000).hex()))

    def of_single_replicas(self):
        self.damaged.start()
        for part in ("before", "in the middle", "behind"):
            self.assertEqual(self.damaged.post(harness.event(note=part)).status, 202)
        self.damaged.kill()
        with self.raises("EventsLost", "DamagedSegments"):
            self.damage(self.damaged, b"in the middle")
            self.damaged.start()
            self.prometheus.watch(self.damaged)
        with self.raises("ReplicaDown"):
            self.damaged.kill()
        with self.raises("CertificateNotReloaded"):
            self.alone.start(wait=False)
            self.prometheus.watch(self.alone)
            self.alone.settings["http.tls_certificate_file"].write_text("not a certificate")
            self.alone.process.send_signal(signal.SIGHUP)
        with self.raises("GroupRefused"):
            self.strange.start(wait=False)
            self.prometheus.watch(self.strange)
        self.strange.kill()
        with self.raises("Restarts"):
            for _ in range(2):
                before = self.prometheus.query('process_start_time_seconds{instance="storing"}')[0]["value"][1]
                self.storing.kill()
                self.storing.start()
                harness.wait_until("it is scraped again", lambda: self.prometheus.query(
                    f'process_start_time_seconds{{instance="storing"}} > {before}'))

    def of_the_disk(self):
        self.frail.start()
        self.prometheus.watch(self.frail)
        with self.raises("SlowDisk"):
            self.disk.delay("fdatasync", 0.4)
            caller = self.call(self.frail, "patient", 1)
        caller.end()
        self.disk.heal()
        with self.raises("SpoolMaintenanceFails"):
            self.disk.fail("rename")
            self.fill_a_segment(self.frail)
        self.disk.heal()
        self.quiet("SlowDisk", "SpoolMaintenanceFails")
        with self.raises("FlushFailed"):
            self.disk.fail("fdatasync")
            self.assertEqual(self.frail.post(harness.event()).status, 503)
            self.assertEqual(self.frail.process.wait(harness.PATIENCE_SECONDS), 1, "a failed sync ends the process")
            self.disk.heal()
            self.frail.start()
        self.assertEqual(len(self.frail.logged("an earlier run ended")), 1)
        self.frail.stop()
        (self.frail.data / "spool" / "failed_flush").unlink()
        self.frail.start()
        self.quiet("FlushFailed")

    def fill_a_segment(self, service: harness.Service):
        """So that the writer goes over into the spare one and needs another."""
        for _ in range(SMALL_SPOOL["spool.segment_bytes"] // 400_000 + 1):
            self.assertEqual(service.post(harness.event(padding=os.urandom(200_000).hex())).status, 202)

    def of_the_store(self):
        with self.raises("StoreAway", "PartitionsNotMaintained", "UnstoredNearRetention"):
            self.postgres.stop()
            self.accept(harness.event())
        self.postgres.start()
        self.quiet("StoreAway", "PartitionsNotMaintained", "UnstoredNearRetention")

    def of_the_topic(self):
        """Nobody reads, until Kafka has deleted what nobody has read."""
        with self.raises("PartitionsUnread"):
            self.storing.kill()
            self.accept(harness.event(id="unread"))
        log = self.kafka.nodes[0].folder / "log" / "openg2p.audit.events-0"

        def deleted() -> bool:
            self.accept(harness.event())  # a segment ends when something comes behind it
            time.sleep(0.5)
            return not any(b"unread" in path.read_bytes() for path in log.glob("*.log"))

        harness.wait_until("Kafka deletes what was not read", deleted)
        with self.raises("KafkaHole"):
            self.storing.start()
        self.quiet("PartitionsUnread")

    def of_the_backlog(self):
        """More comes in than a store takes that somebody holds locked."""
        holder = subprocess.Popen(["psql", "-Xq"], stdin=subprocess.PIPE, text=True, env=os.environ | {
            "PGHOST": self.postgres.host, "PGPORT": str(self.postgres.port), "PGDATABASE": self.postgres.name,
            "PGUSER": self.postgres.user, "PGPASSWORD": self.postgres.password})
        self.addCleanup(holder.kill)

        def load(name: str, *arguments) -> harness.Load:
            made = harness.Load(self.taking, self.folder / name, "--batch", 100, "--duration",
                                2 * harness.PATIENCE_SECONDS, *arguments)
            self.addCleanup(made.end)
            return made

        with self.raises("StoreBehind"):
            holder.stdin.write("BEGIN; LOCK TABLE audit_events;\n")
            holder.stdin.flush()
            many = load("many", "--rate", 150)
            harness.wait_until("the store is far behind", lambda: (self.lag(self.storing) or 0) > 100_000)
            many.end()
            more = load("more", "--rate", 2)
        more.end()
        holder.stdin.close()  # what it holds is given back
        holder.wait(harness.PATIENCE_SECONDS)
        self.quiet("StoreBehind", "Backlog", "SpoolNearlyFull", "RefusesEvents")

    def of_the_spool(self):
        with self.raises("Backlog", "SpoolNearlyFull", "RefusesEvents"):
            self.kafka.pause()
            self.addCleanup(self.kafka.resume)
            caller = self.call(self.taking, "caller", 10)
            harness.wait_until("callers are refused", lambda: caller.refusals.get(503, 0) > 0)
        caller.ending.set()


if __name__ == "__main__":
    unittest.main()
