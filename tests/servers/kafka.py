#!/usr/bin/env python3
"""Apache Kafka for tests: a cluster of one or three nodes on free loopback ports, in a temporary directory.

    kafka.py run PROGRAM [ARGUMENT...]    PROGRAM with a one-node cluster of its own, whose address is in
                                          $AUDIT_TEST_KAFKA; exits as PROGRAM does
    kafka.py fetch                        only fetches the jars

The jars come once from Maven, as kafka-pom.xml pins them, into $AUDIT_TEST_KAFKA_HOME
(~/.cache/audit-manager/kafka-VERSION).
"""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import fetched  # noqa: E402
from free_port import free_port  # noqa: E402
from kafka_security import BrokerSecurity  # noqa: E402

POM = pathlib.Path(__file__).resolve().with_name("kafka-pom.xml")
VERSION = re.search(r"<kafka\.version>([^<]+)</kafka\.version>", POM.read_text()).group(1)
# The last one before Kafka 4, for what differs between the two.
FORMER_VERSION = "3.9.1"

# How long a node may take to come up or go down before the test says so. Not a measure of speed.
PATIENCE_SECONDS = 120
# How long nodes that all end at once wait for each other.
GOODBYE_SECONDS = 60


def home(version: str) -> pathlib.Path:
    ours = pathlib.Path(os.environ.get("AUDIT_TEST_KAFKA_HOME", fetched.cache() / f"kafka-{VERSION}"))
    return ours if version == VERSION else ours.with_name(f"kafka-{version}")


def jars(version: str = VERSION) -> pathlib.Path:
    """The folder of the jars, fetched if they are not there."""
    return fetched.jars(POM, home(version) / "libs", f"kafka.version={version}")


def die_with_parent():
    """In the child: the kernel ends it when this process is killed and cannot tidy up."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Node:
    """One process, broker and controller in one."""

    def __init__(self, number: int, cluster: "KafkaCluster"):
        self.number = number
        self.cluster = cluster
        self.port = free_port()
        self.controller_port = free_port()
        secured = cluster.security.LISTENERS if cluster.security else ()
        self.secured_ports = {listener: free_port() for listener in secured}
        self.folder = cluster.folder / f"node{number}"
        self.process = None

    def settings(self) -> dict:
        count = len(self.cluster.nodes)
        in_sync = 1 if count == 1 else 2
        ours = {
            "process.roles": "broker,controller",
            "node.id": self.number,
            "controller.quorum.voters": ",".join(f"{node.number}@127.0.0.1:{node.controller_port}"
                                                 for node in self.cluster.nodes),
            "listeners": ",".join([f"CONTROLLER://127.0.0.1:{self.controller_port}", *self.listeners("127.0.0.1")]),
            "advertised.listeners": ",".join(self.listeners("localhost")),
            "listener.security.protocol.map": ",".join(["CONTROLLER:PLAINTEXT", "PLAINTEXT:PLAINTEXT",
                                                        *(f"{name}:{name}" for name in self.secured_ports)]),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": self.folder / "log",
            "default.replication.factor": count,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": count,
            "offsets.topic.num.partitions": 5,
            "transaction.state.log.replication.factor": count,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": 5,
            "share.coordinator.state.topic.replication.factor": count,
            "share.coordinator.state.topic.min.isr": in_sync,
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",
        }
        secured = self.cluster.security.settings() if self.cluster.security else {}
        return ours | secured | self.cluster.settings

    def listeners(self, secured_host: str) -> list[str]:
        """The one without security is the brokers' own and the administrator's. Certificates bear names, not
        addresses, so clients of the others come by name."""
        return [f"PLAINTEXT://127.0.0.1:{self.port}",
                *(f"{name}://{secured_host}:{port}" for name, port in self.secured_ports.items())]

    def java(self, *arguments) -> list:
        return ["java", *self.cluster.memory, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars(self.cluster.version)}/*",
                *map(str, arguments)]

    def start(self):
        configuration = self.folder / "server.properties"
        log = self.folder / "server.log"
        if not configuration.exists():
            self.folder.mkdir()
            configuration.write_text("".join(f"{name}={value}\n" for name, value in self.settings().items()))
            users = self.cluster.security.storage_arguments() if self.cluster.security else []
            subprocess.run(self.java("kafka.tools.StorageTool", "format", "-t", self.cluster.identity, "-c",
                                     configuration, *users),
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(log, "ab") as output:
            # A group of its own: an interrupt from the keyboard is the caller's, who then stops us in order.
            self.process = subprocess.Popen(self.java("kafka.Kafka", configuration), stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                                            preexec_fn=die_with_parent)

    def wait_until_up(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "server.log").read_text(errors="replace")[-4000:]
                raise RuntimeError(f"kafka node {self.number} did not come up:\n{said}")
            time.sleep(0.05)

    def end(self, how: signal.Signals, seconds: float = PATIENCE_SECONDS):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class KafkaCluster:
    """`settings` are the brokers' own, over ours; `secured`: with listeners for those who log in, too. A context
    manager: everything is gone at the end."""

    def __init__(self, nodes: int = 1, settings: dict | None = None, secured: bool = False,
                 version: str = VERSION):
        self.version = version
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="audit-kafka-"))
        self.settings = settings or {}
        self.security = BrokerSecurity(self.folder) if secured else None
        self.memory = ["-Xmx512m", "-Xms256m"] if nodes == 1 else ["-Xmx384m", "-Xms128m"]
        self.identity = "AuditManagerTestsKRaft"  # 22 characters, as base64 of 16 bytes has them
        self.nodes = []
        for number in range(1, nodes + 1):
            self.nodes.append(Node(number, self))

    @property
    def bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def secured_bootstrap(self, listener: str, host: str = "localhost") -> str:
        return ",".join(f"{host}:{node.secured_ports[listener]}" for node in self.nodes)

    def start(self) -> "KafkaCluster":
        try:
            for node in self.nodes:
                node.start()
            for node in self.nodes:
                node.wait_until_up()
        except BaseException:
            self.stop()
            raise
        return self

    def kill(self, number: int):
        """As the loss of the machine: SIGKILL. Nodes count from 1."""
        self.nodes[number - 1].end(signal.SIGKILL)

    def restart(self, number: int):
        """Starts a node that was killed, or stops it in order and starts it; on its port, with its data."""
        node = self.nodes[number - 1]
        node.end(signal.SIGTERM)
        node.start()
        node.wait_until_up()

    def end_in_order(self):
        """SIGTERM to all at once. The last of them may find no controller left to say goodbye to, and is killed."""
        for node in self.nodes:
            node.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GOODBYE_SECONDS
        for node in self.nodes:
            node.end(signal.SIGTERM, max(1, deadline - time.monotonic()))

    def pause(self):
        """All nodes stand still, as in an outage in which connections stay open. resume() ends it."""
        for node in self.nodes:
            node.process.send_signal(signal.SIGSTOP)

    def resume(self):
        for node in self.nodes:
            node.process.send_signal(signal.SIGCONT)

    def stop(self):
        # Nobody needs the data any more, and a controlled shutdown of all nodes waits for its controllers.
        for node in self.nodes:
            node.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "KafkaCluster":
        return self.start()

    def __exit__(self, *_):
        self.stop()


def run(program: list) -> int:
    def leave(number, _):
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    with KafkaCluster() as cluster:
        ended = subprocess.run(program, env=os.environ | {"AUDIT_TEST_KAFKA": cluster.bootstrap}, check=False)
    return ended.returncode if ended.returncode >= 0 else 128 - ended.returncode


def main() -> int:
    if sys.argv[1:] == ["fetch"]:
        print(jars())
        return 0
    if sys.argv[1:2] == ["run"] and len(sys.argv) > 2:
        return run(sys.argv[2:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
