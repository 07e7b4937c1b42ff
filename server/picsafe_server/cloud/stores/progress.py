"""Records of S3 uploads that this process received itself: the SHA-256 of their parts in order, and their ETags.

Such an upload need not be read back. Each part was sent with the SHA-256 that its sender declared in the signature, so
the bucket either holds bytes with that digest or refused them. The digest of the whole is computed here from the same
bytes. The package is assembled from parts with exactly the ETags that the bucket returned. An ETag alone proves little,
because it is an MD5 and anybody can make two parts that share one. So two more conditions must hold:

* No other bytes were sent from here as the same part. What is going to be sent is noted by its SHA-256 before it is sent, since
  it may arrive although its answer does not; a second SHA-256 for a part makes the upload unknown here.
* No other process sent a part. One that knows nothing of an upload marks it in the bucket before it sends a part of it, and
  the request that completes an upload looks for that mark after it was put together (`S3Store`).

An upload that is unknown here is read back.
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
"""Of parts that came before one ahead of them, of all uploads: clients send a few at a time. For more, the longest
unused uploads are forgotten.
"""


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
        """Record that an upload begins, of which nothing is stored anywhere."""
        with self._lock:
            self._uploads[name] = _Upload()
            if len(self._uploads) > UPLOADS:
                self._forget(next(iter(self._uploads)))

    def sending(self, name: str, index: int, sha256: bytes) -> bool:
        """Record that a part is about to be sent; returns whether the upload is still known here afterwards."""
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
        """Record that the store has part `index` with this `etag`."""
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
        """Whether the upload is still known."""
        return name in self._uploads

    def forget(self, name: str) -> None:
        """Forget the upload."""
        with self._lock:
            self._forget(name)

    def _hold(self, name: str, upload: _Upload, index: int, etag: str, pieces: list[bytes]) -> bool:
        """Keep a part in memory until the parts before it are hashed; returns whether it was kept."""
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
        """Make room for a part of `name` that waits, at the cost of the uploads that are the longest unused; whether
        the upload is not forgotten itself. One that lacks a part keeps no room from those that go on.
        """
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
