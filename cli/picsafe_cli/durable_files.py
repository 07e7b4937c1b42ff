"""Files that survive a power cut and that nobody else can read: written completely, synced, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from picsafe_cli import os_support
from picsafe_protocol.contracts.errors import PicSafeError, StorageFull

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
"""What is written here is patient data, or as good as that: for the user who runs the command only, whatever the
umask.
"""

_NO_ROOM: Final = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextlib.contextmanager
def translate_os_errors(where_room: str = "Free some space, then try again.") -> Iterator[None]:
    """Turns the system's file errors into a `PicSafeError`; `StorageFull`, advising `where_room`, when the disk is
    full.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull(
                "There is no room left on this computer.",
                advice=f"Nothing was half-written. {where_room}",
            ) from error
        where = error.filename if isinstance(error.filename, str | os.PathLike) else "The disk"
        raise PicSafeError(f"{where}: {error.strerror or error}.", advice="Correct it and try again.") from error


def create(path: Path) -> BinaryIO:
    """A new file for writing, readable by this user only from its first byte. What was there before is removed, not
    followed.
    """
    path.unlink(missing_ok=True)
    return os.fdopen(os_support.open_file(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE), "w+b")


def make_folder(path: Path) -> None:
    """A folder for this user only; one that is there already stays as it is. Its name is on the disk when this
    returns.
    """
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        sync_folder(path.parent)


def write(path: Path, content: bytes) -> None:
    """Replace `path` by `content`: afterwards, and after any crash, it holds the old bytes or the new ones."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        with create(temporary) as file:
            file.write(content)
            sync_file(file, temporary)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def append(path: Path, line: bytes, *, first: bytes = b"") -> None:
    """Add `line` to a file, after `first` where the file is new or empty: all of it or, when it cannot be written,
    nothing.
    """
    descriptor = os_support.open_file(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, FILE_MODE, follow=True)
    with os.fdopen(descriptor, "ab", buffering=0) as file:
        before = os.fstat(descriptor).st_size
        left = memoryview(line if before else first + line)
        try:
            while left:
                left = left[file.write(left) :]
            os_support.sync_descriptor(descriptor, path)
        except BaseException:
            os.ftruncate(descriptor, before)
            raise
    sync_folder(path.parent)


def link_unique(file: Path, wanted: Path) -> Path:
    """Give `file` the name `wanted`, or that with a number where it is taken: what is there is never replaced."""
    number = 1
    target = wanted
    while True:
        try:
            os.link(file, target)
        except FileExistsError:
            number += 1
            target = wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")
        except OSError:  # a file system without links: look, then rename
            if not target.exists():
                file.rename(target)
                return target
            number += 1
            target = wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")
        else:
            file.unlink()
            return target


def sync_file(file: BinaryIO, path: Path) -> None:
    """Force what was written to an open file at `path` to the disk."""
    file.flush()
    os_support.sync_descriptor(file.fileno(), path)


def sync_folder(path: Path) -> None:
    """Force a folder's names to the disk."""
    os_support.sync_folder(path)
