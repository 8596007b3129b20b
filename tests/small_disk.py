"""Small file systems for tests of full disks: tmpfs in a mount namespace of the test's own, which needs root or
user namespaces. A test file ends with `small_disk.main()` instead of `unittest.main()`."""

import os
import pathlib
import subprocess
import sys
import unittest

IN_NAMESPACE = "AUDIT_TEST_IN_NAMESPACE"


def mount(test: unittest.TestCase, folder: pathlib.Path, size: int) -> pathlib.Path:
    """Gone at the end of the test."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    test.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)
    return folder


def resize(folder: pathlib.Path, size: int):
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)


def fill(path: pathlib.Path):
    """Takes all the room there is."""
    with open(path, "wb", buffering=0) as filler:
        block = bytes(4096)
        try:
            while True:
                filler.write(block)
        except OSError:
            pass


def main():
    if IN_NAMESPACE not in os.environ:
        unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        if subprocess.run([*unshare, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False).returncode != 0:
            sys.exit(f"{pathlib.Path(sys.argv[0]).stem} needs a small file system of its own: run it as root, or where "
                     "user namespaces may mount a tmpfs (sysctl kernel.unprivileged_userns_clone=1)")
        os.environ[IN_NAMESPACE] = "1"
        os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])
    unittest.main()
