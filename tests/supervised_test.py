"""The service beneath a supervisor that speaks systemd's notify protocol: what it says when it starts, while it
runs and when it ends, and that it falls silent when one of its event loops is stuck.
"""

import os
import signal
import socket
import unittest

import harness
from stuck_thread import StuckThread, event_loops

# Twice in that time the service is to say that it is alive.
PATIENCE_USEC = 200_000


class Supervisor:
    def __init__(self, address: str):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(harness.PATIENCE_SECONDS)

    def variables(self) -> dict:
        return {"NOTIFY_SOCKET": self.address, "WATCHDOG_USEC": str(PATIENCE_USEC)}

    def next(self) -> str:
        return self.socket.recv(4096).decode().split("\n")[0]

    def heard(self) -> list[str]:
        """What is there already, without waiting."""
        messages = []
        self.socket.setblocking(False)
        try:
            while True:
                messages.append(self.next())
        except BlockingIOError:
            return messages
        finally:
            self.socket.settimeout(harness.PATIENCE_SECONDS)

    def wait_for(self, message: str) -> list[str]:
        """What came before it."""
        before = []
        while (said := self.next()) != message:
            before.append(said)
        return before


class SupervisedTest(harness.WholeTest):
    def supervised(self, address: str, **settings) -> tuple[Supervisor, harness.Service]:
        supervisor = Supervisor(address)
        self.addCleanup(supervisor.socket.close)
        return supervisor, self.service(variables=supervisor.variables(), **settings)

    def life(self, address: str):
        supervisor, service = self.supervised(address)
        service.start(wait=False)
        self.assertEqual(supervisor.next(), "READY=1")
        self.assertEqual(service.post(harness.event(id="first")).status, 202, "it said READY=1 too early")
        for _ in range(3):
            self.assertEqual(supervisor.next(), "WATCHDOG=1")
        service.process.send_signal(signal.SIGHUP)
        self.assertLessEqual(set(supervisor.wait_for("RELOADING=1")), {"WATCHDOG=1"})
        self.assertLessEqual(set(supervisor.wait_for("READY=1")), {"WATCHDOG=1"})
        service.process.send_signal(signal.SIGTERM)
        self.assertLessEqual(set(supervisor.wait_for("STOPPING=1")), {"WATCHDOG=1"})
        self.assertEqual(service.process.wait(harness.PATIENCE_SECONDS), 0)
        self.assertEqual(supervisor.heard(), [], "it went on after STOPPING=1")

    def test_each_step_is_told_to_a_socket_with_a_path(self):
        self.life(str(self.folder / "notify"))

    def test_each_step_is_told_to_an_abstract_socket(self):
        self.life(f"@audit-supervised-{os.getpid()}")

    def test_a_start_that_fails_is_not_told_as_ready(self):
        (self.folder / "service").mkdir()
        (self.folder / "service" / "data").write_text("a file where a folder should be")
        supervisor, service = self.supervised(str(self.folder / "notify"))
        service.start(wait=False)
        self.assertEqual(service.process.wait(harness.PATIENCE_SECONDS), 1)
        self.assertEqual(supervisor.heard(), [])

    def test_a_loop_that_is_stuck_silences_it(self):
        supervisor, service = self.supervised(str(self.folder / "notify"), **{"http.threads": 2})
        service.start(wait=False)
        supervisor.wait_for("WATCHDOG=1")
        loops = event_loops(service.process.pid)
        self.assertEqual(len(loops), 2)
        for loop in loops:
            with StuckThread(loop):
                supervisor.heard()
                silent_since = self.unanswered(service)
                # Each of these questions was asked when the loop stood already.
                harness.wait_until("two more questions without an answer",
                                   lambda: self.unanswered(service) >= silent_since + 2)
                self.assertEqual(supervisor.heard(), [], "it claims to be alive")
            supervisor.wait_for("WATCHDOG=1")
        self.assertEqual(service.post(harness.event()).status, 202)
        self.assertEqual(service.stop(), 0)

    @staticmethod
    def unanswered(service: harness.Service) -> int:
        return service.log.read_text().count("an event loop does not answer")


if __name__ == "__main__":
    unittest.main()
