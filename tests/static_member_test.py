"""kafka.consumer.group_instance_id: a replica that restarts within the session time-out moves no partition of
another, and each partition is one replica's to show."""

import unittest

import harness
import shared_log

TOLD = "the partitions that this replica reads"


class StaticMemberTest(shared_log.SharedLogTest):
    def member(self, name: str) -> harness.Service:
        return self.replica(name, **{"kafka.consumer.group_instance_id": name})

    @staticmethod
    def partitions(service: harness.Service) -> str:
        """As it logged them last."""
        lines = service.logged(TOLD)
        return lines[-1]["partitions"] if lines else ""

    def share(self, services: list[harness.Service]) -> bool:
        shares = [[int(each) for each in self.partitions(service).split(",") if each] for service in services]
        return sorted(each for share in shares for each in share) == list(range(12)) and all(shares)

    def test_the_lag_of_a_partition_is_shown_by_the_replica_that_reads_it(self):
        def shown(service: harness.Service) -> set[str]:
            return set(service.samples("audit_manager_kafka_consumer_lag_events"))

        members = [self.member("member-0").start()]
        harness.wait_until("it has all", lambda: len(shown(members[0])) == 12)
        members.append(self.member("member-1").start())
        harness.wait_until("both have their share", lambda: self.share(members))
        harness.wait_until("each partition is shown once", lambda: len(shown(members[0]) | shown(members[1])) == 12 and
                           not shown(members[0]) & shown(members[1]))

    def test_a_restart_moves_no_partition(self):
        members = [self.member(f"member-{i}").start() for i in range(2)]
        self.number_the_rows()
        harness.wait_until("both have their share", lambda: self.share(members))
        callers = []
        # The one that the others' assignments come from is among them: each restarts once.
        for restarted, other in (members, members[::-1]):
            mine, others = self.partitions(restarted), self.partitions(other)
            rebalances = other.metric("audit_manager_kafka_rebalances_total")
            caller = self.call(other, f"beside-{restarted.folder.name}", 100, pause=0.05)
            self.assertEqual(restarted.stop(), 0)
            restarted.start()
            harness.wait_until("it has its partitions",
                               lambda: restarted.metric("audit_manager_kafka_assigned_partitions") > 0)
            before = caller.accepted
            harness.wait_until("events go on", lambda: caller.accepted > before + 1_000)
            caller.end()
            callers.append(caller)
            self.assert_stored_once_in_order(callers)
            self.assertEqual(self.partitions(restarted), mine)
            self.assertEqual(self.partitions(other), others)
            self.assertEqual(other.metric("audit_manager_kafka_rebalances_total"), rebalances)
        for member in members:
            self.assert_nothing_is_left(member)


if __name__ == "__main__":
    unittest.main()
