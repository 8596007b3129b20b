"""What operators do to the table and to the service's role while it runs: the log says what is wrong, nothing is given
up meanwhile, and the service goes on by itself when it is undone."""

import contextlib
import datetime
import unittest

import refusing_store

SECONDS = 2
# Of the column that numbers the rows, which a table that is made anew does not have.
ARRIVAL = "audit_events_arrival_seq"


class ChangedTableTest(refusing_store.RefusingStoreTest):
    @contextlib.contextmanager
    def deed(self, do: str, undo: str):
        self.postgres.sql(do)
        yield
        self.postgres.sql(undo)

    @contextlib.contextmanager
    def another_password(self):
        self.postgres.sql("ALTER ROLE audit_writer PASSWORD 'another'")
        self.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'audit_writer'")
        yield
        self.postgres.sql(f"ALTER ROLE audit_writer PASSWORD $${refusing_store.PASSWORD}$$")

    @contextlib.contextmanager
    def dropped(self):
        """The table and all in it; brought back from a copy as from a backup."""
        self.postgres.sql("LOCK TABLE audit_events; CREATE TABLE backup AS TABLE audit_events; DROP TABLE audit_events")
        yield
        self.postgres.sql(f"""{self.schema()};
            ALTER TABLE audit_events ADD COLUMN arrival BIGSERIAL;
            GRANT USAGE ON SEQUENCE {ARRIVAL} TO audit_writer;
            SELECT audit_events_make_month({self.month.year}, {self.month.month}, false);
            INSERT INTO audit_events TABLE backup;
            SELECT setval('{ARRIVAL}', (SELECT max(arrival) FROM backup))""")

    def test_whatever_is_done_to_table_and_role_is_waited_for(self):
        service = self.writer()
        caller = self.caller_of(service)
        self.month = datetime.datetime.now(datetime.timezone.utc)
        leaf = f"audit_events_{self.month:%Y_%m}"
        bounds = self.postgres.sql(f"SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = '{leaf}'")
        deeds = {
            "the role audit_writer has no INSERT on audit_events": self.deed(
                "REVOKE INSERT ON audit_events FROM audit_writer", "GRANT INSERT ON audit_events TO audit_writer"),
            "check DB_USER and DB_PASSWORD": self.another_password(),
            "the table audit_events was there and is gone": self.deed(
                "ALTER TABLE audit_events RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO audit_events"),
            f"table {leaf} exists and is no partition of audit_events: attach it": self.deed(
                f"ALTER TABLE audit_events DETACH PARTITION {leaf}",
                f"ALTER TABLE audit_events ATTACH PARTITION {leaf} {bounds}"),
            "column tenant is none of ours and NOT NULL without a default": self.deed(
                "ALTER TABLE audit_events ADD COLUMN tenant TEXT NOT NULL DEFAULT 'x'; "
                "ALTER TABLE audit_events ALTER COLUMN tenant DROP DEFAULT",
                "ALTER TABLE audit_events DROP COLUMN tenant"),
        }
        for says, outage in deeds.items():
            self.hold_up(service, caller, outage, SECONDS, says)
        self.hold_up(service, caller, self.dropped(), SECONDS, "the table audit_events was there and is gone")
        self.postgres.sql("ALTER TABLE audit_events ADD COLUMN note TEXT")
        self.finish(service, caller)


if __name__ == "__main__":
    unittest.main()
