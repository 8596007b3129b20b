"""A replica of the Python service beside ours, for tests of an exchange: servers/python_replica.py in a process of
its own. Callers post batches to it as to ours."""

import pathlib
import sys

import fetched
import harness
import raw_topic
import shared_log

PROGRAM = pathlib.Path(__file__).resolve().parent / "servers" / "python_replica.py"


GROUP = "openg2p-audit-consumer"
PARTITIONS = 12

# As installations of the Python service have it.
CONFIGURATION = """
audit_manager:
  service_id: openg2p.auditmanager
  api_version: "1.0"
  kafka:
    bootstrap_servers: kafka:9092
    topic: openg2p.audit.events
    dlq_topic: openg2p.audit.dlq
    client_id: openg2p-audit-manager
    consumer_group: openg2p-audit-consumer
    producer:
      acks: "1"
      linger_ms: 50
      compression_type: gzip
      max_batch_size: 524288
    consumer:
      batch_max_records: 500
      flush_interval_ms: 1000
      auto_offset_reset: earliest
      enable_auto_commit: false
  ingest:
    queue_max_size: 10000
    max_batch_size: 500
  database:
    partition_pre_create_months: 3
    partition_retention_months: 84
    partition_check_interval_seconds: 3600
"""
UVICORN = {"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "8000", "UVICORN_WORKERS": "1"}


class PythonService(harness.Service):
    def command(self, *arguments: str) -> list:
        return [sys.executable, PROGRAM, *arguments]

    def environment(self) -> dict:
        return super().environment() | {"PYTHONPATH": str(fetched.python_packages("python_service"))}

    def handled(self) -> float:
        return self.metric("handled_events_total")


class Installation(shared_log.SharedLogTest):
    """Has servers, and what existing installations have beside them: a file, variables, a topic, a group, a table."""

    def setUp(self):
        super().setUp()
        self.topic = raw_topic.RawTopic(self.kafka.bootstrap)

    def make_topics(self, compression_type: str):
        self.topic.create(PARTITIONS, compression_type=compression_type)
        raw_topic.RawTopic(self.kafka.bootstrap, "openg2p.audit.dlq").create(PARTITIONS)

    def wait_until_all_is_committed(self):
        harness.wait_until("all offsets are committed", lambda: self.topic.committed(GROUP) == self.topic.ends())

    def python_replica(self, name: str) -> PythonService:
        return self.replica(name, kind=PythonService)

    def existing_installation(self, name: str) -> harness.Service:
        """Ours with the environment and the file that are there."""
        ours = self.service(name, self.postgres.environment() | UVICORN | {
            "CONFIG_PATH": "config/default.yaml", "AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS": self.kafka.bootstrap})
        ours.settings.clear()
        (ours.folder / "config").mkdir(parents=True)
        (ours.folder / "config" / "default.yaml").write_text(CONFIGURATION)
        return ours
