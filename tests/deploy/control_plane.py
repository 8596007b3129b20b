"""A Kubernetes without machines: etcd, kube-apiserver and kube-controller-manager on loopback, in a folder of the test.
Everything is validated, admitted, stored and reconciled as in a cluster; but no container runs: there is no kubelet.

    control_plane.py build    builds the programs from the Go module of tests/packages/control_plane into
                              ~/.cache/audit-manager, once: 10 to 20 minutes

Programs on the PATH do as well, where nothing was built.
"""

import json
import os
import pathlib
import re
import secrets
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import chart
import fetched
import harness
from free_port import free_port

MODULE = fetched.PACKAGES / "control_plane"
PACKAGES = {"kubectl": "k8s.io/kubernetes/cmd/kubectl", "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
            "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
            "etcd": "go.etcd.io/etcd/server/v3"}
MISSING = "no Kubernetes programs: `./dev kubernetes` builds them once, in 10 to 20 minutes"


def built() -> pathlib.Path:
    """The folder that the programs are built into."""
    return fetched.cache() / "control-plane" / fetched.digest(MODULE / "go.mod")


def programs() -> dict | None:
    """Where each program is, or None where one is missing."""
    found = {name: str(built() / name) if built().exists() else shutil.which(name) for name in PACKAGES}
    return found if all(found.values()) else None


def build():
    version = re.search(r"k8s\.io/kubernetes (v(\d+)\.(\d+)\.\d+)", (MODULE / "go.mod").read_text())
    # Without it they say of themselves that they are v0.0.0.
    stamps = [f"-X k8s.io/component-base/version.{name}={value}"
              for name, value in zip(("gitVersion", "gitMajor", "gitMinor"), version.groups())]
    with fetched.filling(built()) as coming:
        for name, package in PACKAGES.items() if coming else ():
            print(f"building {name} {version[1]}", flush=True)
            subprocess.run(["go", "build", "-trimpath", "-ldflags", " ".join(["-s", "-w", *stamps]), "-o",
                            coming / name, package], cwd=MODULE, check=True, stdin=subprocess.DEVNULL,
                           env=fetched.go_environment())
    print(f"the programs are in {built()}")


class ControlPlane:
    """One cluster. `stop` it."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.programs = programs()
        self.processes = {}
        self.token = secrets.token_hex(16)
        self.port = free_port()
        self.environment = os.environ | {
            "KUBECONFIG": str(folder / "kubeconfig"), "HOME": str(folder), "HELM_CACHE_HOME": str(folder / "helm"),
            "HELM_CONFIG_HOME": str(folder / "helm"), "HELM_DATA_HOME": str(folder / "helm"),
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        self._write_files()

    def _write_files(self):
        (self.folder / "bin").mkdir()
        for name, program in {"helm": fetched.go_tool(chart.HELM), "kubectl": self.programs["kubectl"]}.items():
            (self.folder / "bin" / name).symlink_to(program)
        for command in (["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "server.key", "-out", "server.crt"],
                        ["genrsa", "-out", "accounts.key", "2048"]):
            subprocess.run(["openssl", *command], cwd=self.folder, check=True, capture_output=True,
                           stdin=subprocess.DEVNULL)
        self.trust = ssl.create_default_context(cafile=self.folder / "server.crt")
        (self.folder / "tokens.csv").write_text(f"{self.token},operator,operator,system:masters\n")
        (self.folder / "kubeconfig").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {
                "server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(self.folder / "server.crt")}}],
            "users": [{"name": "operator", "user": {"token": self.token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "operator"}}]}))

    def start(self):
        store, peers = free_port(), free_port()
        self._run("etcd", "--data-dir", self.folder / "etcd", "--unsafe-no-fsync", "--log-level", "warn",
                  "--listen-client-urls", f"http://127.0.0.1:{store}",
                  "--advertise-client-urls", f"http://127.0.0.1:{store}",
                  "--listen-peer-urls", f"http://127.0.0.1:{peers}",
                  "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers}",
                  "--initial-cluster", f"default=http://127.0.0.1:{peers}")
        self._run("kube-apiserver", "--etcd-servers", f"http://127.0.0.1:{store}",
                  "--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", self.port,
                  "--endpoint-reconciler-type", "none",  # it wants an address that others can reach
                  "--tls-cert-file", "server.crt", "--tls-private-key-file", "server.key",
                  "--token-auth-file", "tokens.csv", "--authorization-mode", "RBAC",
                  "--service-account-issuer", "https://kubernetes.default.svc",
                  "--service-account-key-file", "accounts.key", "--service-account-signing-key-file", "accounts.key",
                  "--service-cluster-ip-range", "10.0.0.0/16")
        harness.wait_until("the API server is ready", lambda: self._answers("/readyz"))
        self._run("kube-controller-manager", "--kubeconfig", "kubeconfig", "--leader-elect=false",
                  "--secure-port", "0", "--service-account-private-key-file", "accounts.key",
                  "--root-ca-file", "server.crt")
        harness.wait_until("accounts are made", lambda: self._answers(
            "/api/v1/namespaces/default/serviceaccounts/default"))

    def _run(self, name: str, *arguments):
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(
                [self.programs[name], *map(str, arguments)], cwd=self.folder, env=self.environment, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL)

    def _answers(self, path: str) -> bool:
        for name, process in self.processes.items():
            if process.poll() is not None:
                log = (self.folder / f"{name}.log").read_text(errors="replace")
                raise AssertionError(f"{name} ended with {process.returncode}:\n{log[-4000:]}")
        try:
            self.ask(path)
            return True
        except OSError:
            return False

    def stop(self):
        for process in reversed(self.processes.values()):
            process.kill()
            process.wait()

    def ask(self, path: str, patch: dict | None = None):
        """What the API answers; `patch` is merged into what is there."""
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}", method="PATCH" if patch else "GET",
            data=json.dumps(patch).encode() if patch else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/merge-patch+json"})
        with urllib.request.urlopen(request, context=self.trust, timeout=harness.PATIENCE_SECONDS) as answer:
            body = answer.read()
        return json.loads(body) if body.startswith(b"{") else body.decode()

    def run(self, *command, text: str | None = None) -> subprocess.CompletedProcess:
        """A program as an operator of this cluster runs it."""
        source = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run(list(map(str, command)), env=self.environment, text=True, capture_output=True,
                              check=False, timeout=harness.PATIENCE_SECONDS, **source)

    def kubectl(self, *arguments, text: str | None = None) -> str:
        done = self.run(self.folder / "bin" / "kubectl", *arguments, text=text)
        assert done.returncode == 0, f"kubectl {' '.join(map(str, arguments))}:\n{done.stderr}"
        return done.stdout

    def get(self, kind: str, name: str, namespace: str) -> dict | None:
        told = self.kubectl("get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output", "json")
        return json.loads(told) if told else None

    def list(self, kinds: str, namespace: str) -> list[dict]:
        return json.loads(self.kubectl("get", kinds, "--namespace", namespace, "--output", "json"))["items"]


class Kubelet(threading.Thread):
    """Says of every pod of a namespace what a kubelet would whose containers do what they should: pods of jobs succeed,
    others run and are ready. `failing` are beginnings of the names of those whose container fails."""

    def __init__(self, cluster: ControlPlane, namespace: str):
        super().__init__(daemon=True)
        self.cluster, self.namespace = cluster, namespace
        self.failing = ()
        self.seen = []  # pods in the order in which they came
        self.ended = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join(harness.PATIENCE_SECONDS)

    def run(self):
        while not self.ended.wait(0.1):
            for pod in self.cluster.ask(f"/api/v1/namespaces/{self.namespace}/pods")["items"]:
                if pod["status"]["phase"] == "Pending":
                    self.say(pod)

    def say(self, pod: dict):
        name = pod["metadata"]["name"]
        status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        if pod["spec"]["restartPolicy"] == "Never":
            status = {"phase": "Failed" if name.startswith(self.failing or "/") else "Succeeded"}
        try:
            self.cluster.ask(f"/api/v1/namespaces/{self.namespace}/pods/{name}/status", {"status": status})
        except urllib.error.HTTPError as error:
            if error.code != 404:  # gone meanwhile
                raise
        else:
            self.seen.append(name)


if __name__ == "__main__":
    if sys.argv[1:] != ["build"]:
        sys.exit("usage: control_plane.py build")
    build()
