"""The example programs of docs/emitting, one a language, built and run as their pages say. Each reads events as
lines of JSON from standard input, and says at the end how many were accepted, refused, dropped and unsent."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import fetched
import harness

EXAMPLES = harness.ROOT / "docs" / "emitting"


def curl(_: pathlib.Path):
    return [EXAMPLES / "curl" / "emit_lines.sh"], os.environ


def python(_: pathlib.Path):
    return [sys.executable, EXAMPLES / "python" / "emit_lines.py"], python_environment()


def python_environment() -> dict:
    return os.environ | {"PYTHONPATH": str(fetched.python_packages("emitting_python")), "PYTHONDONTWRITEBYTECODE": "1"}


def javascript(folder: pathlib.Path):
    # A copy, because modules are looked for beside the file that imports them.
    for module in (EXAMPLES / "javascript").glob("*.mjs"):
        shutil.copy(module, folder)
    (folder / "node_modules").symlink_to(fetched.node_modules(EXAMPLES / "javascript"))
    return ["node", folder / "emit_lines.mjs"], fetched.node_environment()


def java(folder: pathlib.Path):
    jars = fetched.jars(EXAMPLES / "java" / "pom.xml")
    subprocess.run(["javac", "--release", "17", "-Xlint:all", "-Werror", "-d", folder, "-cp", f"{jars}/*",
                    *(EXAMPLES / "java").rglob("*.java")], check=True)
    return ["java", "-cp", f"{folder}{os.pathsep}{jars}/*", "audit.EmitLines"], os.environ


def go(folder: pathlib.Path):
    subprocess.run(["go", "vet", "./..."], cwd=EXAMPLES / "go", check=True, env=fetched.go_environment())
    subprocess.run(["go", "build", "-o", folder / "emit_lines", "./emit_lines"], cwd=EXAMPLES / "go", check=True,
                   env=fetched.go_environment())
    return [folder / "emit_lines"], os.environ


class Client:
    """One run of a language's program. `settings` are its AUDIT_ variables."""

    def __init__(self, built, url: str, log: pathlib.Path, **settings):
        command, environment = built
        self.log = log
        ours = {"AUDIT_URL": url} | {f"AUDIT_{name.upper()}": str(value) for name, value in settings.items()}
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output,
                                            env=dict(environment) | ours)

    def send(self, events: list[dict]):
        self.process.stdin.write("".join(json.dumps(event) + "\n" for event in events).encode())
        self.process.stdin.flush()

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def end_input(self):
        """Lets it come to its end by itself."""
        self.process.stdin.close()
        self.process.stdin = None  # for communicate(), which would flush it

    def finish(self) -> dict:
        """Ends its input, waits for its end, and returns what it counted."""
        out, _ = self.process.communicate(timeout=harness.PATIENCE_SECONDS)
        try:
            counts = json.loads(out)
        except ValueError:
            raise AssertionError(f"the program ended with {self.process.returncode}, saying:\n{self.said()}") from None
        assert self.process.returncode == (1 if counts["refused"] + counts["dropped"] + counts["unsent"] else 0)
        return counts

    def end(self):
        """For clean-ups: does nothing where the program has ended."""
        self.process.kill()
        self.process.communicate()
