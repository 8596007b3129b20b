"""A port for a server of a test's own."""

import random
import socket


def free_port() -> int:
    """A port that nobody listens on, outside the range from which the kernel gives ports to clients."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
