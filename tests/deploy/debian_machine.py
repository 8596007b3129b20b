"""A Debian 12 with its own systemd, booted in namespaces of its own: process numbers, network, mounts, control group.
As root, on Linux.

The root file system has what is asked for and nothing else. It is made once and kept in the cache; a machine writes
to a layer above it, so what it changed can be seen and goes away with it.
"""

import errno
import hashlib
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import fetched  # noqa: E402
import harness  # noqa: E402

MAKE_ROOT = harness.ROOT / "scripts" / "debian_root.sh"

# The second version of control groups; where the first is in use, too, it lies beside it.
GROUPS = next((folder for folder in map(pathlib.Path, ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"))
               if (folder / "cgroup.controllers").exists()), None)

# The settings of the kernel are those of the whole computer, so they can only be read. The old root goes away as a
# whole, because in a mere chroot nobody may make a user namespace (PrivateUsers=). A login on the terminals of this
# computer is not for the machine to offer, nor is apt to lock dpkg when a timer says so.
BOOT = r"""
set -e
mount --make-rprivate /
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
cd "$2/root"
mount -t proc proc proc
mount --bind -o ro proc/sys proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p run/systemd/system
for unit in getty.target timers.target; do ln -s /dev/null "run/systemd/system/$unit"; done
pivot_root . .
umount -l .
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=multi-user.target
"""

SETTINGS = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def root_with(packages: list[str]) -> pathlib.Path:
    wanted = sorted(packages)
    digest = hashlib.sha256(MAKE_ROOT.read_bytes() + " ".join(wanted).encode()).hexdigest()[:12]
    folder = fetched.cache() / f"debian-12-{digest}"
    with fetched.filling(folder) as coming:
        if coming:
            subprocess.run([MAKE_ROOT, coming / "root", *wanted], check=True, stdin=subprocess.DEVNULL)
    return folder / "root"


class Machine:
    def __init__(self, packages: list[str]):
        if GROUPS is None:
            raise AssertionError("there are no control groups of version 2 in /sys/fs/cgroup")
        self.lower = root_with(["systemd", *packages])
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="audit-machine-"))
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir()
        self.changed = self.folder / "upper"
        self.group = GROUPS / self.folder.name
        self.outer = None

    def boot(self):
        self.group.mkdir()
        # It joins its control group before it makes that the root of what it sees.
        join = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"'
        with open(self.folder / "console.log", "wb") as console:
            self.outer = subprocess.Popen(
                ["sh", "-c", join, "sh", self.group, "unshare", "--pid", "--mount", "--uts", "--ipc", "--net",
                 "--cgroup", "--fork", "--kill-child", "sh", "-c", BOOT, "sh", self.lower, self.folder],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        harness.wait_until("the machine is up", self._up)
        return self

    def _up(self) -> bool:
        if self.outer.poll() is not None:
            raise AssertionError(f"the machine ended: {(self.folder / 'console.log').read_text()}")
        if not self._first_process():
            return False
        return self.try_run("systemctl", "is-active", "multi-user.target").returncode == 0

    def _first_process(self) -> str:
        """As the outside counts."""
        return pathlib.Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text().strip()

    def _inside(self, command: tuple) -> list:
        return ["nsenter", "--target", self._first_process(), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
                "--root", "--wd", *command]

    def try_run(self, *command: str, **options) -> subprocess.CompletedProcess:
        if "stdin" not in options:
            options.setdefault("input", "")
        return subprocess.run(self._inside(command), text=True, capture_output=True, check=False, env=SETTINGS,
                              timeout=harness.PATIENCE_SECONDS, **options)

    def start(self, *command: str) -> subprocess.Popen:
        """A command that goes on meanwhile; what it says is on the console."""
        with open(self.folder / "console.log", "ab") as console:
            return subprocess.Popen(self._inside(command), env=SETTINGS, stdin=subprocess.DEVNULL, stdout=console,
                                    stderr=console)

    def run(self, *command: str, **options) -> str:
        """What it printed; an AssertionError where it failed."""
        done = self.try_run(*command, **options)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def end(self):
        if self.outer:
            self.outer.kill()  # and with it the first process, and with that all others
            self.outer.wait()
            harness.wait_until("its processes are gone", self._groups_removed)
        subprocess.run(["rm", "-rf", "--one-file-system", self.folder], check=True)

    def _groups_removed(self) -> bool:
        """A group cannot be removed while the last of its processes is still ending."""
        try:
            for group in sorted([self.group, *self.group.rglob("*/")], reverse=True):
                group.rmdir()
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
        return not self.group.exists()
