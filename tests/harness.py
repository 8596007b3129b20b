"""Runs the service as a person would, for tests of the whole: starts, kills and restarts the binary on a
free port with a folder of its own, talks to it, and reads its rows with SQLite alone.

The build to test is $AUDIT_BUILD_DIR (CTest sets it), else build/release.
"""

import http.client
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "servers"))
from free_port import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("AUDIT_BUILD_DIR", ROOT / "build" / "release"))
BINARY = BUILD / "audit-manager"
LOAD_CLIENT = BUILD / "bench" / "load_client"
BASE = "/v1/auditmanager"

# How long anything may take before the test says that it hangs. Not a measure of speed.
PATIENCE_SECONDS = 120


def environment(settings: dict) -> dict:
    """Ours without what would configure the service, and with `settings` by key: {"http.threads": 1}."""
    names = {name: value for name, value in os.environ.items()
             if not name.startswith(("AUDIT_MANAGER_", "DB_")) and name != "CONFIG_PATH"}
    for key, value in settings.items():
        names["AUDIT_MANAGER__" + key.upper().replace(".", "__")] = str(value)
    return names


def wait_until(what: str, condition, seconds: float = PATIENCE_SECONDS):
    """Asks `condition` until it is true and returns what it said."""
    deadline = time.monotonic() + seconds
    while True:
        if answer := condition():
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def event(**changes) -> dict:
    """A valid event; `changes` replace top-level attributes."""
    return {"source": "/tests", "type": "test.happened",
            "data": {"actor": {"id": "tester"}, "action": "test", "outcome": "success"}} | changes


class Answer:
    def __init__(self, response: http.client.HTTPResponse):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        return [error["errorCode"] for error in self.json["errors"]]


class Service:
    """One instance and its folder. Settings go by key, as in the configuration file."""

    def __init__(self, folder: pathlib.Path, variables: dict | None = None, **settings):
        self.folder = pathlib.Path(folder)
        self.variables = variables or {}  # of the environment, beside the settings
        self.data = self.folder / "data"
        self.log = self.folder / "service.log"
        self.port = free_port()
        self.settings = {"data_dir": self.data, "http.port": self.port} | settings
        self.process = None

    def start(self, *arguments: str, wait: bool = True):
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(*arguments), cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.environment())
        if wait:
            wait_until("the service is ready", self.ready)
        return self

    def command(self, *arguments: str) -> list:
        return [BINARY, "serve", *arguments]

    def environment(self) -> dict:
        return environment(self.settings) | self.variables

    def ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the service ended with {self.process.returncode}:\n{self.log_tail()}")
        try:
            return self.get("/health/ready").status == 200
        except OSError:
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Asks it to end as a supervisor would, and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def request(self, method: str, path: str, body=None, headers=()) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, BASE + path, body, dict(headers))
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def post(self, body, path: str = "/events", headers=()) -> Answer:
        """`body` as JSON, or bytes as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", path, raw, {"Content-Type": "application/json"} | dict(headers))

    def metric(self, name: str) -> float:
        """The sum of the samples of one metric, whatever their labels."""
        samples = [line.rsplit(" ", 1) for line in self.get("/metrics").body.decode().splitlines()
                   if line.split("{")[0].split(" ")[0] == name]
        if not samples:
            raise AssertionError(f"no metric {name}")
        return sum(float(value) for _, value in samples)

    def run(self, *arguments: str, text: bool = True) -> subprocess.CompletedProcess:
        """A subcommand of the binary on this folder; what it prints as text, or as bytes."""
        return subprocess.run([BINARY, *arguments], cwd=self.folder, env=self.environment(), text=text,
                              capture_output=True, timeout=PATIENCE_SECONDS, check=False)

    def query(self, sql: str) -> list[tuple]:
        """The rows of one SELECT over every day's file, together."""
        rows = []
        for path in sorted((self.data / "store").glob("*/*.db")):
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)
            try:
                rows += connection.execute(sql).fetchall()
            except sqlite3.OperationalError as error:
                # A file in the moment of its making.
                if "no such table" not in str(error):
                    raise
            finally:
                connection.close()
        return rows

    def ids(self) -> list[str]:
        return [row[0] for row in self.query("SELECT id FROM audit_events")]

    def row_count(self) -> int:
        return sum(row[0] for row in self.query("SELECT count(*) FROM audit_events"))

    def log_tail(self, lines: int = 40) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Load:
    """The load client beside a service; `accepted` are the ids that got a 202 so far written down."""

    def __init__(self, service: Service, ids_file: pathlib.Path, *arguments: str):
        self.ids_file = pathlib.Path(ids_file)
        self.process = subprocess.Popen([LOAD_CLIENT, "--port", str(service.port), "--json", "--ids-out", ids_file,
                                         *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self) -> dict:
        """Waits for its end and returns its summary; ended connections and refusals are in there."""
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        if self.process.returncode not in (0, 3):
            raise AssertionError(f"the load client failed: {err.decode()}")
        return json.loads(out)

    def end(self):
        self.process.kill()
        self.process.communicate()

    @property
    def accepted(self) -> list[str]:
        return self.ids_file.read_text().splitlines() if self.ids_file.exists() else []


class WholeTest(unittest.TestCase):
    """A test with services in a folder that goes away at the end. On a failure their logs are shown."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="audit-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.services = []
        self.tails = {}

    def service(self, name: str = "service", variables: dict | None = None, kind: type[Service] = Service,
                **settings) -> Service:
        made = kind(self.folder / name, variables, **settings)
        self.services.append(made)
        self.addCleanup(self._end, made)
        return made

    @staticmethod
    def _end(service: Service):
        if service.process is not None and service.process.poll() is None:
            service.kill()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        outcome = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            for service in self.services:
                print(f"--- the end of {service.folder.name}'s log\n{self.tails.get(service, '')}", file=sys.stderr)
        return outcome

    def tearDown(self):
        # Here, because the folder goes away before run() knows how it ended.
        self.tails = {service: service.log_tail() for service in self.services}

    def assert_stored_exactly_once(self, service: Service, accepted: list[str]):
        """Waits until every accepted id has its row, then looks for rows that are there twice and dead letters."""
        missing, rows, deadline = set(accepted), -1, 0
        while missing:
            if (count := service.row_count()) > rows:  # as long as it takes, while there is progress
                rows, deadline = count, time.monotonic() + PATIENCE_SECONDS
            if rows >= len(accepted):
                missing.difference_update(service.ids())
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        self.assertFalse(missing, f"{len(missing)} of {len(accepted)} accepted events are not stored, "
                                  f"such as {sorted(missing)[:3]}")
        stored = service.ids()
        self.assertEqual(len(stored), len(set(stored)), "an id is stored twice")
        self.assertEqual(dead_letters(service), "", "there are dead letters")

    def assert_spool_sound(self, service: Service):
        """The verifier's own judgement; the service must not be running."""
        inspected = service.run("spool", "inspect", str(service.data / "spool"))
        self.assertEqual(inspected.returncode, 0, f"spool inspect:\n{inspected.stdout}{inspected.stderr}")


def dead_letters(service: Service) -> str:
    return service.run("dlq", "list", "--format", "ndjson").stdout.strip()
