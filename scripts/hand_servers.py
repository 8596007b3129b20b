#!/usr/bin/env python3
"""A Kafka and a PostgreSQL for hand use, called by ./dev up and ./dev down. They run until `down`, on free
loopback ports, with their data in a temporary folder that goes away with them.

usage: hand_servers.py up | down
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "servers"
EXPORTS = FOLDER / "exports"  # there when both are up
PID = FOLDER / "pid"
PATIENCE_SECONDS = 300  # the first time Kafka is fetched

sys.path.insert(0, str(ROOT / "tests" / "servers"))
import kafka  # noqa: E402
import postgres  # noqa: E402


def running() -> int | None:
    try:
        pid = int(PID.read_text())
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    return pid


def watch_over():
    """Starts both and stays until it is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with kafka.KafkaCluster() as cluster, postgres.PostgresServer() as server:
        variables = {"AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS": cluster.bootstrap} | server.environment()
        lines = [f"export {name}='{value}'" for name, value in variables.items()]
        coming = EXPORTS.with_suffix(".coming")
        coming.write_text("\n".join(lines) + "\n")
        coming.rename(EXPORTS)
        signal.pause()


def up() -> int:
    if running() is None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        EXPORTS.unlink(missing_ok=True)
        with open(FOLDER / "log", "wb") as log:
            watcher = subprocess.Popen([sys.executable, __file__, "watch-over"], stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, start_new_session=True)
        PID.write_text(str(watcher.pid))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not EXPORTS.exists():
            if watcher.poll() is not None or time.monotonic() > deadline:
                print(f"the servers did not come up:\n{(FOLDER / 'log').read_text()}", file=sys.stderr)
                return 1
            time.sleep(0.1)
    print("# Kafka and PostgreSQL are up; ./dev down stops them. For the service:  eval \"$(./dev up)\"")
    print(EXPORTS.read_text(), end="")
    return 0


def down() -> int:
    pid = running()
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while running() is not None and time.monotonic() < deadline:
            time.sleep(0.1)
    EXPORTS.unlink(missing_ok=True)
    PID.unlink(missing_ok=True)
    return 0


def main() -> int:
    commands = {"up": up, "down": down, "watch-over": watch_over}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    return commands[sys.argv[1]]() or 0


if __name__ == "__main__":
    sys.exit(main())
