"""Another process holds a day's file locked for half a minute: callers notice nothing, and every row arrives."""

import pathlib
import subprocess
import sys
import unittest

import harness

LOCKED_SECONDS = 30

HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


class LockedStoreTest(harness.WholeTest):
    def test_callers_are_served_while_the_store_is_locked(self):
        service = self.service().start()
        self.assertEqual(service.post(harness.event(id="before")).status, 202)
        harness.wait_until("the first row", lambda: service.row_count() == 1)
        day: pathlib.Path = next((service.data / "store").glob("*/*.db"))

        holder = subprocess.Popen([sys.executable, "-c", HOLDER, day, str(LOCKED_SECONDS)], stdout=subprocess.PIPE)
        self.addCleanup(holder.kill)
        self.assertEqual(holder.stdout.readline(), b"locked\n")
        load = harness.Load(service, self.folder / "ids", "--duration", LOCKED_SECONDS + 60, "--requests", 20_000,
                            "--connections", 16)
        self.addCleanup(load.end)
        summary = load.finish()
        self.assertIsNone(holder.poll(), "the lock was gone before all events were sent")
        self.assertEqual(summary["statuses"], {"202": 20_000})
        self.assertEqual(summary["broken"] + summary["malformed"] + summary["unanswered"], 0)
        with self.subTest("nothing can have been stored meanwhile"):
            self.assertEqual(service.row_count(), 1)

        self.assertEqual(holder.wait(harness.PATIENCE_SECONDS), 0)
        holder.stdout.close()
        self.assert_stored_exactly_once(service, ["before", *load.accepted])
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main()
