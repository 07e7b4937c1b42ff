"""Wraps report keys for storage: AES-256-GCM under a master key, bound to the report, its owner and its readers.

`KeyWrapper` is the interface behind which a key management service can stand; `MasterKeyFile` is the default.
The file holds numbered master keys, one per line: the newest wraps, any of them unwraps.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from picsafe_protocol.contracts.errors import ServiceError
from picsafe_server.runtime.secret_files import write_secret

MASTER_KEY_BYTES = 32
NONCE_BYTES = 12
"""Random: by NIST SP 800-38D one master key may wrap 2^32 report keys; rotate it long before."""
_HEADER = (
    "# PicSafe master keys: number and key. The last wraps, all unwrap. Without this file no report can be opened.\n"
)


_log = logging.getLogger("picsafe.keys")


class WrappingError(ServiceError):
    """A report key cannot be wrapped or unwrapped: a master key is missing, or the database was changed."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A report key that only the master key number `master` opens."""

    master: int
    blob: bytes = field(repr=False)


class KeyWrapper(Protocol):
    """Wraps report keys. `context` is bound into the wrapping: unwrapping with another fails."""

    async def wrap(self, key: bytes, context: bytes) -> WrappedKey:
        """Wrap under the newest master key."""
        ...

    async def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """The key; `WrappingError` when the master key is missing or the context is another."""
        ...

    def newest(self) -> int:
        """The number of the master key that wraps now."""
        ...


class MasterKeyFile:
    """Master keys in a file that only this user can read. A change of the file is noticed without a restart."""

    def __init__(self, path: Path) -> None:
        """With the file in `path`, made there on first use."""
        self.path = path
        if not path.exists():
            write_secret(path, _text({1: secrets.token_bytes(MASTER_KEY_BYTES)}))
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[int, AESGCM] = {}
        self._refresh()

    async def wrap(self, key: bytes, context: bytes) -> WrappedKey:
        number = self.newest()
        nonce = secrets.token_bytes(NONCE_BYTES)
        return WrappedKey(number, nonce + self._keys[number].encrypt(nonce, key, context))

    async def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        if wrapped.master not in self._keys:
            self._refresh()
        master = self._keys.get(wrapped.master)
        if master is None:
            raise WrappingError(f"The key server lacks its master key number {wrapped.master}.")
        try:
            return master.decrypt(wrapped.blob[:NONCE_BYTES], wrapped.blob[NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:  # ValueError: too short to be one
            raise WrappingError("The stored key does not belong to what is stored beside it.") from error

    def newest(self) -> int:
        self._refresh()
        return max(self._keys)

    def _refresh(self) -> None:
        facts = self.path.stat()
        stamp = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
        if stamp != self._stamp:
            if facts.st_mode & 0o077:
                _log.warning("%s can be read by other users of this machine: chmod 600", self.path.name)
            self._keys = {number: AESGCM(key) for number, key in read_master_keys(self.path).items()}
            self._stamp = stamp


def read_master_keys(path: Path) -> dict[int, bytes]:
    """The numbered keys of a master key file; `ValueError` (which never quotes a key) when it is not one."""
    keys: dict[int, bytes] = {}
    for count, line in enumerate(path.read_text("ascii").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        number, _, text = line.strip().partition(" ")
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error:
            key = b""
        if not number.isdecimal() or int(number) in keys or len(key) != MASTER_KEY_BYTES:
            raise ValueError(f"{path.name}, line {count}: not a new number and {MASTER_KEY_BYTES} bytes in base64")
        keys[int(number)] = key
    if not keys:
        raise ValueError(f"{path.name} holds no master key")
    return keys


@contextmanager
def changing_master_keys(path: Path) -> Iterator[dict[int, bytes]]:
    """The numbered keys of a master key file, for one process at a time; what they are after the block becomes the
    file.

    Two that change the file at once would otherwise each write what they read, and one of the new keys would be lost
    with all that it wraps.
    """
    with path.with_name(path.name + ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        keys = read_master_keys(path)
        yield keys
        _replace(path, keys)


def _replace(path: Path, keys: dict[int, bytes]) -> None:
    # At any moment the old or the new file is there, whole.
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    write_secret(temporary, _text(keys))
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _text(keys: dict[int, bytes]) -> bytes:
    lines = [f"{number} {base64.b64encode(key).decode('ascii')}\n" for number, key in sorted(keys.items())]
    return (_HEADER + "".join(lines)).encode("ascii")
