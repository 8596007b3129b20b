"""Each alert fires when it should, not a moment before, and ends: promtool works the rules out for series that are
given here. What the dashboard and the rules ask for is read by Prometheus' own parser."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import alerts
import harness

LABELS = 'namespace="audit",job="audit-manager",instance="a:8000"'
M = "audit_manager_"


def series(name: str, labels: str = "") -> str:
    return f"{name}{{{','.join(filter(None, (LABELS, labels)))}}}"


def steps(*parts: tuple) -> str:
    """Values a minute: (minutes, value, added each minute); None: no sample."""
    text = []
    for minutes, value, *added in parts:
        for minute in range(minutes):
            text.append("_" if value is None else f"{value + minute * (added[0] if added else 0)}")
    return " ".join(text)


def bucket(le: str) -> str:
    return series(f"{M}spool_sync_duration_seconds_bucket", f'le="{le}"')


RUNS = {series(f"{M}build_info"): "1x600"}

# By alert: series from minute 0 on, the minutes at which it must fire, and those at which it must not; with "1h" they
# are hours.
CASES = {
    "EventsLost": [({series(f"{M}spool_missing_records_total"): steps((5, 0), (10, 3), (10, 0))}, [5, 14], [4, 15])],
    "DamagedSegments": [({series(f"{M}spool_damaged_segments"): steps((5, 0), (10, 1), (10, 0))}, [5, 14], [4, 15])],
    "KafkaHole": [
        ({series(f"{M}kafka_holes_total"): steps((70, 0), (100, 1))}, [71, 125], [60, 69, 140]),
        # Found before the first scrape.
        ({series(f"{M}kafka_holes_total"): steps((70, None), (100, 1))}, [71, 125], [60, 69, 140])],
    "Absent": [
        ({series(f"{M}build_info"): steps((5, 1), (20, None), (20, 1)), series("up"): "1x50"}, [16, 24], [14, 26])],
    "ReplicaDown": [
        (RUNS | {'up{namespace="audit",job="audit-manager",instance="b:8000"}': steps((5, 1), (15, 0), (10, 1))},
         [11, 19], [9, 20]),
        (RUNS | {'up{namespace="audit",job="another",instance="b:8000"}': steps((5, 1), (30, 0))}, [], [12, 30])],
    "Restarts": [
        (RUNS | {series("process_start_time_seconds"): steps((5, 100), (5, 200), (90, 300))}, [11, 33], [6, 9, 45]),
        ({series("process_start_time_seconds"): steps((5, 100), (5, 200), (90, 300))}, [], [11, 33])],
    "RefusesEvents": [
        ({series(f"{M}requests_refused_total", 'code="AUD-004"'): steps((10, 0), (20, 1, 1), (20, 20))},
         [20, 29], [9, 14, 40]),
        ({series(f"{M}requests_refused_total", 'code="AUD-002"'): steps((10, 0), (20, 1, 1))}, [], [20, 29])],
    "SpoolNearlyFull": [
        ({series(f"{M}spool_disk_bytes"): steps((10, 79), (20, 81), (10, 80)),
          series(f"{M}spool_disk_budget_bytes"): "100x60"}, [16, 29], [9, 14, 30])],
    "FlushFailed": [
        # Known from the start of the next process on, for a day.
        ({series(f"{M}spool_last_failed_flush_timestamp_seconds"): steps((11, 0), (10, 600))}, [11, 20], [10]),
        ({series(f"{M}spool_last_failed_flush_timestamp_seconds"): steps((1, 0), (30, 600))}, [1, 24], [0, 25], "1h"),
        # A pod with another address tells of what was long ago.
        ({series(f"{M}spool_last_failed_flush_timestamp_seconds"): steps((25, None), (5, 600))}, [], [25, 29], "1h")],
    "SlowDisk": [
        ({bucket("0.1"): steps((10, 0, 60), (60, 540), (60, 600, 60)), bucket("0.5"): steps((130, 0, 60)),
          bucket("+Inf"): steps((130, 0, 60))}, [40, 65], [9, 20, 80])],
    "SpoolMaintenanceFails": [
        ({series(f"{M}spool_maintenance_failures_total"): steps((10, 0), (30, 1, 1), (60, 30))},
         [30, 40], [9, 20, 60]),
        # One failure, and it went well the next time.
        ({series(f"{M}spool_maintenance_failures_total"): steps((10, 0), (60, 1))}, [], [12, 24, 26, 40])],
    "CertificateNotReloaded": [
        ({series(f"{M}tls_last_reload_successful"): steps((5, 1), (10, 0), (10, 1))}, [5, 14], [4, 15])],
    "Backlog": [
        ({series(f"{M}spool_oldest_undelivered_age_seconds"): steps((10, 300), (20, 301, 60), (10, 0))},
         [16, 29], [9, 14, 30])],
    "KafkaRefusesEvents": [
        ({series(f"{M}kafka_refused_events_total"): steps((70, 0), (100, 1))}, [71, 125], [60, 69, 140]),
        ({series(f"{M}kafka_refused_events_total"): steps((70, None), (100, 1))}, [71, 125], [60, 69, 140])],
    "GroupRefused": [
        ({series(f"{M}kafka_group_refusals_total"): steps((10, 0), (30, 1, 1), (60, 30))}, [22, 40], [9, 18, 60])],
    "PartitionsUnread": [
        ({series(f"{M}kafka_topic_partitions"): "12x60",
          series(f"{M}kafka_assigned_partitions"): steps((10, 7), (20, 6), (20, 7)),
          f'{M}kafka_assigned_partitions{{namespace="audit",job="audit-manager",instance="b:8000"}}': "5x60"},
         [21, 29], [9, 18, 30]),
        # Nobody reads at all.
        ({series(f"{M}kafka_topic_partitions"): "12x60"}, [11, 40], [8])],
    "StoreAway": [({series(f"{M}store_up"): steps((10, 1), (20, 0), (10, 1))}, [16, 29], [9, 14, 30])],
    "UnstoredNearRetention": [
        ({series(f"{M}kafka_oldest_unstored_age_seconds"): steps((10, 299), (20, 301), (20, 0)),
          series(f"{M}kafka_topic_retention_seconds"): "600x60"}, [16, 29], [9, 14, 30]),
        ({series(f"{M}kafka_oldest_unstored_age_seconds"): "1000000x60",
          series(f"{M}kafka_topic_retention_seconds"): " ".join(["Inf"] * 20)}, [], [12])],
    "StoreBehind": [
        ({series(f"{M}kafka_consumer_lag_events", 'partition="0"'): steps((40, 0), (100, 100001, 10), (60, 90000))},
         [80, 130], [39, 60, 150]),
        # Far behind, and catching up.
        ({series(f"{M}kafka_consumer_lag_events", 'partition="0"'): steps((140, 900000, -10))}, [], [80, 130])],
    "DeadLetters": [
        ({series(f"{M}dead_letters_total"): steps((70, 0), (100, 1))}, [71, 125], [60, 69, 140]),
        ({series(f"{M}dead_letters_total"): steps((70, None), (100, 1))}, [71, 125], [60, 69, 140])],
    "PartitionsNotMaintained": [
        ({series(f"{M}partition_maintenance_failures_total"): steps((10, 0), (10, 2, 2), (60, 20))},
         [13, 20], [9, 40])],
}


class Alerts(unittest.TestCase):
    def test_the_rules_are_correct(self):
        checked = alerts.promtool("check", "rules", alerts.RULES)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_each_fires_when_it_should_and_ends(self):
        self.assertEqual({f"AuditManager{name}" for name in CASES}, set(alerts.rules()))
        tests = {}
        for name, cases in CASES.items():
            self.assertTrue(any(case[1] for case in cases), name)
            for given, firing, quiet, step in (case if len(case) == 4 else (*case, "1m") for case in cases):
                count = f'count(ALERTS{{alertname="AuditManager{name}",alertstate="firing"}})'
                expected = [(at, [{"labels": "{}", "value": 1}]) for at in firing] + [(at, []) for at in quiet]
                tests.setdefault(step, []).append({
                    "name": name, "interval": step,
                    "input_series": [{"series": key, "values": values} for key, values in given.items()],
                    "promql_expr_test": [{"expr": count, "eval_time": f"{at}{step[-1]}", "exp_samples": samples}
                                         for at, samples in sorted(expected, key=lambda one: one[0])]})
        with tempfile.TemporaryDirectory() as folder:
            for step, of_that in tests.items():
                file = pathlib.Path(folder) / f"{step}.yaml"
                file.write_text(json.dumps({"rule_files": [str(alerts.RULES)], "evaluation_interval": step,
                                            "tests": of_that}))
                tested = alerts.promtool("test", "rules", file)
                self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)

    def test_each_says_what_it_means_and_how_bad_it_is(self):
        for name, rule in alerts.rules().items():
            with self.subTest(name):
                self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
                for said in ("summary", "description"):
                    self.assertTrue(rule["annotations"].get(said))

    def test_each_has_a_runbook_and_each_runbook_an_alert(self):
        pages = {}
        for name, rule in alerts.rules().items():
            with self.subTest(name):
                page = harness.ROOT / rule["annotations"]["runbook_url"]
                words = re.sub(r"(?<!^)(?=[A-Z])", "-", name.removeprefix("AuditManager")).lower()
                self.assertEqual(page, alerts.RUNBOOKS / f"{words}.md")
                pages[page] = name
                text = page.read_text()
                self.assertTrue(text.startswith(f"# {name}\n"))
                headings = re.findall(r"^## (.*)", text, re.MULTILINE)
                self.assertEqual(headings, ["What it means", "What to look at", "What to do", "When it is over"])
        self.assertEqual(set(alerts.RUNBOOKS.glob("*.md")), set(pages))

    def test_the_page_on_monitoring_lists_them(self):
        page = (harness.ROOT / "docs" / "monitoring.md").read_text()
        listed = re.findall(r"^\| \[(\w+)\]\((\S+)\) \| (\w+) \|", page, re.MULTILINE)
        self.assertEqual(listed, [(name, rule["annotations"]["runbook_url"].removeprefix("docs/"),
                                   rule["labels"]["severity"]) for name, rule in alerts.rules().items()])

    def test_the_page_on_monitoring_gives_each_an_address(self):
        page = (harness.ROOT / "docs" / "monitoring.md").read_text()
        command = re.search(r"^sed '(.*)' \\\n  deploy/monitoring/rules/", page, re.MULTILINE).group(1)
        told = subprocess.run(["sed", command, alerts.RULES], check=True, capture_output=True, text=True).stdout
        base = "https://git.example.org/audit-manager/blob/main/"
        self.assertEqual([rule["annotations"]["runbook_url"] for rule in alerts.rules(told).values()],
                         [base + rule["annotations"]["runbook_url"] for rule in alerts.rules().values()])

    def test_runbooks_name_metrics_that_exist(self):
        known = (harness.ROOT / "docs" / "metrics.md").read_text()
        for page in sorted(alerts.RUNBOOKS.glob("*.md")):
            for name in re.findall(r"\baudit_manager_\w+", page.read_text()):
                with self.subTest(f"{page.name}: {name}"):
                    self.assertIn(f"`{re.sub(r'_(bucket|sum|count)$', '', name)}`", known)


class Dashboard(unittest.TestCase):
    def panels(self) -> list[dict]:
        return json.loads(alerts.DASHBOARD.read_text())["panels"]

    def test_prometheus_reads_each_expression(self):
        rules = [{"record": f"panel:{number}", "expr": expression}
                 for number, expression in enumerate(alerts.dashboard_queries().values())]
        self.assertGreater(len(rules), 20)
        made = {"groups": [{"name": "dashboard", "rules": rules}]}
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "dashboard.yaml"
            file.write_text(json.dumps(made))
            checked = alerts.promtool("check", "rules", file)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_every_series_is_that_of_the_chosen_namespace_and_job(self):
        for panel in self.panels():
            for target in panel.get("targets", []):
                with self.subTest(target["expr"]):
                    named = re.findall(r"\b(?:audit_manager_\w+|process_\w+|up\b)(?:\{([^}]*)\})?", target["expr"])
                    self.assertTrue(named)
                    for selector in named:
                        self.assertTrue(selector.startswith('namespace=~"$namespace",job=~"$job"'), selector)

    def test_no_data_source_is_wired_in(self):
        for text in re.findall(r'"uid": "([^"]*)"', alerts.DASHBOARD.read_text()):
            self.assertIn(text, ("${datasource}", "audit-manager"))

    def test_each_panel_says_what_it_shows(self):
        titles = [panel["title"] for panel in self.panels() if panel["type"] != "row"]
        self.assertEqual(len(titles), len(set(titles)))
        for panel in self.panels():
            self.assertTrue(panel["type"] == "row" or panel["description"], panel["title"])


if __name__ == "__main__":
    unittest.main()
