"""The values of the Helm chart: those that existing installations set, what is refused and how that is said, what is
warned of, and that schema and questions name the same."""

import json
import pathlib
import shutil
import tempfile
import unittest

import chart
from chart import Rendering, sets, yaml
from chart_cases import EXISTING


def notes(*arguments) -> str:
    """What Helm says after an installation. `helm template` leaves it out, so here it is a manifest."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, "chart")
        shutil.copytree(chart.CHART, copy)
        text = (copy / "templates" / "NOTES.txt").read_text()
        manifest = '\nkind: Notes\ntext: |\n  {{ include "notes" . | nindent 2 }}\n'
        (copy / "templates" / "notes.yaml").write_text(f'{{{{ define "notes" }}}}{text}{{{{ end }}}}{manifest}')
        done = chart.helm("template", chart.RELEASE, copy, "--namespace", "audit", "--kube-version", chart.NEWEST,
                          "--show-only", "templates/notes.yaml", *arguments)
        assert done.returncode == 0, done.stderr
        return yaml.safe_load(done.stdout)["text"]


class Values(unittest.TestCase):
    def test_keys_of_existing_installations_have_their_defaults(self):
        defaults = chart.values()
        self.assertEqual(defaults["global"], {
            "auditManagerHostname": "auditmanager.trial.openg2p.org", "postgresqlHost": "commons-postgresql",
            "auditManagerDBPort": 5432, "auditManagerDB": '{{ .Release.Name | replace "-" "_" }}',
            "auditManagerDBUser": '{{ .Release.Name | replace "-" "_" }}_user',
            "auditManagerDBSecret": "{{ .Release.Name }}",
            "auditManagerDBUserPasswordKey": "{{ .Release.Name }}-db-user",
            "kafkaBootstrapServers": "commons-kafka:9092"})
        ours = defaults["auditManager"]
        self.assertEqual(ours["autoscaling"], {
            "enabled": True, "minReplicas": 2, "maxReplicas": 12, "targetCPUUtilizationPercentage": 70,
            "targetMemoryUtilizationPercentage": 80})
        self.assertEqual(ours["topicInit"], {
            "enabled": True, "partitions": 12, "replicationFactor": 1, "retentionMs": 604800000,
            "compressionType": "producer", "backoffLimit": 3})
        for path, value in {
                "enabled": True, "nameOverride": "audit-manager", "replicaCount": 2, "containerPort": 8000,
                "updateStrategy.type": "RollingUpdate", "serviceAccount.create": False, "serviceAccount.name": "",
                "podSecurityContext.enabled": True, "containerSecurityContext.enabled": True,
                "service.type": "ClusterIP", "service.port": 80, "service.externalTrafficPolicy": "Cluster",
                "istio.enabled": True, "istio.virtualservice.gateway": "internal",
                "istio.virtualservice.prefix": "/v1/auditmanager/", "istio.gateway.enabled": False,
                "postgresCheckerInit.enabled": True, "persistence.enabled": True, "persistence.size": "10Gi",
        }.items():
            self.assertEqual(chart.leaves(ours)[tuple(path.split("."))], value, path)
        self.assertTrue(defaults["postgres-init"]["enabled"])

    def test_each_global_string_may_be_a_template(self):
        written = {name: f'{{{{ `{value}` }}}}' if "{{" not in str(value) else f"{{{{/* */}}}}{value}"
                   for name, value in chart.values()["global"].items()}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"global": written, "networkPolicy": {"enabled": True}}, file)
            file.flush()
            self.assertEqual(Rendering("--values", file.name).settled(),
                             Rendering(*sets("networkPolicy.enabled=true")).settled())

    def test_long_names_of_releases_fit(self):
        rendering = Rendering(*sets("persister.enabled=true"), release="r" * 53)
        for manifest in rendering.manifests:
            # Pods of a StatefulSet have a label with its name, a dash and a hash of ten letters.
            longest = 63 - 11 if manifest["kind"] == "StatefulSet" else 63
            self.assertLessEqual(len(manifest["metadata"]["name"]), longest, manifest["metadata"]["name"])

    def test_the_notes_warn_of_what_is_risky(self):
        plain = notes()
        self.assertIn("http://audit-manager.audit:80/v1/auditmanager", plain)
        self.assertIn("helm test audit-manager", plain)
        self.assertNotIn("WARNING", plain)
        self.assertEqual(notes("--values", EXISTING).count("WARNING"), 3, "one for each probe")
        in_the_pod = ["auditManager.persistence.enabled=false"]
        self.assertNotIn("WARNING", notes(*sets(*in_the_pod)))
        self.assertIn("events that got a 202 are lost",
                      notes(*sets(*in_the_pod, "auditManager.appConfig.ingest.durability=synced")))
        self.assertIn("DestinationRule", notes(*sets("tls.enabled=true", "tls.secretName=certificate")))

    def test_wrong_values_are_refused_by_name(self):
        for assignment, said in REFUSALS:
            with self.subTest(assignment):
                done = chart.template(*sets(*assignment.split(" ; ")))
                self.assertNotEqual(done.returncode, 0, "it was rendered")
                for part in said:
                    self.assertIn(part, done.stderr)

    def test_every_value_is_in_the_schema(self):
        schema = json.loads((chart.CHART / "values.schema.json").read_text())

        def resolved(part: dict) -> dict:
            return schema["$defs"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part

        for path in chart.leaves(chart.values()):
            part, known = schema, []
            for name in path:
                part = resolved(part)
                if "properties" not in part or (part.get("additionalProperties", True) is not False
                                                and name not in part["properties"]):
                    break  # a map that is handed on as it is
                self.assertIn(name, part["properties"], ".".join(path))
                part = part["properties"][name]
                known.append(name)
            self.assertTrue(known, ".".join(path))

    def test_the_questions_ask_for_values_that_exist(self):
        asked = yaml.safe_load((chart.CHART / "questions.yaml").read_text())["questions"]
        self.assertEqual(list(dict.fromkeys(question["group"] for question in asked)),
                         ["General", "Ingest & Buffering", "Kafka", "Retention", "Image", "Scaling"])
        defaults = chart.leaves(chart.values())
        for question in asked + [more for question in asked for more in question.get("subquestions", [])]:
            with self.subTest(question["variable"]):
                default = defaults[tuple(question["variable"].split("."))]
                self.assertEqual(str(question["default"]), str(default))


# What is set, and what the message must have in it. " ; " stands between two assignments.
REFUSALS = [
    ("auditManager.replicaCount=two", ["/auditManager/replicaCount", "want integer"]),
    ("auditManager.replicaCount=-1", ["/auditManager/replicaCount"]),
    ("auditManager.replicas=2", ["/auditManager", "'replicas' not allowed"]),
    ("auditManger.enabled=true", ["'auditManger' not allowed"]),
    ("auditManager.istio=null", ["/auditManager", "missing property 'istio'"]),
    ("metrics=null", ["missing property 'metrics'"]),
    ("metrics.prometheusRule.runbookBaseUrl=docs/runbooks", ["/metrics/prometheusRule/runbookBaseUrl"]),
    ("auditManager.enabled=yes", ["/auditManager/enabled", "want boolean"]),
    ("auditManager.autoscaling.maxReplicas=0", ["/auditManager/autoscaling/maxReplicas"]),
    ("auditManager.autoscaling.maxReplicas=13",
     ["auditManager.autoscaling.maxReplicas is 13", "12 partitions", "auditManager.topicInit.partitions"]),
    ("persister.enabled=true ; persister.autoscaling.enabled=true ; persister.autoscaling.maxReplicas=20",
     ["persister.autoscaling.maxReplicas is 20", "12 partitions"]),
    ("auditManager.autoscaling.minReplicas=9 ; auditManager.autoscaling.maxReplicas=8",
     ["auditManager.autoscaling.minReplicas is 9", "maxReplicas, 8"]),
    ("auditManager.autoscaling.targetCPUUtilizationPercentage=null ; "
     "auditManager.autoscaling.targetMemoryUtilizationPercentage=null", ["targetCPUUtilizationPercentage"]),
    ("auditManager.updateStrategy.type=Rolling", ["/auditManager/updateStrategy/type", "RollingUpdate"]),
    ("auditManager.updateStrategy.type=Recreate", ["auditManager.updateStrategy.type is Recreate", "StatefulSet"]),
    ("auditManager.persistence.enabled=false ; auditManager.updateStrategy.type=OnDelete",
     ["auditManager.updateStrategy.type is OnDelete", "Deployment"]),
    ("auditManager.persistence.size=ten", ["/auditManager/persistence/size"]),
    ("auditManager.persistence.size=100Mi", ["auditManager.persistence.size is 100Mi", "240Mi"]),
    ("auditManager.image.pullPolicy=Sometimes", ["/auditManager/image/pullPolicy", "IfNotPresent"]),
    ("auditManager.image.repository=", ["/auditManager/image/repository"]),
    ("auditManager.service.type=Cluster", ["/auditManager/service/type", "ClusterIP"]),
    ("auditManager.service.port=0", ["/auditManager/service/port"]),
    ("auditManager.containerPort=80000", ["/auditManager/containerPort", "65,535"]),
    ("auditManager.appConfig.http.port=9000",
     ["auditManager.appConfig.http.port is 9000", "auditManager.containerPort is 8000"]),
    ("auditManager.appConfig.ingest.durability=safe", ["/auditManager/appConfig/ingest/durability", "replicated"]),
    ("auditManager.appConfig.ingest.queueMaxSize=0", ["/auditManager/appConfig/ingest/queueMaxSize"]),
    ("auditManager.appConfig.kafka.producer.compressionType=bzip2", ["/kafka/producer/compressionType", "lz4"]),
    ("auditManager.appConfig.kafka.consumer.enableAutoCommit=true", ["/kafka/consumer/enableAutoCommit"]),
    ("auditManager.appConfig.database.partitionRetentionMonths=1.5", ["/database/partitionRetentionMonths"]),
    ("auditManager.topicInit.partitions=0", ["/auditManager/topicInit/partitions"]),
    ("auditManager.topicInit.retentionMs=week", ["/auditManager/topicInit/retentionMs"]),
    ("auditManager.topicInit.compressionType=none", ["/auditManager/topicInit/compressionType", "producer"]),
    ("auditManager.istio.gateway.enabled=true ; auditManager.istio.gateway.httpsEnabled=true",
     ["auditManager.istio.gateway.tls.credentialName is empty"]),
    ("auditManager.istio.gateway.enabled=true ; auditManager.istio.gateway.httpEnabled=false",
     ["neither httpEnabled nor httpsEnabled"]),
    ("auditManager.istio.gateway.tls.mode=NONE", ["/auditManager/istio/gateway/tls/mode", "SIMPLE"]),
    ("auditManager.envVars.LIST={a,b}", ["/auditManager/envVars/LIST"]),
    ("auditManager.terminationGracePeriodSeconds=0", ["/auditManager/terminationGracePeriodSeconds"]),
    ("global.auditManagerDBPort=none", ["/global/auditManagerDBPort"]),
    ("global.postgresqlHost=", ["/global/postgresqlHost"]),
    ("postgres-init.postgresql.sslMode=on", ["/postgres-init/postgresql/sslMode", "verify-full"]),
    ("postgres-init.databases[0].name=audit", ["/postgres-init/databases/0", "'secret'"]),
    ("roles=store", ["/roles"]),
    ("tls.enabled=true", ["tls.secretName is empty"]),
    ("kafka.security.protocol=tls", ["/kafka/security/protocol", "sasl_ssl"]),
    ("kafka.security.protocol=sasl_ssl", ["kafka.security.existingSecret is empty"]),
    ("kafka.security.protocol=ssl ; kafka.security.caKey=ca.crt", ["kafka.security.existingSecret is empty", "ca.crt"]),
    ("metrics.serviceMonitor.interval=often", ["/metrics/serviceMonitor/interval"]),
    ("podDisruptionBudget.maxUnavailable=half", ["/podDisruptionBudget/maxUnavailable"]),
    ("networkPolicy.kafkaPorts={kafka}", ["/networkPolicy/kafkaPorts/0"]),
]


if __name__ == "__main__":
    unittest.main()
