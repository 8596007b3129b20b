"""docs/licences.md as tests compare it: with the libraries that the binary loads, and with what Debian's packages say of
their licences."""

import os
import pathlib
import re
import subprocess

import harness

PAGE = harness.ROOT / "docs" / "licences.md"


def _section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def linked() -> set[str]:
    """The packages of what is linked into the binary."""
    rows = re.findall(r"^\| (.*) \|$", _section("Linked into the binary"), re.MULTILINE)
    return {package for row in rows for package in re.findall(r"`([\w.+-]+)`", row.split(" | ")[2])}


def in_image() -> list[dict[str, list[str]]]:
    """The packages that the image adds to Debian's, and those of Debian's that the binary loads: two tables, each package with
    what its copyright file is quoted with."""
    tables = []
    for table in re.findall(r"(?:^\|.*\n)+", _section("In the container image"), re.MULTILINE):
        rows = re.findall(r"^\| `([\w.+-]+)` \| .+ \| (.+) \|$", table, re.MULTILINE)
        tables.append({package: re.findall(r'"([^"]+)"', quotations) for package, quotations in rows})
    return tables


def unfounded(quotations: dict[str, list[str]], root: pathlib.Path) -> list[str]:
    """The packages and quotations that the copyright files below `root` do not bear out."""
    found = []
    for package, quoted in quotations.items():
        text = (root / "usr/share/doc" / package / "copyright").read_text(encoding="utf-8", errors="replace")
        lines, words = {line.strip() for line in text.splitlines()}, " ".join(text.split())
        found += [f"{package}: {one}" for one in quoted
                  if (one not in lines if one.startswith("License: ") else one not in words)]
        if not quoted:
            found.append(f"{package}: nothing is quoted")
    return found


def packages_of(libraries: list[str], root: pathlib.Path) -> set[str]:
    """The packages that these libraries, as the loader names them in `root`, belong to there."""
    packages = set()
    for library in libraries:
        # Debian's list has the places of before /lib was a link to /usr/lib.
        place = os.path.realpath(f"{root}{library}").removeprefix(os.path.realpath(root).rstrip("/"))
        done = subprocess.run(["dpkg-query", f"--admindir={root / 'var/lib/dpkg'}", "--search", place,
                               place.removeprefix("/usr")], text=True, capture_output=True, check=False)
        if not done.stdout:
            raise AssertionError(f"no package has {library}: {done.stderr}")
        packages.add(done.stdout.split(":")[0])
    return packages


def libraries(told: str) -> list[str]:
    """The libraries that `ldd` has told of."""
    if "not found" in told:
        raise AssertionError(told)
    return re.findall(r" => (/\S+)", told)
