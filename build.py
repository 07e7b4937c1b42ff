"""Builds the browser client into build/client. Does nothing when what it reads has not changed.

usage: python build.py [--force] [--check-reproducible] [--output FOLDER]
"""

from __future__ import annotations

import argparse
import fcntl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.clientbuild.fingerprint import fingerprint, source_files

ROOT = Path(__file__).resolve().parent
WORK = ROOT / "build"


def main() -> int:
    """The command; 0 when the client is there and up to date."""
    parser = argparse.ArgumentParser(description="Build the browser client.")
    parser.add_argument("--force", action="store_true", help="build even when nothing has changed")
    parser.add_argument(
        "--check-reproducible", action="store_true", help="build again in another place and compare every byte"
    )
    parser.add_argument("--output", type=Path, default=WORK / "client", help="the folder to write (build/client)")
    chosen = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    from scripts.clientbuild.toolchain import BuildFailed

    try:
        with _alone():
            if chosen.check_reproducible:
                from scripts.clientbuild.reproducible import check

                _build(WORK / "client", chosen.force)
                print(check(ROOT, WORK / "downloads"))
            else:
                _build(chosen.output.resolve(), chosen.force)
    except BuildFailed as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    return 0


def _build(target: Path, force: bool) -> None:
    stamp = target.with_name(target.name + ".built-from")
    inputs = fingerprint(ROOT, source_files(ROOT))
    if not force and (target / "manifest.json").is_file() and stamp.is_file() and stamp.read_text() == inputs:
        return
    from scripts.clientbuild.bundle import build

    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    build(ROOT, target, WORK / "cache", WORK / "downloads")
    stamp.write_text(inputs)
    print(f"build.py: built the client in {time.monotonic() - started:.0f} s")


@contextmanager
def _alone() -> Iterator[None]:
    """Two builds at once in one checkout take turns."""
    with (WORK / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
