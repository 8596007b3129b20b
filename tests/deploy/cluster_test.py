"""The Helm chart in a Kubernetes: what the API server takes and refuses, and a release over its life, with the real
kubectl, helm and controllers. See control_plane.py, also for how to get one; without it this test is skipped."""

import base64
import json
import pathlib
import sys
import tempfile
import unittest

import chart
import chart_cases
import control_plane
import harness
import manifest_schemas
from chart import Rendering, sets, yaml

NO_ISTIO = sets("auditManager.istio.enabled=false")
# With the autoscaler, which is there, they become two after some seconds.
ONE_REPLICA = sets("auditManager.autoscaling.enabled=false", "auditManager.replicaCount=1")
SKIPPED = 77  # what CTest takes for it

cluster = None


def setUpModule():
    global cluster
    folder = tempfile.TemporaryDirectory(prefix="audit-cluster-")
    unittest.addModuleCleanup(folder.cleanup)
    cluster = control_plane.ControlPlane(pathlib.Path(folder.name))
    unittest.addModuleCleanup(cluster.stop)
    cluster.start()


def install_definitions():
    """Of Istio and the Prometheus operator, unless they are there."""
    if cluster.kubectl("get", "customresourcedefinitions", "--output", "name"):
        return
    definitions = [one for one in manifest_schemas.definitions() if one["kind"] == "CustomResourceDefinition"]
    cluster.kubectl("create", "--filename", "-", text=yaml.safe_dump_all(definitions))
    cluster.kubectl("wait", "--for", "condition=Established", "--timeout", f"{harness.PATIENCE_SECONDS}s",
                    "customresourcedefinitions", "--all")


def load_tests(loader, _tests, _pattern):
    """In this order: once there are definitions, there are some for all."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(one)
                              for one in (WithoutDefinitions, Server, Release, Uninstall))


class ClusterTest(unittest.TestCase):
    """With a namespace of its own. `helm` works on the release audit-manager in it."""

    maxDiff = None

    def setUp(self):
        self.namespace = self.id().rsplit(".", 1)[1].removeprefix("test_").replace("_", "-")[:63].strip("-")
        cluster.kubectl("create", "namespace", self.namespace)
        harness.wait_until("the namespace has its account",
                           lambda: cluster.get("serviceaccount", "default", self.namespace))

    def helm(self, verb: str, *arguments, code: int = 0, release: str = chart.RELEASE) -> str:
        names = [release, chart.CHART] if verb in ("install", "upgrade") else [release]
        if verb == "upgrade":
            names.append("--reset-values")  # where none are given Helm takes those of before
        done = cluster.run(cluster.folder / "bin" / "helm", *verb.split(), *names, "--namespace", self.namespace,
                           *arguments)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, f"helm {verb} {' '.join(map(str, arguments))}:\n{said}")
        return said

    def get(self, kind: str, name: str) -> dict | None:
        return cluster.get(kind, name, self.namespace)

    def names(self, kind: str) -> list[str]:
        return sorted(one["metadata"]["name"] for one in cluster.list(kind, self.namespace))

    def wait_for_pods(self, *names: str):
        harness.wait_until(f"the pods are {names}", lambda: self.names("pods") == sorted(names))

    def password(self) -> str:
        secret = self.get("secret", chart.RELEASE)
        return base64.b64decode(secret["data"][f"{chart.RELEASE}-db-user"]).decode()

    def kubelet(self) -> control_plane.Kubelet:
        return control_plane.Kubelet(cluster, self.namespace)


class WithoutDefinitions(ClusterTest):
    """A cluster that has neither Istio nor the Prometheus operator."""

    def test_a_switch_whose_kind_is_not_there_is_named(self):
        said = self.helm("install", code=1)
        self.assertIn("auditManager.istio.enabled is true, but this cluster does not know networking.istio.io", said)
        for switch in ("metrics.serviceMonitor.enabled", "metrics.prometheusRule.enabled"):
            said = self.helm("install", *NO_ISTIO, *sets(f"{switch}=true"), code=1)
            self.assertIn(f"{switch} is true, but this cluster does not know monitoring.coreos.com/v1", said)
        self.assertEqual(self.names("jobs,secrets,services"), [])

    def test_without_them_it_installs(self):
        self.helm("install", *NO_ISTIO, *ONE_REPLICA, "--no-hooks")
        self.wait_for_pods("audit-manager-0")


class Server(ClusterTest):
    """What the API server takes."""

    @classmethod
    def setUpClass(cls):
        install_definitions()

    def create(self, *options, text: str):
        return cluster.run(cluster.folder / "bin" / "kubectl", "create", "--namespace", self.namespace,
                           "--dry-run=server", "--validate=strict", "--filename", "-", *options, text=text)

    def test_every_rendering_is_valid(self):
        # A pod that asks for what is not there is refused, too.
        cluster.kubectl("create", "priorityclass", "important", "--value", "1000")
        for name, arguments in chart_cases.everything().items():
            with self.subTest(name):
                rendering = Rendering(*arguments)
                done = self.create("--output", "name", text=rendering.text)
                self.assertEqual(done.stderr, "")
                self.assertEqual(len(done.stdout.splitlines()), len(rendering.manifests))

    def test_what_the_schemas_do_not_see_is_refused(self):
        text = Rendering().text
        for right, wrong in (("port: 80\n", "port: 80000\n"), ("maxReplicas: 12", "maxReplicas: 1"),
                             ("mountPath: /app/config\n", "mountPath: /var/lib/audit-manager\n")):
            self.assertIn(right, text)
            self.assertNotEqual(self.create(text=text.replace(right, wrong)).returncode, 0, wrong)

    def test_a_namespace_with_the_restricted_profile_admits_the_pods(self):
        cluster.kubectl("label", "namespace", self.namespace, "pod-security.kubernetes.io/enforce=restricted")

        def complaints(*arguments) -> dict:
            found = {}
            for title, spec in Rendering(*arguments).pods().items():
                # As the StatefulSet's controller adds the volume; the account is one that the release makes.
                volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}, *spec["volumes"]]
                volumes = list({volume["name"]: volume for volume in volumes}.values())
                pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "pod-"},
                       "spec": spec | {"serviceAccountName": "default", "volumes": volumes}}
                if done := self.create("--output", "name", text=json.dumps(pod)).stderr:
                    found[title] = done
            return found

        self.assertEqual(complaints(*sets("persister.enabled=true", "tls.enabled=true", "tls.secretName=certificate",
                                          "auditManager.spoolDrain.claims={data-audit-manager-5}")), {})
        off = complaints("--values", chart_cases.EXISTING)
        self.assertIn('violates PodSecurity "restricted', off["StatefulSet audit-manager-events"])

    def test_the_longest_name_of_a_release_gets_its_pods(self):
        release = "r" * 53
        self.helm("install", "--no-hooks", *sets("persister.enabled=true", "auditManager.autoscaling.enabled=false"),
                  release=release)
        workloads = [one["metadata"]["name"] for one in cluster.list("statefulsets", self.namespace)]
        self.wait_for_pods(*(f"{name}-{number}" for name in workloads for number in range(2)))


class Release(ClusterTest):
    """A release over its life."""

    @classmethod
    def setUpClass(cls):
        install_definitions()

    def selectors(self) -> dict:
        """What cannot change, or must not, because it would part pods from what finds them."""
        kept = {}
        for one in cluster.list("statefulsets,services,poddisruptionbudgets", self.namespace):
            spec = one["spec"]
            kept[one["kind"], one["metadata"]["name"]] = {
                name: spec[name] for name in ("selector", "serviceName", "podManagementPolicy") if name in spec}
        return kept

    def test_it_is_installed_upgraded_rolled_back_and_removed(self):
        with self.kubelet() as kubelet:
            said = self.helm("install", "--wait", "--timeout", "100s")
            self.assertIn(f"http://audit-manager.{self.namespace}:80/v1/auditmanager", said)
            self.assertEqual([name.rsplit("-", 1)[0] for name in kubelet.seen][:2],
                             ["audit-manager-postgres-init", "audit-manager-topics"])
            self.assertEqual(self.names("jobs"), [], "the hooks went when they had succeeded")
            self.wait_for_pods("audit-manager-0", "audit-manager-1")  # the autoscaler's two
            password, selectors = self.password(), self.selectors()
            self.assertEqual(len(password), 32)

            kubelet.seen.clear()
            self.helm("upgrade", "--wait", "--timeout", "100s", *sets(
                "auditManager.image.tag=other", "auditManager.persistence.annotations=null", "persister.enabled=true",
                "auditManager.commonLabels.team=audit", "auditManager.resources.limits.memory=1Gi",
                "auditManager.appConfig.spool.maxBytes=4Gi"))
            self.assertEqual([name.rsplit("-", 1)[0] for name in kubelet.seen][:2],
                             ["audit-manager-postgres-init", "audit-manager-topics"])
            self.assertEqual(self.password(), password)
            self.assertEqual(self.selectors() | selectors, self.selectors())
            images = {pod["spec"]["containers"][0]["image"] for pod in cluster.list("pods", self.namespace)}
            self.assertEqual(images, {"openg2p/openg2p-audit-manager:other"})

            self.helm("rollback", "1", "--wait", "--timeout", "100s")
            self.assertEqual(self.password(), password)
            self.assertEqual(self.selectors(), selectors)
            self.assertNotIn("team", self.get("statefulset", chart.RELEASE)["metadata"]["labels"])
            self.assertIn("Succeeded", self.helm("test"))

            self.helm("uninstall", "--wait", "--timeout", "100s")
            harness.wait_until("the pods are gone", lambda: self.names("pods") in ([], ["audit-manager-test"]))
            self.assertEqual(self.names("persistentvolumeclaims"), ["data-audit-manager-0", "data-audit-manager-1"])
            self.assertEqual(self.names("statefulsets,services,poddisruptionbudgets,horizontalpodautoscalers"), [])
            self.assertEqual(self.password(), password, "the database still has it")

            self.helm("install", "--wait", "--timeout", "100s")
            self.assertEqual(self.password(), password)

    def test_every_other_set_of_values_can_be_upgraded_to(self):
        """From one to the next, with all that they turn on and off; but a volume claim cannot be changed."""
        self.helm("install", "--no-hooks")
        for name, arguments in chart_cases.cases().items():
            with self.subTest(name):
                self.helm("upgrade", "--no-hooks", *arguments, code=1 if name == "storage" else 0)
        self.helm("upgrade", "--no-hooks")

    def test_a_change_of_the_claims_is_refused_before_anything_is_touched(self):
        self.helm("install", "--no-hooks")
        for assignment, said in {
                "size=20Gi": ["auditManager.persistence.size", '"20Gi"', '"10Gi"'],
                "storageClass=fast": ["auditManager.persistence.storageClass", '"fast"'],
                "accessModes={ReadWriteOncePod}": ["auditManager.persistence.accessModes", '"ReadWriteOncePod"'],
                "annotations.backup=never": ["auditManager.persistence.annotations", "backup"]}.items():
            with self.subTest(assignment):
                told = self.helm("upgrade", *sets(f"auditManager.persistence.{assignment}"), code=1)
                for part in said:
                    self.assertIn(part, told)
        self.assertEqual(self.names("jobs"), [])
        self.helm("upgrade", "--no-hooks", *sets("auditManager.persistence.size=10240Mi"))

    def test_more_room_as_the_readme_says(self):
        with self.kubelet():
            self.helm("install", "--no-hooks", "--wait", "--timeout", "100s", *ONE_REPLICA)
            pod = self.get("pod", "audit-manager-0")["metadata"]["uid"]
            cluster.kubectl("delete", "statefulset", chart.RELEASE, "--cascade=orphan", "--namespace", self.namespace)
            self.assertEqual(self.get("pod", "audit-manager-0")["metadata"]["uid"], pod, "it goes on running")
            self.helm("upgrade", "--no-hooks", "--wait", "--timeout", "100s", *ONE_REPLICA,
                      *sets("auditManager.persistence.size=20Gi"))
            harness.wait_until("the replica is taken over", lambda: (
                self.get("statefulset", chart.RELEASE)["status"].get("updatedReplicas") == 1))
            self.assertEqual(self.names("persistentvolumeclaims"), ["data-audit-manager-0"])

    def test_volumes_turned_off_and_on_again(self):
        off = sets("auditManager.persistence.enabled=false")
        with self.kubelet():
            self.helm("install", "--no-hooks", "--wait", "--timeout", "100s", *ONE_REPLICA)
            self.helm("upgrade", "--no-hooks", "--wait", "--timeout", "100s", *off)
            self.assertEqual(self.names("statefulsets,deployments"), [chart.RELEASE])
            self.assertEqual(self.get("horizontalpodautoscaler", chart.RELEASE)["spec"]["scaleTargetRef"]["kind"],
                             "Deployment")
            self.assertEqual(self.names("persistentvolumeclaims"), ["data-audit-manager-0"], "it may hold events")
            self.helm("upgrade", "--no-hooks", "--wait", "--timeout", "100s", *ONE_REPLICA)
            self.wait_for_pods("audit-manager-0")

    def test_the_pods_of_the_former_deployment_stay_until_the_new_ones_are_ready(self):
        with self.kubelet():
            self.helm("install", "--no-hooks", "--wait", "--timeout", "100s", *ONE_REPLICA,
                      *sets("auditManager.persistence.enabled=false"))
            (old,) = self.names("pods")
            cluster.kubectl("annotate", "deployment", chart.RELEASE, "helm.sh/resource-policy=keep",
                            "--namespace", self.namespace)
            self.helm("upgrade", "--no-hooks", *ONE_REPLICA)
            cluster.kubectl("rollout", "status", "statefulset", chart.RELEASE, "--namespace", self.namespace,
                            "--timeout", "100s")
            self.assertIn(old, self.names("pods"))
            cluster.kubectl("delete", "deployment", chart.RELEASE, "--namespace", self.namespace)
            self.wait_for_pods("audit-manager-0")

    def test_replicas_when_autoscaling_is_turned_on(self):
        def replicas() -> int:
            return self.get("statefulset", chart.RELEASE)["spec"]["replicas"]

        fixed = sets("auditManager.autoscaling.enabled=false", "auditManager.replicaCount=5")
        self.helm("install", "--no-hooks", *fixed)
        self.assertEqual(replicas(), 5)
        self.helm("upgrade", "--no-hooks")
        self.assertIn(replicas(), (1, 2), "the README says so; two when the autoscaler was quick")
        # From then on the autoscaler's number is left alone.
        cluster.kubectl("scale", "statefulset", chart.RELEASE, "--replicas", 7, "--namespace", self.namespace)
        self.helm("upgrade", "--no-hooks", *sets("auditManager.image.tag=other"))
        self.helm("rollback", "2", "--no-hooks")
        self.assertEqual(replicas(), 7)

    def test_a_job_that_fails_stops_an_install_and_an_upgrade(self):
        with self.kubelet() as kubelet:
            kubelet.failing = ("audit-manager-topics",)
            said = self.helm("install", "--timeout", "100s", *sets("auditManager.topicInit.backoffLimit=0"), code=1)
            self.assertIn("audit-manager-topics", said)
            self.assertEqual(self.names("statefulsets"), [])
            kubelet.failing = ()
            self.helm("upgrade", "--install", "--wait", "--timeout", "100s")
            password = self.password()
            kubelet.failing = ("audit-manager-postgres-init",)
            said = self.helm("upgrade", "--timeout", "100s", code=1,
                             *sets("postgres-init.backoffLimit=0", "auditManager.image.tag=other"))
            self.assertIn("audit-manager-postgres-init", said)
            image = self.get("statefulset", chart.RELEASE)["spec"]["template"]["spec"]["containers"][0]["image"]
            self.assertNotIn("other", image)
            kubelet.failing = ()
            self.helm("upgrade", "--wait", "--timeout", "100s")
            self.assertEqual(self.password(), password)

    def test_a_password_that_was_changed_by_hand(self):
        def given_to_the_role() -> str:
            made = [one for one in yaml.safe_load_all(self.helm("get hooks")) if one and one["kind"] == "Secret"]
            return base64.b64decode(made[0]["data"]["password-0"]).decode()

        self.helm("install", "--no-hooks")
        first = self.password()
        self.assertEqual(given_to_the_role(), first)
        cluster.kubectl("patch", "secret", chart.RELEASE, "--namespace", self.namespace, "--patch",
                        json.dumps({"stringData": {"audit-manager-db-user": "changed"}}))
        self.helm("upgrade", "--no-hooks")
        self.assertEqual((self.password(), given_to_the_role()), ("changed", "changed"))
        # The README says so, and what to do.
        self.helm("rollback", "1", "--no-hooks")
        self.assertEqual(self.password(), first)
        self.helm("upgrade", "--no-hooks")
        self.assertEqual((self.password(), given_to_the_role()), (first, first))

    def test_a_secret_that_somebody_else_made(self):
        make = ["create", "secret", "generic", chart.RELEASE, "--namespace", self.namespace]
        cluster.kubectl(*make, "--from-literal", "other=x")
        self.assertIn("the Secret audit-manager is there, was not made by this release, and has no key "
                      "audit-manager-db-user", self.helm("install", code=1))
        cluster.kubectl("delete", "secret", chart.RELEASE, "--namespace", self.namespace)
        cluster.kubectl(*make, "--from-literal", "audit-manager-db-user=theirs")
        with self.kubelet():
            self.helm("install", "--timeout", "100s")
            self.helm("upgrade", "--timeout", "100s")
            self.helm("uninstall")
        self.assertEqual(self.password(), "theirs")

    def test_the_file_of_an_existing_installation(self):
        with self.kubelet():
            # Nobody gives its Service of the type LoadBalancer an address, so nothing waits for one.
            self.helm("install", "--values", chart_cases.EXISTING, "--timeout", "100s")
            self.wait_for_pods(*(f"audit-manager-events-{number}" for number in range(3)))
            self.helm("upgrade", "--values", chart_cases.EXISTING, "--timeout", "100s")


class Uninstall(ClusterTest):
    """The script that takes a release away, as it is, with what it needs."""

    SCRIPT = harness.ROOT / "deploy" / "uninstall-audit-manager.sh"

    @classmethod
    def setUpClass(cls):
        install_definitions()

    def make_volume(self, name: str, claim: str):
        """For a claim of this namespace alone; others may wait for one."""
        cluster.kubectl("create", "--filename", "-", text=json.dumps({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
                "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "10Gi"}, "hostPath": {"path": f"/{name}"},
                "claimRef": {"namespace": self.namespace, "name": claim}, "persistentVolumeReclaimPolicy": "Retain"}}))
        self.addCleanup(cluster.kubectl, "delete", "persistentvolume", name, "--ignore-not-found")

    def phases(self) -> dict:
        told = json.loads(cluster.kubectl("get", "persistentvolumes", "--output", "json"))["items"]
        return {one["metadata"]["name"]: one["status"]["phase"] for one in told}

    def script(self, *options: str, code: int = 0) -> str:
        done = cluster.run(self.SCRIPT, "--namespace", self.namespace, *options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_all_of_a_release_goes_and_nothing_else(self):
        self.make_volume("somebody-s", "data-registry-0")
        cluster.kubectl("create", "--namespace", self.namespace, "--filename", "-", text=json.dumps({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data-registry-0"}, "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}))
        harness.wait_until("it is bound", lambda: self.phases()["somebody-s"] == "Bound")
        cluster.kubectl("delete", "persistentvolumeclaim", "data-registry-0", "--namespace", self.namespace)
        volumes = ["ours-0", "ours-1"]
        for number, name in enumerate(volumes):
            self.make_volume(name, f"data-audit-manager-{number}")
        with self.kubelet():
            self.helm("install", "--wait", "--timeout", "100s",
                      *sets("auditManager.autoscaling.enabled=false", "persister.enabled=true"))
            harness.wait_until("the volumes are bound", lambda: all(self.phases()[name] == "Bound" for name in volumes))

            said = self.script("--yes", code=1)  # no container, so nobody answers for a spool
            self.assertIn("pod audit-manager-0 does not say what its spool holds", said)
            shown = self.script("--dry-run", "--discard-undelivered")
            for name in ("secret/audit-manager", "data-audit-manager-1", "volume/ours-0", "audit_manager_user"):
                self.assertIn(name, shown)
            self.assertIn("audit-manager-1", self.names("pods"))

            self.script("--yes", "--discard-undelivered")
        self.assertEqual(self.names("statefulsets,services,pods,jobs,secrets,persistentvolumeclaims"), [])
        self.assertEqual(self.names("configmaps"), ["kube-root-ca.crt"])
        self.assertEqual(self.phases(), {"somebody-s": "Released"})
        self.script("--yes")


if __name__ == "__main__":
    if control_plane.programs() is None:
        print(f"skipped: {control_plane.MISSING}")
        sys.exit(SKIPPED)
    unittest.main()
