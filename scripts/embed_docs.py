#!/usr/bin/env python3
"""Writes the files of the API page, compressed, for the assembler to embed.

Swagger UI comes from the package pinned in swagger_ui.txt. It is kept in the cache folder, so that
only the first build needs the network.

usage: embed_docs.py CACHE_DIR OUTPUT_DIR FILE...
"""

import gzip
import hashlib
import pathlib
import re
import subprocess
import sys
import zipfile

REQUIREMENTS = pathlib.Path(__file__).with_name("swagger_ui.txt")
DISTRIBUTION = "flask_swagger_ui/dist/"
SWAGGER_FILES = ["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "LICENSE"]


def cached_wheel(cache: pathlib.Path, sha256: str) -> pathlib.Path | None:
    """The cached package whose checksum is the pinned one."""
    for wheel in cache.glob("*.whl"):
        if hashlib.sha256(wheel.read_bytes()).hexdigest() == sha256:
            return wheel
    return None


def fetch_wheel(cache: pathlib.Path) -> pathlib.Path:
    sha256 = re.search(r"sha256:([0-9a-f]{64})", REQUIREMENTS.read_text()).group(1)
    cache.mkdir(parents=True, exist_ok=True)
    if wheel := cached_wheel(cache, sha256):
        return wheel
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--only-binary", ":all:", "--require-hashes", "--requirement", str(REQUIREMENTS), "--dest", str(cache)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if wheel := cached_wheel(cache, sha256):
        return wheel
    sys.exit(f"{result.stderr.strip()}\n"
             f"The API page needs Swagger UI, once: pip could not fetch the package pinned in {REQUIREMENTS}.\n"
             f"Check the network (and that python3-pip is installed) and build again, or put the wheel into {cache}.")


def main() -> None:
    cache, output, *files = map(pathlib.Path, sys.argv[1:])
    contents = {path.name: path.read_bytes() for path in files}
    with zipfile.ZipFile(fetch_wheel(cache)) as wheel:
        contents |= {name: wheel.read(DISTRIBUTION + name) for name in SWAGGER_FILES}
    output.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        # mtime 0: the same input gives the same bytes.
        (output / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))


main()
