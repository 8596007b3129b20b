"""Listeners of the brokers for those who log in, with certificates made on the spot, and users that exist from the
first start. Certificates of servers are for `localhost`; there is an authority that nobody trusts, too."""

import pathlib
import subprocess

USER, PASSWORD = "audit", "correct-horse"
KEY_PASSWORD = "a key's"


class BrokerSecurity:
    # Each is named as the protocol that it speaks.
    LISTENERS = ("SASL_PLAINTEXT", "SSL", "SASL_SSL")
    MECHANISMS = ("PLAIN", "SCRAM-SHA-512")

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.authority = self._authority("authority")
        self.other_authority = self._authority("other-authority")
        server_key, server_certificate = self._certificate("localhost")
        self.client_key, self.client_certificate = self._certificate("client", "-passout", f"pass:{KEY_PASSWORD}")
        self.server_identity = folder / "server-identity.pem"
        self.server_identity.write_text(server_key.read_text() + server_certificate.read_text())

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def _authority(self, name: str) -> pathlib.Path:
        certificate = self.folder / f"{name}.pem"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", f"/CN={name}", "-keyout",
                      self.folder / f"{name}.key", "-out", certificate)
        return certificate

    def _certificate(self, name: str, *key_password: str) -> tuple[pathlib.Path, pathlib.Path]:
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", *(key_password or ["-nodes"]), "-days", 2, "-subj",
                      f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-addext", "basicConstraints=CA:FALSE",
                      "-CA", self.authority, "-CAkey", self.authority.with_suffix(".key"), "-keyout", key, "-out",
                      certificate)
        return key, certificate

    def settings(self) -> dict:
        """Of a broker. Who comes without logging in, by the listener without security, is its administrator."""
        plain = ("org.apache.kafka.common.security.plain.PlainLoginModule required "
                 f'user_{USER}="{PASSWORD}";')
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        logins = {}
        for listener in ("sasl_plaintext", "sasl_ssl"):
            logins[f"listener.name.{listener}.plain.sasl.jaas.config"] = plain
            logins[f"listener.name.{listener}.scram-sha-512.sasl.jaas.config"] = scram
        return logins | {
            "sasl.enabled.mechanisms": ",".join(self.MECHANISMS),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.server_identity,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.authority,
            "listener.name.ssl.ssl.client.auth": "required",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "allow.everyone.if.no.acl.found": "true",
        }

    def storage_arguments(self) -> list[str]:
        """For the tool that formats a broker's storage. The mechanism PLAIN knows its users from the settings."""
        return ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"]
