"""The alert rules, and the programs of Prometheus that judge them."""

import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import fetched  # noqa: E402
import harness  # noqa: E402

sys.path.insert(0, str(fetched.python_packages("kubernetes")))
import yaml  # noqa: E402

RULES = harness.ROOT / "deploy" / "monitoring" / "rules" / "audit-manager.yaml"
DASHBOARD = harness.ROOT / "deploy" / "monitoring" / "dashboards" / "audit-manager.json"
RUNBOOKS = harness.ROOT / "docs" / "runbooks"


def rules(text: str | None = None) -> dict:
    """The rules of RULES, or of another text, by the alert's name."""
    groups = yaml.safe_load(text or RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def dashboard_queries(namespace: str = "x", job: str = "x", interval: str = "1m") -> dict[tuple, str]:
    """By the panel's title and the query's letter, with what Grafana puts in."""
    queries = {}
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, value in (("__rate_interval", interval), ("__range", "3h"), ("namespace", namespace), ("job", job)):
                expression = re.sub(rf"\${name}\b", value, expression)
            assert "$" not in expression, f"{panel['title']}: a variable that no value is known of: {expression}"
            queries[panel["title"], target["refId"]] = expression
    return queries


def program(name: str) -> pathlib.Path:
    """prometheus or promtool. Installed, the package would start a service; unpacked it does not."""
    return fetched.debian_package("prometheus") / "usr" / "bin" / name


def promtool(*arguments, said: str | None = None) -> subprocess.CompletedProcess:
    """`said` is its standard input."""
    return subprocess.run([program("promtool"), *map(str, arguments)], input=said or "", text=True, check=False,
                          capture_output=True, timeout=harness.PATIENCE_SECONDS)
