"""The cleaned copy of a file, for programs that read files."""

from __future__ import annotations

import io
from typing import BinaryIO

from picsafe_media import Cleaned, Keep


class CleanedFile(io.RawIOBase):
    """The cleaned copy of an open file, read where it lies: no plaintext is written anywhere for the sake of a
    thumbnail.
    """

    def __init__(self, file: BinaryIO, cleaned: Cleaned) -> None:
        self._file = file
        self._cleaned = cleaned
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._cleaned.size}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As many bytes as the segment at the position still has."""
        begin = 0
        for segment in self._cleaned.segments:
            length = segment.stop - segment.start if isinstance(segment, Keep) else len(segment)
            if self._position < begin + length:
                skip = self._position - begin
                count = min(length - skip, len(buffer))
                if isinstance(segment, Keep):
                    self._file.seek(segment.start + skip)
                    data = self._file.read(count)
                else:
                    data = segment[skip : skip + count]
                buffer[: len(data)] = data
                self._position += len(data)
                return len(data)
            begin += length
        return 0
