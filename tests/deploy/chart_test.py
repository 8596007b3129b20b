"""The Helm chart: what it renders from its defaults, from a file as existing installations have it, and with every
switch turned by itself; what it refuses; and that the binary takes the configuration it writes.

    chart_test.py            as a test
    chart_test.py --renew    writes tests/deploy/goldens and the chart's README.md anew; look at the difference before
                             you commit it
"""

import difflib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import chart
import fetched
import harness
import manifest_schemas
from chart import Rendering, sets, yaml

HERE = pathlib.Path(__file__).resolve().parent
GOLDENS = HERE / "goldens"
EXISTING = HERE / "values" / "existing_installation.yaml"
GATEWAY = "auditManager.istio.gateway"
SASL = ["kafka.security.protocol=sasl_ssl", "kafka.security.saslMechanism=SCRAM-SHA-512",
        "kafka.security.existingSecret=kafka-login", "kafka.security.caKey=ca.crt"]

# A switch that alone does nothing, or that needs a name besides.
NEEDS = {
    f"{GATEWAY}.httpEnabled": [f"{GATEWAY}.enabled=true", f"{GATEWAY}.httpsEnabled=true",
                               f"{GATEWAY}.tls.credentialName=certificate"],
    f"{GATEWAY}.httpTlsRedirect": [f"{GATEWAY}.enabled=true"],
    f"{GATEWAY}.httpsEnabled": [f"{GATEWAY}.enabled=true", f"{GATEWAY}.tls.credentialName=certificate"],
    "persister.autoscaling.enabled": ["persister.enabled=true"],
    "tls.enabled": ["tls.secretName=certificate"],
}
WITHOUT_EFFECT = {"auditManager.postgresCheckerInit.enabled"}
REFUSED = {"auditManager.appConfig.kafka.consumer.enableAutoCommit"}

# What is no switch of true and false.
CHANGES = {
    "deployment-recreate": ["auditManager.persistence.enabled=false", "auditManager.updateStrategy.type=Recreate"],
    "drained-claims": ["auditManager.spoolDrain.claims={data-audit-manager-4,data-audit-manager-5}"],
    "kafka-with-client-certificate": [
        "kafka.security.protocol=ssl", "kafka.security.existingSecret=kafka-login", "kafka.security.caKey=ca.crt",
        "kafka.security.certificateKey=tls.crt", "kafka.security.keyKey=tls.key",
        "kafka.security.keyPasswordKey=key-password"],
    "kafka-with-password": SASL,
    "labels-and-annotations": [
        "auditManager.commonLabels.team=audit", "auditManager.commonAnnotations.owner=of {{ .Release.Name }}",
        "auditManager.podLabels.tier=front", "auditManager.podAnnotations.note=audited"],
    "load-balancer": ["auditManager.service.type=LoadBalancer", "auditManager.service.externalTrafficPolicy=Local",
                      "auditManager.service.loadBalancerIP=192.0.2.7",
                      "auditManager.service.loadBalancerSourceRanges={192.0.2.0/24}"],
    "monitoring": ["metrics.serviceMonitor.enabled=true", "metrics.serviceMonitor.labels.release=prometheus",
                   "metrics.prometheusRule.enabled=true", "metrics.prometheusRule.labels.release=prometheus",
                   "metrics.prometheusRule.runbookBaseUrl=https://git.example.org/audit/docs/runbooks",
                   "tls.enabled=true", "tls.secretName=certificate",
                   "metrics.serviceMonitor.tlsConfig.insecureSkipVerify=true", "persister.enabled=true"],
    "network-policy-any-broker-port": ["networkPolicy.enabled=true", "networkPolicy.kafkaPorts=null",
                                       "networkPolicy.ingressFrom[0].namespaceSelector.matchLabels.emits=events"],
    "node-port": ["auditManager.service.type=NodePort"],
    "own-hooks-and-containers": [
        "auditManager.lifecycleHooks.preStop.exec.command={sleep,10s}", "auditManager.sidecars[0].name=beside",
        "auditManager.sidecars[0].image=beside:1", "auditManager.initContainers[0].name=before",
        "auditManager.initContainers[0].image=before:1", "auditManager.extraVolumes[0].name=extra",
        "auditManager.extraVolumes[0].emptyDir.medium=Memory", "auditManager.extraVolumeMounts[0].name=extra",
        "auditManager.extraVolumeMounts[0].mountPath=/extra"],
    "placement": [
        "auditManager.nodeSelector.disk=fast", "auditManager.tolerations[0].key=audit",
        "auditManager.tolerations[0].operator=Exists", "auditManager.priorityClassName=important",
        "auditManager.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution=null",
        "auditManager.image.pullSecrets={pull}", "topologySpreadConstraints=null"],
    "probe-by-command": ["auditManager.livenessProbe.exec.command={audit-manager,healthcheck,--probe,live}"],
    "storage": ["auditManager.persistence.size=20Gi", "auditManager.persistence.storageClass=fast",
                "auditManager.persistence.annotations.backup=never"],
    "without-sleep": ["auditManager.preStopSleepSeconds=0", "auditManager.appConfig.shutdown.graceSeconds=60"],
}


def switches() -> list[str]:
    """Every value that is true or false by default."""
    return [".".join(path) for path, value in chart.leaves(chart.values()).items() if isinstance(value, bool)]


def turned(switch: str) -> list[str]:
    default = chart.leaves(chart.values())[tuple(switch.split("."))]
    return sets(*NEEDS.get(switch, []), f"{switch}={str(not default).lower()}")


def cases() -> dict:
    """The arguments of each rendering that is compared with the defaults', by name."""
    alone = {f"switch-{switch}": turned(switch) for switch in switches() if switch not in REFUSED | WITHOUT_EFFECT}
    return alone | {name: sets(*assignments) for name, assignments in CHANGES.items()}


def everything() -> dict:
    return {"defaults": [], "existing-installation": ["--values", EXISTING]} | cases()


def difference(base: str, other: str) -> str:
    lines = difflib.unified_diff(base.splitlines(), other.splitlines(), "defaults", "this", lineterm="", n=4)
    # Where in the file it is would change with everything above it.
    return "\n".join(re.sub(r"^@@ .*", "@@", line) for line in lines) + "\n"


def goldens() -> dict:
    """The text of each file of GOLDENS."""
    defaults = Rendering().settled()
    texts = {"defaults.yaml": defaults,
             "existing_installation.yaml": Rendering("--values", EXISTING).settled(),
             "kubernetes-oldest.diff": difference(defaults, Rendering(kubernetes=chart.OLDEST).settled())}
    for name, arguments in cases().items():
        texts[f"{name}.diff"] = difference(defaults, Rendering(*arguments).settled())
    return texts


class Rendered(unittest.TestCase):
    maxDiff = None

    def test_each_rendering_is_as_recorded(self):
        texts = goldens()
        self.assertEqual(sorted(texts), sorted(file.name for file in GOLDENS.iterdir()), "renew with --renew")
        for name, text in texts.items():
            with self.subTest(name):
                self.assertEqual(text, (GOLDENS / name).read_text(), "renew with --renew")

    def test_each_switch_does_something(self):
        for switch in switches():
            if switch in REFUSED:
                continue
            with self.subTest(switch):
                before = Rendering(*sets(*NEEDS.get(switch, []))).settled()
                after = Rendering(*turned(switch)).settled()
                if switch in WITHOUT_EFFECT:
                    self.assertEqual(before, after)
                else:
                    self.assertNotEqual(before, after)

    def test_each_manifest_is_valid(self):
        for kubernetes in (chart.OLDEST, chart.NEWEST):
            renderings = {name: Rendering(*arguments, kubernetes=kubernetes)
                          for name, arguments in everything().items()}
            checked, wrong = manifest_schemas.complaints(
                {name: rendering.text for name, rendering in renderings.items()}, kubernetes)
            self.assertEqual(wrong, [], f"Kubernetes {kubernetes}")
            self.assertEqual(checked, sum(len(rendering.manifests) for rendering in renderings.values()))

    def test_a_manifest_that_is_not_valid_is_found(self):
        text = Rendering(*sets("metrics.prometheusRule.enabled=true")).text
        texts = {}
        for right, wrong in (("serviceName:", "serviceNames:"), ("expr: absent", "expression: absent"),
                             ("gateways:", "gateway:"), ("minReplicas: 2", "minReplicas: two")):
            self.assertIn(right, text)
            texts[wrong.split(":")[0]] = text.replace(right, wrong)
        _, wrong = manifest_schemas.complaints(texts, chart.NEWEST)
        self.assertEqual(sorted(complaint.split(":")[0] for complaint in wrong), sorted(texts), wrong)

    def test_lint_has_nothing_to_say(self):
        for arguments in ([], ["--values", EXISTING]):
            done = chart.helm("lint", chart.CHART, "--strict", "--kube-version", chart.NEWEST, *arguments)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_package_has_what_it_renders_from(self):
        with tempfile.TemporaryDirectory() as folder:
            done = chart.helm("package", chart.CHART, "--destination", folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            package = next(pathlib.Path(folder).iterdir())
            arguments = sets("metrics.prometheusRule.enabled=true", "metrics.dashboard.enabled=true",
                             "postgres-init.createSecrets=false")
            packed = chart.helm("template", chart.RELEASE, package, "--namespace", "audit", "--kube-version",
                                chart.NEWEST, *arguments)
            self.assertEqual(packed.stdout, Rendering(*arguments).text)

    def test_the_version_is_that_of_the_service(self):
        described = yaml.safe_load((chart.CHART / "Chart.yaml").read_text())
        project = re.search(r"project\(audit-manager VERSION (\S+)", (harness.ROOT / "CMakeLists.txt").read_text())
        self.assertEqual(described["appVersion"], project.group(1))

    def test_the_readme_is_up_to_date(self):
        self.assertEqual((chart.CHART / "README.md").read_text(), chart.readme(), "renew with --renew")


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
            self.assertLessEqual(len(manifest["metadata"]["name"]), 63, manifest["metadata"]["name"])

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


class Pods(unittest.TestCase):
    def test_all_keep_the_restricted_profile(self):
        rendering = Rendering(*sets("persister.enabled=true", "auditManager.spoolDrain.claims={data-audit-manager-5}"))
        pods = rendering.pods()
        self.assertEqual(len(pods), 6, pods.keys())
        for title, pod in pods.items():
            with self.subTest(title):
                self.assertIs(pod["automountServiceAccountToken"], False)
                self.assertIs(pod["securityContext"]["runAsNonRoot"], True)
                self.assertEqual(pod["securityContext"]["runAsUser"], 1000)
                self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                for volume in pod.get("volumes", []):
                    self.assertEqual(set(volume) - {"name", "configMap", "emptyDir", "persistentVolumeClaim", "secret"},
                                     set())
                for container in pod["containers"]:
                    security = container["securityContext"]
                    self.assertIs(security["allowPrivilegeEscalation"], False)
                    self.assertIs(security["readOnlyRootFilesystem"], True)
                    self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                    self.assertIn("memory", container["resources"]["limits"])
                    self.assertIn("cpu", container["resources"]["requests"])

    def test_the_volume_is_writable_where_the_security_context_is_off(self):
        rendering = Rendering("--values", EXISTING)
        pod = rendering.one("StatefulSet", "audit-manager-events")["spec"]["template"]["spec"]
        self.assertEqual(pod["securityContext"], {"fsGroup": 1000, "fsGroupChangePolicy": "OnRootMismatch"})
        self.assertNotIn("securityContext", pod["containers"][0])

    def test_a_change_of_the_configuration_rolls_them(self):
        def checksum(*assignments: str) -> str:
            workload = Rendering(*sets(*assignments)).one("StatefulSet", chart.RELEASE)
            return workload["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

        self.assertEqual(checksum(), checksum("auditManager.replicaCount=5", "auditManager.commonLabels.team=audit"))
        self.assertNotEqual(checksum(), checksum("auditManager.appConfig.ingest.maxBatchSize=501"))

    def test_they_have_time_to_forward_what_they_hold(self):
        for assignments, seconds in (([], 5 + 25 + 15), (["auditManager.appConfig.shutdown.graceSeconds=120"], 140),
                                     (["auditManager.terminationGracePeriodSeconds=30"], 30)):
            pod = Rendering(*sets(*assignments)).one("StatefulSet", chart.RELEASE)["spec"]["template"]["spec"]
            self.assertEqual(pod["terminationGracePeriodSeconds"], seconds)

    def test_each_role_runs_where_it_should(self):
        def roles(rendering: Rendering) -> dict:
            return {name.split(" ")[1]: rendering.environment(pod["containers"][0], OUTSIDE)["AUDIT_MANAGER__ROLES"]
                    for name, pod in rendering.pods().items() if name.startswith("StatefulSet")}

        self.assertEqual(roles(Rendering()), {"audit-manager": "ingest,persist,maintain"})
        self.assertEqual(roles(Rendering(*sets("roles={ingest,persist}"))), {"audit-manager": "ingest,persist"})
        self.assertEqual(roles(Rendering(*sets("persister.enabled=true"))),
                         {"audit-manager": "ingest", "audit-manager-persister": "persist,maintain"})


# Of the cluster, not of the release: names of pods, and Secrets that somebody else made.
OUTSIDE = {"metadata.name": "audit-manager-0", ("kafka-login", "username"): "someone",
           ("kafka-login", "password"): "secret", ("kafka-login", "key-password"): "secret",
           ("audit-manager", "audit-manager-db-user"): "secret"}


def settings(rendering: Rendering, workload: dict) -> dict:
    """What the binary says of the configuration that a rendering gives the pods of a workload, by key."""
    pod = workload["spec"]["template"]["spec"]
    name = next(volume for volume in pod["volumes"] if volume["name"] == "config")["configMap"]["name"]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(rendering.one("ConfigMap", name)["data"]["config.yaml"])
        file.flush()
        environment = harness.environment({}) | rendering.environment(pod["containers"][0], OUTSIDE)
        told = subprocess.run([harness.BINARY, "config", "--config", file.name, "--format", "json"], env=environment,
                              text=True, capture_output=True, check=False, timeout=harness.PATIENCE_SECONDS)
    assert told.returncode == 0, told.stderr
    return {setting["key"]: setting for setting in json.loads(told.stdout)}


def plain(value: str):
    """As it would stand in a values file."""
    return {"true": True, "false": False}.get(value, int(value) if value.isdigit() else value)


def camel_case(key: str) -> str:
    return re.sub(r"_(.)", lambda letter: letter.group(1).upper(), key)


class Configuration(unittest.TestCase):
    def test_the_binary_takes_what_each_rendering_gives_it(self):
        for name, arguments in everything().items():
            with self.subTest(name):
                rendering = Rendering(*arguments)
                workloads = rendering.all("StatefulSet") + rendering.all("Deployment") + rendering.all("Job")
                workloads = [one for one in workloads if not one["metadata"]["name"].endswith("postgres-init")]
                self.assertTrue(workloads or "auditManager.enabled" in name)
                for workload in workloads:
                    settings(rendering, workload)

    def test_the_defaults_are_those_of_the_service(self):
        of_the_chart = {"data_dir", "kafka.bootstrap_servers", "kafka.consumer.group_instance_id", "database.host",
                        "database.name", "database.user", "database.password"}
        rendering = Rendering()
        told = settings(rendering, rendering.one("StatefulSet", chart.RELEASE))
        differing = {key for key, one in told.items() if one["origin"] != "default" and one["value"] != one["default"]}
        self.assertEqual(differing, of_the_chart)
        self.assertEqual(told["data_dir"]["value"], "/var/lib/audit-manager")

    def test_the_values_of_an_existing_installation_arrive(self):
        rendering = Rendering("--values", EXISTING)
        told = {key: one["value"] for key, one in settings(
            rendering, rendering.one("StatefulSet", "audit-manager-events")).items()}
        expected = {
            "service_id": "example.audit", "http.port": "8001", "ingest.queue_max_size": "20000",
            "ingest.max_batch_size": "250", "ingest.max_event_bytes": "800000", "ingest.durability": "synced",
            "kafka.bootstrap_servers": "audit-kafka-0:9092,audit-kafka-1:9092", "kafka.topic": "example.audit.events",
            "kafka.dlq_topic": "example.audit.dlq", "kafka.client_id": "example-audit",
            "kafka.consumer_group": "example-audit-consumer", "kafka.producer.acks": "1",
            "kafka.producer.linger_ms": "50", "kafka.producer.compression_type": "gzip",
            "kafka.producer.max_batch_size": "256 KiB", "kafka.consumer.batch_max_records": "500",
            "kafka.consumer.flush_interval_ms": "1000", "kafka.consumer.auto_offset_reset": "latest",
            "kafka.topics.partitions": "24", "kafka.topics.replication_factor": "3",
            "kafka.topics.retention_ms": "1209600000", "kafka.topics.compression_type": "gzip",
            "database.partition_pre_create_months": "4", "database.partition_retention_months": "0",
            "database.partition_check_interval_seconds": "1800", "database.host": "audit-postgresql",
            "database.port": "5433", "database.name": "audit_db", "database.user": "audit_db_owner",
            "log.backend": "kafka", "store.backend": "postgres"}
        self.assertEqual({key: told[key] for key in expected}, expected)

    def test_every_setting_can_stand_in_app_config(self):
        defaults = settings(Rendering(), Rendering().one("StatefulSet", chart.RELEASE))
        in_file = {key: one["value"] for key, one in defaults.items() if not one["environment"].startswith("DB_")}
        in_file |= {"kafka.properties.socket.keepalive.enable": "true", "spool.max_bytes": "1 GiB",
                    "http.tls_certificate_file": "/tls.crt", "http.tls_key_file": "/tls.key"}
        self.assertGreater(len(in_file), 50)
        tree = {}
        for key, value in in_file.items():
            literal = key.removeprefix("kafka.properties.")
            path = key.split(".") if literal == key else ["kafka", "properties", literal]
            branch = tree
            for name in path[:-1]:
                branch = branch.setdefault(camel_case(name), {})
            branch[path[-1] if "." in path[-1] else camel_case(path[-1])] = plain(value)
        tree["apiVersion"] = "1.0"
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"auditManager": {"appConfig": tree}}, file)
            file.flush()
            # The environment would win over the file.
            rendering = Rendering("--values", file.name,
                                  *sets("auditManager.envVars.AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS=null"))
            told = settings(rendering, rendering.one("StatefulSet", chart.RELEASE))
        for key, value in in_file.items():
            with self.subTest(key):
                self.assertEqual(told[key]["value"], value)
                if key not in ("roles", "kafka.consumer.group_instance_id") and value:
                    self.assertEqual(told[key]["origin"], "file")

    def test_a_setting_that_is_not_known_is_refused_by_the_job_for_the_topics(self):
        rendering = Rendering(*sets("auditManager.appConfig.ingest.maxBatchsize=5"))
        with self.assertRaisesRegex(AssertionError, r"audit_manager.ingest.max_batchsize.* is not known"):
            settings(rendering, rendering.one("Job", "audit-manager-topics"))


class Monitoring(unittest.TestCase):
    FILES = [*sorted((chart.CHART / "files").glob("rules/*.yaml")),
             *sorted((chart.CHART / "files").glob("dashboards/*.json"))]

    def expressions(self, file: pathlib.Path):
        told = yaml.safe_load(file.read_text())
        if file.suffix == ".yaml":
            yield from (rule["expr"] for group in told["groups"] for rule in group["rules"])
        else:
            for panel in told["panels"]:
                yield from (target["expr"] for target in panel.get("targets", []))

    def test_rules_and_dashboards_ask_for_metrics_that_exist(self):
        page = (harness.ROOT / "docs" / "metrics.md").read_text()
        known = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", page, re.MULTILINE))
        self.assertEqual({file.suffix for file in self.FILES}, {".yaml", ".json"})
        for file in self.FILES:
            for expression in self.expressions(file):
                with self.subTest(f"{file.name}: {expression}"):
                    named = re.findall(r"\b(?:audit_manager|process)_\w+", expression)
                    self.assertTrue(named)
                    for name in named:
                        histogram = re.sub(r"_(bucket|sum|count)$", "", name)
                        self.assertTrue(name in known and known[name] != "histogram"
                                        or known.get(histogram) == "histogram", name)

    def test_the_pages_of_the_alerts_are_where_it_is_told(self):
        for base in ("https://git.example.org/docs", "https://git.example.org/docs/"):
            rendering = Rendering(*sets("metrics.prometheusRule.enabled=true",
                                        f"metrics.prometheusRule.runbookBaseUrl={base}"))
            rules = [rule for group in rendering.one("PrometheusRule", "audit-manager-audit-manager")["spec"]["groups"]
                     for rule in group["rules"]]
            self.assertGreater(len(rules), 20)
            for rule in rules:
                page = re.fullmatch(r"https://git\.example\.org/docs/([\w-]+\.md)", rule["annotations"]["runbook_url"])
                self.assertTrue((harness.ROOT / "docs" / "runbooks" / page.group(1)).exists(), rule["alert"])

    def test_the_manifests_hold_the_files_as_they_are(self):
        rendering = Rendering(*sets("metrics.prometheusRule.enabled=true", "metrics.dashboard.enabled=true"))
        for file in self.FILES:
            name = f"audit-manager-{'dashboard-' if file.suffix == '.json' else ''}{file.stem}"
            if file.suffix == ".yaml":
                self.assertEqual(rendering.one("PrometheusRule", name)["spec"], yaml.safe_load(file.read_text()))
            else:
                told = rendering.one("ConfigMap", name)["data"][file.name]
                self.assertEqual(json.loads(told), json.loads(file.read_text()))


def renew():
    (chart.CHART / "README.md").write_text(chart.readme())
    GOLDENS.mkdir(exist_ok=True)
    texts = goldens()
    for file in GOLDENS.iterdir():
        if file.name not in texts:
            file.unlink()
    for name, text in texts.items():
        (GOLDENS / name).write_text(text)


if __name__ == "__main__":
    if sys.argv[1:] == ["--renew"]:
        renew()
    else:
        unittest.main()
