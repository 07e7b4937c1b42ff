"""Durable files: after a power cut a file is either complete or absent."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from picsafe_protocol.contracts.errors import StorageFull

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def map_enospc() -> Iterator[None]:
    """Raises `StorageFull` for the system's errors about missing room (full disk, quota, file size limit)."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull from error
        raise


def write_all(descriptor: int, block: bytes | bytearray | memoryview) -> None:
    """Write every byte of `block`. A system that runs out of room may write only part of it at first."""
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_file(path: Path) -> None:
    """Return when the content of `path` is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Return when the names in `path` are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_folder(path: Path) -> None:
    """Remove a folder, also when it is partly removed or another process is removing it."""
    shutil.rmtree(path, onerror=_unless_missing)


def _unless_missing(function: object, path: str, information: tuple[object, BaseException, object]) -> None:
    if not isinstance(information[1], FileNotFoundError):
        raise information[1]


def remove_older_files(folder: Path, than: datetime) -> int:
    """Remove the files in `folder` that were last changed before `than`; how many."""
    done = 0
    for path in older(folder, than):
        path.unlink(missing_ok=True)
        done += 1
    return done


def older(folder: Path, than: datetime) -> Iterator[Path]:
    """What lies in `folder` and was last changed before `than`."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < than:
                yield path
