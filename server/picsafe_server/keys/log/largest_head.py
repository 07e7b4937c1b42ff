"""Stores the largest head of the log that was ever signed in a file next to the signing key, so that a rolled-back log
is noticed.

A database restored from a backup, or a folder copied back, holds a log that is a consistent tree. Only something
outside the database can show that it was longer once. If the log went on from there, the same key would sign two
histories.

The file is written before a checkpoint over a larger head leaves the process, and only ever with a larger head.
Processes that share the folder take turns by a lock; each looks at the file within its transaction, when no other can
be adding to the log. The database can differ: one process may run on a copy. So the file is read again under its lock
before a head is signed, and a head that another process has put there meanwhile is looked for in the database first.

The file has two slots of a page each, with a checksum, written in turn: if writing one is interrupted, the other holds
the previous head. A release therefore needs one additional flush; replacing the file would need three.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from picsafe_protocol.crypto.merkle import EMPTY_ROOT
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.store import LogDamaged
from picsafe_server.keys.log.tree import Head, frontier_of, root_of

_LINE = re.compile(rb"(picsafe-log-head/1 ([0-9]{1,18}) ([A-Za-z0-9+/]{43}=)) ([0-9a-f]{64})\n")
_PAGE = 4096


class LogRolledBack(LogDamaged):
    """The log lacks entries that a signed checkpoint covers."""


@dataclass(frozen=True, slots=True)
class LargestHead:
    """Size and root of a tree."""

    size: int
    root: bytes

    @classmethod
    def of(cls, head: Head) -> LargestHead:
        return cls(head.size, head.root)


class LargestHeadFile:
    """The file. It may lie on a network share, but must outlive the process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> LargestHead | None:
        """The stored head; None when there is none yet. `LogDamaged` when the file is not a head file."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        return max(_heads(content, self.path).values(), key=lambda head: head.size)

    def grow(
        self, head: LargestHead, compared: LargestHead | None, *, before: LargestHead | None = None
    ) -> LargestHead | None:
        """Remember `head`, whose log begins with `compared` and with `before`. None: it is durable and may be signed.

        Otherwise nothing is written, and what the file holds is returned: another process has put it there since the
        log was compared, and it may be the head of another log.
        Raises `LogRolledBack` when the file holds another head of the same size, or has gone since `compared` was read.
        """
        with self._locked():
            known = self.read()
            if known is None:
                if compared is not None:
                    raise LogRolledBack(f"{self.path}, which says how large the log was, is missing")
                self._make(head)
                return None
            if known.size == head.size and known.root != head.root:
                raise LogRolledBack(f"two logs of {head.size} entries were to be signed with one key")
            if known not in (head, compared, before):
                return known
            if known != head:
                self._write(head)
            return None

    def replace(self, head: LargestHead) -> None:
        """Replace the stored head by `head`: for an operator who has accepted that the log lost entries."""
        with self._locked():
            self._make(head)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.path.with_name(self.path.name + ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, head: LargestHead) -> None:
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            heads = _heads(os.pread(descriptor, 2 * _PAGE, 0), self.path)
            newest = max(heads, key=lambda place: heads[place].size)
            os.pwrite(descriptor, _line(head), (1 - newest) * _PAGE)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def _make(self, head: LargestHead) -> None:
        # At any moment the old or the new file is there, whole.
        temporary = self.path.with_name(self.path.name + ".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, _line(head).ljust(2 * _PAGE, b"\n"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _line(head: LargestHead) -> bytes:
    said = f"picsafe-log-head/1 {head.size} {base64.b64encode(head.root).decode('ascii')}".encode("ascii")
    return said + b" " + hashlib.sha256(said).hexdigest().encode("ascii") + b"\n"


def _heads(content: bytes, path: Path) -> dict[int, LargestHead]:
    """The contents of slots 0 and 1; a slot that was being written when the machine stopped is left out."""
    found: dict[int, LargestHead] = {}
    for place in (0, 1):
        match = _LINE.match(content, place * _PAGE)
        if match is not None and hashlib.sha256(match[1]).hexdigest().encode("ascii") == match[4]:
            found[place] = LargestHead(int(match[2]), base64.b64decode(match[3]))
    if not found:
        raise LogDamaged(f"{path} does not hold the head of a log")
    return found


class RollbackGuard:
    """Compares the log with its signed heads."""

    def __init__(self, file: LargestHeadFile) -> None:
        self.file = file
        self.is_expected = False
        """Whether the file must be there: from the first start on, as the database remembers."""
        self._known: LargestHead | None = None
        """The head that this process committed last: while it is the database's, nothing has come between."""

    def check(self, connection: Connection, head: Head) -> LargestHead | None:
        """The largest head that was signed. `LogRolledBack` unless the log of `head` begins with it.

        `head` must have been read within a transaction that holds the lock on it.
        """
        signed = self._read()
        self._compare(connection, head, signed)
        return signed

    def check_read(self, connection: Connection) -> tuple[Head, LargestHead | None]:
        """The head as it is now, and the signed one that it was compared with; for readers that hold no lock.

        The file is read first: it is never ahead of the database.
        """
        signed = self._read()
        head = log.check(connection)
        self._compare(connection, head, signed)
        return head, signed

    def check_overtaken(self, connection: Connection, head: Head, signed: LargestHead) -> None:
        """`LogRolledBack` unless the log in the database begins with both `head` and `signed`."""
        now = log.read_head(connection)
        self._compare(connection, now, signed)
        self._compare(connection, now, LargestHead.of(head))

    def _read(self) -> LargestHead | None:
        signed = self.file.read()
        if signed is None and self.is_expected:
            raise LogRolledBack(f"{self.file.path}, which says how large the log was, is missing")
        return signed

    def remember(
        self, head: Head, compared: LargestHead | None, *, before: LargestHead | None = None
    ) -> LargestHead | None:
        """Remember a head that is durable in the database; parameters, result and errors as `LargestHeadFile.grow`."""
        signed = LargestHead.of(head)
        overtaken_by = self.file.grow(signed, compared, before=before)
        if overtaken_by is None:
            self._known, self.is_expected = signed, True
        return overtaken_by

    def _compare(self, connection: Connection, head: Head, signed: LargestHead | None) -> None:
        if signed is None or (signed == self._known and signed == LargestHead.of(head)):
            return
        if head.size < signed.size:
            raise LogRolledBack(
                f"a log of {signed.size} entries was signed, and the database has {head.size}: it was put back to an earlier state"
            )
        if root_at(connection, head, signed.size) != signed.root:
            raise LogRolledBack(f"another log of {signed.size} entries was signed than the one that the database has")


def root_at(connection: Connection, head: Head, size: int) -> bytes:
    """The root that the log had when it had `size` entries; reads O(log size) rows."""
    if size == head.size:
        return head.root
    if size == 0:
        return EMPTY_ROOT
    coordinates = list(frontier_of(0, size))
    nodes = log.stored_nodes(connection, coordinates)
    try:
        return root_of([nodes[coordinate] for coordinate in coordinates])
    except KeyError as error:
        raise LogDamaged(f"the node at level and position {error} is not stored") from error
