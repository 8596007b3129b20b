"""PostgreSQL runs out of disk: for its tables, or for its write-ahead log, which makes it crash and stay down until there
is room. Callers notice nothing, no offset moves, and afterwards every accepted event is one row."""

import contextlib
import os
import pathlib
import subprocess
import sys

import harness
import refusing_store
import small_disk

import postgres  # of tests/servers, which the harness makes known

DATA_BYTES = 128 << 20
WAL_BYTES = 64 << 20
SECONDS = 5


class StoreFullDiskTest(refusing_store.RefusingStoreTest):
    # No checkpoint makes room while the test lasts.
    POSTGRES = {"max_wal_size": "4GB", "checkpoint_timeout": "1h", "autovacuum": "off"}

    def database(self) -> postgres.PostgresServer:
        folder = postgres.own_folder("audit-postgres-")
        self.disk = self.disk_for(folder / "data", DATA_BYTES)
        self.wal_disk = self.disk_for(folder / "wal", WAL_BYTES)
        return postgres.PostgresServer(folder, settings=self.POSTGRES, wal=self.wal_disk)

    def disk_for(self, folder: pathlib.Path, size: int) -> pathlib.Path:
        small_disk.mount(self, folder, size)
        if user := postgres.unprivileged():
            os.chown(folder, user["user"], user["group"])
        folder.chmod(0o700)
        return folder

    @contextlib.contextmanager
    def no_room_for_tables(self):
        # The rows that come fill what is left of the last pages, and then nothing gets in.
        small_disk.resize(self.wal_disk, 1 << 30)
        filler = self.disk / "filler"
        small_disk.fill(filler)
        yield
        filler.unlink()

    @contextlib.contextmanager
    def no_room_for_the_log(self):
        def down() -> bool:
            try:
                self.postgres.sql("SELECT 1")
            except subprocess.CalledProcessError:
                return "No space left on device" in self.postgres.log_tail()
            return False

        small_disk.fill(self.wal_disk / "filler")
        harness.wait_until("PostgreSQL is down", down)
        yield
        (self.wal_disk / "filler").unlink()
        small_disk.resize(self.wal_disk, 1 << 30)
        # Its postmaster gives up when the recovery finds no room either. Who runs it starts it again.
        harness.wait_until("PostgreSQL is up", self.up_again)

    def up_again(self) -> bool:
        if self.postgres.pid() is None:
            self.postgres.start()
        return self.rows_or_none() is not None

    def test_no_room_for_tables(self):
        self.during(self.writer(), self.no_room_for_tables(), SECONDS, "No space left on device")

    def test_no_room_for_the_write_ahead_log(self):
        self.during(self.writer(), self.no_room_for_the_log(), SECONDS, "PostgreSQL")


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("store_full_disk_test needs to be run as root: in a user namespace it would be root to PostgreSQL too, which "
                 "refuses that")
    small_disk.main()
