"""What this process knows of an upload to S3 that it received itself: the SHA-256 of its parts in order, and their ETags.

The store checks the SHA-256 that each part is signed with, and a package is put together out of parts with known ETags, so
nothing has to be read back of an upload that came through one process. Of any other nothing is known here.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Final

from picsafe_protocol.limits import UPLOAD_PART_BYTES

UPLOADS: Final = 1000
"""Uploads that are remembered: the longest unused is forgotten, and read back when it is completed."""
HELD_BYTES: Final = 8 * UPLOAD_PART_BYTES
"""Of parts that came before one ahead of them, of all uploads: clients send a few at a time."""


class _Upload:
    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.etags: list[str] = []
        """Of the parts that are in the digest."""
        self.held: dict[int, tuple[str, bytes]] = {}


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

    def add(self, name: str, index: int, etag: str, content: bytes) -> None:
        """The store has part `index` and calls it `etag`."""
        with self._lock:
            upload = self._uploads.get(name)
            if upload is None:
                return
            self._uploads.move_to_end(name)
            before = upload.etags[index] if index < len(upload.etags) else upload.held.get(index, ("",))[0]
            if before:
                if before != etag:  # sent again with other bytes
                    self._forget(name)
                return
            if index > len(upload.etags) and self._held_bytes + len(content) > HELD_BYTES:
                self._forget(name)
                return
            upload.held[index] = (etag, content)
            self._held_bytes += len(content)
            while (following := upload.held.pop(len(upload.etags), None)) is not None:
                self._held_bytes -= len(following[1])
                upload.digest.update(following[1])
                upload.etags.append(following[0])

    def whole(self, name: str, etags: list[str]) -> str | None:
        """The SHA-256, in hex, of the upload whose parts have exactly these ETags; None when that is not known here."""
        with self._lock:
            upload = self._uploads.get(name)
            return upload.digest.hexdigest() if upload is not None and upload.etags == etags else None

    def forget(self, name: str) -> None:
        """It is over."""
        with self._lock:
            self._forget(name)

    def _forget(self, name: str) -> None:
        upload = self._uploads.pop(name, None)
        if upload is not None:
            self._held_bytes -= sum(len(content) for _, content in upload.held.values())
