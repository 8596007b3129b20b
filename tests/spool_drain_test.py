"""`audit-manager spool drain`: what a replica that is gone for good still holds comes into the table."""

import unittest

import harness
import shared_log

COUNT = 500
BOUND_SECONDS = 5


class SpoolDrainTest(shared_log.SharedLogTest):
    def setUp(self):
        super().setUp()
        self.other = self.replica("other").start()
        self.gone = self.replica("gone", roles="ingest")

    def drain(self, *arguments: str):
        return self.replica("rescuer").run("spool", "drain", "--dir", str(self.gone.data / "spool"), *arguments)

    def leave_a_spool(self):
        """A replica accepts events while the brokers stand still, and is killed."""
        self.gone.start()
        self.kafka.pause()
        self.accept(self.gone, shared_log.batch_of("gone", COUNT))
        self.gone.kill()

    def assert_dealt_with(self, count: int):
        self.assert_spool_sound(self.gone)
        inspected = self.other.run("spool", "inspect", str(self.gone.data / "spool")).stdout
        self.assertIn(f"dealt with {count} of {COUNT}", inspected)

    def test_the_spool_of_a_replica_that_was_killed_for_good(self):
        self.leave_a_spool()
        self.kafka.resume()
        drained = self.drain()
        self.assertEqual(drained.returncode, 0, drained.stderr)
        self.assertIn(f"{COUNT} events published, 0 left", drained.stdout)
        harness.wait_until("they are stored", lambda: self.stored("gone-%") == COUNT)
        self.assert_dealt_with(COUNT)
        again = self.drain()
        self.assertEqual((again.returncode, again.stdout), (0, "0 events published, 0 left\n"))
        self.assertEqual(self.rows(), COUNT)
        self.assert_nothing_is_left(self.other)

    def test_brokers_that_are_away(self):
        self.leave_a_spool()
        failed = self.drain("--timeout", str(BOUND_SECONDS))
        self.assertEqual(failed.returncode, 1)
        self.assertIn(f"0 events published, {COUNT} left", failed.stdout)
        self.assertIn("ask the brokers", failed.stderr)
        self.assert_dealt_with(0)
        self.assertIn(str(self.gone.data / "spool"), failed.stderr)
        self.kafka.resume()
        drained = self.drain()
        self.assertEqual((drained.returncode, drained.stdout), (0, f"{COUNT} events published, 0 left\n"))
        harness.wait_until("they are stored", lambda: self.stored("gone-%") == COUNT)

    def test_a_spool_that_somebody_uses(self):
        self.gone.start()
        refused = self.drain()
        self.assertEqual(refused.returncode, 1)
        self.assertIn("an instance is running on it", refused.stderr)
        self.assertIn(str(self.gone.data / "spool"), refused.stderr)
        # It was not disturbed.
        self.accept(self.gone, shared_log.batch_of("gone", COUNT))
        harness.wait_until("they are stored", lambda: self.stored("gone-%") == COUNT)
        self.assertEqual(self.gone.stop(), 0)

    def test_a_directory_without_a_spool(self):
        missing = self.drain()
        self.assertEqual(missing.returncode, 1)
        self.assertIn(str(self.gone.data / "spool"), missing.stderr)
        self.assertFalse((self.gone.data / "spool").exists(), "it was made")


if __name__ == "__main__":
    unittest.main()
