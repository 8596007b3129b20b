"""The container image, built with buildah from deploy/container/Containerfile on a Debian made here, and run as its own
metadata says: as any user, on a root file system that cannot be written.

The binary is compiled outside, as `./dev binary` does it, and handed to the build. With AUDIT_TEST_COMPILE=1 the first
stage compiles it, too; that takes minutes, and the network for Debian's packages. Needs root, and the network.
"""

import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import fetched  # noqa: E402
import harness  # noqa: E402
import licence_page  # noqa: E402

CONTAINERFILE = harness.ROOT / "deploy" / "container" / "Containerfile"
COMMIT, TIME, VERSION = "0123456789abcdef0123456789abcdef01234567", "2026-01-02T03:04:05Z", "9.8.7"
EPOCH = "1767323045"
# As in Debian's own slim images: no documentation but the licences, no translations.
SLIM = [f"--dpkgopt=path-{rule}" for rule in ("exclude=/usr/share/doc/*", "include=/usr/share/doc/*/copyright",
                                              "exclude=/usr/share/man/*", "exclude=/usr/share/locale/*")]
MIB = 1024 * 1024


def base_tree() -> pathlib.Path:
    """Debian 12 as a tar file, made once."""
    folder = fetched.cache() / "debian-12-base"
    with fetched.filling(folder) as coming:
        if coming:
            subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", *SLIM, "bookworm", coming / "root.tar"],
                           check=True, stdin=subprocess.DEVNULL)
    return folder / "root.tar"


def size(root: pathlib.Path) -> int:
    return sum(path.lstat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def described(root: pathlib.Path) -> dict:
    """Each file's kind, owner, time and content, by its path."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = ""
        if stat.S_ISLNK(status.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(status.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path.relative_to(root))] = (oct(status.st_mode), status.st_uid, status.st_gid, int(status.st_mtime),
                                              content)
    return found


class Builder:
    """buildah with a storage of its own in `folder`."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.base = self.container("scratch")
        self("add", "--quiet", self.base, base_tree(), "/")
        self("commit", "--quiet", "--format", "docker", self.base, "localhost/base")

    def __call__(self, *arguments) -> str:
        command = ["buildah", "--storage-driver", "vfs", "--root", self.folder / "storage", "--runroot",
                   self.folder / "run", *arguments]
        done = subprocess.run(list(map(str, command)), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False,
                              env=os.environ | {"TMPDIR": str(self.folder), "BUILDAH_ISOLATION": "chroot"})
        assert done.returncode == 0, f"{' '.join(map(str, arguments))}:\n{done.stdout}"
        return done.stdout.strip()

    def container(self, image: str) -> str:
        return self("from", "--pull-never", image)

    def root(self, container: str) -> pathlib.Path:
        return pathlib.Path(self("mount", container))

    def build(self, context: pathlib.Path, tag: str, **arguments: str) -> str:
        given = {"BASE": "localhost/base", "GIT_COMMIT": COMMIT, "BUILD_TIME": TIME, "SERVICE_VERSION": VERSION}
        given |= arguments
        words = [word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")]
        self("build", "--pull-never", "--format", "docker", "--layers=false", "--timestamp", EPOCH, *words, "--file",
             CONTAINERFILE, "--tag", f"localhost/{tag}", context)
        return f"localhost/{tag}"


class ImageService(harness.Service):
    """An instance as the image's metadata says, with the image as its root file system."""

    def __init__(self, root: pathlib.Path, metadata: dict, folder: pathlib.Path, user: int, variables: dict):
        super().__init__(folder)
        self.root, self.metadata, self.user = root, metadata, user
        self.variables = {"AUDIT_MANAGER__HTTP__PORT": str(self.port)} | variables
        self.data = folder / "volume"
        self.data.mkdir(parents=True)
        self.data.chmod(0o1777)

    def command(self, *command: str) -> list:
        variables = dict(pair.split("=", 1) for pair in self.metadata["Env"]) | self.variables
        # The volume is mounted first; then nothing else of the root can be written.
        script = ('mount --bind "$1" "$1" && mount --bind "$2" "$1/var/lib/audit-manager" && '
                  'mount --rbind /proc "$1/proc" && mount -o remount,bind,ro "$1" && shift 2 && '
                  'exec env --ignore-environment "$@"')
        inside = ["chroot", f"--userspec={self.user}:{self.user}", "--groups=", str(self.root), "sh", "-c",
                  'cd "$0" && exec "$@"', self.metadata["WorkingDir"], *command]
        return ["unshare", "--mount", "sh", "-c", script, "sh", str(self.root), str(self.data),
                *(f"{name}={value}" for name, value in variables.items()), *inside]

    def start(self, *_, wait: bool = True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(*self.metadata["Entrypoint"], *self.metadata["Cmd"]),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if wait:
            harness.wait_until("the container is ready", self.ready)
        return self

    def run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(self.command(*command), text=True, capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=harness.PATIENCE_SECONDS, check=False)


class ImageTest(harness.WholeTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="audit-image-", dir="/var/tmp")
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.builder = Builder(cls.work)
        cls.addClassCleanup(cls.builder, "rm", "--all")
        if os.environ.get("AUDIT_TEST_COMPILE"):
            cls.context, cls.arguments = harness.ROOT, {}
        else:
            cls.context, cls.arguments = cls.compiled(), {"BINARY": "audit-manager"}
        cls.image = cls.builder.build(cls.context, "image", **cls.arguments)
        cls.root = cls.builder.root(cls.builder.container(cls.image))
        cls.metadata = json.loads(cls.builder("inspect", "--type", "image", cls.image))["Docker"]["config"]

    @classmethod
    def compiled(cls) -> pathlib.Path:
        """A context with the binary, of which only what /version says is compiled anew."""
        context = cls.work / "context"
        for name in ("LICENSE", "deploy/container/config.yaml", "deploy/debian/copyright"):
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(harness.ROOT / name, context / name)
        build = harness.ROOT / "build" / "container"
        variables = os.environ | {"GIT_COMMIT": COMMIT, "BUILD_TIME": TIME, "SERVICE_VERSION": VERSION,
                                  "CCACHE_BASEDIR": str(harness.ROOT), "CCACHE_NOHASHDIR": "1"}
        for command in (["cmake", "--preset", "release", "-B", build, "-DAUDIT_TESTS=OFF", "-DAUDIT_BENCHES=OFF"],
                        ["cmake", "--build", build, "--target", "audit-manager", "-j", "2"],
                        ["strip", "-o", context / "audit-manager", build / "audit-manager"]):
            subprocess.run(list(map(str, command)), cwd=harness.ROOT, env=variables, check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return context

    def in_image(self, name: str = "container", user: int = 1000, **variables: str) -> ImageService:
        made = ImageService(self.root, self.metadata, self.folder / name, user, variables)
        self.services.append(made)
        self.addCleanup(self._end, made)
        return made

    @staticmethod
    def packages(root: pathlib.Path) -> set[str]:
        listed = subprocess.run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package}\n"],
                                text=True, check=True, capture_output=True).stdout
        return set(listed.splitlines())

    def test_it_takes_in_and_stores_as_any_user_and_ends_in_order(self):
        self.assertEqual(self.metadata["User"], "1000:1000")
        for user in (1000, 54321):
            with self.subTest(user=user):
                service = self.in_image(f"user{user}", user).start()
                told = service.get("/version").json["response"]
                self.assertEqual((told["service_version"], told["git_commit"], told["build_time"]),
                                 (VERSION, COMMIT, TIME))
                self.assertEqual(service.post(harness.event()).status, 202)
                harness.wait_until("the row", service.row_count)
                health = self.metadata["Healthcheck"]["Test"]
                self.assertEqual(health[0], "CMD")
                self.assertEqual(service.run(*health[1:]).returncode, 0)
                self.assertEqual({path.name for path in service.data.iterdir()} - {"lock"}, {"spool", "store"})
                self.assertEqual(service.stop(), 0, service.log_tail())
                self.assertNotEqual(service.run(*health[1:]).returncode, 0)

    def test_nothing_but_the_volume_can_be_written(self):
        service = self.in_image()
        for place in ("/tmp/x", "/app/x", "/var/x", "/usr/local/bin/x"):
            self.assertNotEqual(service.run("sh", "-c", f"echo > {place}").returncode, 0, place)
        self.assertEqual(service.run("sh", "-c", "echo > /var/lib/audit-manager/x && sleep 0").returncode, 0)

    def test_a_file_of_an_existing_installation_keeps_its_data_on_the_volume(self):
        service = self.in_image(CONFIG_PATH="/var/lib/audit-manager/config.yaml", UVICORN_WORKERS="4")
        (service.data / "config.yaml").write_text("audit_manager:\n  ingest:\n    queue_max_size: 20000\n  kafka:\n"
                                                  "    consumer:\n      enable_auto_commit: false\n")
        service.start()
        self.assertEqual(service.post(harness.event()).status, 202)
        self.assertTrue((service.data / "spool").is_dir())
        self.assertEqual(service.log.read_text().count("UVICORN_WORKERS is ignored"), 1)

    def test_what_it_lacks_is_said(self):
        service = self.in_image(CONFIG_PATH="/app/config/gone.yaml")
        done = service.run("audit-manager", "serve")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/app/config/gone.yaml", done.stderr)
        service.data.chmod(0o755)
        service.variables["CONFIG_PATH"] = "/app/config/config.yaml"
        done = service.run("audit-manager", "serve")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/var/lib/audit-manager", done.stderr)
        self.assertIn("ermission denied", done.stderr)

    def test_its_metadata_is_what_engines_need(self):
        self.assertEqual(list(self.metadata["ExposedPorts"]), ["8000/tcp"])
        self.assertEqual(list(self.metadata["Volumes"]), ["/var/lib/audit-manager"])
        self.assertIn("CONFIG_PATH=/app/config/config.yaml", self.metadata["Env"])
        self.assertEqual((self.metadata["Entrypoint"], self.metadata["Cmd"]), (["audit-manager"], ["serve"]))
        labels = {name.removeprefix("org.opencontainers.image."): value
                  for name, value in self.metadata["Labels"].items()}
        self.assertEqual((labels["version"], labels["revision"], labels["created"]), (VERSION, COMMIT, TIME))

    def test_it_holds_the_binary_and_what_it_is_linked_with_alone(self):
        base = self.builder.root(self.builder.base)
        grown = size(self.root) - size(base)
        print(f"the image is {size(self.root) / MIB:.1f} MiB, {grown / MIB:.1f} MiB above its base", file=sys.stderr)
        self.assertLess(grown, 60 * MIB)
        for place in ("etc/machine-id", "etc/passwd-", "var/cache/ldconfig/aux-cache"):
            self.assertFalse((self.root / place).exists(), place)
        for place in ("var/lib/apt/lists", "var/cache/apt", "var/log", "tmp", "src", "out"):
            self.assertEqual([path for path in (self.root / place).rglob("*") if path.is_file()], [], place)

    def test_its_licences_are_listed_as_they_are(self):
        added = self.packages(self.root) - self.packages(self.builder.root(self.builder.base))
        ours, of_debian = licence_page.in_image()
        self.assertEqual(set(ours), added)
        loaded = licence_page.libraries(self.in_image().run("ldd", "/usr/local/bin/audit-manager").stdout)
        self.assertEqual(licence_page.packages_of(loaded, self.root) - added, set(of_debian))
        self.assertEqual(licence_page.unfounded(ours | of_debian, self.root), [])
        # What is compiled into the binary has its notices beside it.
        of_program = self.root / "usr/share/doc/audit-manager"
        self.assertIn("Henry Schreiner", (of_program / "copyright").read_text())
        self.assertTrue((self.root / "usr/share/common-licenses/Apache-2.0").exists())
        self.assertTrue((of_program / "LICENSE").exists())

    def test_two_builds_of_a_commit_hold_the_same(self):
        again = self.builder.build(self.context, "again", **self.arguments)
        first = described(self.builder.root(self.builder.container(self.image)))
        second = described(self.builder.root(self.builder.container(again)))
        differ = sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))
        self.assertEqual(differ, [])

    def test_the_containerfile_is_clean(self):
        hadolint = fetched.python_packages("containers") / "bin" / "hadolint"
        done = subprocess.run([hadolint, CONTAINERFILE], text=True, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
