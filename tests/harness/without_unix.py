"""Runs `picsafe` as it would run on Windows, as far as that can be shown on another system.

Modules that only Unix has cannot be imported, the parts of `os` and `signal` that Windows lacks are gone, folders cannot be opened,
event loops take no signal handlers, and locks are those of `msvcrt`. A program of a test calls this as `python -m`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import sys
import tempfile
import types
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

MODULES = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
"""Of the standard library, only on Unix (its documentation says so of each)."""
# `os.statvfs` stays: `shutil.disk_usage` of this system needs it, that of Windows has its own way.
OF_OS = (
    "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC", "chown", "chroot", "fchmod", "fchown", "fork", "geteuid",
    "getuid", "getpgid", "killpg", "lchown", "mkfifo", "nice", "openpty", "posix_fallocate", "pread", "pwrite", "sendfile",
    "setsid", "setuid", "sync", "uname", "wait3", "wait4",
)  # fmt: skip
OF_SIGNAL = ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2", "alarm", "pause",
             "pthread_kill", "pthread_sigmask", "setitimer", "siginterrupt", "sigwait")  # fmt: skip


class Absent(MetaPathFinder):
    """Says of Unix's modules that they do not exist."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def windows_locks() -> types.ModuleType:
    """`msvcrt`, as far as it is used: a lock on bytes, which ends with the process."""
    locks = types.ModuleType("msvcrt")

    def locking(descriptor: int, mode: int, size: int) -> None:
        assert mode == 2
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 0
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, size)
        except OSError as error:
            raise PermissionError(13, "Permission denied") from error

    locks.locking = locking  # type: ignore[attr-defined]
    locks.LK_NBLCK = 2  # type: ignore[attr-defined]
    return locks


def no_folders(real: Any) -> Any:
    """`os.open` of a system that opens files alone."""

    def open_(path: Any, *arguments: Any, **options: Any) -> int:
        if not isinstance(path, int) and Path(path).is_dir():
            raise PermissionError(13, "Permission denied", path)
        return real(path, *arguments, **options)  # type: ignore[no-any-return]

    return open_


def no_handlers(*_: object) -> None:
    raise NotImplementedError


def become_windows() -> None:
    """From now on; what has been imported before stays."""
    sys.modules["msvcrt"] = windows_locks()
    for name in MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Absent())
    for module, names in ((os, OF_OS), (signal, OF_SIGNAL)):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    os.open = no_folders(os.open)
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    tempfile._O_TMPFILE_WORKS = False  # type: ignore[attr-defined]
    asyncio.SelectorEventLoop.add_signal_handler = no_handlers  # type: ignore[assignment,method-assign]


def main(arguments: Sequence[str]) -> int:
    become_windows()
    from picsafe_cli import main as cli

    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
