"""The pods of the Helm chart, run here as rendered: their commands with their environment, configuration and Secrets,
beside a real Kafka and a real PostgreSQL. Only what a container would have mounted lies in a folder of the test."""

import os
import subprocess
import unittest
import uuid

from chart import Rendering, sets

import harness
import shared_log
from free_port import free_port

RELEASE = "localhost"  # the Service is called after it


class Pods(shared_log.SharedLogTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.data = self.folder / "data"
        self.outside = {("commons-postgresql", "postgres-password"): self.postgres.password,
                        "metadata.name": "localhost-0"}

    def render(self, *assignments: str) -> Rendering:
        return Rendering(*sets(
            f"global.postgresqlHost={self.postgres.host}", f"global.auditManagerDBPort={self.postgres.port}",
            f"global.kafkaBootstrapServers={self.kafka.bootstrap}", "global.auditManagerDB=audit db",
            "auditManager.nameOverride=localhost", f"auditManager.containerPort={self.port}",
            f"auditManager.service.port={self.port}", f"auditManager.appConfig.dataDir={self.data}",
            f"auditManager.envVars.CONFIG_PATH={self.folder}/config.yaml", *assignments), release=RELEASE)

    def start(self, rendering: Rendering, pod: dict, **options) -> subprocess.Popen:
        """The pod's one container. The files of its ConfigMaps lie in the test's folder."""
        (container,) = pod["containers"]
        command = container["command"]
        for volume in pod["volumes"]:
            if "configMap" not in volume:
                continue
            for name, text in rendering.one("ConfigMap", volume["configMap"]["name"])["data"].items():
                (self.folder / name).write_text(text)
        for mount in container["volumeMounts"]:
            command = [word.replace(f"{mount['mountPath']}/", f"{self.folder}/") if mount["name"] == "sql" else word
                       for word in command]
        path = f"{harness.BUILD}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": "/"} | rendering.environment(
            container, self.outside | {"metadata.uid": str(uuid.uuid4())})
        process = subprocess.Popen(command, env=environment, cwd=self.folder, stdin=subprocess.DEVNULL, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def run_pod(self, rendering: Rendering, pod: dict) -> tuple[int, str]:
        process = self.start(rendering, pod, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said, _ = process.communicate(timeout=harness.PATIENCE_SECONDS)
        return process.returncode, said

    def run_job(self, rendering: Rendering, name: str) -> str:
        code, said = self.run_pod(rendering, rendering.one("Job", name)["spec"]["template"]["spec"])
        self.assertEqual(code, 0, said)
        return said

    def serve(self, rendering: Rendering, name: str = "pod") -> harness.Service:
        service = self.service(name)
        service.port = self.port
        service.folder.mkdir()
        with open(service.log, "ab") as log:
            service.process = self.start(rendering, rendering.one("StatefulSet", RELEASE)["spec"]["template"]["spec"],
                                         stdout=log, stderr=log)
        harness.wait_until("the pod is ready", service.ready)
        return service

    def stored(self) -> int:
        return int(self.postgres.sql("SELECT count(*) FROM audit_events", database="audit db"))

    def test_an_installation_stores_an_event_and_an_upgrade_changes_nothing(self):
        for version, partitions, topics in (("first", 12, "was made"), ("next", 14, "has more")):
            rendering = self.render(f"auditManager.topicInit.partitions={partitions}")
            self.assertIn("are there", self.run_job(rendering, "localhost-postgres-init"))
            self.assertIn(topics, self.run_job(rendering, "localhost-topics"))
            service = self.serve(rendering, version)
            code, said = self.run_pod(rendering, rendering.one("Pod", "localhost-test")["spec"])
            self.assertEqual(code, 0, said)
            self.assertIn("and stored", said)
            self.assertEqual(service.stop(), 0)
        owner = self.postgres.sql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'audit db'")
        self.assertEqual(owner, "localhost_user")
        self.assertEqual(self.stored(), 2)

    def test_its_test_fails_where_nobody_answers_and_where_nothing_is_stored(self):
        rendering = self.render("roles=ingest")
        self.run_job(rendering, "localhost-postgres-init")
        self.run_job(rendering, "localhost-topics")
        pod = rendering.one("Pod", "localhost-test")["spec"]
        code, said = self.run_pod(rendering, pod)
        self.assertNotEqual(code, 0, said)
        self.serve(rendering)
        pod["containers"][0]["env"].append({"name": "TRIES", "value": "3"})
        code, said = self.run_pod(rendering, pod)
        self.assertNotEqual(code, 0, said)
        self.assertIn("was accepted", said)
        self.assertIn("is not in the store after 3 looks", said)

    def test_a_database_is_made_by_a_role_that_is_no_superuser(self):
        self.postgres.sql("CREATE ROLE maker LOGIN CREATEROLE CREATEDB PASSWORD 'it''s \"made\"'")
        self.outside["commons-postgresql", "postgres-password"] = "it's \"made\""
        rendering = self.render("postgres-init.postgresql.user=maker")
        for _ in range(2):
            self.run_job(rendering, "localhost-postgres-init")

    def test_the_database_job_says_what_is_wrong(self):
        self.outside["commons-postgresql", "postgres-password"] = "wrong"
        rendering = self.render()
        pod = rendering.one("Job", "localhost-postgres-init")["spec"]["template"]["spec"]
        code, said = self.run_pod(rendering, pod)
        self.assertNotEqual(code, 0)
        self.assertIn('password authentication failed for user "postgres"', said)

    def test_the_spool_of_a_replica_that_is_gone_is_published(self):
        rendering = self.render("auditManager.spoolDrain.claims={data-localhost-0}")
        self.run_job(rendering, "localhost-postgres-init")
        self.run_job(rendering, "localhost-topics")
        gone = self.serve(rendering, "gone")
        self.kafka.pause()
        events = [harness.event(id=str(number)) for number in range(300)]
        self.assertEqual(gone.post({"events": events}, "/events/batch").status, 202)
        gone.kill()
        self.kafka.resume()
        said = self.run_job(rendering, "drain-data-localhost-0")
        self.assertIn("300 events published, 0 left", said)
        # Another replica, on a volume of its own, stores them.
        self.data.rename(self.folder / "drained")
        self.serve(rendering, "another")
        harness.wait_until("the rows", lambda: self.stored() == 300)


if __name__ == "__main__":
    unittest.main()
