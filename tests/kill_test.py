"""kill -9 under load at random moments: whatever got a 202 is in the store exactly once afterwards, and the
verifier finds the spool sound after every kill.

The moments come from a seed, printed and settable as $AUDIT_TEST_SEED.
"""

import os
import random
import time
import unittest

import harness

KILLS = int(os.environ.get("AUDIT_TEST_KILLS", "50"))


class KillTest(harness.WholeTest):
    def kill_under_load(self, durability: str):
        seed = int(os.environ.get("AUDIT_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"{durability}: AUDIT_TEST_SEED={seed}", flush=True)
        moments = random.Random(seed)
        # Small segments, so that kills fall into rolling and recycling too.
        service = self.service(**{"ingest.durability": durability, "spool.segment_bytes": 8 << 20,
                                  "http.max_body_bytes": 1 << 20})
        accepted = []
        for kill in range(KILLS):
            if moments.random() < 0.25 and kill > 0:  # before the first start there is no spool
                # In the middle of a recovery.
                service.start(wait=False)
                time.sleep(moments.uniform(0, 0.05))
                service.kill()
                self.assert_spool_sound(service)
            service.start()
            load = harness.Load(service, self.folder / f"ids-{kill}", "--duration", 600,
                                "--connections", moments.choice([1, 8, 32]), *moments.choice([[], ["--batch", 10]]))
            self.addCleanup(load.end)
            time.sleep(moments.uniform(0.01, 0.3))
            service.kill()
            load.finish()
            accepted += load.accepted
            self.assert_spool_sound(service)
        self.assertTrue(accepted, "nothing was accepted between the kills")
        service.start()
        self.assert_stored_exactly_once(service, accepted)
        print(f"{durability}: {KILLS} kills, {len(accepted)} events accepted, each stored once")
        self.assertEqual(service.stop(), 0)
        self.assert_spool_sound(service)

    def test_synced_events_survive_kills(self):
        self.kill_under_load("synced")

    def test_written_events_survive_kills(self):
        self.kill_under_load("written")


if __name__ == "__main__":
    unittest.main()
