"""The Helm chart: what it renders from its defaults, from a file as existing installations have it, and with every
switch turned by itself; and that its rules and dashboards are those of this service.

    chart_test.py            as a test
    chart_test.py --renew    writes tests/deploy/goldens and the chart's README.md anew; look at the difference before
                             you commit it
"""

import difflib
import json
import pathlib
import re
import sys
import tempfile
import unittest

import chart
import harness
import manifest_schemas
from chart import Rendering, sets, yaml
from chart_cases import EXISTING, NEEDS, REFUSED, WITHOUT_EFFECT, cases, everything, switches, turned

GOLDENS = pathlib.Path(__file__).resolve().parent / "goldens"


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
