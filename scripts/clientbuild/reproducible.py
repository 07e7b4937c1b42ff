"""Whether two builds of the same sources give the same bytes, in different places and under different settings."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from scripts.clientbuild.fingerprint import source_files
from scripts.clientbuild.toolchain import BuildFailed, run

_ELSEWHERE: Final = {"TZ": "Pacific/Auckland", "LANG": "en_NZ.UTF-8", "PYTHONHASHSEED": "2"}


def check(root: Path, downloads: Path) -> str:
    """Build the client of `root` again, elsewhere and from a copy of what a build is said to read, and compare it
    with `build/client`, which is up to date.

    Returns what was compared, in a sentence. Raises `BuildFailed` naming the files that differ. `downloads` is shared:
    what comes from npm and PyPI is pinned by hash already.
    """
    with tempfile.TemporaryDirectory(prefix="picsafe-build-") as scratch:
        copy = Path(scratch) / "deeper down"
        copy_sources(root, copy, downloads)
        first = _files(root / "build" / "client")
        run("build.py", [sys.executable, "build.py"], cwd=copy, environment=os.environ | _ELSEWHERE)
        second = _files(copy / "build" / "client")
        different = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    if different:
        raise BuildFailed("Two builds of the same sources differ in: " + ", ".join(different))
    total = hashlib.sha256("".join(f"{digest} {name}\n" for name, digest in sorted(first.items())).encode())
    return f"Two builds gave the same {len(first)} files; SHA-256 over all of them: {total.hexdigest()}"


def copy_sources(root: Path, copy: Path, downloads: Path) -> None:
    """Copy what a build of `root` is said to read into the new folder `copy`, which shares its downloads."""
    for source in source_files(root):
        target = copy / source.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (copy / "build").mkdir()
    (copy / "build" / "downloads").symlink_to(downloads.resolve())


def _files(built: Path) -> dict[str, str]:
    return {
        path.relative_to(built).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in built.rglob("*")
        if path.is_file()
    }
