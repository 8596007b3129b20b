"""The servers that run.py compares: each is a context in which it serves on `port`."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
LOAD_CLIENT = BUILD / "bench" / "load_client"
BASE = "/v1/auditmanager"
SERVER_CORE, CLIENT_CORE = 0, 1

EVENT = (b'{"source":"/bench","type":"bench.first","data":{"actor":{"id":"bench"},"action":"start",'
         b'"outcome":"success"}}')

# The length of the service's own answer, so that both send as many bytes.
NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 16384; use epoll; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ default_type application/json; return 202 '{answer}'; }}
  }}
}}
"""
ANSWER = ('{"id":"openg2p.auditmanager","version":"1.0","responsetime":"2026-04-23T10:00:00.000Z",'
          '"response":{"accepted":"0123456789abcdef-0123456789abcdef"},"errors":[]}')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One process, started anew for each turn in an empty folder of its own."""

    def __init__(self, folder: pathlib.Path, core: int | None):
        self.folder = folder
        self.core = core
        self.port = 0
        self.process = None

    def command(self) -> list:
        raise NotImplementedError

    def environment(self) -> dict:
        return dict(os.environ)

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        pinned = [] if self.core is None else ["taskset", "--cpu-list", str(self.core)]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([*pinned, *self.command()], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def post(self) -> bool:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{BASE}/events", EVENT,
                                         {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status == 202
        except OSError:
            return False

    def wait_for_answer(self):
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{BASE}/health/live", timeout=5):
                    return
            except OSError:
                self.still_running()
                time.sleep(0.02)

    def still_running(self):
        if self.process.poll() is not None:
            sys.exit(f"{self.command()[0]} ended:\n{(self.folder / 'log').read_text()}")

    def wait_for_first_202(self, every: float = 0.02):
        while not self.post():
            self.still_running()
            time.sleep(every)

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.start()
        self.wait_for_first_202()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Server):
    def command(self):
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=self.folder, port=self.port, answer=ANSWER))
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-c", configuration]


class Sketch(Server):
    def command(self):
        return [BUILD / "bench" / "epoll_sketch", str(self.port), self.folder]


class Service(Server):
    def __init__(self, folder: pathlib.Path, roles: str | None, core: int | None, threads: int | None):
        super().__init__(folder / "service", core)
        self.roles = roles
        self.threads = threads

    def command(self):
        return [BUILD / "audit-manager", "serve", *(["--roles", self.roles] if self.roles else [])]

    def environment(self):
        names = {name: value for name, value in super().environment().items()
                 if not name.startswith(("AUDIT_MANAGER_", "DB_")) and name != "CONFIG_PATH"}
        names |= {"AUDIT_MANAGER__DATA_DIR": str(self.folder / "data"), "AUDIT_MANAGER__HTTP__PORT": str(self.port),
                  "AUDIT_MANAGER__INGEST__DURABILITY": "synced"}
        if self.threads:
            names["AUDIT_MANAGER__HTTP__THREADS"] = str(self.threads)
        return names

    def first_202_ms(self, keep_data: bool) -> float:
        if not keep_data:
            shutil.rmtree(self.folder, ignore_errors=True)
        begin = time.monotonic()
        self.start()
        self.wait_for_first_202(every=0.002)
        took = (time.monotonic() - begin) * 1e3
        self.stop()
        return took

    def memory(self, field: str) -> float:
        """MiB, of /proc/PID/status."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(field + ":")) / 1024

    def metric(self, name: str, labels: str = "") -> float:
        """The sum of its series, or of those that have `labels`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.split("{")[0].split(" ")[0] == name and labels in line)


def make(name: str, folder: pathlib.Path) -> Server:
    match name:
        case "nginx":
            return Nginx(folder / "nginx", SERVER_CORE)
        case "sketch":
            return Sketch(folder / "sketch", SERVER_CORE)
    return Service(folder, roles="ingest", core=SERVER_CORE, threads=1)
