"""A service whose user may do what docs/kafka.md lists and nothing else, and what is said where a right is missing."""

import re
import unittest

import harness
import shared_log

import kafka_security  # of tests/servers, which the harness makes known

TOPIC, DEAD_LETTERS, GROUP = "openg2p.audit.events", "openg2p.audit.dlq", "openg2p-audit-consumer"
NAMES = {"kafka.topic": ("topic", TOPIC), "kafka.dlq_topic": ("topic", DEAD_LETTERS),
         "kafka.consumer_group": ("group", GROUP)}
PAGE = harness.ROOT / "docs" / "kafka.md"


def rights(who: str) -> list[tuple[str, str, str]]:
    """What a column of the page's table grants: type and name of the resource, and the operations."""
    table = re.search(r"^\| on \|.*?(?=\n\n)", PAGE.read_text(), re.MULTILINE | re.DOTALL).group().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    column = cells[0].index(who)
    found = []
    for row in cells[2:]:
        if operations := re.findall(r"`(\w+)`", row[column]):
            found.append((*NAMES[row[0].strip("`")], ",".join(operations)))
    return found


class LeastPrivilegeTest(shared_log.SharedLogTest):
    SECURED = True
    KAFKA = {"allow.everyone.if.no.acl.found": "false"}

    def setUp(self):
        super().setUp()
        self.brokers = self.admin()

    def grant(self, who: str):
        granted = rights(who)
        self.assertGreater(len(granted), 0)
        for kind, name, operations in granted:
            self.brokers.allow(kafka_security.USER, operations, kind, name)

    def limited(self, name: str, **settings) -> harness.Service:
        return self.replica(name, **({"kafka.bootstrap_servers": self.kafka.secured_bootstrap("SASL_PLAINTEXT"),
                                      "kafka.security.protocol": "sasl_plaintext",
                                      "kafka.security.username": kafka_security.USER,
                                      "kafka.security.password": kafka_security.PASSWORD} | settings))

    def test_a_replica_with_the_rights_that_the_page_lists(self):
        self.make_topics()
        self.grant("`serve`")
        service = self.limited("service").start()
        self.number_the_rows()
        caller = self.call(service, "caller", 100)
        harness.wait_until("events go through", lambda: caller.accepted > 2_000)
        caller.end()
        self.assert_stored_once_in_order([caller])
        self.assert_nothing_is_left(service)
        # An event that is none of the table's needs the dead-letter topic.
        first = harness.event(id="twice", time="2026-01-01T00:00:00Z")
        self.assertEqual(service.post(first).status, 202)
        self.assertEqual(service.post(first | {"type": "another"}).status, 202)
        harness.wait_until("the conflict died", lambda: service.metric("audit_manager_dead_letters_total") == 1)
        self.grant("`audit-manager dlq`")
        self.assertEqual([letter["key"] for letter in self.letters(service)], ["tester"])
        dropped = service.run("dlq", "drop", "--all", "--through", "--yes")
        self.assertEqual(dropped.returncode, 0, dropped.stderr)
        self.assertEqual(self.letters(service), [])
        self.assertEqual(service.stop(), 0)
        # The one right that the page calls not needed.
        self.assertEqual([line["message"] for line in service.logged("uthorization")],
                         ["partitions and retention of the topic are not in the metrics until they can be looked at"])

    def test_topics_that_may_not_be_made(self):
        refused = self.limited("nothing").run("topics", "ensure")
        self.assertEqual(refused.returncode, 1)
        for name in (TOPIC, DEAD_LETTERS):
            self.assertIn(f"--operation Describe --topic {name}", refused.stderr)
        self.grant("`serve`")
        refused = self.limited("nothing").run("topics", "ensure")
        self.assertEqual(refused.returncode, 1)
        for name in (TOPIC, DEAD_LETTERS):
            self.assertIn(f"--operation Create --topic {name}", refused.stderr)

        service = self.limited("service").start()
        self.accept(service, shared_log.batch_of("waiting", 100))
        lines = harness.wait_until("the log says so", lambda: service.logged("the topics could not be"))
        self.assertIn(f"--operation Create --topic {TOPIC}", lines[0]["error"])
        self.assertEqual(service.get("/health/ready").status, 200)
        self.assertEqual(service.metric("audit_manager_spool_undelivered_records"), 100)
        # Somebody else makes them.
        self.make_topics("somebody-else")
        harness.wait_until("it goes on", lambda: self.rows_or_none() == 100)
        harness.wait_until("and says so", lambda: service.logged("the topics are there now"))

    def test_a_topic_that_may_not_be_read(self):
        self.make_topics()
        self.brokers.allow(kafka_security.USER, "WRITE", "topic", TOPIC)
        self.brokers.allow(kafka_security.USER, "READ", "group", GROUP)
        service = self.limited("service").start()
        self.accept(service, shared_log.batch_of("waiting", 100))
        harness.wait_until("it is a member", lambda: service.metric("audit_manager_kafka_assigned_partitions") == 12)
        harness.wait_until("the log names the right", lambda: service.logged(f"--operation Read --topic {TOPIC}"))
        # Where the partitions end is not known, so it would be a lie that they are read to their end.
        self.assertEqual(service.samples("audit_manager_kafka_consumer_lag_events"), {})
        self.brokers.allow(kafka_security.USER, "READ", "topic", TOPIC)
        self.wait_for_rows(100)
        harness.wait_until("the lag of each partition is known", lambda: self.lag(service) == 0)

    def test_topics_ensure_with_rights(self):
        self.grant("`topics ensure`")
        for partitions, said, there in ((3, "was made", 3), (5, "has more partitions now", 5), (2, "is there", 5)):
            wanted = {"kafka.topics.partitions": partitions, "kafka.topics.retention_ms": 100_000 * partitions}
            ensured = self.limited("topics", **wanted).run("topics", "ensure")
            self.assertEqual(ensured.returncode, 0, ensured.stderr)
            self.assertEqual(ensured.stdout.splitlines(),
                             [f"{name} {said}: {there} partitions" for name in (TOPIC, DEAD_LETTERS)])
            self.assertEqual(self.brokers.topic_setting(TOPIC, "retention.ms"), "300000")

    def test_partitions_that_may_not_be_added(self):
        self.make_topics(**{"kafka.topics.partitions": 3})
        self.grant("`serve`")
        refused = self.limited("topics").run("topics", "ensure")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"--operation Alter --topic {TOPIC}", refused.stderr)


if __name__ == "__main__":
    unittest.main()
