"""Differences between operating systems: locks, signals, and flushing files to the disk.

Nothing else in this package imports a module that only Unix has. On Windows a file's readers follow from the folder it
lies in: the modes that `durable` gives mean nothing there.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

try:
    import msvcrt
except ImportError:  # Unix
    msvcrt = None  # type: ignore[assignment]

_log = logging.getLogger("picsafe")

STOP_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)
"""Ctrl-C, an end that the system wants, and Ctrl-Break of Windows."""

_BINARY: Final[int] = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
_NO_FOLLOW: Final[int] = getattr(os, "O_NOFOLLOW", 0)
_FOLDER: Final[int | None] = getattr(os, "O_DIRECTORY", None)

_HELD: Final = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
"""What locking says of a file that somebody else has locked; Windows has the last two."""
_NOT_DONE: Final = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""What a file system says that does not do what was asked, as network shares do."""

_warned: set[str] = set()


class LocksMissing(OSError):
    """The file system has no locks."""


def open_file(path: Path, flags: int, mode: int, *, follow: bool = False) -> int:
    """`os.open` of a binary file that no child inherits; through a link only with `follow`. Raises `OSError`."""
    if not follow and not _NO_FOLLOW and path.is_symlink():
        raise OSError(errno.ELOOP, "Is a symbolic link", str(path))
    return os.open(path, flags | _BINARY | (0 if follow else _NO_FOLLOW), mode)


def configuration_folder() -> Path:
    """Where this user's settings are kept."""
    named = os.environ.get("XDG_CONFIG_HOME") or (os.environ.get("APPDATA") if fcntl is None else None)
    return Path(named) if named else Path.home() / ".config"


def lock(descriptor: int) -> bool:
    """Lock an open file until it is closed, however that happens; False when somebody else has it. Raises
    `LocksMissing`.
    """
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _HELD:
            return False
        if error.errno in _NOT_DONE | {errno.ENOLCK}:
            raise LocksMissing(error.errno, error.strerror) from error
        raise
    return True


def _lock(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif msvcrt is not None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        raise OSError(errno.ENOSYS, "this Python has no locks")


def sync_descriptor(descriptor: int, path: Path) -> None:
    """Force what was written to an open file to the disk. Where the file system cannot, that is said once and work goes
    on.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_DONE:
            raise
        _warn_once(path)


def sync_folder(path: Path) -> None:
    """Force a folder's names to the disk, where the system has a way to do so; Windows has none."""
    if _FOLDER is None:
        return
    descriptor = os.open(path, os.O_RDONLY | _FOLDER)
    try:
        sync_descriptor(descriptor, path)
    finally:
        os.close(descriptor)


def on_stop(loop: asyncio.AbstractEventLoop, stop: Callable[[int], None]) -> Callable[[], None]:
    """Call `stop` with the number of each signal that asks for an end; the answer puts things back as they were."""
    undo: list[Callable[[], object]] = []

    def undo_all() -> None:
        for each in undo:
            each()

    for number in STOP_SIGNALS:
        try:
            loop.add_signal_handler(number, stop, number)
            undo.append(lambda number=number: loop.remove_signal_handler(number))  # type: ignore[misc]
        except NotImplementedError:  # Windows

            def handler(number: int, _frame: FrameType | None) -> None:
                loop.call_soon_threadsafe(stop, number)

            before = signal.signal(number, handler)
            undo.append(lambda number=number, before=before: signal.signal(number, before))  # type: ignore[misc]
    return undo_all


def _warn_once(path: Path) -> None:
    device = str(path.anchor)
    with contextlib.suppress(OSError):
        device = str(path.stat().st_dev)
    if device not in _warned:
        _warned.add(device)
        _log.warning(
            "%s lies on a file system that cannot say when a file is safely on the disk, as some network shares. "
            "Going on; after a power cut there, files of the last minutes may be missing.",
            path,
        )
