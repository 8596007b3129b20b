"""Brokers that want to know who comes: every way of logging in works from end to end. With wrong credentials callers
notice nothing, the log says which setting to look at, and once they are right everything is delivered."""

import datetime
import time
import unittest

import harness
import shared_log

import kafka  # of tests/servers, which the harness makes known
import kafka_security

LISTEN_SECONDS = 6


class SecuredBrokersTest(shared_log.SharedLogTest):
    SECURED = True

    def setUp(self):
        super().setUp()
        self.make_topics()
        security = self.kafka.security
        user = {"kafka.security.username": kafka_security.USER, "kafka.security.password": kafka_security.PASSWORD}
        authority = {"kafka.security.ca_file": security.authority}
        self.plain = user | {"kafka.bootstrap_servers": self.kafka.secured_bootstrap("SASL_PLAINTEXT"),
                             "kafka.security.protocol": "sasl_plaintext", "kafka.security.sasl_mechanism": "PLAIN"}
        self.plain_tls = user | authority | {"kafka.bootstrap_servers": self.kafka.secured_bootstrap("SASL_SSL"),
                                             "kafka.security.protocol": "sasl_ssl",
                                             "kafka.security.sasl_mechanism": "PLAIN"}
        self.certificate = authority | {"kafka.bootstrap_servers": self.kafka.secured_bootstrap("SSL"),
                                        "kafka.security.protocol": "ssl",
                                        "kafka.security.certificate_file": security.client_certificate,
                                        "kafka.security.key_file": security.client_key,
                                        "kafka.security.key_password": kafka_security.KEY_PASSWORD}

    def test_each_way_of_logging_in(self):
        unchecked = {"kafka.security.ca_file": self.kafka.security.other_authority,
                     "kafka.properties.enable_ssl_certificate_verification": "false"}
        ways = {"plain": self.plain, "tls": self.plain_tls, "certificate": self.certificate,
                "unchecked": self.plain_tls | unchecked}
        for name, settings in ways.items():
            with self.subTest(name):
                service = self.replica(name, **settings).start()
                self.accept(service, shared_log.batch_of(name, 100))
                harness.wait_until("all are stored", lambda: self.stored(f"{name}-%") == 100)
                self.assert_nothing_is_left(service)
                self.assertEqual(service.stop(), 0)
                self.assertEqual(service.logged('"level":"error"'), [])

    def test_scram(self):
        """librdkafka of Debian 12 is let in by Kafka 3 and not by Kafka 4: then the log says so."""
        scram = {"kafka.security.protocol": "sasl_plaintext", "kafka.security.sasl_mechanism": "SCRAM-SHA-512",
                 "kafka.security.username": kafka_security.USER, "kafka.security.password": kafka_security.PASSWORD}
        with kafka.KafkaCluster(secured=True, version=kafka.FORMER_VERSION) as former:
            service = self.replica("former", **scram, **{
                "kafka.bootstrap_servers": former.secured_bootstrap("SASL_PLAINTEXT")}).start()
            self.accept(service, shared_log.batch_of("former", 100))
            harness.wait_until("all are stored", lambda: self.stored("former-%") == 100)
            self.assertEqual(service.stop(), 0)
        service = self.replica("latter", **scram, **{
            "kafka.bootstrap_servers": self.kafka.secured_bootstrap("SASL_PLAINTEXT")}).start()
        self.accept(service, shared_log.batch_of("latter", 100))
        harness.wait_until("they are stored, or it is said why not", lambda: self.stored("latter-%") == 100 or
                           any("docs/kafka.md" in line["remedy"] for line in service.logged('"remedy"')))

    def test_wrong_credentials(self):
        security = self.kafka.security
        # What is wrong, what is right instead, and which settings the log names.
        wrong = {
            "password": (self.plain | {"kafka.security.password": "wrong"}, self.plain, ["kafka.security.password"]),
            "mechanism": (self.plain | {"kafka.security.sasl_mechanism": "SCRAM-SHA-256"}, self.plain,
                          ["kafka.security.sasl_mechanism"]),
            "authority": (self.plain_tls | {"kafka.security.ca_file": security.other_authority}, self.plain_tls,
                          ["kafka.security.ca_file"]),
            "client-certificate": ({key: value for key, value in self.certificate.items()
                                    if not key.endswith(("certificate_file", "key_file", "key_password"))},
                                   self.certificate, ["kafka.security.certificate_file", "kafka.security.key_file"]),
            "host-name": (self.plain_tls |
                          {"kafka.bootstrap_servers": self.kafka.secured_bootstrap("SASL_SSL", "127.0.0.1")},
                          self.plain_tls, ["kafka.bootstrap_servers"]),
            "protocol": ({"kafka.bootstrap_servers": self.kafka.secured_bootstrap("SASL_SSL")}, self.plain_tls,
                         ["kafka.security.protocol"]),
        }
        command = self.replica("command", **wrong["password"][0])
        ensured = command.run("topics", "ensure", "--timeout", "3")
        self.assertEqual(ensured.returncode, 1)
        self.assertEqual(ensured.stderr.count("check kafka.security.username"), 1, ensured.stderr)

        # A stop need not wait for brokers that will take nothing.
        services = {name: self.replica(name, **(settings | {"shutdown.grace_seconds": 0})).start()
                    for name, (settings, _, _) in wrong.items()}
        for name, service in services.items():
            self.accept(service, shared_log.batch_of(name, 10))
        for name, (_, _, keys) in wrong.items():
            for key in keys:
                harness.wait_until(f"{name}: the log names {key}",
                                   lambda: any(key in line["remedy"] for line in services[name].logged('"remedy"')))
        time.sleep(LISTEN_SECONDS)
        for name, service in services.items():
            with self.subTest(name):
                self.assertEqual(service.get("/health/ready").status, 200)
                self.accept(service, shared_log.batch_of(f"{name}-later", 10))
                self.assertEqual(service.metric("audit_manager_spool_undelivered_records"), 20)
                self.assert_says_things_once_a_minute(service)
                self.assertEqual(service.logged(kafka_security.PASSWORD), [])
                self.assertEqual(service.stop(), 0)
        for name, (_, right, _) in wrong.items():
            self.replica(name, **right).start()
        self.wait_for_rows(20 * len(wrong))
        self.assertEqual(self.rows(), 20 * len(wrong))

    def assert_says_things_once_a_minute(self, service: harness.Service):
        said = {}
        for line in service.logged('"level":'):
            what = (line["message"], line.get("text"), line.get("error"))
            at = datetime.datetime.fromisoformat(line["ts"].replace("Z", "+00:00"))
            if what in said:
                self.assertGreaterEqual((at - said[what]).total_seconds(), 59, what)
            said[what] = at

    def test_files_that_do_not_fit_stop_the_start(self):
        security = self.kafka.security
        wrong = {
            "kafka.security.ca_file": self.certificate | {"kafka.security.ca_file": self.folder / "missing.pem"},
            "kafka.security.key_file": self.certificate | {"kafka.security.key_file": security.authority},
            "kafka.security.key_password": self.certificate | {"kafka.security.key_password": "wrong"},
            "kafka.security.username": self.plain | {"kafka.security.username": ""},
        }
        for key, settings in wrong.items():
            with self.subTest(key):
                service = self.replica(f"start-{key.rsplit('.', 1)[1]}", **settings).start(wait=False)
                self.assertEqual(service.process.wait(harness.PATIENCE_SECONDS), 1)
                self.assertIn(key, service.logged("the start failed")[0]["error"])


if __name__ == "__main__":
    unittest.main()
