"""What the Helm chart runs: the pods that it describes, and that the binary takes the configuration it gives them."""

import json
import re
import subprocess
import tempfile
import unittest

import chart
import harness
from chart import Rendering, sets, yaml
from chart_cases import EXISTING, everything


class Pods(unittest.TestCase):
    def test_all_keep_the_restricted_profile(self):
        rendering = Rendering(*sets("persister.enabled=true", "auditManager.spoolDrain.claims={data-audit-manager-5}"))
        pods = rendering.pods()
        self.assertEqual(len(pods), 6, pods.keys())
        for title, pod in pods.items():
            with self.subTest(title):
                self.assertIs(pod["automountServiceAccountToken"], False)
                self.assertIs(pod["securityContext"]["runAsNonRoot"], True)
                self.assertEqual(pod["securityContext"]["runAsUser"], 1000)
                self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                for volume in pod.get("volumes", []):
                    self.assertEqual(set(volume) - {"name", "configMap", "emptyDir", "persistentVolumeClaim", "secret"},
                                     set())
                for container in pod["containers"]:
                    security = container["securityContext"]
                    self.assertIs(security["allowPrivilegeEscalation"], False)
                    self.assertIs(security["readOnlyRootFilesystem"], True)
                    self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                    self.assertIn("memory", container["resources"]["limits"])
                    self.assertIn("cpu", container["resources"]["requests"])

    def test_the_volume_is_writable_where_the_security_context_is_off(self):
        rendering = Rendering("--values", EXISTING)
        pod = rendering.one("StatefulSet", "audit-manager-events")["spec"]["template"]["spec"]
        self.assertEqual(pod["securityContext"], {"fsGroup": 1000, "fsGroupChangePolicy": "OnRootMismatch"})
        self.assertNotIn("securityContext", pod["containers"][0])

    def test_a_change_of_the_configuration_rolls_them(self):
        def checksum(*assignments: str) -> str:
            workload = Rendering(*sets(*assignments)).one("StatefulSet", chart.RELEASE)
            return workload["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

        self.assertEqual(checksum(), checksum("auditManager.replicaCount=5", "auditManager.commonLabels.team=audit"))
        self.assertNotEqual(checksum(), checksum("auditManager.appConfig.ingest.maxBatchSize=501"))

    def test_they_have_time_to_forward_what_they_hold(self):
        for assignments, seconds in (([], 5 + 25 + 15), (["auditManager.appConfig.shutdown.graceSeconds=120"], 140),
                                     (["auditManager.terminationGracePeriodSeconds=30"], 30)):
            pod = Rendering(*sets(*assignments)).one("StatefulSet", chart.RELEASE)["spec"]["template"]["spec"]
            self.assertEqual(pod["terminationGracePeriodSeconds"], seconds)

    def test_each_role_runs_where_it_should(self):
        def roles(rendering: Rendering) -> dict:
            return {name.split(" ")[1]: rendering.environment(pod["containers"][0], OUTSIDE)["AUDIT_MANAGER__ROLES"]
                    for name, pod in rendering.pods().items() if name.startswith("StatefulSet")}

        self.assertEqual(roles(Rendering()), {"audit-manager": "ingest,persist,maintain"})
        self.assertEqual(roles(Rendering(*sets("roles={ingest,persist}"))), {"audit-manager": "ingest,persist"})
        self.assertEqual(roles(Rendering(*sets("persister.enabled=true"))),
                         {"audit-manager": "ingest", "audit-manager-persister": "persist,maintain"})


# Of the cluster, not of the release: names of pods, and Secrets that somebody else made.
OUTSIDE = {"metadata.name": "audit-manager-0", ("kafka-login", "username"): "someone",
           ("kafka-login", "password"): "secret", ("kafka-login", "key-password"): "secret",
           ("audit-manager", "audit-manager-db-user"): "secret"}


def settings(rendering: Rendering, workload: dict) -> dict:
    """What the binary says of the configuration that a rendering gives the pods of a workload, by key."""
    pod = workload["spec"]["template"]["spec"]
    name = next(volume for volume in pod["volumes"] if volume["name"] == "config")["configMap"]["name"]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(rendering.one("ConfigMap", name)["data"]["config.yaml"])
        file.flush()
        environment = harness.environment({}) | rendering.environment(pod["containers"][0], OUTSIDE)
        told = subprocess.run([harness.BINARY, "config", "--config", file.name, "--format", "json"], env=environment,
                              text=True, capture_output=True, check=False, timeout=harness.PATIENCE_SECONDS)
    assert told.returncode == 0, told.stderr
    return {setting["key"]: setting for setting in json.loads(told.stdout)}


def plain(value: str):
    """As it would stand in a values file."""
    return {"true": True, "false": False}.get(value, int(value) if value.isdigit() else value)


def camel_case(key: str) -> str:
    return re.sub(r"_(.)", lambda letter: letter.group(1).upper(), key)


class Configuration(unittest.TestCase):
    def test_the_binary_takes_what_each_rendering_gives_it(self):
        for name, arguments in everything().items():
            with self.subTest(name):
                rendering = Rendering(*arguments)
                workloads = rendering.all("StatefulSet") + rendering.all("Deployment") + rendering.all("Job")
                workloads = [one for one in workloads if not one["metadata"]["name"].endswith("postgres-init")]
                self.assertTrue(workloads or "auditManager.enabled" in name)
                for workload in workloads:
                    settings(rendering, workload)

    def test_the_defaults_are_those_of_the_service(self):
        of_the_chart = {"data_dir", "kafka.bootstrap_servers", "kafka.consumer.group_instance_id", "database.host",
                        "database.name", "database.user", "database.password"}
        rendering = Rendering()
        told = settings(rendering, rendering.one("StatefulSet", chart.RELEASE))
        differing = {key for key, one in told.items() if one["origin"] != "default" and one["value"] != one["default"]}
        self.assertEqual(differing, of_the_chart)
        self.assertEqual(told["data_dir"]["value"], "/var/lib/audit-manager")

    def test_the_values_of_an_existing_installation_arrive(self):
        rendering = Rendering("--values", EXISTING)
        told = {key: one["value"] for key, one in settings(
            rendering, rendering.one("StatefulSet", "audit-manager-events")).items()}
        expected = {
            "service_id": "example.audit", "http.port": "8001", "ingest.queue_max_size": "20000",
            "ingest.max_batch_size": "250", "ingest.max_event_bytes": "800000", "ingest.durability": "synced",
            "kafka.bootstrap_servers": "audit-kafka-0:9092,audit-kafka-1:9092", "kafka.topic": "example.audit.events",
            "kafka.dlq_topic": "example.audit.dlq", "kafka.client_id": "example-audit",
            "kafka.consumer_group": "example-audit-consumer", "kafka.producer.acks": "1",
            "kafka.producer.linger_ms": "50", "kafka.producer.compression_type": "gzip",
            "kafka.producer.max_batch_size": "256 KiB", "kafka.consumer.batch_max_records": "500",
            "kafka.consumer.flush_interval_ms": "1000", "kafka.consumer.auto_offset_reset": "latest",
            "kafka.topics.partitions": "24", "kafka.topics.replication_factor": "3",
            "kafka.topics.retention_ms": "1209600000", "kafka.topics.compression_type": "gzip",
            "database.partition_pre_create_months": "4", "database.partition_retention_months": "0",
            "database.partition_check_interval_seconds": "1800", "database.host": "audit-postgresql",
            "database.port": "5433", "database.name": "audit_db", "database.user": "audit_db_owner",
            "log.backend": "kafka", "store.backend": "postgres"}
        self.assertEqual({key: told[key] for key in expected}, expected)

    def test_every_setting_can_stand_in_app_config(self):
        defaults = settings(Rendering(), Rendering().one("StatefulSet", chart.RELEASE))
        in_file = {key: one["value"] for key, one in defaults.items() if not one["environment"].startswith("DB_")}
        in_file |= {"kafka.properties.socket.keepalive.enable": "true", "spool.max_bytes": "1 GiB",
                    "http.tls_certificate_file": "/tls.crt", "http.tls_key_file": "/tls.key"}
        self.assertGreater(len(in_file), 50)
        tree = {}
        for key, value in in_file.items():
            literal = key.removeprefix("kafka.properties.")
            path = key.split(".") if literal == key else ["kafka", "properties", literal]
            branch = tree
            for name in path[:-1]:
                branch = branch.setdefault(camel_case(name), {})
            branch[path[-1] if "." in path[-1] else camel_case(path[-1])] = plain(value)
        tree["apiVersion"] = "1.0"
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"auditManager": {"appConfig": tree}}, file)
            file.flush()
            # The environment would win over the file.
            rendering = Rendering("--values", file.name,
                                  *sets("auditManager.envVars.AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS=null"))
            told = settings(rendering, rendering.one("StatefulSet", chart.RELEASE))
        for key, value in in_file.items():
            with self.subTest(key):
                self.assertEqual(told[key]["value"], value)
                if key not in ("roles", "kafka.consumer.group_instance_id") and value:
                    self.assertEqual(told[key]["origin"], "file")

    def test_a_setting_that_is_not_known_is_refused_by_the_job_for_the_topics(self):
        rendering = Rendering(*sets("auditManager.appConfig.ingest.maxBatchsize=5"))
        with self.assertRaisesRegex(AssertionError, r"audit_manager.ingest.max_batchsize.* is not known"):
            settings(rendering, rendering.one("Job", "audit-manager-topics"))


if __name__ == "__main__":
    unittest.main()
