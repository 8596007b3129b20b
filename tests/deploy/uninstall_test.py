"""The uninstall script, beside a stand-in for the cluster that knows what is there and records each call, and a real
PostgreSQL where the database is dropped."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

import kafka  # noqa: E402  # of tests/servers, which the harness makes known
import postgres  # noqa: E402

SCRIPT = harness.ROOT / "deploy" / "uninstall-audit-manager.sh"
STAND_IN = pathlib.Path(__file__).resolve().with_name("cluster.py")
DELIVERED = "reader   forwarder  dealt with 7 of 7\n7 records, 900 bytes, 4096 bytes on disk: sound\n"
UNDELIVERED = DELIVERED.replace("7 of 7", "4 of 7")
METRICS = """# TYPE audit_manager_kafka_consumer_lag_events gauge
audit_manager_kafka_consumer_lag_events{partition="%s"} 0
audit_manager_kafka_consumer_lag_events{partition="%s"} 0
audit_manager_kafka_assigned_partitions 2
audit_manager_kafka_topic_partitions 4
"""
STORED = {"audit-manager-0": METRICS % (0, 1), "audit-manager-1": METRICS % (2, 3)}
ODD_NAMES = ("a b", "a;b", "$(touch x)", "a,b=c", "../a", "a'b", 'a"b', "a\nb", "ä", "a" * 300, "*", "-x", "A")


def resource(kind: str, name: str, release: str = "audit-manager", namespace: str = "audit", managed: bool = False,
             labels: dict | None = None, **content) -> dict:
    metadata = {"name": name, "namespace": namespace,
                "labels": {"app.kubernetes.io/instance": release} | (labels or {})}
    if managed:
        metadata["managed_by"] = release
    return {"kind": kind, "metadata": metadata} | content


def pod(name: str, release: str = "audit-manager", container: str = "audit-manager", **options) -> dict:
    return resource("pod", name, release, status={"phase": "Running"},
                    spec={"containers": [{"name": container}]}, **options)


def volume(name: str, claim: str, phase: str = "Bound", policy: str = "Retain", namespace: str = "audit") -> dict:
    return {"kind": "persistentvolume", "metadata": {"name": name}, "status": {"phase": phase},
            "spec": {"persistentVolumeReclaimPolicy": policy, "claimRef": {"namespace": namespace, "name": claim}}}


def replicas(release: str, name: str, count: int = 2, managed: bool = True) -> list[dict]:
    """What the chart makes for a release with the resources' name `name`."""
    component = {"app.kubernetes.io/component": "audit-manager"}
    environment = [{"name": "DB_NAME", "value": f"{release}_db"}, {"name": "DB_USER", "value": f"{release}_role"}]
    workload = {"template": {"spec": {"containers": [{"name": "audit-manager", "env": environment}]}}}
    made = [resource("statefulset.apps", name, release, managed=managed, labels=component, spec=workload),
            resource("configmap", f"{name}-config", release, managed=managed)]
    for number in range(count):
        made += [pod(f"{name}-{number}", release, managed=managed, labels=component),
                 resource("persistentvolumeclaim", f"data-{name}-{number}", release),
                 volume(f"pv-{name}-{number}", f"data-{name}-{number}")]
    return made


class UninstallTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="audit-uninstall-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for program in ("kubectl", "helm"):
            (self.folder / program).symlink_to(STAND_IN)
        for program in ("psql", "kafka-topics.sh"):
            self.program(program, f'printf "%s " {program} "$@" >>"$SAID" && echo >>"$SAID"')
        self.path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        self.state = {"releases": [["audit", "audit-manager"], ["audit", "other"], ["elsewhere", "audit-manager"]],
                      "calls": [], "failures": [], "inspections": {}, "metrics": {}, "resources": [
            *replicas("audit-manager", "audit-manager"), *replicas("other", "other-audit-manager"),
            resource("job.batch", "audit-manager-topics"),
            resource("pod", "audit-manager-topics-x", status={"phase": "Failed"}),
            resource("secret", "audit-manager", data={"audit-manager-db-user": "eA=="}),
            resource("secret", "other", "other"), resource("secret", "audit-manager", namespace="elsewhere"),
            resource("secret", "commons-postgresql", "commons-postgresql", password="it's \"secret\" $HOME"),
            pod("commons-postgresql-0", "commons-postgresql", "postgresql",
                labels={"app.kubernetes.io/name": "postgresql", "app.kubernetes.io/component": "primary"}),
            pod("commons-kafka-0", "commons-kafka", "kafka", labels={"app.kubernetes.io/name": "kafka"}),
            volume("pv-gone", "data-audit-manager-7", "Released"),
            volume("pv-gone-too", "data-audit-manager-8", "Released", namespace="elsewhere"),
            volume("pv-of-a-namesake", "data-audit-manager-x-0", "Released"),
            volume("pv-of-somebody", "data-registry-0", "Released")]}
        for name in ("audit-manager-0", "audit-manager-1"):
            self.state["inspections"][name] = {"says": DELIVERED}
            self.state["metrics"][name] = {"says": STORED[name]}
        self.file = self.folder / "cluster.json"
        self.said = self.folder / "said"
        self.said.touch()

    def program(self, name: str, script: str):
        (self.folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.folder / name).chmod(0o755)

    def run_script(self, *arguments: str, typed: str = "", code: int = 0, state: dict | None = None) -> str:
        self.file.write_text(json.dumps(self.state if state is None else state))
        return self.run_again(*arguments, typed=typed, code=code)

    def run_again(self, *arguments: str, typed: str = "", code: int = 0) -> str:
        environment = os.environ | {"PATH": self.path, "CLUSTER": str(self.file), "SAID": str(self.said),
                                    "RELEASE_PATIENCE_SECONDS": "1"}
        done = subprocess.run([SCRIPT, *arguments], env=environment, input=typed, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=harness.PATIENCE_SECONDS, check=False)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    @property
    def cluster(self) -> dict:
        return json.loads(self.file.read_text())

    def there(self) -> set[str]:
        return {f"{one['metadata'].get('namespace', '')}/{one['kind']}/{one['metadata']['name']}"
                for one in self.cluster["resources"]}

    def changes(self) -> list[str]:
        """The calls that change something, in order. A look at a spool or at metrics does not."""
        calls = [" ".join(call) for call in self.cluster["calls"]]
        return [call for call in calls if any(verb in call for verb in (" delete ", " uninstall ", " exec "))
                and not call.endswith(("audit-manager spool inspect", "audit-manager metrics"))]

    def assert_untouched(self, said: str):
        self.assertEqual(self.changes(), [])
        self.assertEqual(self.cluster["resources"], self.state["resources"])
        self.assertEqual(self.said.read_text(), "")
        self.assertIn("othing was deleted", said)

    def assert_in_order(self, *parts: str):
        calls = self.changes()
        self.assertEqual(len(calls), len(parts), "\n".join(calls))
        for part, call in zip(parts, calls):
            self.assertIn(part, call)

    ORDER = ("helm uninstall audit-manager --namespace audit", "delete jobs,pods", "secret/audit-manager", "psql")

    def test_all_of_a_release_goes_in_order_and_nothing_of_another(self):
        before = {f"{one['metadata'].get('namespace', '')}/{one['kind']}/{one['metadata']['name']}"
                  for one in self.state["resources"]}
        said = self.run_script("--namespace", "audit", "--delete-kafka-topics", typed="audit-manager\n")
        self.assert_in_order(*self.ORDER, r"--topic openg2p\.audit\.events", r"--topic openg2p\.audit\.dlq",
                             "persistentvolumeclaim/data-audit-manager-0", "persistentvolume/pv-")
        gone = {f"audit/{name}" for number in "01" for name in (
            f"pod/audit-manager-{number}", f"persistentvolumeclaim/data-audit-manager-{number}")}
        gone |= {f"/persistentvolume/{name}" for name in ("pv-audit-manager-0", "pv-audit-manager-1", "pv-gone")}
        gone |= {f"audit/{name}" for name in (
            "statefulset.apps/audit-manager", "configmap/audit-manager-config", "job.batch/audit-manager-topics",
            "pod/audit-manager-topics-x", "secret/audit-manager")}
        self.assertEqual(before - self.there(), gone)
        for name in gone - {"audit/pod/audit-manager-0"}:
            self.assertIn(name.rsplit("/", 1)[1], said)
        self.assertEqual(self.cluster["releases"], [["audit", "other"], ["elsewhere", "audit-manager"]])
        self.assertIn("database=audit-manager_db", self.said.read_text())
        self.assertIn("role=audit-manager_role", self.said.read_text())

    def test_what_is_gone_is_passed_over(self):
        self.run_script("--namespace", "audit", "--yes")
        self.said.write_text("")
        self.run_again("--namespace", "audit", "--yes")
        # Without its pods the names are those that the chart gives by itself.
        self.assertIn("database=audit_manager --set role=audit_manager_user", self.said.read_text())
        empty = self.state | {"resources": [], "releases": []}
        said = self.run_script("--namespace", "audit", "--yes", "--delete-kafka-topics", state=empty)
        self.assert_in_order("delete jobs,pods")
        self.assertIn("no running pod of the release commons-postgresql in audit", said)
        self.assertIn("no running pod of the release commons-kafka in audit", said)

    def test_a_dry_run_shows_all_and_deletes_nothing(self):
        said = self.run_script("--namespace", "audit", "--dry-run", "--delete-kafka-topics")
        self.assert_untouched(said)
        for name in ("job.batch/audit-manager-topics", "secret/audit-manager", "configmap/audit-manager-config",
                     "audit-manager_db", "audit-manager_role", "openg2p.audit.events", "openg2p.audit.dlq",
                     "data-audit-manager-1", "pv-gone"):
            self.assertIn(name, said)
        for name in ("other", "pv-of", "pv-gone-too"):
            self.assertNotIn(name, said)

    def test_the_name_has_to_be_typed(self):
        for typed in ("", "yes\n", "audit-managerx\n"):
            with self.subTest(typed=typed):
                self.assert_untouched(self.run_script("--namespace", "audit", typed=typed, code=1))

    def test_volumes_are_kept_when_asked(self):
        self.run_script("--namespace=audit", "--yes", "--keep-pvs")
        self.assert_in_order(*self.ORDER)
        self.assertIn("audit/persistentvolumeclaim/data-audit-manager-0", self.there())
        self.assertIn("/persistentvolume/pv-gone", self.there())

    def test_a_volume_that_goes_by_itself_is_left_to_its_driver(self):
        for one in self.state["resources"]:
            if one["metadata"]["name"] == "pv-audit-manager-0":
                one["spec"]["persistentVolumeReclaimPolicy"] = "Delete"
        self.run_script("--namespace", "audit", "--yes")
        self.assertNotIn("/persistentvolume/pv-audit-manager-0", self.there())
        self.assertNotIn("persistentvolume/pv-audit-manager-0", " ".join(self.changes()))

    def test_names_and_places_that_differ(self):
        for one in self.state["resources"]:
            if one["metadata"]["name"].startswith("commons-"):
                one["metadata"]["namespace"] = "commons"
                one["metadata"]["labels"]["app.kubernetes.io/instance"] += "-2"
                one["metadata"]["name"] = one["metadata"]["name"].replace("commons-postgresql", "commons-postgresql-2")
        self.state["inspections"] = {f"other-audit-manager-{number}": {"says": DELIVERED} for number in range(2)}
        self.state["metrics"] = {f"other-audit-manager-{number}": {"says": STORED[f"audit-manager-{number}"]}
                                 for number in range(2)}
        self.run_script("--namespace", "audit", "--release", "other", "--yes", "--delete-kafka-topics",
                        "--postgres-release", "commons-postgresql-2", "--postgres-namespace", "commons",
                        "--kafka-release", "commons-kafka-2", "--kafka-namespace", "commons",
                        "--audit-topic", "a.b_c-d", "--audit-dlq-topic", "dead")
        self.assertIn(r"--topic a\.b_c-d", self.said.read_text())
        self.assertIn("--topic dead", self.said.read_text())
        self.assertIn("database=other_db", self.said.read_text())
        self.assertIn("audit/persistentvolumeclaim/data-audit-manager-0", self.there())
        self.assertNotIn("audit/persistentvolumeclaim/data-other-audit-manager-0", self.there())

    def test_undelivered_events_stop_it(self):
        cases = {"has 3 undelivered events": {"says": UNDELIVERED},
                 "has 5 undelivered events": {"says": "5 records, 1 bytes, 2 bytes on disk: sound\n"},
                 "does not say what its spool holds: Error from server": {"says": "Error from server\n", "code": 1},
                 "does not say": {"says": DELIVERED + "DAMAGED: records 1 to 2 were synced and cannot be read\n"}}
        for reason, inspection in cases.items():
            with self.subTest(reason):
                self.state["inspections"]["audit-manager-1"] = inspection
                for option in ("--yes", "--dry-run"):
                    said = self.run_script("--namespace", "audit", option, code=1)
                    self.assert_untouched(said)
                    self.assertIn(reason, said)
                    self.assertIn("spoolDrain.claims", said)
        self.run_script("--namespace", "audit", "--yes", "--discard-undelivered")
        self.assertNotIn("audit/persistentvolumeclaim/data-audit-manager-1", self.there())

    def test_a_topic_that_the_database_has_not_caught_up_with_is_not_deleted(self):
        said = self.run_script("--namespace", "audit", "--yes", "--delete-kafka-topics")
        self.assertNotIn("in the topic", said)
        self.said.write_text("")
        three, unknown = STORED["audit-manager-1"].replace("} 0", "} 3", 1), STORED["audit-manager-1"].split("\n", 2)[2]
        unread = unknown.replace("assigned_partitions 2", "assigned_partitions 1")
        cases = {"3 events in the topic openg2p.audit.events are not": {"says": three},
                 "of 1 partitions the pods do not know yet": {"says": unknown},
                 "1 of the topic's 4 partitions are read by no running pod": {"says": unread},
                 "audit-manager-1 does not say how far it is with the topic: Error": {"says": "Error\n", "code": 1}}
        for reason, metrics in cases.items():
            with self.subTest(reason):
                self.state["metrics"]["audit-manager-1"] = metrics
                for option in ("--yes", "--dry-run"):
                    said = self.run_script("--namespace", "audit", "--delete-kafka-topics", option, code=1)
                    self.assert_untouched(said)
                    self.assertIn(reason, said)
                    self.assertIn("--discard-undelivered goes on", said)
                # Events that stay are no reason to stop.
                said = self.run_script("--namespace", "audit", "--yes")
                self.assertIn(reason, said)
                self.assertIn("they stay in the topic", said)
                self.assert_in_order(*self.ORDER, "persistentvolumeclaim/", "persistentvolume/")
                self.said.write_text("")
        said = self.run_script("--namespace", "audit", "--yes", "--delete-kafka-topics", "--discard-undelivered")
        self.assertIn(r"--topic openg2p\.audit\.events", self.said.read_text())

    def test_without_kafka_there_is_no_lag(self):
        for name in STORED:
            self.state["metrics"][name] = {"says": "audit_manager_spool_undelivered_records 0\n"}
        self.assertNotIn("in the topic", self.run_script("--namespace", "audit", "--yes", "--delete-kafka-topics"))

    def test_a_spool_that_nobody_can_read_stops_it(self):
        self.state["resources"] = [one for one in self.state["resources"]
                                   if (one["kind"], one["metadata"]["name"]) != ("pod", "audit-manager-1")]
        said = self.run_script("--namespace", "audit", "--yes", code=1)
        self.assert_untouched(said)
        self.assertIn("claim data-audit-manager-1 is of a replica that does not run", said)

    def test_a_failure_stops_it_and_a_second_run_goes_on(self):
        steps = {"helm uninstall": "release", "delete jobs,pods": "jobs", "secret/audit-manager": "Secrets",
                 "psql": "database", r"openg2p\.audit\.events": "topic", "persistentvolumeclaim/": "claims",
                 "persistentvolume/": "volumes"}
        for number, (call, step) in enumerate(steps.items()):
            with self.subTest(step):
                said = self.run_script("--namespace", "audit", "--yes", "--delete-kafka-topics", code=1,
                                       state=self.state | {"failures": [call]})
                self.assertIn(f"{call} is forbidden", said)
                self.assertRegex(said, f"{step}.*: failed, see above")
                calls = self.changes()
                self.assertIn(call, calls[-1])
                self.assertFalse([later for later in list(steps)[number + 1:] if later in " ".join(calls)])
                self.file.write_text(json.dumps(self.cluster | {"failures": []}))
                again = ["--namespace", "audit", "--yes", "--delete-kafka-topics"]
                if step not in ("release", "volumes"):
                    # The replicas are gone and cannot be asked; the first run could, and its last words say so.
                    self.assertIn("--discard-undelivered", said)
                    self.assertIn("of a replica that does not run", self.run_again(*again, code=1))
                    again.append("--discard-undelivered")
                self.run_again(*again)
                self.assertFalse([name for name in self.there()
                                  if "/data-audit-manager" in name or "pv-audit-manager" in name])

    def test_what_cannot_be_looked_at_leaves_all_as_it_is(self):
        for call in ("get statefulsets", "helm list", "get jobs,pods", "get secrets", "get persistentvolumeclaims",
                     "get persistentvolumes", "get pods"):
            with self.subTest(call):
                said = self.run_script("--namespace", "audit", "--yes", code=1, state=self.state | {"failures": [call]})
                self.assertIn(f"{call} is forbidden", said)
                self.assert_untouched(said)

    def test_a_wrong_command_line_is_refused_before_any_call(self):
        wrong = {(): "--namespace is missing", ("--namespace",): "--namespace needs a value",
                 ("--namespace", "--yes"): "--namespace needs a value", ("--namespace=",): "needs a value",
                 ("--namespace", "audit", "--all"): "there is no option '--all'",
                 ("--namespace", "audit", "more"): "there is no option 'more'",
                 ("--namespace", "audit", "--yes=1"): "--yes takes no value"}
        for name in ODD_NAMES:
            wrong["--namespace", "audit", "--release", name] = f"--release '{name}' is not a name that can be there"
        for option in ("--namespace", "--postgres-release", "--postgres-namespace", "--kafka-release",
                       "--kafka-namespace", "--audit-topic", "--audit-dlq-topic"):
            for name in ("a,b=c", "a\nb"):
                wrong["--namespace", "audit", option, name] = f"{option} '{name}' is not a name that can be there"
        wrong["--namespace", "audit", "--release", "--yes"] = "needs a value"
        for arguments, reason in wrong.items():
            with self.subTest(arguments):
                said = self.run_script(*arguments, code=2)
                self.assertIn(reason, said)
                self.assertEqual(self.cluster["calls"], [])

    def test_a_missing_tool_is_named(self):
        (self.folder / "helm").unlink()
        self.path = f"{self.folder}{os.pathsep}/usr/bin{os.pathsep}/bin"
        self.assertIn("helm is not on the PATH", self.run_script("--namespace", "audit", code=1))

    def test_help_names_every_option(self):
        said = self.run_script("--help")
        for option in ("--namespace", "--release", "--postgres-release", "--postgres-namespace", "--kafka-release",
                       "--kafka-namespace", "--audit-topic", "--audit-dlq-topic", "--delete-kafka-topics", "--keep-pvs",
                       "--discard-undelivered", "--dry-run", "--yes"):
            self.assertIn(option, said)

    def test_a_real_server_loses_that_database_and_role_alone(self):
        database, role = 'audit "d\'b" \\', "the; role"
        for one in self.state["resources"]:
            if one["kind"] == "statefulset.apps" and one["metadata"]["name"] == "audit-manager":
                one["spec"]["template"]["spec"]["containers"][0]["env"] = [
                    {"name": "DB_NAME", "value": database}, {"name": "DB_USER", "value": role}]
            if "password" in one:
                one["password"] = postgres.PASSWORD
        with postgres.PostgresServer() as server:
            quoted = database.replace('"', '""')
            server.sql(f'CREATE ROLE "{role}" LOGIN')
            server.sql(f'CREATE DATABASE "{quoted}" OWNER "{role}"')
            server.sql("CREATE ROLE stays")
            # The stand-in for the pod of the server: there it listens on the usual port.
            self.program("psql", f'exec /usr/bin/psql --host {server.host} --port {server.port} "$@" '
                                 f'--username {server.user}')
            for _ in range(2):
                self.run_script("--namespace", "audit", "--yes")
                self.assertEqual(server.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'audit \"%'"), "0")
                self.assertEqual(
                    server.sql("SELECT rolname FROM pg_roles WHERE rolname IN ('the; role', 'stays')"), "stays")
            self.assertNotIn(server.password, json.dumps(self.cluster["calls"]))

    def test_the_verifier_s_own_words_are_understood(self):
        """As a pod's spool inspect says them, of a real spool with something in it and of one without."""
        environment = {"kafka.bootstrap_servers": "127.0.0.1:1", "log.backend": "kafka", "http.host": "127.0.0.1"}
        service = harness.Service(self.folder / "pod", **environment)
        service.start()
        self.addCleanup(service.process.wait)
        self.addCleanup(service.process.kill)
        for events in range(3):
            said = service.run("spool", "inspect", str(service.data / "spool")).stdout
            self.state["inspections"]["audit-manager-0"] = {"says": said}
            told = self.run_script("--namespace", "audit", "--dry-run", code=1 if events else 0)
            if events:
                self.assertIn(f"pod audit-manager-0 has {events} undelivered events", told)
            self.assertEqual(service.post(harness.event()).status, 202)

    def test_a_replica_s_own_metrics_are_understood(self):
        """As a pod's `audit-manager metrics` prints them, beside a real Kafka and with a database that is away."""
        brokers = kafka.KafkaCluster(1)
        self.addCleanup(brokers.stop)
        brokers.start()
        service = harness.Service(self.folder / "pod", {"DB_HOST": "127.0.0.1", "DB_PORT": "1"}, **{
            "http.host": "127.0.0.1", "kafka.bootstrap_servers": brokers.bootstrap,
            "kafka.topics.replication_factor": 1, "kafka.topics.partitions": 3})
        service.start()
        self.addCleanup(service.process.wait)
        self.addCleanup(service.process.kill)
        self.state["metrics"]["audit-manager-1"] = {"says": ""}  # all partitions are the first one's
        lag = "audit_manager_kafka_consumer_lag_events"
        for posted in (0, 3):
            for _ in range(posted):
                self.assertEqual(service.post(harness.event()).status, 202)
            harness.wait_until("the lag is known", lambda: len(service.samples(lag)) == 3 and
                               bool(service.metric(lag)) == bool(posted))
            told = service.run("metrics")
            self.assertEqual((told.returncode, told.stderr), (0, ""))
            self.state["metrics"]["audit-manager-0"] = {"says": told.stdout}
            events = sum(int(line.split()[1]) for line in told.stdout.splitlines() if line.startswith(f"{lag}{{"))
            said = self.run_script("--namespace", "audit", "--dry-run", "--delete-kafka-topics", code=1 if posted else 0)
            self.assertEqual(f"{events} events in the topic" in said, bool(posted), said)
            self.assertNotIn("partitions", said)
        service.kill()
        told = service.run("metrics")
        self.assertEqual(told.returncode, 1)
        self.assertIn(f"127.0.0.1:{service.port}", told.stderr)


if __name__ == "__main__":
    unittest.main()
