"""An HTTP proxy in front of the service that does what networks and proxies do: loses answers, holds them back,
puts its own in their place. The service itself is never told."""

import http.client
import http.server
import threading
import time

import harness


class Gate:
    """Passes each POST on, or does what the next of `faults` says:

    "cut"      the service takes the request; the connection ends without an answer
    "silence"  the service takes the request; no answer comes, for as long as the caller waits
    502        the service takes the request; the caller gets the page of a proxy that lost it
    503        the request never reaches the service; the caller is asked to come back after
               `retry_after_seconds`
    None       passes it on

    `max_body_bytes` is a limit of the proxy's own, which answers 413 with a page that is none of the service's."""

    def __init__(self, service: harness.Service, faults=(), max_body_bytes: int | None = None,
                 retry_after_seconds: int = 2):
        self.service = service
        self.faults = list(faults)
        self.max_body_bytes = max_body_bytes
        self.retry_after_seconds = retry_after_seconds
        self.bodies = []  # of all requests, in the order they came
        self.came = []  # when, by time.monotonic()
        self.asked_to_wait = []  # (index of the next request, when its 503 was sent)
        self.lock = threading.Lock()
        self.opened = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            gate = self

            def do_POST(self):
                self.gate.pass_on(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # callers that went away meanwhile

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{harness.BASE}"

    def pass_on(self, request: http.server.BaseHTTPRequestHandler):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        with self.lock:
            self.bodies.append(body)
            self.came.append(time.monotonic())
            fault = self.faults.pop(0) if self.faults else None
        if self.max_body_bytes is not None and len(body) > self.max_body_bytes:
            self.answer(request, 413, b"<html>Request Entity Too Large</html>")
        elif fault == 503:
            with self.lock:
                self.asked_to_wait.append((len(self.bodies), time.monotonic()))
            self.answer(request, 503, b"<html>Service Unavailable</html>",
                        {"Retry-After": str(self.retry_after_seconds)})
        else:
            self.forward(request, body, fault)

    def forward(self, request, body: bytes, fault):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=harness.PATIENCE_SECONDS)
        connection.request("POST", request.path, body, {"Content-Type": request.headers["Content-Type"]})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if fault == "silence":
            self.opened.wait()
        if fault in ("cut", "silence"):
            request.close_connection = True
        elif fault == 502:
            self.answer(request, 502, b"<html>Bad Gateway</html>")
        else:
            self.answer(request, answer.status, content, {"Content-Type": "application/json"})

    @staticmethod
    def answer(request, status: int, content: bytes, headers=()):
        request.send_response(status)
        for name, value in dict(headers).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def close(self):
        self.opened.set()
        self.server.shutdown()
        self.server.server_close()
