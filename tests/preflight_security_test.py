"""`audit-manager preflight` against servers that do not let the service in, or not to all that it needs: each fault is made
for real, at a Kafka with TLS, passwords and ACLs and at a PostgreSQL with TLS and roles, and is named with what is to be done
about it. The remedies are carried out: a right that is granted as it was said is missed no more."""

import json
import re
import shlex
import subprocess
import unittest

import harness
import raw_topic
import shared_log

import kafka_admin  # of tests/servers, which the harness makes known
import kafka_security
import postgres

TOPIC, DEAD_LETTERS, GROUP = "openg2p.audit.events", "openg2p.audit.dlq", "openg2p-audit-consumer"


class Findings:
    """Of one run, those of one area."""

    def __init__(self, service: harness.Service, area: str):
        service.data.mkdir(parents=True, exist_ok=True)
        self.ended = service.run("preflight", "--json", "--timeout", "10")
        self.all = [each for each in json.loads(self.ended.stdout)["findings"] if each["area"] == area]

    def errors(self) -> dict[str, dict]:
        return {each["check"]: each for each in self.all if each["result"] == "error"}


class PreflightSecurityTest(harness.WholeTest):
    def assert_error(self, service: harness.Service, area: str, check: str, found: str, remedy: str) -> str:
        """There is this one error; returns its whole remedy. `found` and `remedy` are parts."""
        findings = Findings(service, area)
        self.assertEqual(list(findings.errors()), [check], findings.ended.stdout + findings.ended.stderr)
        error = findings.errors()[check]
        self.assertIn(found, error["found"])
        self.assertIn(remedy, error["remedy"])
        self.assertEqual(findings.ended.returncode, 1)
        return error["remedy"]


class KafkaLoginTest(PreflightSecurityTest, shared_log.SharedLogTest):
    SECURED = True

    def test_whoever_is_not_let_in_is_told_why(self):
        security = self.kafka.security
        tls = {"kafka.security.protocol": "sasl_ssl", "kafka.security.ca_file": security.authority,
               "kafka.bootstrap_servers": self.kafka.secured_bootstrap("SASL_SSL"),
               "kafka.security.username": kafka_security.USER, "kafka.security.password": kafka_security.PASSWORD}
        by_certificate = {"kafka.security.protocol": "ssl", "kafka.security.ca_file": security.authority,
                          "kafka.bootstrap_servers": self.kafka.secured_bootstrap("SSL")}
        other_protocol = "check kafka.security.protocol"
        faults = [
            (tls | {"kafka.security.password": "wrong"}, "Invalid username or password", "kafka.security.password"),
            (tls | {"kafka.security.username": "nobody"}, "Invalid username or password", "kafka.security.username"),
            (tls | {"kafka.security.sasl_mechanism": "SCRAM-SHA-256"}, "supported mechanisms: PLAIN,SCRAM-SHA-512",
             "set kafka.security.sasl_mechanism"),
            (tls | {"kafka.security.ca_file": security.other_authority}, "unable to get local issuer certificate",
             "kafka.security.ca_file must hold"),
            ({key: value for key, value in tls.items() if not key.endswith("ca_file")},
             "unable to get local issuer certificate", "kafka.security.ca_file must hold"),
            (tls | {"kafka.bootstrap_servers": self.kafka.secured_bootstrap("SASL_SSL", "127.0.0.1")},
             "IP address mismatch", "must use a name that stands in it"),
            (by_certificate, "certificate required", "set kafka.security.certificate_file and kafka.security.key_file"),
            ({"kafka.bootstrap_servers": tls["kafka.bootstrap_servers"]}, "connecting to a SSL listener?", other_protocol),
            (tls | {"kafka.security.protocol": "sasl_plaintext"}, "connecting to a SSL listener?", other_protocol),
            (tls | {"kafka.security.protocol": "ssl"}, "might require SASL", other_protocol),
            (tls | {"kafka.bootstrap_servers": self.kafka.bootstrap}, "SSL", other_protocol),
        ]
        for number, (settings, found, remedy) in enumerate(faults):
            with self.subTest(found=found, remedy=remedy):
                service = self.replica(f"fault-{number}", **settings)
                broker = f"broker {settings['kafka.bootstrap_servers']}"
                self.assert_error(service, "kafka", broker, found, remedy)
                self.assertNotIn(kafka_security.PASSWORD, service.run("preflight").stdout)
        right = Findings(self.replica("right", **tls), "kafka")
        self.assertEqual(right.errors(), {}, right.ended.stdout)

    def test_scram(self):
        """Kafka 4 lets librdkafka before 2.6.1 in by no password: then it is said so."""
        scram = self.replica("scram", **{
            "kafka.security.protocol": "sasl_plaintext", "kafka.security.sasl_mechanism": "SCRAM-SHA-512",
            "kafka.bootstrap_servers": self.kafka.secured_bootstrap("SASL_PLAINTEXT"),
            "kafka.security.username": kafka_security.USER, "kafka.security.password": kafka_security.PASSWORD})
        errors = Findings(scram, "kafka").errors()
        for error in errors.values():
            self.assertIn("SCRAM-SHA-512", error["found"])
            self.assertIn("Kafka 4", error["remedy"])
            self.assertIn("log in with PLAIN over sasl_ssl, or with a client certificate", error["remedy"])
        self.assertLessEqual(len(errors), 1)


class KafkaRightsTest(PreflightSecurityTest, shared_log.SharedLogTest):
    SECURED = True
    KAFKA = {"allow.everyone.if.no.acl.found": "false"}

    def setUp(self):
        super().setUp()
        self.brokers = self.admin()
        security = self.kafka.security
        self.address = self.kafka.secured_bootstrap("SASL_SSL")
        self.tls = {"kafka.security.protocol": "sasl_ssl", "kafka.security.ca_file": security.authority,
                    "kafka.bootstrap_servers": self.address, "kafka.security.username": kafka_security.USER,
                    "kafka.security.password": kafka_security.PASSWORD}

    def errors(self, name: str, **settings) -> dict[str, str]:
        """The remedy of each, by check, after a look at what was found."""
        found = {}
        for check, error in Findings(self.replica(name, **(self.tls | settings)), "kafka").errors().items():
            self.assertIn("uthorization failed", error["found"])
            found[check] = error["remedy"]
        return found

    def grant_as_said(self, remedy: str, principal: str = kafka_security.USER):
        """Does what the command in the remedy does."""
        words = shlex.split(remedy.split(", ")[0])
        self.assertEqual(words[:6], ["kafka-acls.sh", "--bootstrap-server", words[2], "--add", "--allow-principal",
                                     f"User:{principal}"])
        options = list(zip(words[6::2], words[7::2]))
        (kind, name), = [(key, value) for key, value in options if key != "--operation"]
        for key, operation in options:
            if key == "--operation":
                self.brokers.allow(principal, kafka_admin.operation_of(operation), kind.removeprefix("--"), name)

    def command(self, rest: str) -> str:
        return f"kafka-acls.sh --bootstrap-server {self.address} --add --allow-principal User:audit {rest}"

    def test_each_missing_right_is_named_with_the_command_that_grants_it(self):
        # Nothing at all.
        self.assertEqual(self.errors("nothing"), {
            f"topic {TOPIC}": self.command(f"--operation Read --operation Write --topic {TOPIC}"),
            f"topic {DEAD_LETTERS}": self.command(f"--operation Write --topic {DEAD_LETTERS}"),
            f"group {GROUP}: committing": self.command(f"--operation Read --group {GROUP}")})
        # Topics that are missing, and may not be made.
        for topic in (TOPIC, DEAD_LETTERS):
            self.brokers.allow(kafka_security.USER, "DESCRIBE", "topic", topic)
        errors = self.errors("describe")
        create = ", then `audit-manager topics ensure`; or let somebody make it"
        self.assertEqual(errors[f"topic {TOPIC}"], self.command(f"--operation Create --topic {TOPIC}{create}"))
        self.assertEqual(errors[f"topic {DEAD_LETTERS}"],
                         self.command(f"--operation Create --topic {DEAD_LETTERS}{create}"))
        # The brokers let no producer begin that may write to no topic.
        self.assertEqual(errors["idempotent writing"],
                         self.command(f"--operation Write --topic {TOPIC}, also before the topic is made"))
        for check in (f"topic {TOPIC}", f"topic {DEAD_LETTERS}"):
            self.grant_as_said(errors[check])
        self.assertNotIn(f"topic {TOPIC}", self.errors("create"))
        self.assertFalse(raw_topic.RawTopic(self.kafka.bootstrap).exists())

        # They are there, and may be looked at only.
        self.make_topics()
        errors = self.errors("look")
        self.assertEqual(errors, {
            f"topic {TOPIC}: writing": self.command(f"--operation Write --topic {TOPIC}"),
            f"topic {TOPIC}: reading": self.command(f"--operation Read --topic {TOPIC}"),
            f"topic {DEAD_LETTERS}: writing": self.command(f"--operation Write --topic {DEAD_LETTERS}"),
            f"group {GROUP}: committing": self.command(f"--operation Read --group {GROUP}")})
        # A replica that does not store needs to write to one topic, one that stores alone to read it and write to the other.
        self.assertEqual(list(self.errors("ingest", roles="ingest")), [f"topic {TOPIC}: writing"])
        self.assertEqual(list(self.errors("persist", roles="persist")), [
            f"topic {TOPIC}: reading", f"topic {DEAD_LETTERS}: writing", f"group {GROUP}: committing"])
        # The group may be seen, and not joined.
        self.brokers.allow(kafka_security.USER, "DESCRIBE", "group", GROUP)
        self.assertIn(f"group {GROUP}: committing", self.errors("group"))
        # Each right is missed no more when it was granted as said.
        while errors:
            check, remedy = errors.popitem()
            self.grant_as_said(remedy)
            self.assertEqual(self.errors(f"without-{check}"), errors)

        # Looking has written nothing, not even an offset, also with all the rights.
        log = raw_topic.RawTopic(self.kafka.bootstrap)
        self.assertEqual(set(log.ends().values()), {0})
        self.assertEqual(log.committed(GROUP), {})
        self.assertEqual(set(raw_topic.RawTopic(self.kafka.bootstrap, DEAD_LETTERS).ends().values()), {0})
        # And the rights are those that the service needs.
        service = self.replica("service", **self.tls).start()
        self.accept(service, shared_log.batch_of("event", 100))
        self.wait_for_rows(100)
        self.assertEqual(service.stop(), 0)

    def test_a_client_certificate_is_granted_to_by_its_subject(self):
        security = self.kafka.security
        self.make_topics()
        certificate = {"kafka.security.protocol": "ssl", "kafka.security.ca_file": security.authority,
                       "kafka.bootstrap_servers": self.kafka.secured_bootstrap("SSL"),
                       "kafka.security.certificate_file": security.client_certificate,
                       "kafka.security.key_file": security.client_key,
                       "kafka.security.key_password": kafka_security.KEY_PASSWORD}
        errors = Findings(self.replica("client", **certificate), "kafka").errors()
        self.assertEqual(len(errors), 3)
        for error in errors.values():
            self.grant_as_said(error["remedy"], "CN=client")
        granted = Findings(self.replica("granted", **certificate), "kafka")
        self.assertEqual(granted.errors(), {}, granted.ended.stdout)


class PostgresSecurityTest(PreflightSecurityTest):
    def setUp(self):
        super().setUp()
        self.postgres = postgres.PostgresServer(tls=True, fsync=False)
        self.addCleanup(self.postgres.remove)
        self.postgres.start()

    def installation(self, variables: dict | None = None, **settings) -> harness.Service:
        return self.service(f"ours-{len(self.services)}", self.postgres.environment() | (variables or {}), **settings)

    def reload(self, *lines: str):
        """With these lines in pg_hba.conf alone."""
        (self.postgres.data / "pg_hba.conf").write_text("".join(f"{line}\n" for line in lines))
        before = self.postgres.sql("SELECT pg_conf_load_time()")
        self.postgres.sql("SELECT pg_reload_conf()")
        harness.wait_until("it is reloaded", lambda: self.postgres.sql("SELECT pg_conf_load_time()") != before)

    def test_a_server_that_does_not_let_it_in(self):
        other_authority = self.folder / "other.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other",
                        "-keyout", self.folder / "other.key", "-out", other_authority], check=True, capture_output=True)
        self.postgres.sql(f"CREATE ROLE writer LOGIN PASSWORD '{self.postgres.password}'; "
                          f"CREATE ROLE sleeper PASSWORD '{self.postgres.password}'; "
                          "REVOKE CONNECT ON DATABASE auditmanager FROM PUBLIC")
        verified = {"database.ssl_mode": "verify-full", "database.ssl_root_certificate_file": self.postgres.authority}
        for variables, settings, found, remedy in [
                ({"DB_PASSWORD": "wrong"}, {}, "password authentication failed", "DB_PASSWORD"),
                ({"DB_PASSWORD": ""}, {}, "no password supplied", "set DB_PASSWORD"),
                ({"DB_NAME": "nowhere"}, {}, '"nowhere" does not exist', "CREATE DATABASE nowhere"),
                ({"DB_USER": "writer"}, {}, "CONNECT privilege", "GRANT CONNECT ON DATABASE auditmanager TO writer"),
                ({"DB_USER": "sleeper"}, {}, "not permitted to log in", "ALTER ROLE sleeper LOGIN"),
                ({}, verified | {"database.ssl_root_certificate_file": other_authority}, "certificate verify failed",
                 "database.ssl_root_certificate_file must hold"),
                ({"DB_HOST": "localhost"}, verified, "does not match host name", "set DB_HOST to a name"),
                ({}, verified | {"database.ssl_root_certificate_file": "/nowhere.pem"}, "does not exist",
                 "set database.ssl_root_certificate_file"),
                ({"DB_PORT": "1"}, {}, "refused", "see DB_HOST and DB_PORT")]:
            with self.subTest(found):
                self.assert_error(self.installation(variables, **settings), "postgres", "server", found, remedy)
        for command in ("GRANT CONNECT ON DATABASE auditmanager TO writer", "ALTER ROLE sleeper LOGIN"):
            self.postgres.sql(command)
        writer = Findings(self.installation({"DB_USER": "writer"}, **verified), "postgres")
        self.assertNotIn("server", writer.errors())

        # Of whom pg_hba.conf says nothing, and of whom only with TLS or a certificate.
        administrator = "host all postgres 127.0.0.1/32 scram-sha-256"
        self.reload(administrator)
        line = "hostssl auditmanager writer 127.0.0.1/32 scram-sha-256"
        self.assert_error(self.installation({"DB_USER": "writer"}), "postgres", "server", "no pg_hba.conf entry",
                          f"it takes a line in pg_hba.conf, {line}")
        self.reload(administrator, line)
        self.assertNotIn("server", Findings(self.installation({"DB_USER": "writer"}), "postgres").errors())
        self.assert_error(self.installation({"DB_USER": "writer"}, **{"database.ssl_mode": "disable"}), "postgres",
                          "server", "no encryption", "set database.ssl_mode to require or verify-full")
        self.reload(administrator, f"{line} clientcert=verify-ca")
        self.postgres.sql(f"ALTER SYSTEM SET ssl_ca_file = '{self.postgres.authority}'")
        self.postgres.sql("SELECT pg_reload_conf()")
        harness.wait_until("it asks for a certificate", lambda: Findings(
            self.installation({"DB_USER": "writer"}, **{"database.ssl_mode": "require"}), "postgres").errors())
        self.assert_error(self.installation({"DB_USER": "writer"}, **{"database.ssl_mode": "require"}), "postgres",
                          "server", "valid client certificate", "take clientcert out")

    def test_a_server_without_tls(self):
        self.postgres.sql("ALTER SYSTEM SET ssl = off")
        self.postgres.restart()
        self.assert_error(self.installation(**{"database.ssl_mode": "require"}), "postgres", "server",
                          "does not support SSL", "turn ssl on in the server")

    def test_each_missing_right_is_named_with_what_grants_it(self):
        schema = subprocess.run([harness.BINARY, "schema", "--print"], capture_output=True, text=True, check=True).stdout
        sql = self.postgres.sql
        sql(schema)
        sql(f"ALTER ROLE audit_writer PASSWORD '{self.postgres.password}'; "
            "REVOKE ALL ON SCHEMA public FROM PUBLIC; REVOKE ALL ON DATABASE auditmanager FROM PUBLIC; "
            "ALTER TABLE audit_events ADD COLUMN arrival BIGSERIAL; CREATE ROLE somebody; "
            "GRANT USAGE ON SEQUENCE audit_events_arrival_seq TO audit_writer")
        writer = self.installation({"DB_USER": "audit_writer"})
        table = "as its owner, audit_owner: GRANT SELECT, INSERT ON audit_events TO audit_writer"
        for taken, check, found, remedy in [
                ("REVOKE INSERT ON audit_events FROM audit_writer", "table", "no INSERT", table),
                ("REVOKE SELECT ON audit_events FROM audit_writer", "table", "no SELECT", table),
                ("REVOKE EXECUTE ON FUNCTION audit_events_make_month FROM audit_writer", "months", "may not make one",
                 "GRANT EXECUTE ON FUNCTION audit_events_make_month TO audit_writer"),
                ("ALTER FUNCTION audit_events_make_month OWNER TO somebody", "months", "belongs to somebody",
                 "ALTER FUNCTION audit_events_make_month OWNER TO audit_owner"),
                ("REVOKE TEMPORARY ON DATABASE auditmanager FROM audit_writer", "role", "may not use temporary tables",
                 "GRANT TEMPORARY ON DATABASE auditmanager TO audit_writer"),
                ("REVOKE USAGE ON SEQUENCE audit_events_arrival_seq FROM audit_writer", "table",
                 "may not use audit_events_arrival_seq", "GRANT USAGE ON SEQUENCE audit_events_arrival_seq TO audit_writer"),
                ("REVOKE USAGE ON SCHEMA public FROM audit_writer", "table", "may not look into the schema public",
                 "GRANT USAGE ON SCHEMA public TO audit_writer")]:
            with self.subTest(taken):
                self.assertEqual(Findings(writer, "postgres").errors(), {})
                sql(taken)
                said = self.assert_error(writer, "postgres", check, found, remedy)
                sql(re.sub(r"^as its owner, \w+: ", "", said))
        self.assertEqual(Findings(writer, "postgres").errors(), {})

        sql("CREATE SCHEMA audit; ALTER TABLE audit_events SET SCHEMA audit; GRANT USAGE ON SCHEMA audit TO audit_writer")
        elsewhere = [each for each in Findings(writer, "postgres").all if each["check"] == "table"]
        self.assertEqual([each["remedy"] for each in elsewhere],
                         ["ALTER ROLE audit_writer SET search_path = audit, unless it is somebody else's table"])
        sql("ALTER TABLE audit.audit_events SET SCHEMA public; DROP FUNCTION audit_events_make_month")
        self.assert_error(writer, "postgres", "months", "may not make one", "let DB_USER be the table's owner, audit_owner")


if __name__ == "__main__":
    unittest.main()
