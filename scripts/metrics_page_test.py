#!/usr/bin/env python3
"""docs/metrics.md lists exactly the metrics that the source registers, with their types."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGISTRATION = re.compile(r'Add(Counter|Gauge|Histogram)\(\s*"([a-z0-9_]+)"')
ROW = re.compile(r"^\| `([a-z0-9_]+)` \| (counter|gauge|histogram) \|", re.MULTILINE)


class MetricsPage(unittest.TestCase):
    def test_the_page_lists_what_the_source_registers(self):
        registered = {}
        for file in (ROOT / "src").rglob("*.cc"):
            if file.stem.endswith(("_test", "_bench")):
                continue
            for kind, name in REGISTRATION.findall(file.read_text(encoding="utf-8")):
                registered[name] = kind.lower()
        self.assertGreater(len(registered), 30, "the registrations were not found: has their spelling changed?")
        listed = dict(ROW.findall((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")))
        self.assertEqual(listed, registered)


if __name__ == "__main__":
    unittest.main()
