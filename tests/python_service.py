"""A replica of the Python service beside ours, for tests of an exchange: servers/python_replica.py in a process of
its own. Callers post batches to it as to ours."""

import pathlib
import sys

import fetched
import harness

PROGRAM = pathlib.Path(__file__).resolve().parent / "servers" / "python_replica.py"


class PythonService(harness.Service):
    def command(self, *arguments: str) -> list:
        return [sys.executable, PROGRAM, *arguments]

    def environment(self) -> dict:
        return super().environment() | {"PYTHONPATH": str(fetched.python_packages("python_service"))}

    def handled(self) -> float:
        return self.metric("handled_events_total")
