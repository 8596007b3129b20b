"""The compose file as podman-compose reads it: what it gives the service is accepted by the real binary, which then
runs beside a real Kafka and a real PostgreSQL; names and ports agree."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import fetched  # noqa: E402
import harness  # noqa: E402
import shared_log  # noqa: E402

import kafka  # noqa: E402  # of tests/servers, which the harness makes known

PACKAGES = fetched.python_packages("containers")
sys.path.insert(0, str(PACKAGES))
import yaml  # noqa: E402

FOLDER = harness.ROOT / "deploy" / "compose"
PASSWORD = "a 'password' $with \"signs\""


def config(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "podman_compose", "--file", FOLDER / "compose.yaml", *arguments, "config"]
    return subprocess.run(command, env=harness.environment({}) | {"PYTHONPATH": str(PACKAGES)} | variables, cwd=FOLDER,
                          text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=harness.PATIENCE_SECONDS,
                          check=False)


def read(*arguments: str, **variables: str) -> dict:
    done = config(*arguments, **({"POSTGRES_PASSWORD": PASSWORD} | variables))
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def run_binary(folder: pathlib.Path, environment: dict, *arguments: str) -> subprocess.CompletedProcess:
    image = {"CONFIG_PATH": str(harness.ROOT / "deploy" / "container" / "config.yaml")}
    return subprocess.run([harness.BINARY, *arguments], env=harness.environment({}) | image | environment, cwd=folder,
                          text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=harness.PATIENCE_SECONDS,
                          check=False)


class ComposeTest(harness.WholeTest):
    def test_the_binary_accepts_what_it_is_given_and_names_agree(self):
        compose = read("--profile", "two")
        services = compose["services"]
        replicas = [services["audit-manager"], services["audit-manager-2"]]
        for service in [*replicas, services["topics"]]:
            environment = service["environment"]
            done = run_binary(self.folder, environment, "config", "--format", "yaml")
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            settings = yaml.safe_load(done.stdout)["audit_manager"]
            self.assertEqual(settings["log"]["backend"], "kafka")
            self.assertEqual(settings["store"]["backend"], "postgres")
            self.assertEqual(environment["DB_PASSWORD"], PASSWORD)
            self.assertNotIn(PASSWORD, done.stdout)
            host, port = environment["AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS"].split(":")
            broker = services[host]["environment"]
            self.assertIn(f"PLAINTEXT://:{port}", broker["KAFKA_LISTENERS"])
            self.assertEqual(broker["KAFKA_ADVERTISED_LISTENERS"], f"PLAINTEXT://{host}:{port}")
            self.assertIn(f"localhost:{port}", services[host]["healthcheck"]["test"])
            database = services[environment["DB_HOST"]]["environment"]
            self.assertEqual((environment["DB_NAME"], environment["DB_USER"], environment["DB_PASSWORD"]),
                             (database["POSTGRES_DB"], database["POSTGRES_USER"], database["POSTGRES_PASSWORD"]))
        for service in replicas:
            (volume,), (port,) = service["volumes"], service["ports"]
            name, place = volume.split(":")
            self.assertIn(name, compose["volumes"])
            self.assertEqual(settings["data_dir"], place)
            self.assertEqual(port.split(":")[1], str(settings["http"]["port"]))
        for key in ("volumes", "ports"):
            self.assertNotEqual(replicas[0][key], replicas[1][key])
        self.assertEqual(services["kafka"]["image"], f"docker.io/apache/kafka:{kafka.VERSION}")
        project = (harness.ROOT / "CMakeLists.txt").read_text()
        version = re.search(r"project\(audit-manager VERSION ([\d.]+)", project)[1]
        self.assertEqual(replicas[0]["image"], f"openg2p/openg2p-audit-manager:{version}")
        self.assertTrue((FOLDER / replicas[0]["build"]["context"] / replicas[0]["build"]["dockerfile"]).exists())

    def test_every_service_is_restarted_and_asked_and_keeps_its_data(self):
        for name, service in read("--profile", "two")["services"].items():
            with self.subTest(name):
                self.assertIn(service["restart"], ("unless-stopped", "on-failure"))
                if name != "topics":
                    self.assertTrue(service["healthcheck"]["test"])
                    self.assertTrue(service["volumes"])

    def test_without_a_password_it_says_what_to_do(self):
        for variables in ({}, {"POSTGRES_PASSWORD": ""}):
            done = config(**variables)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("copy .env.example to .env and set POSTGRES_PASSWORD", done.stderr + done.stdout)

    def test_the_example_names_every_variable_and_no_secret(self):
        example = dict(line.split("=", 1) for line in (FOLDER / ".env.example").read_text().splitlines()
                       if not line.startswith("#"))
        used = set(re.findall(r"\$\{(\w+)", (FOLDER / "compose.yaml").read_text()))
        self.assertEqual(used - {"AUDIT_IMAGE_TAG"}, set(example))
        self.assertEqual(example["POSTGRES_PASSWORD"], "")
        ignored = subprocess.run(["git", "check-ignore", "-q", FOLDER / ".env"], cwd=harness.ROOT, check=False)
        self.assertEqual(ignored.returncode, 0, "a file with the password could be committed")

    def test_old_variables_are_ignored_with_a_warning(self):
        environment = read()["services"]["audit-manager"]["environment"] | {"UVICORN_WORKERS": "4", "UVICORN_PORT": "1"}
        done = run_binary(self.folder, environment, "config")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("UVICORN_WORKERS", "UVICORN_PORT"):
            self.assertEqual(done.stderr.count(f"{name} is ignored"), 1, done.stderr)


class RunningTest(shared_log.SharedLogTest):
    def test_two_replicas_run_with_it(self):
        """With the addresses of the test's servers in place of the names that an engine gives them."""
        services = read("--profile", "two")["services"]
        database = services["postgres"]["environment"]
        password = PASSWORD.replace("'", "''")
        self.postgres.sql(f"CREATE ROLE {database['POSTGRES_USER']} LOGIN PASSWORD '{password}'", database="postgres")
        self.postgres.sql(f"DROP DATABASE IF EXISTS {database['POSTGRES_DB']}", database="postgres")
        self.postgres.sql(f"CREATE DATABASE {database['POSTGRES_DB']} OWNER {database['POSTGRES_USER']}",
                          database="postgres")
        places = {"DB_HOST": self.postgres.host, "DB_PORT": str(self.postgres.port),
                  "AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS": self.kafka.bootstrap}
        topics = services["topics"]
        done = run_binary(self.folder, topics["environment"] | places, *topics["command"])
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("audit-manager", "audit-manager-2"):
            service = self.service(name, services[name]["environment"] | places)
            service.start()
            self.assertEqual(service.post(harness.event()).status, 202)
        harness.wait_until("both rows", lambda: self.postgres.sql(
            "SELECT count(*) FROM audit_events", database=database["POSTGRES_DB"]) == "2")


if __name__ == "__main__":
    unittest.main()
