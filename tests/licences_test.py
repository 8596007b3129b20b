"""docs/licences.md names every library that the binary loads, and says of its licence what Debian's copyright file says.

On Debian 12, which the page is about."""

import pathlib
import re
import subprocess
import unittest

import harness
import licence_page

HERE = pathlib.Path("/")


def said(*command) -> str:
    return subprocess.run(command, text=True, capture_output=True, check=True, timeout=harness.PATIENCE_SECONDS).stdout


class Licences(unittest.TestCase):
    def setUp(self):
        self.loaded = licence_page.libraries(said("ldd", harness.BINARY))

    def test_each_library_that_the_binary_loads_is_in_a_list_of_the_image(self):
        added, of_debian = licence_page.in_image()
        self.assertEqual(licence_page.packages_of(self.loaded, HERE) - set(added), set(of_debian))

    def test_what_it_is_linked_with_is_listed(self):
        names = re.findall(r"NEEDED.*\[(.*)\]", said("readelf", "--dynamic", harness.BINARY))
        needed = [path for path in self.loaded if pathlib.Path(path).name in names]
        self.assertGreater(len(needed), 10)
        self.assertLessEqual(licence_page.packages_of(needed, HERE), licence_page.linked())

    def test_the_copyright_files_say_what_is_quoted(self):
        for table in licence_page.in_image():
            self.assertGreater(len(table), 10)
            self.assertEqual(licence_page.unfounded(table, HERE), [])


if __name__ == "__main__":
    unittest.main()
