"""The disk of one service made slow or broken by faulty_disk.cc, and well again:

    disk = FaultyDisk(self.folder / "service")
    service = self.service("service", disk.variables)
    disk.fail("fdatasync")
"""

import errno
import pathlib

import harness

LIBRARY = harness.BUILD / "tests" / "libfaulty_disk.so"


class FaultyDisk:
    """Of the spool of the service whose folder it is."""

    def __init__(self, folder: pathlib.Path):
        if not LIBRARY.exists():
            raise AssertionError(f"{LIBRARY} is not there: build everything, with AUDIT_TESTS on")
        self.faults = folder / "faults"
        self.variables = {"LD_PRELOAD": str(LIBRARY), "FAULTY_DISK_FAULTS": str(self.faults),
                          "FAULTY_DISK_FOLDER": str(folder / "data" / "spool")}

    def fail(self, call: str, error: int = errno.EIO):
        self._suffer(f"{call} error {error}")

    def delay(self, call: str, seconds: float):
        self._suffer(f"{call} delay {round(seconds * 1000)}")

    def heal(self):
        self.faults.unlink()

    def _suffer(self, line: str):
        made = self.faults.with_suffix(".new")
        made.write_text(line + "\n")
        made.replace(self.faults)
