"""The Helm chart as `helm template` renders it, and the tools that judge what comes out."""

import base64
import functools
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import fetched  # noqa: E402
import harness  # noqa: E402

sys.path.insert(0, str(fetched.python_packages("kubernetes")))
import yaml  # noqa: E402

CHART = harness.ROOT / "deploy" / "helm" / "openg2p-audit-manager"
OLDEST, NEWEST = "1.27.0", "1.37.0"  # Kubernetes: what Chart.yaml asks for, and the last that the schemas know
RELEASE = "audit-manager"

HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"
HELM_DOCS = "github.com/norwoodj/helm-docs/cmd/helm-docs@v1.14.2"


def values() -> dict:
    return yaml.safe_load((CHART / "values.yaml").read_text())


def leaves(tree: dict, path: tuple = ()) -> dict:
    """The values that are no maps, by their path."""
    found = {}
    for name, value in tree.items():
        found |= leaves(value, (*path, name)) if isinstance(value, dict) and value else {(*path, name): value}
    return found


def helm(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([fetched.go_tool(HELM), *map(str, arguments)], text=True, capture_output=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=harness.PATIENCE_SECONDS)


@functools.cache
def template(*arguments, kubernetes: str = NEWEST, release: str = RELEASE) -> subprocess.CompletedProcess:
    return helm("template", release, CHART, "--namespace", "audit", "--kube-version", kubernetes, *arguments)


def sets(*assignments: str) -> list[str]:
    return [word for assignment in assignments for word in ("--set", assignment)]


class Rendering:
    """What one set of values makes. Raises AssertionError where Helm refuses them."""

    def __init__(self, *arguments, **options):
        done = template(*arguments, **options)
        assert done.returncode == 0, f"helm template {' '.join(map(str, arguments))}:\n{done.stderr}"
        self.text = done.stdout
        self.manifests = [manifest for manifest in yaml.safe_load_all(self.text) if manifest]

    def all(self, kind: str) -> list[dict]:
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def one(self, kind: str, name: str) -> dict:
        found = [manifest for manifest in self.all(kind) if manifest["metadata"]["name"] == name]
        names = [manifest["metadata"]["name"] for manifest in self.all(kind)]
        assert len(found) == 1, f"{len(found)} of {kind} {name}; there are {names}"
        return found[0]

    def pods(self) -> dict:
        """The specs of all pods, by the kind and name of what makes them."""
        specs = {}
        for manifest in self.manifests:
            title = f"{manifest['kind']} {manifest['metadata']['name']}"
            if manifest["kind"] == "Pod":
                specs[title] = manifest["spec"]
            elif "template" in manifest.get("spec", {}):
                specs[title] = manifest["spec"]["template"]["spec"]
        return specs

    def environment(self, container: dict, outside: dict) -> dict:
        """The variables of a container. `outside` has what is not of this release: Secrets' keys as (name, key), and
        fields of the pod by path."""
        variables = {}
        for variable in container.get("env", []):
            source = variable.get("valueFrom")
            if source is None:
                variables[variable["name"]] = variable["value"]
            elif "fieldRef" in source:
                variables[variable["name"]] = outside[source["fieldRef"]["fieldPath"]]
            else:
                name, key = source["secretKeyRef"]["name"], source["secretKeyRef"]["key"]
                if (name, key) in outside:
                    variables[variable["name"]] = outside[name, key]
                else:
                    variables[variable["name"]] = base64.b64decode(self.one("Secret", name)["data"][key]).decode()
        return variables

    def settled(self) -> str:
        """The text without what differs each time: generated passwords, 32 characters in base64."""
        return re.sub(r"^( +[\w.-]+: )[\w+/]{43}=$", r"\1GENERATED", self.text, flags=re.MULTILINE)


def readme() -> str:
    """README.md as its template and values.yaml make it."""
    made = subprocess.run([fetched.go_tool(HELM_DOCS), "--chart-search-root", CHART,
                           "--template-files", "README.md.gotmpl", "--sort-values-order", "file", "--dry-run",
                           "--log-level", "error"], text=True, capture_output=True, check=True,
                          stdin=subprocess.DEVNULL, timeout=harness.PATIENCE_SECONDS)
    return made.stdout.rstrip() + "\n"
