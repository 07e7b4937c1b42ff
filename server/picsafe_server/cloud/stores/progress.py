"""What this process knows of an upload to S3 that it received itself: the SHA-256 of its parts in order, and their ETags.

Why nothing has to be read back of such an upload: each part was sent with the SHA-256 that its sender declares in the
signature, so the bucket holds bytes with that digest or refused them. The digest of the whole is made here from the same bytes.
The package is put together out of parts with exactly the ETags that the bucket answered. An ETag alone proves little, because it
is an MD5, and anybody can make two parts that share one. So two more things must be true:

* No other bytes were sent from here as the same part. What is going to be sent is noted by its SHA-256 before it is sent, since
  it may arrive although its answer does not; a second SHA-256 for a part makes the upload unknown here.
* No other process sent a part. One that knows nothing of an upload marks it in the bucket before it sends a part of it, and
  the request that completes an upload looks for that mark after it was put together (`S3Store`).

What is unknown is read back.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Final

from picsafe_protocol.contracts.limits import UPLOAD_PART_BYTES

UPLOADS: Final = 1000
"""Uploads that are remembered: the longest unused is forgotten, and read back when it is completed."""
HELD_BYTES: Final = 8 * UPLOAD_PART_BYTES
"""Of parts that came before one ahead of them, of all uploads: clients send a few at a time. For more, the longest unused
uploads are forgotten."""


class _Upload:
    def __init__(self) -> None:
        self.turn = threading.Lock()
        """Hashing takes milliseconds; other uploads do not wait for it."""
        self.digest = hashlib.sha256()
        self.sent: dict[int, bytes] = {}
        """The SHA-256 of every part that was ever sent from here."""
        self.etags: list[str] = []
        """Of the parts that are in the digest."""
        self.held: dict[int, tuple[str, list[bytes]]] = {}


class Progress:
    """All uploads of one store. Safe to call from threads."""

    def __init__(self) -> None:
        self._uploads: OrderedDict[str, _Upload] = OrderedDict()
        self._held_bytes = 0
        self._lock = threading.Lock()

    def begin(self, name: str) -> None:
        """An upload begins here, with nothing of it anywhere."""
        with self._lock:
            self._uploads[name] = _Upload()
            if len(self._uploads) > UPLOADS:
                self._forget(next(iter(self._uploads)))

    def sending(self, name: str, index: int, sha256: bytes) -> bool:
        """A part is about to be sent; whether the upload is known here afterwards."""
        with self._lock:
            upload = self._uploads.get(name)
            if upload is None:
                return False
            self._uploads.move_to_end(name)
            if upload.sent.setdefault(index, sha256) != sha256:
                self._forget(name)
                return False
            return True

    def add(self, name: str, index: int, etag: str, pieces: list[bytes]) -> None:
        """The store has part `index` and calls it `etag`."""
        upload = self._uploads.get(name)
        if upload is None:
            return
        with upload.turn:
            if not self._hold(name, upload, index, etag, pieces):
                return
            while (following := upload.held.get(len(upload.etags))) is not None:
                for piece in following[1]:
                    upload.digest.update(piece)
                with self._lock:
                    if self._uploads.get(name) is not upload:
                        return
                    del upload.held[len(upload.etags)]
                    self._held_bytes -= _length(following[1])
                    upload.etags.append(following[0])

    def whole(self, name: str, etags: list[str]) -> str | None:
        """The SHA-256, in hex, of the upload whose parts have exactly these ETags; None when that is not known here."""
        upload = self._uploads.get(name)
        if upload is None:
            return None
        with upload.turn:
            return upload.digest.hexdigest() if upload.etags == etags else None

    def knows(self, name: str) -> bool:
        """Whether nothing has happened to the upload since that makes it unknown."""
        return name in self._uploads

    def forget(self, name: str) -> None:
        """It is over."""
        with self._lock:
            self._forget(name)

    def _hold(self, name: str, upload: _Upload, index: int, etag: str, pieces: list[bytes]) -> bool:
        """Keep a part until it is its turn; whether there was a reason to."""
        with self._lock:
            if self._uploads.get(name) is not upload:
                return False
            before = upload.etags[index] if index < len(upload.etags) else upload.held.get(index, ("",))[0]
            if before:
                if before != etag:
                    self._forget(name)
                return False
            if index > len(upload.etags) and not self._make_room(name, _length(pieces)):
                return False
            upload.held[index] = (etag, pieces)
            self._held_bytes += _length(pieces)
            return True

    def _make_room(self, name: str, size: int) -> bool:
        """Make room for a part of `name` that waits, at the cost of the uploads that are the longest unused; whether the upload
        is not forgotten itself. One that lacks a part keeps no room from those that go on."""
        while self._held_bytes + size > HELD_BYTES:
            oldest = next((other for other, upload in self._uploads.items() if upload.held), name)
            self._forget(oldest)
            if oldest == name:
                return False
        return True

    def _forget(self, name: str) -> None:
        upload = self._uploads.pop(name, None)
        if upload is not None:
            self._held_bytes -= sum(_length(pieces) for _, pieces in upload.held.values())


def _length(pieces: list[bytes]) -> int:
    return sum(map(len, pieces))
