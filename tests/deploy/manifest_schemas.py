"""Checks manifests against the schemas of Kubernetes, Istio and the Prometheus operator, strictly: a field that the
schema does not know is an error."""

import json
import pathlib
import subprocess
import tempfile

import fetched
import harness
from chart import yaml

KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0"
ISTIO = "istio.io/api@v1.31.4"
PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"


def definitions():
    """The custom resource definitions, as the two projects publish them."""
    monitoring = fetched.go_module(PROMETHEUS_OPERATOR) / "example" / "prometheus-operator-crd"
    files = [fetched.go_module(ISTIO) / "kubernetes" / "customresourcedefinitions.gen.yaml",
             monitoring / "monitoring.coreos.com_servicemonitors.yaml",
             monitoring / "monitoring.coreos.com_prometheusrules.yaml"]
    for file in files:
        yield from (document for document in yaml.safe_load_all(file.read_text()) if document)


def close(schema):
    """In place: no fields but those that are named, and what Kubernetes has of its own said in JSON Schema."""
    if isinstance(schema, list):
        for item in schema:
            close(item)
    if not isinstance(schema, dict):
        return
    if schema.pop("x-kubernetes-int-or-string", False):
        schema.pop("type", None)
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    for name, part in schema.items():
        if name in ("oneOf", "anyOf", "allOf", "not"):
            continue  # they narrow the properties beside them and name only some
        if name == "properties":
            for field in part.values():
                close(field)
        else:
            close(part)


def write_custom_schemas(folder: pathlib.Path):
    for definition in definitions():
        spec = definition["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            schema.setdefault("properties", {}).update(
                {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}})
            close(schema)
            name = f"{spec['names']['kind'].lower()}-{spec['group'].split('.')[0]}-{version['name']}.json"
            (folder / name).write_text(json.dumps(schema))


def write_schemas(folder: pathlib.Path, kubernetes: str):
    """One file for each kind, as kubeconform looks for them."""
    package = fetched.python_packages("kubernetes") / "kubernetes_validate" / "kubernetes-json-schema"
    for file in (package / f"v{kubernetes}-local-strict").iterdir():
        # Where they say that they lie is not where they lie.
        schema = json.loads(file.read_text().replace('"/api/_definitions.json#', '"_definitions.json#'))
        schema.pop("$id", None)
        (folder / file.name).write_text(json.dumps(schema))
    write_custom_schemas(folder)


def complaints(texts: dict, kubernetes: str) -> tuple[int, list[str]]:
    """How many manifests were checked in the texts, which have names, and what is wrong with them."""
    with tempfile.TemporaryDirectory(prefix="audit-manifests-") as folder:
        schemas, manifests = pathlib.Path(folder, "schemas"), pathlib.Path(folder, "manifests")
        schemas.mkdir()
        manifests.mkdir()
        write_schemas(schemas, kubernetes)
        for name, text in texts.items():
            (manifests / f"{name}.yaml").write_text(text)
        done = subprocess.run(
            [fetched.go_tool(KUBECONFORM), "-strict", "-output", "json", "-summary", "-kubernetes-version", kubernetes,
             "-schema-location", f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", manifests],
            text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=harness.PATIENCE_SECONDS)
    told = json.loads(done.stdout)
    wrong = [f"{pathlib.Path(one['filename']).stem}: {one['kind']} {one['name']}: {one['msg']}"
             for one in told.get("resources", [])]
    return sum(told["summary"].values()), wrong
