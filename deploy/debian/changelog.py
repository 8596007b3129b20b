#!/usr/bin/env python3
"""Writes a changelog as Debian has them from the headings and points of CHANGELOG.md.

usage: changelog.py CHANGELOG.md VERSION MAINTAINER OUT

The points under the heading that names VERSION become its entry. The time is $SOURCE_DATE_EPOCH, else that of the
file.
"""

import email.utils
import os
import pathlib
import re
import sys
import textwrap


def points(text: str, version: str) -> list[str]:
    """What stands under the heading of the version, a list item each, without its markup."""
    found = re.search(rf"^## [^\n]*\b{re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise SystemExit(f"changelog.py: no heading names {version}")
    items = re.findall(r"^- (.*?)(?=^- |\Z)", found.group(1), re.MULTILINE | re.DOTALL)
    return [re.sub(r"[*`]", "", " ".join(item.split())) for item in items]


def main():
    source, version, maintainer, out = sys.argv[1:]
    when = int(os.environ.get("SOURCE_DATE_EPOCH", pathlib.Path(source).stat().st_mtime))
    lines = [f"audit-manager ({version}) stable; urgency=medium", ""]
    for point in points(pathlib.Path(source).read_text(encoding="utf-8"), version):
        lines += textwrap.wrap(point, 78, initial_indent="  * ", subsequent_indent="    ")
    lines += ["", f" -- {maintainer}  {email.utils.formatdate(when)}", ""]
    out = pathlib.Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
