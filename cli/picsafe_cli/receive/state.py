"""The state of sync between runs: how far it has read, and the reports it could not store yet."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from picsafe_cli import durable_files, os_support
from picsafe_cli.receive.refetch_policy import Retry
from picsafe_protocol.contracts.errors import Conflict, InvalidRequest
from picsafe_protocol.contracts.identifiers import is_identifier

STATE_FILE: Final = ".picsafe-sync.json"
LOCK_FILE: Final = ".picsafe-sync.lock"

_log = logging.getLogger("picsafe.sync")


@dataclass
class State:
    """`owner` is whose reports these are; `cursor` is that server's; `waiting` are reports that the cursor has passed
    but that are neither stored nor refused yet; `retries` says when those of them are fetched again that could not be
    read.
    """

    folder: Path
    owner: str = ""
    cursor: str = ""
    waiting: list[str] = field(default_factory=list)
    retries: dict[str, Retry] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> State:
        """The state of `folder`; a new one where there is none.

        One that cannot be read is put aside, and everything is asked for again: what the folder and its manifest hold
        is not stored twice.
        """
        path = folder / STATE_FILE
        try:
            return cls(folder, *_read(json.loads(path.read_bytes())))
        except FileNotFoundError:
            return cls(folder)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            aside = path.with_name(f"{STATE_FILE}.damaged")
            path.replace(aside)
            _log.warning("%s was damaged and is now %s: looking through all reports again", path.name, aside.name)
            return cls(folder)

    def belongs_to(self, owner: str) -> None:
        """Bind the folder to `owner`; `Conflict` when it is bound to another: that one's cursor would skip reports."""
        if self.owner not in {"", owner}:
            raise Conflict(
                f"{self.folder} holds the reports of {self.owner}, and this account is of {owner}.",
                advice="Use a folder of its own for every server and institution.",
            )
        self.owner = owner

    def save(self) -> None:
        """Write it so that a crash leaves the old state or the new one."""
        retries = {report_id: retry.as_json() for report_id, retry in self.retries.items()}
        content = {
            "version": 1,
            "owner": self.owner,
            "cursor": self.cursor,
            "waiting": self.waiting,
            "retries": retries,
        }
        durable_files.write(self.folder / STATE_FILE, json.dumps(content, indent=1).encode())


def _read(saved: Any) -> tuple[str, str, list[str], dict[str, Retry]]:
    if saved["version"] != 1:
        raise ValueError("another version")
    owner, cursor, waiting = saved["owner"], saved["cursor"], saved["waiting"]
    if not isinstance(owner, str) or not isinstance(cursor, str) or not isinstance(waiting, list):
        raise TypeError("not what was written")
    if not all(map(is_identifier, waiting)):
        raise ValueError("not identifiers")
    retries = {report_id: Retry.read(retry) for report_id, retry in saved.get("retries", {}).items()}
    return owner, cursor, waiting, {report_id: retries[report_id] for report_id in waiting if report_id in retries}


class FolderLock:
    """Only one sync works in a folder at a time. Released when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        descriptor = os_support.open_file(self._path, os.O_RDWR | os.O_CREAT, durable_files.FILE_MODE, follow=True)
        try:
            locked = os_support.lock(descriptor)
        except os_support.LocksMissing:
            os.close(descriptor)
            raise InvalidRequest(
                f"{self._path.parent} lies on a file system without locks ({LOCK_FILE} cannot be locked), so two syncs "
                "could work in it at the same time.",
                advice="Use a folder on a disk of this computer, or mount the share with locks.",
                field="folder",
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        if not locked:
            os.close(descriptor)
            raise Conflict(
                f"Another picsafe sync is working in {self._path.parent}.", advice="Wait for it, or stop it first."
            )
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
