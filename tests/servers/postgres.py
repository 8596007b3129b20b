#!/usr/bin/env python3
"""A PostgreSQL server and a PgBouncer of a test's own: free ports on loopback, everything in a temporary
folder, gone at the end.

usage: postgres.py run [--fsync] PROGRAM [ARGS]   starts both, runs PROGRAM with what finds them in its
                                        environment, takes them away again and ends with PROGRAM's exit code.
                                        Quick and not durable, unless --fsync asks for a server to measure
       postgres.py start|stop|kill|restart   for that PROGRAM: what happens to its server meanwhile

PROGRAM gets AUDIT_TEST_POSTGRES_{HOST,PORT,USER,PASSWORD,NAME}, AUDIT_TEST_POSTGRES_AUTHORITY (a certificate that
vouches for the server), AUDIT_TEST_PGBOUNCER_PORT (transaction pooling, any user of the server) and
AUDIT_TEST_POSTGRES_CONTROL, this script.
"""

import os
import pathlib
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from free_port import free_port

# How long a server may take to start or stop before the test says that it hangs.
PATIENCE_SECONDS = 60
NAME = "auditmanager"
USER = "postgres"
PASSWORD = "not a secret"
# Where the script's other commands find the server of the `run` that they run in.
FOLDER_VARIABLE = "AUDIT_TEST_POSTGRES_FOLDER"


def unprivileged() -> dict:
    """Arguments of subprocess for a user who may run the servers: both refuse to be root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("root cannot run PostgreSQL, and there is no user postgres or nobody")


def own_folder(prefix: str) -> pathlib.Path:
    """A new folder that the servers' user owns."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    if user := unprivileged():
        os.chown(folder, user["user"], user["group"])
    return folder


def program(name: str) -> str:
    """Debian keeps the server's programs of each version in a folder of their own."""
    versions = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name}: install postgresql")
    return found


class PostgresServer:
    """`with PostgresServer() as server:` starts one. `fsync=False` is quick and survives no power cut; tests
    that kill the server lose nothing by it. `tls`: with a certificate of its own for 127.0.0.1, `authority`.
    `settings` go into postgresql.conf. `wal`: an empty folder for the write-ahead log."""

    def __init__(self, folder: pathlib.Path | None = None, fsync: bool = True, tls: bool = False,
                 settings: dict | None = None, wal: pathlib.Path | None = None):
        self.folder = folder or own_folder("audit-postgres-")
        self.data = self.folder / "data"
        self.wal = wal
        self.host = "127.0.0.1"
        self.name, self.user, self.password = NAME, USER, PASSWORD
        self.authority = self.folder / "server.crt"
        self.settings = {"fsync": "on" if fsync else "off"} | (settings or {})
        if tls:
            self.settings |= {"ssl": "on", "ssl_cert_file": self.authority, "ssl_key_file": self.folder / "server.key"}
        if (self.data / "PG_VERSION").exists():
            self.port = int((self.folder / "port").read_text())
        else:
            self._make()

    def _make(self):
        self.port = free_port()
        (self.folder / "port").write_text(str(self.port))
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        if user := unprivileged():
            os.chown(password_file, user["user"], user["group"])
        self._run(program("initdb"), "-D", self.data, "-U", self.user, "--pwfile", password_file, "--no-sync",
                  "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
                  *(["--waldir", self.wal] if self.wal else []))
        if "ssl" in self.settings:
            self._run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=audit-test",
                      "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "server.key",
                      "-out", self.authority)
        self._configure({"port": self.port, "listen_addresses": self.host, "unix_socket_directories": "",
                         "logging_collector": "off", "log_min_messages": "warning"} | self.settings)

    def _configure(self, settings: dict):
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())

    def _run(self, *command):
        # Into a file: what the server inherits stays open as long as it runs.
        log = self.folder / "commands.log"
        with open(log, "ab") as output:
            ended = subprocess.run([str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=output, check=False, **unprivileged())
        if ended.returncode != 0:
            raise RuntimeError(f"{command[0]} failed:\n{log.read_text()}\n{self.log_tail()}")

    def _pg_ctl(self, *arguments):
        self._run(program("pg_ctl"), "-D", self.data, "-t", PATIENCE_SECONDS, "-w", *arguments)

    def start(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._pg_ctl("-l", self.folder / "postgres.log", "start")
                break
            except RuntimeError:
                # After a kill the orphans hold the shared memory until they notice.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        if not (self.folder / "database").exists():
            self.sql(f'CREATE DATABASE "{self.name}"', database="postgres")
            (self.folder / "database").touch()
        return self

    def pid(self) -> int | None:
        """Of the server that runs; one that was killed has left its file."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n")[0])
            os.kill(pid, 0)
            return pid
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None

    def stop(self, mode: str = "fast"):
        if self.pid() is not None:
            self._pg_ctl("-m", mode, "stop")

    def kill(self):
        """SIGKILL: no goodbye to clients, recovery at the next start. Backends end as they notice."""
        pid = self.pid()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in [pid, *map(int, children)]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def restart(self, mode: str = "fast"):
        self.stop(mode)
        self.start()

    def sql(self, text: str, database: str | None = None, user: str | None = None) -> str:
        """What psql prints: rows of values with | in between."""
        environment = dict(os.environ) | {"PGPASSWORD": self.password}
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.host, "-p", str(self.port),
                               "-U", user or self.user, "-d", database or self.name, "-c", text], env=environment,
                              check=True, capture_output=True, text=True).stdout.strip()

    def environment(self) -> dict:
        """For the service: the names that it reads."""
        return {"DB_HOST": self.host, "DB_PORT": str(self.port), "DB_NAME": self.name, "DB_USER": self.user,
                "DB_PASSWORD": self.password}

    def test_environment(self) -> dict:
        """For C++ tests."""
        return {"AUDIT_TEST_POSTGRES_HOST": self.host, "AUDIT_TEST_POSTGRES_PORT": str(self.port),
                "AUDIT_TEST_POSTGRES_NAME": self.name, "AUDIT_TEST_POSTGRES_USER": self.user,
                "AUDIT_TEST_POSTGRES_PASSWORD": self.password, "AUDIT_TEST_POSTGRES_AUTHORITY": str(self.authority),
                FOLDER_VARIABLE: str(self.folder),
                "AUDIT_TEST_POSTGRES_CONTROL": shlex.join([sys.executable, str(pathlib.Path(__file__).resolve())])}

    def log_tail(self) -> str:
        try:
            return (self.folder / "postgres.log").read_text(errors="replace")[-4000:]
        except FileNotFoundError:
            return ""

    def remove(self):
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.remove()


class Standby(PostgresServer):
    """A hot standby of `primary`, at the same port of another loopback address. Once it is started, commits of the
    primary wait for it, so that nothing that was committed is lost with the primary."""

    def __init__(self, primary: PostgresServer):
        self.primary = primary
        super().__init__()

    def _make(self):
        self.host, self.port = "127.0.0.2", self.primary.port
        connection = f"host={self.primary.host} port={self.port} user={self.user} password='{self.password}'"
        self._run(program("pg_basebackup"), "-D", self.data, "-d", connection, "-R", "-X", "stream", "-c", "fast")
        self._configure({"listen_addresses": self.host})
        (self.folder / "database").touch()

    def start(self):
        super().start()
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.sql("SELECT pg_reload_conf()")
        return self

    def promote(self):
        self._pg_ctl("promote")


class PgBouncer:
    """In front of `server`, transaction pooling. Every user of the server logs in with the server's own
    password; PgBouncer has no list of its own."""

    def __init__(self, server: PostgresServer, pool_size: int = 8):
        self.server = server
        self.port = free_port()
        self.folder = own_folder("audit-pgbouncer-")
        self.process = None
        users = self.folder / "users.txt"
        users.write_text(f'"{server.user}" "{server.password}"\n')
        (self.folder / "pgbouncer.ini").write_text(f"""[databases]
* = host={server.host} port={server.port} auth_user={server.user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 200
""")

    def start(self):
        with open(self.folder / "pgbouncer.log", "ab") as log:
            self.process = subprocess.Popen([shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin"),
                                             self.folder / "pgbouncer.ini"], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.folder, **unprivileged())
        (self.folder / "pid").write_text(str(self.process.pid))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise RuntimeError("pgbouncer does not start:\n" + (self.folder / "pgbouncer.log").read_text())

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.remove()


def clean_up_after(server_folder: str, pooler_folder: str):
    """Waits for the end of the `run` that holds our standard input, however it ends, and leaves nothing behind."""
    sys.stdin.read()
    pooler = pathlib.Path(pooler_folder)
    if pooler.exists():
        pid = int((pooler / "pid").read_text())
        if "pgbouncer" in pathlib.Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(pooler, ignore_errors=True)
    if pathlib.Path(server_folder).exists():
        PostgresServer(pathlib.Path(server_folder)).remove()


# For tests: quick to make and small. For figures: as a server of its size is set up.
TEST_SETTINGS = {"max_connections": 60, "shared_buffers": "64MB"}
BENCH_SETTINGS = {"max_connections": 60, "shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}


def run(command: list[str], fsync: bool) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    with PostgresServer(fsync=fsync, tls=not fsync, settings=BENCH_SETTINGS if fsync else TEST_SETTINGS) as server:
        with PgBouncer(server) as pooler:
            with subprocess.Popen([sys.executable, __file__, "clean-up-after", server.folder, pooler.folder],
                                  stdin=subprocess.PIPE, start_new_session=True) as guard:
                try:
                    environment = dict(os.environ) | server.test_environment()
                    environment["AUDIT_TEST_PGBOUNCER_PORT"] = str(pooler.port)
                    return subprocess.run(command, env=environment, check=False).returncode
                finally:
                    pooler.remove()
                    server.remove()
                    guard.stdin.close()


def main() -> int:
    match sys.argv[1:]:
        case ["run", *command] if command and command != ["--fsync"]:
            fsync = command[0] == "--fsync"
            code = run(command[1:] if fsync else command, fsync)
            # A signal's number becomes an exit code that no shell takes for success.
            return code if code >= 0 else 128 - code
        case ["start" | "stop" | "kill" | "restart" as action]:
            getattr(PostgresServer(pathlib.Path(os.environ[FOLDER_VARIABLE])), action)()
            return 0
        case ["clean-up-after", server, pooler]:
            clean_up_after(server, pooler)
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
