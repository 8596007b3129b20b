"""The values that the tests render the chart with: its defaults, a file as existing installations have it, each switch
turned by itself, and what is no switch."""

import pathlib

import chart
from chart import sets

EXISTING = pathlib.Path(__file__).resolve().parent / "values" / "existing_installation.yaml"
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
