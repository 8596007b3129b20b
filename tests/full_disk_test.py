"""The file system of data_dir runs full: callers are refused with 503 AUD-004, nothing accepted is lost, and
with room made it accepts again."""

import harness
import small_disk

DISK_BYTES = 96 << 20
SETTINGS = {"spool.segment_bytes": 4 << 20, "http.max_body_bytes": 1 << 20}


class FullDiskTest(harness.WholeTest):
    def disk(self):
        return small_disk.mount(self, self.folder / "service" / "data", DISK_BYTES)

    def test_a_full_disk_refuses_and_recovers(self):
        disk = self.disk()
        service = self.service(**SETTINGS).start()
        accepted = []

        def load(name, *arguments):
            client = harness.Load(service, self.folder / name, "--connections", 8, *arguments)
            self.addCleanup(client.end)
            summary = client.finish()
            accepted.extend(client.accepted)
            self.assertEqual(summary["broken"] + summary["malformed"] + summary["unanswered"], 0)
            return summary["statuses"]

        self.assertEqual(load("room", "--requests", 500), {"202": 500})

        small_disk.fill(disk / "filler")
        statuses = load("full", "--duration", 8)
        self.assertEqual(set(statuses) - {"202"}, {"503"}, f"answers on a full disk: {statuses}")
        refused = service.post(harness.event(id="refused"))
        self.assertEqual((refused.status, refused.codes), (503, ["AUD-004"]))
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        batch = service.post({"events": [harness.event(id=f"refused-{i}") for i in range(3)]}, "/events/batch")
        self.assertEqual((batch.status, batch.codes), (503, ["AUD-004"]))
        self.assertEqual(service.get("/health/live").status, 200)

        (disk / "filler").unlink()
        harness.wait_until("it accepts again", lambda: service.post(harness.event(id="again")).status == 202)
        self.assertEqual(load("room-again", "--requests", 500), {"202": 500})

        self.assert_stored_exactly_once(service, [*accepted, "again"])
        self.assertFalse([name for name in service.ids() if name.startswith("refused")],
                         "an event that was refused has been stored")
        self.assertEqual(service.stop(), 0)
        self.assert_spool_sound(service)

    def test_a_kill_on_a_full_disk_loses_nothing(self):
        disk = self.disk()
        service = self.service(**SETTINGS).start()
        small_disk.fill(disk / "filler")
        client = harness.Load(service, self.folder / "ids", "--connections", 8, "--duration", 3)
        self.addCleanup(client.end)
        client.finish()
        service.kill()
        (disk / "filler").unlink()
        self.assert_spool_sound(service)
        service.start()
        self.assert_stored_exactly_once(service, client.accepted)


if __name__ == "__main__":
    small_disk.main()
