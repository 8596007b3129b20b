"""Every request of hostile_requests.ndjson gets the contract's answer, and harms nobody: the next request on a
fresh connection succeeds, nothing refused is stored, memory stays bounded."""

import json
import pathlib
import re
import socket
import struct
import time
import unittest

import harness
import hostile_request

CASES = pathlib.Path(__file__).with_name("hostile_requests.ndjson")
MAX_MEMORY_MIB = 256

HEADER_TIMEOUT_MS = 600
BODY_TIMEOUT_MS = 800


class Answers:
    """Reads the answers on one connection."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self.bytes = b""
        self.ended = False

    def more(self) -> bool:
        if not self.ended:
            try:
                data = self.connection.recv(1 << 16)
            except ConnectionResetError:
                # What it had not read when it closed makes its kernel reset; what it sent before may be lost.
                data = b""
            self.bytes += data
            self.ended = not data
        return not self.ended

    def next(self):
        """(status, headers, body) of the next final answer; None: the connection ended without one."""
        while True:
            while b"\r\n\r\n" not in self.bytes:
                if not self.more():
                    return None
            head, _, rest = self.bytes.partition(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            if status >= 200:
                break
            self.bytes = rest
        headers = {name.lower(): value for name, value in re.findall(r"(?m)^([^:\r\n]+): *([^\r\n]*)", head.decode())}
        length = int(headers["content-length"])
        while len(rest) < length:
            if not self.more():
                return None
            rest = self.bytes.partition(b"\r\n\r\n")[2]
        self.bytes = rest[length:]
        return status, headers, rest[:length]

    def ends(self) -> bool:
        """Nothing follows, and the server closes."""
        while self.more():
            pass
        return not self.bytes


def send(connection: socket.socket, pieces: list):
    """Ends early where the server does not want the rest."""
    try:
        for piece in pieces:
            if isinstance(piece, bytes):
                connection.sendall(piece)
            elif piece.name == "pause":
                time.sleep(piece.seconds)
            elif piece.name == "drip":
                for i in range(len(piece.data)):
                    connection.sendall(piece.data[i:i + 1])
                    time.sleep(piece.seconds)
            elif piece.name == "half_close":
                connection.shutdown(socket.SHUT_WR)
            elif piece.name == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
    except (BrokenPipeError, ConnectionResetError):
        pass


class HostileTest(harness.WholeTest):
    def setUp(self):
        super().setUp()
        self.target = self.service(**{"http.header_timeout_ms": HEADER_TIMEOUT_MS,
                                      "http.body_timeout_ms": BODY_TIMEOUT_MS, "http.idle_timeout_ms": 5000}).start()

    def test_every_hostile_request_gets_its_answer(self):
        cases = [json.loads(line) for line in CASES.read_text().splitlines() if line and not line.startswith("#")]
        self.assertGreaterEqual(len(cases), 150)
        taken = 0
        for number, case in enumerate(cases):
            with self.subTest(case["name"]):
                taken += self.answer_to(case)
            with self.subTest(case["name"] + ": the next request"):
                self.assertEqual(self.target.post(harness.event(id=f"next-{number}")).status, 202)
                taken += 1
        harness.wait_until("every event taken is stored", lambda: self.target.row_count() >= taken)
        self.assertEqual(self.target.row_count(), taken, "something that was refused has been stored")
        self.assertEqual(harness.dead_letters(self.target), "")
        self.assertLess(self.peak_memory_mib(), MAX_MEMORY_MIB)
        self.assertEqual(self.target.stop(), 0)
        print(f"{len(cases)} hostile requests answered, {taken} events stored")

    def answer_to(self, case: dict) -> int:
        """Sends the case and judges the answers; returns how many events the server says it took."""
        request = hostile_request.request(case)  # before connecting: bombs take their time
        with socket.create_connection(("127.0.0.1", self.target.port), harness.PATIENCE_SECONDS) as connection:
            send(connection, request)
            if connection.fileno() < 0:
                return 0
            answers = Answers(connection)
            taken = sum(self.judge(case, expected, answers.next())
                        for expected in case.get("answers", [case.get("status")]))
            if case.get("closes"):
                self.assertTrue(answers.ends(), "the connection goes on")
            return taken

    def judge(self, case: dict, expected, answer) -> int:
        allowed = expected if isinstance(expected, list) else [expected]
        if answer is None:
            self.assertIn(None, allowed, "the connection ended without an answer")
            return 0
        status, headers, body = answer
        self.assertIn(status, allowed, body[:500])
        envelope = json.loads(body)
        self.assertEqual(set(envelope), {"id", "version", "responsetime", "response", "errors"})
        if status < 400:
            self.assertEqual(envelope["errors"], [])
            return envelope["response"].get("count", 1) if status == 202 else 0
        self.assertIsNone(envelope["response"])
        self.assertTrue(1 <= len(envelope["errors"]) <= 20)
        for error in envelope["errors"]:
            self.assertTrue(error["message"])
            if "code" in case and "answers" not in case:
                self.assertEqual(error["errorCode"], case["code"], error)
        if "error_path" in case:
            self.assertIn(case["error_path"], [error.get("path") for error in envelope["errors"]])
        if status == 405:
            self.assertTrue(headers["allow"])
        return 0

    def peak_memory_mib(self) -> float:
        status = pathlib.Path(f"/proc/{self.target.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def test_silent_connections_do_not_keep_others_out(self):
        silent = [socket.create_connection(("127.0.0.1", self.target.port)) for _ in range(500)]
        for connection in silent:
            self.addCleanup(connection.close)
            connection.sendall(b"POST /v1/auditmanager/events HTTP/1.1\r\n")
        self.assertEqual(self.target.post(harness.event()).status, 202)
        for connection in silent:
            connection.settimeout(harness.PATIENCE_SECONDS)
            self.assertIn(b" 408 ", connection.recv(4096))


if __name__ == "__main__":
    unittest.main()
