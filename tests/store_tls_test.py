"""TLS to PostgreSQL with `verify-full`: a wrong authority or a server's wrong name keeps events waiting and says what to
change; with the right ones everything gets in, encrypted."""

import subprocess
import unittest

import harness
import refusing_store

import postgres  # of tests/servers, which the harness makes known


class StoreTlsTest(refusing_store.RefusingStoreTest):
    def database(self) -> postgres.PostgresServer:
        return postgres.PostgresServer(tls=True, settings=self.POSTGRES)

    def another_authority(self) -> str:
        certificate = self.folder / "another.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=another",
                        "-keyout", self.folder / "another.key", "-out", certificate], check=True, capture_output=True)
        return str(certificate)

    def test_a_wrong_authority_or_name_is_told_and_ingest_goes_on(self):
        service = self.writer(**{"database.ssl_mode": "verify-full",
                                 "database.ssl_root_certificate_file": self.another_authority()})
        caller = self.call(service, "caller", 500, pause=0.05)

        def refused(says: str):
            harness.wait_until(f"the log says '{says}'", lambda: says in service.log.read_text())
            before = caller.accepted
            harness.wait_until("callers go on", lambda: caller.accepted > before + 1_000)
            harness.wait_until("/health notices", lambda: service.get("/health").status == 503)
            self.assertEqual(self.rows(), 0)

        refused("certificate verify failed; check database.ssl_root_certificate_file")
        self.assertEqual(service.stop(), 0)
        service.settings["database.ssl_root_certificate_file"] = self.postgres.authority
        service.variables["DB_HOST"] = "localhost"  # the certificate is for 127.0.0.1
        service.start()
        refused("set DB_HOST to a name in the server's certificate")
        self.assertEqual(service.stop(), 0)
        service.variables["DB_HOST"] = self.postgres.host
        service.start()
        self.wait_for_rows(1)
        self.assertEqual(self.postgres.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE "
                                           "usename = 'audit_writer'"), "t")
        caller.end()
        self.assert_stored_once_in_order([caller])
        self.assert_nothing_is_left(service)
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main()
