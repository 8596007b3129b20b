#!/usr/bin/env python3
"""Holds src/ to its rooms: every include goes to a room that the including room lists, every listed room
is used, and the rooms form no circle. Part of ./dev lint.

A room is an audit_room() of a CMakeLists.txt (cmake/room.cmake). Tests and benchmarks may also include what
TEST_DEPS lists. Findings are printed as file:line: what, and make the exit code 1.

usage: check_rooms.py [ROOT]   the repository; default: the one this script lies in
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

KEYWORDS = ("SOURCES", "DEPS", "LIBRARIES", "TESTS", "TEST_SOURCES", "TEST_DEPS", "BENCHES")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


@dataclass
class Room:
    name: str
    folder: Path
    # By keyword: what it lists, with the line where it does.
    lists: dict[str, dict[str, int]]
    # The rooms that its sources and its tests include.
    used: set[str] = field(default_factory=set)
    used_by_tests: set[str] = field(default_factory=set)

    def stems(self, *keywords: str) -> set[str]:
        return {Path(entry).stem for keyword in keywords for entry in self.lists[keyword]}


def parse_rooms(cmake_file: Path) -> list[Room]:
    text = re.sub(r"#.*", "", cmake_file.read_text(encoding="utf-8"))
    rooms = []
    for call in re.finditer(r"\baudit_room\s*\(([^)]*)\)", text):
        lists = {keyword: {} for keyword in KEYWORDS}
        name, keyword = None, None
        for word in re.finditer(r"\S+", call.group(1)):
            line = text.count("\n", 0, call.start(1) + word.start()) + 1
            if name is None:
                name = word.group()
            elif word.group() in KEYWORDS:
                keyword = word.group()
            else:
                lists[keyword][word.group()] = line
        rooms.append(Room(name, cmake_file.parent, lists))
    return rooms


class House:
    def __init__(self, root: Path):
        self.root = root
        self.source = root / "src"
        self.findings: list[str] = []
        self.rooms: dict[str, Room] = {}
        self.by_folder: dict[Path, list[Room]] = {}
        for cmake_file in sorted(self.source.rglob("CMakeLists.txt")):
            for room in parse_rooms(cmake_file):
                self.rooms[room.name] = room
                self.by_folder.setdefault(room.folder, []).append(room)

    def report(self, file: Path, line: int, what: str) -> None:
        self.findings.append(f"{file.relative_to(self.root)}:{line}: {what}")

    def room_of(self, file: Path) -> Room | None:
        """The room of the nearest folder that has one; where a folder has several, the one that lists the file."""
        folder = next((f for f in file.parents if f in self.by_folder), None)
        if folder is None:
            return None
        candidates = self.by_folder[folder]
        listed = (room for room in candidates if file.stem in room.stems("SOURCES", "TESTS", "TEST_SOURCES", "BENCHES"))
        return next(listed, candidates[0])

    def check_includes(self) -> None:
        files = sorted([*self.source.rglob("*.cc"), *self.source.rglob("*.h")])
        includes = {}
        for file in files:
            lines = enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
            includes[file] = [(number, found.group(1)) for number, text in lines if (found := INCLUDE.match(text))]
        tests = self.test_files(includes)
        for file, lines in includes.items():
            room = self.room_of(file)
            if room is None:
                self.report(file, 1, "lies in no room: no audit_room() in its folder or above")
                continue
            for number, target in lines:
                self.check_include(file, number, target, room, file in tests)

    def test_files(self, includes: dict[Path, list[tuple[int, str]]]) -> set[Path]:
        """Tests, benchmarks, and headers that nothing but these includes."""
        tests = {f for f in includes if (room := self.room_of(f)) and f.stem in room.stems("TESTS", "TEST_SOURCES", "BENCHES")}
        wanted_by_sources = {self.source / target for f, lines in includes.items() if f not in tests for _, target in lines}
        wanted_by_tests = {self.source / target for f in tests for _, target in includes[f]}
        headers = {f for f in wanted_by_tests - wanted_by_sources if f in includes and not f.with_suffix(".cc") in includes}
        return tests | headers

    def check_include(self, file: Path, line: int, target: str, room: Room, is_test: bool) -> None:
        header = self.source / target
        if not header.exists():
            self.report(file, line, f'"{target}" is no file under src/; a library\'s header stands in <>')
            return
        used = self.room_of(header)
        if used is None or used is room:
            return
        (room.used_by_tests if is_test else room.used).add(used.name)
        allowed = set(room.lists["DEPS"]) | (set(room.lists["TEST_DEPS"]) if is_test else set())
        if used.name not in allowed:
            keyword = "TEST_DEPS" if is_test else "DEPS"
            where = (room.folder / "CMakeLists.txt").relative_to(self.root)
            self.report(file, line, f"room {room.name} includes {used.name}, which {where} does not list under {keyword}")

    def check_lists(self) -> None:
        for room in self.rooms.values():
            cmake_file = room.folder / "CMakeLists.txt"
            for keyword, used in (("DEPS", room.used), ("TEST_DEPS", room.used_by_tests)):
                for dep, line in room.lists[keyword].items():
                    if dep not in self.rooms:
                        self.report(cmake_file, line, f"room {room.name} lists {dep}, which is no room")
                    elif dep not in used:
                        self.report(cmake_file, line, f"room {room.name} lists {dep} under {keyword} and does not include it")

    def check_circles(self) -> None:
        done: set[str] = set()

        def visit(name: str, path: list[str]) -> None:
            if name in path:
                circle = path[path.index(name):]
                first = self.rooms[circle[-1]]
                line = first.lists["DEPS"][name]
                self.report(first.folder / "CMakeLists.txt", line, "rooms in a circle: " + " -> ".join([*circle, name]))
                return
            if name in done or name not in self.rooms:
                return
            for dep in self.rooms[name].lists["DEPS"]:
                visit(dep, [*path, name])
            done.add(name)

        for name in self.rooms:
            visit(name, [])


def check(root: Path) -> list[str]:
    house = House(root)
    if not house.rooms:
        return [f"{root}: no audit_room() under src/"]
    house.check_includes()
    house.check_lists()
    house.check_circles()
    return house.findings


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    findings = check(root)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
