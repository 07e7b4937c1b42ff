"""What sync remembers between runs: how far it has read, and what it could not fetch yet."""

from __future__ import annotations

import fcntl
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from picsafe_protocol.errors import Conflict
from picsafe_sync import durable

STATE_FILE: Final = ".picsafe-sync.json"
LOCK_FILE: Final = ".picsafe-sync.lock"


@dataclass
class State:
    """`cursor` is the server's; `waiting` are reports that it has passed but that are not safely stored yet."""

    cursor: str = ""
    waiting: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, folder: Path) -> State:
        """The state of `folder`; a new one where there is none. `Conflict` for one that cannot be read."""
        path = folder / STATE_FILE
        try:
            saved = json.loads(path.read_text("utf-8"))
            return cls(str(saved["cursor"]), [str(item) for item in saved["waiting"]])
        except FileNotFoundError:
            return cls()
        except (ValueError, KeyError, TypeError) as error:
            raise Conflict(
                f"{path} is damaged.",
                advice="Remove it: sync then starts from the beginning, and stores nothing twice that is still in the folder.",
            ) from error

    def save(self, folder: Path) -> None:
        """Write it so that a crash leaves the old state or the new one."""
        durable.write(folder / STATE_FILE, json.dumps({"cursor": self.cursor, "waiting": self.waiting}).encode())


class FolderLock:
    """Only one sync works in a folder at a time. Released when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._file = self._path.open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise Conflict(
                f"Another picsafe sync is working in {self._path.parent}.", advice="Wait for it, or stop it first."
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
