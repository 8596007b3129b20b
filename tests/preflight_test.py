"""`audit-manager preflight` against real servers: an installation in order has nothing to complain of, each fault that
is made for real is found and named, and nothing is written by looking."""

import datetime
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import tempfile
import unittest

import harness
import python_service
import raw_topic
import shared_log

# What depends on the machine that the test runs on, and not on what is tested.
OF_THE_MACHINE = {("disk", "sync"), ("disk", "file system"), ("machine", "memory")}
MODEST = {"http.max_connections": 100, "spool.max_bytes": "96 MiB", "spool.segment_bytes": "32 MiB"}
DLQ = "openg2p.audit.dlq"


class Preflight:
    """One run, and its findings by area and check."""

    def __init__(self, service: harness.Service, *arguments: str, **options):
        patience = () if "--timeout" in arguments else ("--timeout", "20")
        self.ended = subprocess.run([harness.BINARY, "preflight", "--json", *patience, *arguments],
                                    cwd=service.folder, env=service.environment(), text=True, capture_output=True,
                                    timeout=harness.PATIENCE_SECONDS, check=False, **options)
        self.findings = json.loads(self.ended.stdout)["findings"]

    def complaints(self) -> list[dict]:
        return [each for each in self.findings if each["result"] in ("warning", "error")
                and (each["area"], each["check"]) not in OF_THE_MACHINE]


class PreflightTest(harness.WholeTest):
    def installation(self, variables: dict | None = None, **settings) -> harness.Service:
        """Whose data folder is there."""
        made = self.service(f"ours-{len(self.services)}", variables, **(MODEST | settings))
        made.data.mkdir(parents=True)
        return made

    def expect(self, area: str, check: str, result: str, says: str, *arguments: str,
               service: harness.Service | None = None, variables: dict | None = None, settings: dict | None = None,
               **options):
        """Runs it on `service`, or a new installation, and looks for that one finding."""
        preflight = Preflight(service or self.installation(variables, **(settings or {})), *arguments, **options)
        with self.subTest(f"{area}, {check}: {says}"):
            found = [each for each in preflight.findings if each["area"] == area and each["check"] == check
                     and each["result"] == result and says in each["found"]]
            self.assertEqual(len(found), 1, f"{preflight.ended.stdout}\n{preflight.ended.stderr}")
            self.assertNotEqual(found[0]["remedy"], "")
            if result == "error":
                self.assertEqual(preflight.ended.returncode, 1)


class FaultsOfTheMachineTest(PreflightTest):
    def test_faults_of_configuration_disk_and_machine_are_found(self):
        self.expect("configuration", "settings", "error", "DURABILTY", settings={"ingest.durabilty": "synced"})
        uvicorn = {"UVICORN_PORT": "8000"}
        self.expect("configuration", "settings", "warning", "UVICORN_PORT", variables=uvicorn)
        for arguments, code in (((), 0), (("--strict",), 1)):
            self.assertEqual(Preflight(self.installation(uvicorn), *arguments).ended.returncode, code)

        file = self.folder / "file"
        file.touch()
        self.expect("disk", f"data_dir {file}/data", "error", "is no directory", settings={"data_dir": f"{file}/data"})
        self.expect("disk", "room", "warning", "the spool may take", settings={"spool.max_bytes": "64 TiB"})
        with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
            self.expect("disk", "file system", "warning", "tmpfs", settings={"data_dir": memory})
            self.assertEqual(list(pathlib.Path(memory).iterdir()), [])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.expect("machine", f"port {port}", "error", "in use", settings={"http.port": port})
        # Whoever opens this file waits for ever.
        never = self.folder / "never.pem"
        os.mkfifo(never)
        self.expect("kafka", "all", "error", "no answer in time", "--timeout", "0.1",
                    settings={"kafka.bootstrap_servers": "127.0.0.1:1", "kafka.security.protocol": "ssl",
                              "kafka.security.ca_file": never})
        self.expect("machine", "cores", "warning", "http.threads is 256", settings={"http.threads": 256})
        self.expect("machine", "open files", "warning", "up to 300",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300)))


class SharedPreflightTest(PreflightTest, python_service.Installation):
    def setUp(self):
        super().setUp()
        self.ours = self.installation()

    def installation(self, variables: dict | None = None, **settings) -> harness.Service:
        shared = {"kafka.bootstrap_servers": self.kafka.bootstrap, "kafka.producer.compression_type": "gzip",
                  "http.host": "127.0.0.1"}
        return super().installation(self.postgres.environment() | (variables or {}), **(shared | settings))

    def tables(self) -> str:
        return self.postgres.sql("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class "
                                 "WHERE relname LIKE '%audit%'")


class InOrderTest(SharedPreflightTest):
    NODES = 3

    def test_an_installation_in_order_has_no_complaints(self):
        self.ours.settings |= {"kafka.topics.replication_factor": 3, "kafka.topics.partitions": 6}
        made = self.ours.run("topics", "ensure")
        self.assertEqual(made.returncode, 0, made.stderr)
        preflight = Preflight(self.ours, "--replicas", "3")
        self.assertEqual(preflight.complaints(), [])
        self.assertEqual(preflight.ended.returncode, 0)
        checked = [each["check"] for each in preflight.findings if each["area"] == "kafka"]
        self.assertEqual(len([each for each in checked if each.startswith("broker ")]), 3)
        for check in ("partitions", "replicas", "reading", "max.message.bytes", "cleanup.policy", "retention.ms",
                      "compression"):
            self.assertIn(f"topic openg2p.audit.events: {check}", checked)

        # Looking has made nothing.
        self.assertEqual(list(self.ours.data.iterdir()), [])
        self.assertEqual(self.tables(), "")
        self.assertEqual(self.topic.committed(python_service.GROUP), {})
        self.assertEqual(set(self.topic.ends().values()), {0})

        text = self.ours.run("preflight", "--timeout", "20")
        self.assertEqual(text.returncode, 0, text.stderr)
        self.assertIn("0 errors", text.stdout)
        self.assertEqual(text.stderr, "")

        # It starts, and while it runs all is in order but for its port.
        self.ours.start()
        self.assertEqual(self.ours.post(harness.event()).status, 202)
        harness.wait_until("it is committed", lambda: list(self.topic.committed(python_service.GROUP).values()) == [1])
        self.assertEqual([each["check"] for each in Preflight(self.ours).complaints()], [f"port {self.ours.port}"])
        self.assertEqual(self.ours.stop(), 0)

        self.kafka.kill(2)
        address = self.kafka.bootstrap.split(",")[1]
        self.expect("kafka", f"broker {address}", "error", "refused", "--timeout", "3", service=self.ours)


class FaultsOfServersTest(SharedPreflightTest):
    def test_faults_of_kafka_are_found(self):
        # Nothing is there.
        self.expect("kafka", "topic openg2p.audit.events", "warning", "is not there", service=self.ours)
        self.assertFalse(self.topic.exists())
        self.expect("kafka", "topic openg2p.audit.events", "error", "of which there are not that many",
                    settings={"kafka.topics.replication_factor": 3})
        self.expect("kafka", "broker 127.0.0.1:1", "error", "refused", "--timeout", "1",
                    settings={"kafka.bootstrap_servers": f"127.0.0.1:1,{self.kafka.bootstrap}"})
        self.expect("kafka", f"broker {self.kafka.bootstrap}", "error", self.kafka.bootstrap, "--timeout", "2",
                    settings={"kafka.security.protocol": "sasl_plaintext", "kafka.security.username": "audit",
                              "kafka.security.password": "x"})
        self.expect("kafka", "client", "error", "no.such.setting", settings={"kafka.properties.no_such_setting": "1"})
        self.expect("configuration", "settings", "warning", "kafka.producer.acks is 1",
                    settings={"kafka.producer.acks": "1"})

        for check, result, says, settings, arguments in [
                ("replicas", "warning", "is on one machine", {}, ()),
                ("replicas", "error", "takes no message, ever", {"min_insync_replicas": 2}, ()),
                ("partitions", "warning", "2 partitions for 4 replicas", {}, ("--replicas", "4")),
                ("cleanup.policy", "error", "compact", {"cleanup_policy": "compact"}, ()),
                ("max.message.bytes", "error", "10000 bytes", {"max_message_bytes": 10_000}, ()),
                ("retention.ms", "warning", "1 h", {"retention_ms": 3_600_000}, ()),
                ("retention.ms", "warning", "168 h", {}, ("--store-outage", "200")),
                ("retention.bytes", "warning", "1000000", {"retention_bytes": 1_000_000}, ()),
                ("compression", "warning", "zstd, by the topic", {"compression_type": "zstd"}, ()),
                ("message.timestamp.before.max.ms", "warning", "1 h", {"message_timestamp_before_max_ms": 3_600_000},
                 ())]:
            name = f"faulty-{check}-{len(self.services)}"
            raw_topic.RawTopic(self.kafka.bootstrap, name).create(2, **settings)
            self.expect("kafka", f"topic {name}: {check}", result, says, *arguments, settings={"kafka.topic": name})

        raw_topic.RawTopic(self.kafka.bootstrap, "as-sent").create(2)
        lz4 = self.installation(**{"kafka.topic": "as-sent", "kafka.producer.compression_type": "lz4"})
        self.expect("kafka", "topic as-sent: compression", "warning", "lz4, by kafka.producer", service=lz4)
        gone = Preflight(lz4, "--without-python").complaints()
        self.assertNotIn("topic as-sent: compression", [each["check"] for each in gone])

        # Everything stands still, and the others are told all the same.
        self.kafka.pause()
        self.addCleanup(self.kafka.resume)
        hanging = Preflight(self.ours, "--timeout", "1")
        self.assertEqual([each["check"] for each in hanging.complaints()], [f"broker {self.kafka.bootstrap}"])
        self.assertIn(("postgres", "ok"), [(each["area"], each["result"]) for each in hanging.findings])
        self.kafka.resume()

    def test_faults_of_postgres_are_found(self):
        self.expect("postgres", "server", "error", "password", variables={"DB_PASSWORD": "wrong"})
        self.expect("postgres", "server", "error", "nowhere", variables={"DB_NAME": "nowhere"})
        self.expect("postgres", "server", "error", "refused", variables={"DB_PORT": "1"})
        self.expect("postgres", "server", "error", "SSL", settings={"database.ssl_mode": "require"})
        sql = self.postgres.sql
        sql(f"CREATE ROLE stranger LOGIN PASSWORD '{self.postgres.password}'; "
            "REVOKE ALL ON DATABASE auditmanager FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC; "
            "GRANT CONNECT ON DATABASE auditmanager TO stranger")
        stranger = {"DB_USER": "stranger"}
        self.expect("postgres", "table", "error", "may not make it", variables=stranger)
        self.expect("postgres", "role", "error", "temporary tables", variables=stranger)
        self.assertEqual(self.tables(), "")

        self.ours.settings["roles"] = "ingest,persist,maintain"
        self.ours.start()
        harness.wait_until("the table is there", lambda: "audit_events_20" in self.tables())
        self.assertEqual(self.ours.stop(), 0)
        self.expect("postgres", "table", "error", "has no SELECT", variables=stranger)
        self.expect("postgres", "months", "error", "may not make one", variables=stranger)
        sql("GRANT SELECT, INSERT ON audit_events TO stranger; GRANT TEMPORARY ON DATABASE auditmanager TO stranger")
        self.expect("postgres", "retention", "warning", "may not drop", variables=stranger)
        sql("ALTER ROLE stranger CONNECTION LIMIT 5")
        self.expect("postgres", "connections", "error", "8 for 2 replicas; of 5", variables=stranger)
        sql("DROP INDEX idx_audit_events_trace")
        self.expect("postgres", "table", "warning", "CREATE INDEX IF NOT EXISTS idx_audit_events_trace")
        sql("CREATE TABLE rest PARTITION OF audit_events DEFAULT")
        self.expect("postgres", "default partition", "warning", "rest")
        sql("CREATE TABLE audit_events_2020_02 (id text)")
        self.expect("postgres", "strangers", "error", "audit_events_2020_02")
        sql("SET TimeZone = 'Asia/Kolkata'; CREATE TABLE audit_events_2021_03 PARTITION OF audit_events "
            "FOR VALUES FROM ('2021-03-01') TO ('2021-04-01')")
        self.expect("postgres", "month bounds", "warning", "2021_03")
        sql("ALTER TABLE audit_events DROP COLUMN reason")
        self.expect("postgres", "table", "error", "column reason is missing")
        sql("ALTER DATABASE auditmanager SET default_transaction_read_only = on")
        self.expect("postgres", "writing", "error", "read-only")

        # It stands still, and the others are told all the same.
        os.kill(self.postgres.pid(), signal.SIGSTOP)
        self.addCleanup(os.kill, self.postgres.pid(), signal.SIGCONT)
        hanging = Preflight(self.ours, "--timeout", "1")
        self.assertEqual([each["found"] for each in hanging.findings if each["area"] == "postgres"],
                         [f"PostgreSQL auditmanager at 127.0.0.1:{self.postgres.port} does not answer; "
                          "the connection is given up"])
        self.assertEqual(len([each for each in hanging.findings if each["area"] == "disk"]), 4)


class PythonInstallationTest(SharedPreflightTest):
    def test_an_installation_of_the_python_service_is_looked_at_as_it_is(self):
        self.make_topics("gzip")
        python = self.python_replica("python").start()
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        events = [harness.event(id=f"e-{i}", time=now, subject=f"person/{i}") for i in range(shared_log.BATCH)]
        self.assertEqual(python.post({"events": events}, "/events/batch").status, 202)
        self.wait_for_rows(len(events))
        self.wait_until_all_is_committed()

        ours = self.existing_installation("taking-over")
        (ours.folder / "data").mkdir()
        preflight = Preflight(ours)
        complaints = {(each["check"], each["result"]) for each in preflight.complaints()}
        # Its port may be taken on this machine, and its spool too large.
        complaints -= {("port 8000", "error"), ("room", "warning"), ("open files", "warning")}
        self.assertEqual(complaints, {("settings", "warning"), ("topic openg2p.audit.events: replicas", "warning"),
                                      (f"topic {DLQ}: replicas", "warning")}, preflight.ended.stdout)
        found = {each["check"]: each["found"] for each in preflight.findings}
        self.assertIn("1 members that share by roundrobin", found[f"group {python_service.GROUP}: members"])
        self.assertEqual(found[f"group {python_service.GROUP}: offsets"], "0 events wait to be stored")
        self.assertEqual(found["topic openg2p.audit.events: compression"], "gzip, by the topic")
        self.assertEqual(found["month bounds"], "in UTC")
        self.assertIn("audit_events fits", found["table"])

        group = f"group {python_service.GROUP}"
        self.expect("kafka", f"{group}: members", "error", "ours is cooperative-sticky",
                    settings={"kafka.consumer.assignment_strategy": "cooperative-sticky"})
        self.assertEqual(python.stop(), 0)
        self.expect("kafka", f"{group}: members", "warning", "the Python service cannot start",
                    settings={"kafka.consumer.assignment_strategy": "cooperative-sticky"})

        # Retention is quicker than the store.
        ends = self.topic.ends()
        python.start("--produce-only")
        later = [event | {"id": event["id"] + "-later"} for event in events]
        self.assertEqual(python.post({"events": later}, "/events/batch").status, 202)
        self.assertEqual(python.stop(), 0)
        grown = {partition: end for partition, end in self.topic.ends().items() if end > ends[partition]}
        self.topic.delete_before(grown)
        partition = min(grown)
        self.expect("kafka", f"{group}: offsets", "error",
                    f"partition {partition}: {ends[partition]} to {grown[partition] - 1}")


if __name__ == "__main__":
    unittest.main()
