"""The Debian package: what is in it, and its life on a Debian 12 of its own, under systemd: installed, used,
upgraded, removed, purged.
"""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from debian_machine import Machine
from shells import SHELLS

import harness
from stuck_thread import StuckThread, event_loops

CONFIG = "/etc/audit-manager/config.yaml"
ENVIRONMENT = "/etc/audit-manager/environment"
DATA = "/var/lib/audit-manager"
COMPLETIONS = {"bash": "usr/share/bash-completion/completions/audit-manager",
               "zsh": "usr/share/zsh/vendor-completions/_audit-manager",
               "fish": "usr/share/fish/vendor_completions.d/audit-manager.fish"}
EVENT = ('{"id": "%s", "source": "/tests", "type": "test.happened", '
         '"data": {"actor": {"id": "tester"}, "action": "test", "outcome": "success"}}')

# Stops the service when it has the connection of a caller who never sends all of his request.
HELD_STOP = r"""
metrics() {
  exec 4<>/dev/tcp/127.0.0.1/8000
  printf 'GET /v1/auditmanager/metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&4
  cat <&4
}
exec 3<>/dev/tcp/127.0.0.1/8000
printf 'POST /v1/auditmanager/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{' >&3
until metrics | grep -q '^audit_manager_http_connections 2'; do sleep 0.1; done
systemctl stop audit-manager
"""

# What a package leaves behind that the package manager and the system write for themselves.
ADMINISTRATION = ("var/lib/dpkg/", "var/cache/", "var/log/", "var/lib/systemd/catalog/", "var/lib/systemd/random-seed",
                  "var/tmp/", "etc/.pwd.lock", "etc/passwd", "etc/group", "etc/shadow", "etc/gshadow", "etc/machine-id",
                  "etc/subuid", "etc/subgid")


def said(*command) -> str:
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          stdin=subprocess.DEVNULL, timeout=harness.PATIENCE_SECONDS)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def build_package(folder: pathlib.Path, *definitions: str) -> pathlib.Path:
    folder.mkdir()
    said("cpack", "--config", harness.BUILD / "CPackConfig.cmake", "-B", folder, *definitions)
    (package,) = folder.glob("*.deb")
    return package


def field(package: pathlib.Path, name: str) -> str:
    return said("dpkg-deb", "--field", package, name).strip()


def settings(*arguments) -> dict:
    """What the program says of its configuration in an environment that sets nothing, by key."""
    told = subprocess.run([harness.BINARY, "config", "--format", "json", *arguments], text=True, capture_output=True,
                          check=True, env=harness.environment({}), timeout=harness.PATIENCE_SECONDS)
    return {setting["key"]: setting for setting in json.loads(told.stdout)}


class Unit:
    """The settings of a unit file; those that stand there several times have several values."""

    def __init__(self, path: pathlib.Path):
        self.values = {}
        for name, value in re.findall(r"^(\w+)=(.*)$", path.read_text(), re.MULTILINE):
            self.values.setdefault(name, []).append(value)

    def one(self, name: str) -> str:
        (value,) = self.values[name]
        return value


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="audit-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.package = build_package(cls.folder / "package")
        cls.version = field(cls.package, "Version")
        cls.contents = cls.folder / "contents"
        said("dpkg-deb", "--extract", cls.package, cls.contents)


class Contents(PackageTest):
    def test_its_name_and_fields(self):
        machine = said("dpkg", "--print-architecture").strip()
        self.assertEqual(self.package.name, f"audit-manager_{self.version}_{machine}.deb")
        self.assertIn(f"audit-manager {self.version}\n", said(harness.BINARY, "version"))
        needed = field(self.package, "Depends")
        for library in ("libc6", "libpq5", "librdkafka1", "libsqlite3-0", "libssl3", "adduser"):
            self.assertIn(library, needed)

    def test_it_names_who_built_it(self):
        changelog = gzip.decompress((self.contents / "usr/share/doc/audit-manager/changelog.gz").read_bytes()).decode()
        self.assertIn(f" -- {field(self.package, 'Maintainer')}  ", changelog)
        ann = "Ann Example <ann@example.org>"
        cases = [({}, "", "Audit Manager authors <audit-manager@packages.invalid>"),
                 ({"DEBFULLNAME": "Ann Example", "DEBEMAIL": "ann@example.org"}, "", ann),
                 ({"DEBFULLNAME": "Somebody", "DEBEMAIL": ann}, "", ann),
                 ({"DEBFULLNAME": "Bob", "DEBEMAIL": "bob@example.org"}, ann, ann),
                 ({"DEBEMAIL": "ann@example.org"}, "", "ann@example.org <ann@example.org>"),
                 ({"DEBEMAIL": "ann"}, "", None), ({}, "Ann Example", None)]
        for variables, given, maintainer in cases:
            with self.subTest(variables=variables, given=given):
                done = self.configured(variables, f"-DAUDIT_PACKAGE_MAINTAINER={given}")
                if maintainer is None:
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn("which has to be NAME <ADDRESS>: set DEBFULLNAME",
                                  " ".join(done.stderr.split()))
                else:
                    self.assertEqual(done.returncode, 0, done.stderr)
                    made = (self.folder / "configured" / "CPackConfig.cmake").read_text()
                    self.assertIn(f'set(CPACK_DEBIAN_PACKAGE_MAINTAINER "{maintainer}")', made)

    def configured(self, variables: dict, *definitions: str) -> subprocess.CompletedProcess:
        kept = {name: value for name, value in os.environ.items() if name not in ("DEBFULLNAME", "DEBEMAIL")}
        return subprocess.run(["cmake", "--preset", "release", "-B", self.folder / "configured", "-DAUDIT_TESTS=OFF",
                               "-DAUDIT_BENCHES=OFF", *definitions], cwd=harness.ROOT, env=kept | variables, text=True,
                              capture_output=True, check=False, timeout=harness.PATIENCE_SECONDS)

    def test_files_and_who_may_read_them(self):
        listed = {}
        for line in said("dpkg-deb", "--contents", self.package).splitlines():
            mode, owner, _, _, _, name = line.split(maxsplit=5)
            self.assertEqual(owner, "root/root", name)
            listed[name.removeprefix(".")] = mode
        self.assertEqual(listed["/usr/bin/audit-manager"], "-rwxr-xr-x")
        self.assertEqual(listed[CONFIG], "-rw-r--r--")
        self.assertEqual(listed[ENVIRONMENT], "-rw-r-----")
        for name in ("/lib/systemd/system/audit-manager.service", "/usr/share/doc/audit-manager/copyright",
                     "/usr/share/doc/audit-manager/changelog.gz",
                     *(f"/{place}" for place in COMPLETIONS.values())):
            self.assertEqual(listed[name], "-rw-r--r--", name)
        conffiles = said("dpkg-deb", "--info", self.package, "conffiles").split()
        self.assertEqual(sorted(conffiles), sorted(name for name, mode in listed.items()
                                                   if name.startswith("/etc/") and not mode.startswith("d")))

    def test_the_texts_are_those_of_the_program(self):
        for shell, place in COMPLETIONS.items():
            self.assertEqual((self.contents / place).read_text(), said(harness.BINARY, "completion", shell))
        for command in commands():
            page = self.contents / "usr/share/man/man1" / f"{'-'.join(command)}.1.gz"
            self.assertTrue(page.exists(), page.name)

    def test_the_configuration_changes_nothing_but_the_folder(self):
        told = settings("--config", self.contents / CONFIG[1:])
        self.assertEqual({key: one["value"] for key, one in told.items() if one["origin"] != "default"},
                         {"data_dir": DATA})

    def test_manual_pages_are_clean(self):
        pages = sorted((self.contents / "usr/share/man/man1").glob("*.1.gz"))
        self.assertTrue(pages)
        for page in pages:
            with self.subTest(page.name):
                self.assertEqual(said("mandoc", "-T", "lint", "-W", "warning", page), "")
                rendered = subprocess.run(["man", "--warnings", "--local-file", page], text=True, capture_output=True,
                                          check=True, env=os.environ | {"MANPAGER": "cat", "LC_ALL": "C.UTF-8"},
                                          stdin=subprocess.DEVNULL, timeout=harness.PATIENCE_SECONDS)
                self.assertEqual(rendered.stderr, "")
                self.assertIn("SYNOPSIS", rendered.stdout)

    def test_lintian_finds_nothing(self):
        # What it takes for misspelt words in the program is machine code.
        self.assertEqual(said("lintian", "--allow-root", "--display-info", "--pedantic", "--suppress-tags",
                              "spelling-error-in-binary", "--fail-on", "error,warning,info,pedantic", self.package), "")

    def test_the_unit_is_sandboxed(self):
        # The threshold is in tenths.
        said("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager",
             self.contents / "lib/systemd/system/audit-manager.service")

    def test_the_unit_waits_as_long_as_a_stop_may_take(self):
        unit = Unit(self.contents / "lib/systemd/system/audit-manager.service")
        told = settings()
        longest = int(told["shutdown.grace_seconds"]["value"]) + sum(
            int(told[f"database.{name}_timeout_ms"]["value"]) for name in ("connect", "statement", "statement")) / 1000
        self.assertGreater(int(unit.one("TimeoutStopSec")), longest)
        self.assertGreaterEqual(int(unit.one("LimitNOFILE")), 2 * int(told["http.max_connections"]["value"]))


class Completion(PackageTest):
    """The shells themselves are asked, with the files where the package has them."""

    def setUp(self):
        self.here = self.folder / self.id()
        (self.here / "folder").mkdir(parents=True)
        (self.here / "events.ndjson").touch()

    def offered(self, lines: list[str]):
        """What each shell offers for the last word of each of these lines."""
        for shell, ask in SHELLS.items():
            for line, offers in zip(lines, ask(self.contents, self.here, lines), strict=True):
                yield shell, line, offers

    def test_each_subcommand_is_offered_with_what_the_help_says_of_it(self):
        below = {" ".join(command) + " ": listed_by_help(command, "Subcommands") for command in commands()}
        below = {line: listed for line, listed in below.items() if listed}
        self.assertGreater(len(below), 3)
        for shell, line, offers in self.offered(list(below)):
            with self.subTest(shell, line=line):
                self.assertEqual({name for name in offers if not name.startswith("-")}, set(below[line]))
                if shell != "bash":
                    for name, text in below[line].items():
                        self.assertTrue(offers[name].endswith(text), offers[name])

    def test_each_option_is_offered_where_it_may_stand(self):
        options = {}
        for command in commands():
            names = {name.split(",")[-1] for name in listed_by_help(command, "Options")}
            options[" ".join(command) + " --"] = names | {"--log-format"}
        for shell, line, offers in self.offered(list(options)):
            with self.subTest(shell, line=line):
                self.assertEqual(set(offers), options[line])

    def test_what_may_stand_is_offered(self):
        both, folder = {"events.ndjson", "folder"}, {"folder"}
        wanted = {"ser": {"serve"}, "--log-format json ser": {"serve"}, "dlq re": {"replay"},
                  "emit --batch": {"--batch-size"}, "emit --check --batch": {"--batch-size"}, "version --batch": set(),
                  "events --format ": {"table", "ndjson", "csv"}, "events --outcome d": {"denied"},
                  "dlq list --log-format ": {"json", "text"}, "completion ": {"bash", "zsh", "fish"},
                  "emit ": both, "emit ev": {"events.ndjson"}, "emit --ca-file ": both, "spool inspect ": folder,
                  "spool drain --dir ": folder, "events --actor ": set(), "emit --batch-size ": set()}
        wanted = {f"audit-manager {line}": offers for line, offers in wanted.items()}
        for shell, line, offers in self.offered(list(wanted)):
            with self.subTest(shell, line=line):
                self.assertEqual(set(offers), wanted[line])

    def test_sourced_they_complete_at_once(self):
        asked = {"bash": "source <(%s) && complete -p audit-manager",
                 "zsh": "autoload -Uz compinit && compinit -u -D && source <(%s) && echo $_comps[audit-manager]",
                 "fish": "%s | source && complete -C 'audit-manager ser'"}
        told = {"bash": "complete -F _audit_manager audit-manager", "zsh": "_audit-manager",
                "fish": "serve\tRun the service until SIGTERM or Ctrl-C"}
        for shell, script in asked.items():
            with self.subTest(shell):
                words = {"zsh": ["zsh", "-f"], "fish": ["fish", "--no-config"]}.get(shell, [shell])
                self.assertEqual(said(*words, "-c", script % f"{harness.BINARY} completion {shell}").strip(),
                                 told[shell])


def commands(above: tuple = ("audit-manager",)) -> list[tuple]:
    """Every command that --help names, and those below it."""
    found = [above]
    for name in listed_by_help(above, "Subcommands"):
        found += commands((*above, name))
    return found


def listed_by_help(command: tuple, title: str) -> dict[str, str]:
    """What stands under this title of a command's help: its first word, and what is said of it."""
    told = said(harness.BINARY, *command[1:], "--help")
    listed = re.search(rf"^{title}:\n((?:  .*\n?)*)", told, re.MULTILINE)
    entries = re.split(r"^  (?=\S)", listed.group(1), flags=re.MULTILINE)[1:] if listed else []
    return dict(re.match(r"(\S+)\s*(.*)", " ".join(entry.split())).groups() for entry in entries)


class OnMachine(PackageTest):
    BESIDE = ()  # packages that the machine has beside what ours needs

    def setUp(self):
        needed = [re.split(r"[ |(]", name.strip())[0] for name in field(self.package, "Depends").split(",")]
        self.machine = Machine([*needed, *self.BESIDE])
        self.addCleanup(self.machine.end)
        self.machine.boot()

    def install(self, package: pathlib.Path):
        """As an administrator who is asked nothing."""
        with open(package, "rb") as file:
            self.machine.run("sh", "-c", f"cat > /var/tmp/{package.name}", stdin=file)
        self.machine.run("dpkg", "--install", f"/var/tmp/{package.name}")

    def assert_active(self):
        state = self.machine.try_run("systemctl", "is-active", "audit-manager").stdout.strip()
        self.assertEqual(state, "active", self.journal())

    def process(self) -> int:
        return int(self.machine.run("systemctl", "show", "--property=MainPID", "--value", "audit-manager"))

    def journal(self) -> str:
        return self.machine.run("journalctl", "--unit=audit-manager", "--output=cat", "--no-pager")

    def emit(self, event_id: str):
        self.machine.run("audit-manager", "emit", "-", input=EVENT % event_id)

    def wait_for_row(self, event_id: str):
        harness.wait_until(f"the row of {event_id}", lambda: event_id in self.as_service(
            "audit-manager", "events", "--config", CONFIG, "--format", "ndjson"))

    def as_service(self, *command: str) -> str:
        return self.machine.run("setpriv", "--reuid=audit-manager", "--regid=audit-manager", "--init-groups", *command)

    def override(self, *lines: str):
        """Starts the service anew with these settings of the unit beside its own; without any, with its own."""
        place = "/run/systemd/system/audit-manager.service.d"
        self.machine.run("sh", "-c", f"mkdir -p {place} && cat > {place}/test.conf",
                         input="\n".join(["[Service]", *lines, ""]))
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", "audit-manager")

    def last_stop(self) -> float:
        """How many seconds it took. It has to have ended by itself."""
        told = self.machine.run("systemctl", "show", "audit-manager", "--property=Result,ActiveExitTimestampMonotonic,"
                                "InactiveEnterTimestampMonotonic")
        told = dict(line.split("=") for line in told.splitlines())
        self.assertEqual(told["Result"], "success", self.journal())
        return (int(told["InactiveEnterTimestampMonotonic"]) - int(told["ActiveExitTimestampMonotonic"])) / 1e6


class Life(OnMachine):
    """One machine for all: the steps of its life follow each other."""

    def test_from_installation_to_purge(self):
        self.install(self.package)
        self.runs_in_its_sandbox()
        self.emit("first")
        self.wait_for_row("first")
        self.reload_keeps_the_process()
        self.stuck_loop_is_ended()
        self.longer_grace_is_waited_for()
        self.wrong_configuration_is_said_once()
        self.upgrade_starts_it_anew()
        self.emit("second")
        self.wait_for_row("second")
        self.upgrade_leaves_it_disabled()
        self.restored_backup_has_the_rows()
        self.removed_and_installed_again_it_goes_on()
        self.purge_leaves_the_events()

    def runs_in_its_sandbox(self):
        machine = self.machine
        self.assert_active()
        self.assertEqual(machine.run("systemctl", "is-enabled", "audit-manager").strip(), "enabled")
        self.assertEqual(self.owner(ENVIRONMENT), "root:audit-manager 640")
        self.assertEqual(self.owner(DATA), "audit-manager:audit-manager 750")
        status = machine.run("cat", f"/proc/{self.process()}/status")
        self.assertRegex(status, r"Seccomp:\t2\n")
        self.assertRegex(status, r"NoNewPrivs:\t1\n")
        self.assertRegex(status, r"CapBnd:\t0+\n")
        self.assertNotRegex(status, r"Uid:\t0\b")

    def owner(self, path: str) -> str:
        return self.machine.run("stat", "--format=%U:%G %a", path).strip()

    def reload_keeps_the_process(self):
        before = self.process()
        self.machine.run("systemctl", "reload", "audit-manager")
        self.assertEqual(self.process(), before)
        self.assert_active()

    def stuck_loop_is_ended(self):
        """systemd ends the service when one of its event loops does not come around, and starts it again."""
        machine = self.machine
        self.override("WatchdogSec=2")
        before = self.process()
        (outside,) = (machine.group / "system.slice/audit-manager.service/cgroup.procs").read_text().split()
        with StuckThread(event_loops(int(outside))[0]) as stuck:
            harness.wait_until("systemd ends it", stuck.is_ended)
        harness.wait_until("systemd starts it again", lambda: self.process() not in (0, before))
        harness.wait_until("it is up again", lambda: machine.try_run(
            "systemctl", "is-active", "audit-manager").returncode == 0)
        self.assertIn("an event loop does not answer", self.journal())
        self.assertRegex(self.journal(), "(?i)watchdog timeout")
        self.wait_for_row("first")
        self.override()

    def longer_grace_is_waited_for(self):
        """A caller whose request never ends holds the stop up for the grace, which is past the unit's time-out."""
        machine = self.machine
        self.override("TimeoutStopSec=1", "Environment=AUDIT_MANAGER__SHUTDOWN__GRACE_SECONDS=4")
        machine.run("bash", "-c", HELD_STOP)
        took = self.last_stop()
        self.assertGreater(took, 1, "nothing held it up")
        self.override()

    def wrong_configuration_is_said_once(self):
        machine = self.machine
        kept = machine.run("cat", ENVIRONMENT)
        machine.run("sh", "-c", f"echo AUDIT_MANAGER__HTTP__PORT=high >> {ENVIRONMENT}")
        self.assertNotEqual(machine.try_run("systemctl", "restart", "audit-manager").returncode, 0)
        self.assertEqual(machine.try_run("systemctl", "is-active", "audit-manager").stdout.strip(), "failed")
        self.assertIn('AUDIT_MANAGER__HTTP__PORT is "high", allowed: 0 to 65535', self.journal())
        machine.run("sh", "-c", f"cat > {ENVIRONMENT}", input=kept)
        machine.run("systemctl", "start", "audit-manager")

    def upgrade_starts_it_anew(self):
        """And keeps what an administrator has set."""
        machine = self.machine
        machine.run("sh", "-c", f"echo AUDIT_MANAGER__LOGGING__LEVEL=warn >> {ENVIRONMENT}")
        before = self.process()
        newer = build_package(self.folder / "newer", "-D", "CPACK_PACKAGE_VERSION=9.0.0")
        self.assertEqual(field(newer, "Version"), "9.0.0")
        self.install(newer)
        self.assert_active()
        self.assertNotEqual(self.process(), before)
        self.assertIn("LEVEL=warn", machine.run("cat", ENVIRONMENT))
        self.assertEqual(self.owner(ENVIRONMENT), "root:audit-manager 640")

    def upgrade_leaves_it_disabled(self):
        machine = self.machine
        machine.run("systemctl", "disable", "--now", "audit-manager")
        self.install(build_package(self.folder / "newest", "-D", "CPACK_PACKAGE_VERSION=9.0.1"))
        self.assertEqual(machine.try_run("systemctl", "is-enabled", "audit-manager").stdout.strip(), "disabled")
        self.assertNotEqual(machine.try_run("systemctl", "is-active", "audit-manager").returncode, 0)
        machine.run("systemctl", "start", "audit-manager")

    def restored_backup_has_the_rows(self):
        machine = self.machine
        machine.run("systemctl", "stop", "audit-manager")
        machine.run("tar", "-C", "/var/lib", "-czf", "/var/tmp/audit-manager.tar.gz", "audit-manager")
        machine.run("rm", "-r", DATA)
        machine.run("tar", "-C", "/var/lib", "-xzf", "/var/tmp/audit-manager.tar.gz")
        machine.run("systemctl", "start", "audit-manager")
        self.assertEqual(self.owner(DATA), "audit-manager:audit-manager 750")
        self.wait_for_row("first")
        self.wait_for_row("second")

    def removed_and_installed_again_it_goes_on(self):
        machine = self.machine
        machine.run("systemctl", "enable", "audit-manager")
        machine.run("dpkg", "--remove", "audit-manager")
        self.assertNotEqual(machine.try_run("systemctl", "is-active", "audit-manager").returncode, 0)
        self.assertIn("LEVEL=warn", machine.run("cat", ENVIRONMENT))
        self.install(self.package)
        self.assert_active()
        self.emit("third")
        self.wait_for_row("third")

    def purge_leaves_the_events(self):
        machine = self.machine
        purged = machine.try_run("dpkg", "--purge", "audit-manager")
        self.assertEqual(purged.returncode, 0, purged.stderr)
        self.assertIn(f"{DATA} are kept", purged.stderr)
        self.assertEqual(self.left(), {DATA[1:]})
        self.assertIn("audit-manager", machine.run("getent", "passwd"))

    def left(self) -> set[str]:
        """What the life of the package has left in the machine's file system, by the folder it lies in."""
        root = self.machine.changed
        names = [str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir() and not
                 path.is_char_device()]
        names = [name for name in names if not name.rstrip("-").startswith(ADMINISTRATION)]
        return {DATA[1:] if name.startswith(DATA[1:] + "/") else name for name in names}


class StopWithPostgres(OnMachine):
    """The service stops as its unit stops it, with its rows in a PostgreSQL of the same machine: within the unit's time, by
    itself, and without an event being lost."""

    BESIDE = ("postgresql",)
    SETTINGS = ("DB_HOST=localhost", "DB_NAME=auditmanager", "DB_USER=audit_writer", "DB_PASSWORD=a secret of the test")

    def setUp(self):
        super().setUp()
        harness.wait_until("PostgreSQL takes connections", lambda: self.machine.try_run(
            "runuser", "-u", "postgres", "--", "psql", "-c", "SELECT 1").returncode == 0)
        self.sql("CREATE DATABASE auditmanager", "postgres")
        self.sql(said(harness.BINARY, "schema", "--print"))
        self.sql("ALTER ROLE audit_writer LOGIN PASSWORD 'a secret of the test'")
        self.install(self.package)
        self.machine.run("sh", "-c", f"cat >> {ENVIRONMENT}", input="\n".join([*self.SETTINGS, ""]))
        self.machine.run("systemctl", "restart", "audit-manager")
        self.limit = float(Unit(self.contents / "lib/systemd/system/audit-manager.service").one("TimeoutStopSec"))
        self.sent = 0

    def sql(self, statements: str, database: str = "auditmanager") -> str:
        return self.machine.run("runuser", "-u", "postgres", "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d",
                                database, "-f", "-", input=statements).strip()

    def rows(self) -> int:
        return int(self.sql("SELECT count(*) FROM audit_events"))

    def send(self, count: int, *options: str) -> subprocess.Popen:
        """Events with ids of their own, each of which the sender repeats until it is accepted."""
        events = "".join(EVENT % f"event-{number}" + "\n" for number in range(self.sent, self.sent + count))
        self.sent += count
        self.machine.run("sh", "-c", "cat > /var/tmp/events.ndjson", input=events)
        sender = self.machine.start("audit-manager", "emit", "--quiet", "--max-wait", "120", *options,
                                    "/var/tmp/events.ndjson")
        self.addCleanup(sender.kill)
        return sender

    def stop(self, when: str) -> float:
        self.machine.run("systemctl", "stop", "audit-manager")
        took = self.last_stop()
        print(f"stopped {when} in {took:.1f} s", file=sys.stderr)
        self.assertLess(took, self.limit)
        return took

    def assert_all_stored(self):
        harness.wait_until("every event is a row", lambda: self.rows() == self.sent)
        self.assertEqual(int(self.sql("SELECT count(DISTINCT id) FROM audit_events")), self.sent)
        self.assertEqual(self.as_service("audit-manager", "dlq", "list", "--config", CONFIG, "--format", "ndjson"), "")

    def test_no_stop_loses_an_event(self):
        self.assertRegex(self.machine.run("cat", f"/proc/{self.process()}/status"), r"Seccomp:\t2\n")
        self.at_rest()
        self.under_load()
        self.while_the_table_is_locked()
        self.while_the_server_is_away()

    def at_rest(self):
        self.assertEqual(self.send(100).wait(harness.PATIENCE_SECONDS), 0)
        harness.wait_until("the rows", lambda: self.rows() == self.sent)
        self.assertLess(self.stop("at rest"), 5)
        self.machine.run("systemctl", "start", "audit-manager")

    def under_load(self):
        before = self.rows()
        sender = self.send(20_000, "--batch-size", "20", "--concurrency", "2")
        harness.wait_until("rows of it", lambda: self.rows() > before + 500)
        self.stop("under load")
        self.assertIsNone(sender.poll(), "it had all been accepted before")
        self.assertLess(self.rows(), self.sent)
        self.machine.run("systemctl", "start", "audit-manager")
        self.assertEqual(sender.wait(harness.PATIENCE_SECONDS), 0)
        self.assert_all_stored()

    def while_the_table_is_locked(self):
        """The longest that a healthy service takes: the grace, and the statement that waits for the lock."""
        holder = self.machine.start("runuser", "-u", "postgres", "--", "psql", "-Xq", "-d", "auditmanager", "-c",
                                    "BEGIN; LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)")
        self.addCleanup(holder.kill)
        locked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = " \
                 "'audit_events'::regclass"
        harness.wait_until("the lock", lambda: self.sql(locked) == "1")
        self.assertEqual(self.send(500).wait(harness.PATIENCE_SECONDS), 0)
        self.assertGreater(self.stop("while the table is locked"), 5)
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'")
        self.machine.run("systemctl", "start", "audit-manager")
        self.assert_all_stored()

    def while_the_server_is_away(self):
        self.machine.run("systemctl", "stop", "postgresql@15-main")
        self.assertEqual(self.send(500).wait(harness.PATIENCE_SECONDS), 0)
        self.stop("while PostgreSQL is away")
        self.machine.run("systemctl", "start", "audit-manager")
        self.machine.run("systemctl", "start", "postgresql@15-main")
        self.assert_all_stored()


def main():
    if os.geteuid() != 0:
        sys.exit("package_test boots a machine in namespaces of its own: run it as root")
    unittest.main()


if __name__ == "__main__":
    main()
