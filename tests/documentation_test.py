"""Runs the commands of the documentation. Every block marked `sh` in README.md and docs/ is run by a shell, in
order, beside a service of the test's own; blocks marked otherwise (`console`) are not. A command must succeed,
and no answer of the service may be an error.

    documentation_test.py                        as a test: address, data folder and binary are the test's
    documentation_test.py --running README.md    the commands as they stand, beside what `./dev run` started
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

import harness

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(path: pathlib.Path) -> list[str]:
    return BLOCK.findall(path.read_text())


def beside(block: str, service: harness.Service) -> str:
    """The commands with the address, the data folder and the binary of the test."""
    places = {"127.0.0.1:8000": f"127.0.0.1:{service.port}", "build/release/audit-manager": str(harness.BINARY)}
    for written, ours in places.items():
        block = block.replace(written, ours)
    return re.sub(r"(?<![\w/.])data/(?=store|spool)", f"{service.data}/", block)


def run_block(block: str, environment=None) -> str:
    """What it printed. Raises AssertionError where it failed or the service answered with an error."""
    ended = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=harness.ROOT, env=environment, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                           timeout=harness.PATIENCE_SECONDS)
    said = f"{block}\nsaid:\n{ended.stdout}"
    assert ended.returncode == 0, f"exit code {ended.returncode}:\n{said}"
    assert not re.search(r'HTTP/1\.1 [45]\d\d|"errorCode"', ended.stdout), f"an error was answered:\n{said}"
    return ended.stdout


class DocumentationTest(harness.WholeTest):
    def test_commands_work_as_written(self):
        pages = [harness.ROOT / "README.md", *sorted((harness.ROOT / "docs").glob("**/*.md"))]
        for page in pages:
            name = str(page.relative_to(harness.ROOT))
            if not blocks(page):
                continue
            service = self.service(name.replace("/", "-")).start()
            self.assertEqual(service.post(harness.event()).status, 202)
            harness.wait_until("the first row", service.row_count)
            for number, block in enumerate(blocks(page), 1):
                with self.subTest(f"{name}, block {number}"):
                    run_block(beside(block, service), harness.environment(service.settings))
            self.assertEqual(service.stop(), 0)

    def test_a_damaged_day_is_rescued_as_written(self):
        page = (harness.ROOT / "docs" / "formats" / "store.md").read_text()
        command = re.search(r"^sqlite3 moved/24\.db .*$", page, re.MULTILINE).group()
        service = self.service().start()
        self.assertEqual(service.post(harness.event(id="rescued")).status, 202)
        harness.wait_until("the first row", service.row_count)
        self.assertEqual(service.stop(), 0)
        day = next((service.data / "store").glob("*/*.db"))
        moved = service.folder / day.name
        day.rename(moved)
        run_block(command.replace("moved/24.db", str(moved)).replace("store/2026_11/24.db", str(day)))
        service.start()
        self.assertEqual(service.post(harness.event(id="new")).status, 202)
        harness.wait_until("both rows", lambda: sorted(service.ids()) == ["new", "rescued"])

    def test_the_example_events_become_the_rows_that_are_shown(self):
        page = harness.ROOT / "docs" / "emitting" / "fields.md"
        shown = re.search(r"^```text\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL).group(1)
        service = self.service().start()
        sent = [block for block in blocks(page) if "curl" in block]
        for block in sent:
            run_block(beside(block, service))
        harness.wait_until("all rows", lambda: service.row_count() == len(sent))

        def without_times(table: str) -> list[list[str]]:
            return [row.split()[1:] for row in table.splitlines()]

        self.assertEqual(without_times(service.run("events").stdout), without_times(shown))

    def test_readme_commands_leave_rows(self):
        commands = "".join(blocks(harness.ROOT / "README.md"))
        self.assertIn("curl", commands)
        self.assertIn("audit-manager events", commands)
        self.assertIn("sqlite3", commands)


def main():
    if sys.argv[1:2] == ["--running"]:
        for page in sys.argv[2:]:
            for block in blocks(harness.ROOT / page):
                print(run_block(block, dict(os.environ)))
    else:
        unittest.main()


if __name__ == "__main__":
    main()
