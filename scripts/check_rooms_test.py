#!/usr/bin/env python3
"""check_rooms.py on small trees: one that keeps the rules, and one for each way to break them."""

import tempfile
import unittest
from pathlib import Path

from check_rooms import check

CLEAN = {
    "errors/CMakeLists.txt": "audit_room(errors SOURCES error.cc)",
    "errors/error.h": "",
    "errors/error.cc": '#include "errors/error.h"',
    "log/CMakeLists.txt": "# audit_room(not_this)\naudit_room(log\n  SOURCES log.cc\n  DEPS errors\n  TESTS log_test.cc\n  TEST_DEPS fake)",
    "log/log.h": '#include "errors/error.h"',
    "log/log.cc": '#include "log/log.h"\n#include <vector>',
    "log/log_test.cc": '#include "log/log.h"\n#include "fake/fake.h"',
    "fake/CMakeLists.txt": "audit_room(fake SOURCES fake.cc)",
    "fake/fake.h": "",
    "fake/fake.cc": "",
}


class CheckRooms(unittest.TestCase):
    def findings(self, **changes: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**CLEAN, **changes}.items():
                file = Path(folder, "src", name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return check(Path(folder))

    def test_a_tree_that_keeps_the_rules_has_no_findings(self):
        self.assertEqual(self.findings(), [])

    def test_an_include_of_a_room_that_is_not_listed_is_named(self):
        changes = {"errors/error.h": '\n#include "log/log.h"'}
        self.assertEqual(
            self.findings(**changes),
            ["src/errors/error.h:2: room errors includes log, which src/errors/CMakeLists.txt does not list under DEPS"],
        )

    def test_what_tests_may_use_sources_may_not(self):
        changes = {"log/log.cc": '#include "fake/fake.h"'}
        self.assertEqual(
            self.findings(**changes), ["src/log/log.cc:1: room log includes fake, which src/log/CMakeLists.txt does not list under DEPS"]
        )

    def test_a_header_for_tests_alone_counts_as_a_test(self):
        changes = {"log/fixture.h": '#include "fake/fake.h"', "log/log_test.cc": '#include "log/fixture.h"'}
        self.assertEqual(self.findings(**changes), [])

    def test_a_room_listed_and_not_used_is_named(self):
        changes = {"log/log.h": ""}
        self.assertEqual(self.findings(**changes), ["src/log/CMakeLists.txt:4: room log lists errors under DEPS and does not include it"])

    def test_a_room_that_does_not_exist_is_named(self):
        changes = {"fake/CMakeLists.txt": "audit_room(fake SOURCES fake.cc DEPS nobody)"}
        self.assertEqual(self.findings(**changes), ["src/fake/CMakeLists.txt:1: room fake lists nobody, which is no room"])

    def test_a_circle_is_named_once(self):
        changes = {
            "errors/CMakeLists.txt": "audit_room(errors SOURCES error.cc DEPS log)",
            "errors/error.cc": '#include "log/log.h"',
        }
        self.assertEqual(
            self.findings(**changes), ["src/log/CMakeLists.txt:4: rooms in a circle: errors -> log -> errors"]
        )

    def test_an_include_of_no_file_is_named(self):
        changes = {"fake/fake.cc": '#include "error.h"'}
        self.assertEqual(self.findings(**changes), ["src/fake/fake.cc:1: \"error.h\" is no file under src/; a library's header stands in <>"])

    def test_two_rooms_in_one_folder_are_kept_apart(self):
        changes = {
            "fake/CMakeLists.txt": "audit_room(fake SOURCES fake.cc)\naudit_room(second SOURCES second.cc DEPS errors)",
            "fake/second.cc": '#include "errors/error.h"',
            "fake/fake.cc": '#include "errors/error.h"',
        }
        self.assertEqual(
            self.findings(**changes), ["src/fake/fake.cc:1: room fake includes errors, which src/fake/CMakeLists.txt does not list under DEPS"]
        )


if __name__ == "__main__":
    unittest.main()
