"""Encrypts a report into a package on this device. The result is a Blob of ciphertext, which the browser may keep on its disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

from picsafe_client.blobs import READ_BYTES, new_blob, read_blob
from picsafe_client.crypto import hashing
from picsafe_client.crypto.webcrypto import WebCryptoCipher
from picsafe_client.i18n.error_messages import localized_error
from picsafe_client.sending.media_preparation import PreparedFile, ProgressDelta, with_file_name
from picsafe_protocol.contracts.errors import DigestMismatch, UnsupportedMedium
from picsafe_protocol.contracts.limits import HEADER_BYTES, MIB, PACKAGE_BYTES
from picsafe_protocol.crypto.chunked import Writer, ciphertext_length
from picsafe_protocol.format.package import Header, frame
from picsafe_protocol.format.payload import FilePart, plan_payload
from picsafe_protocol.format.report import Report

BLOB_BYTES: Final = 16 * MIB
"""Ciphertext that is collected before it becomes a Blob, so that the browser can move it out of memory."""

FACTS_BYTES: Final = MIB
"""Room for the patient, notes and consent in `report.json`, with much to spare."""
FILE_FACTS_BYTES: Final = 2048
"""Room for what a file and its small picture need beside their bytes: their lines in `report.json`, their zip headers."""


def fits(files: Iterable[PreparedFile]) -> bool:
    """Whether a report of these files stays within `PACKAGE_BYTES`. Asked as they are chosen, long before anything is encrypted."""
    sizes = (file.size + (file.preview.facts.size if file.preview else 0) + FILE_FACTS_BYTES for file in files)
    return ciphertext_length(sum(sizes) + FACTS_BYTES) + HEADER_BYTES <= PACKAGE_BYTES


async def pack(
    header: Header, key: bytes, report: Report, files: Sequence[PreparedFile], progress: ProgressDelta
) -> Any:
    """The package as a Blob.

    Raises `DigestMismatch` when a file changed since it was prepared, `UnsupportedMedium` when it can no longer be read, and
    `LimitExceeded` for more than a package holds.
    """
    header_bytes = header.to_bytes()
    contents = {medium.path: file for medium, file in zip(report.media, files, strict=True)}
    pictures = {
        medium.thumbnail.path: file.preview
        for medium, file in zip(report.media, files, strict=True)
        if medium.thumbnail and file.preview
    }
    crc32s = {path: file.crc32 for path, file in contents.items()}
    crc32s |= {path: picture.crc32 for path, picture in pictures.items()}
    plan = plan_payload(report, crc32s)
    cipher = WebCryptoCipher()
    writer = Writer(key, header_bytes, cipher)
    sealed = CiphertextCollector(await hashing.crc32(), cipher)
    sealed.add(cipher.from_bytes(writer.header))
    for part in plan.parts:
        if isinstance(part, bytes):
            sealed.add(await writer.update(cipher.from_bytes(part)))
        elif part.path in pictures:
            sealed.add(await writer.update(pictures[part.path].data))
        else:
            async for piece in _unchanged(contents[part.path], part):
                sealed.add(await writer.update(piece))
                progress(int(piece.length))
    sealed.add(await writer.finish())
    return sealed.framed(header_bytes)


async def _unchanged(file: PreparedFile, part: FilePart) -> AsyncIterator[Any]:
    """The bytes of a file, compared with what was measured when it was prepared."""
    crc32 = await hashing.crc32()
    for start in range(0, part.size, READ_BYTES):
        try:
            piece = await read_blob(file.blob, start, min(start + READ_BYTES, part.size))
        except UnsupportedMedium as error:
            raise with_file_name(error, file.name) from None
        crc32.update(piece)
        yield piece
    if crc32.value() != file.crc32:
        raise localized_error(DigestMismatch, "sending", {"path": part.path}, name=file.name)


class CiphertextCollector:
    """Ciphertext on its way into Blobs."""

    def __init__(self, crc32: hashing.Crc32, cipher: WebCryptoCipher) -> None:
        self._crc32 = crc32
        self._cipher = cipher
        self._pending: list[Any] = []
        self._pending_size = 0
        self._blobs: list[Any] = []
        self._size = 0

    def add(self, piece: Any) -> None:
        self._crc32.update(piece)
        length = self._cipher.length(piece)
        self._size += length
        self._pending.append(piece)
        self._pending_size += length
        if self._pending_size >= BLOB_BYTES:
            self._store()

    def framed(self, header_bytes: bytes) -> Any:
        """The whole package."""
        self._store()
        around = frame(header_bytes, self._size, self._crc32.value())
        prefix, suffix = self._cipher.from_bytes(around.prefix), self._cipher.from_bytes(around.suffix)
        return new_blob([prefix, *self._blobs, suffix])

    def _store(self) -> None:
        self._blobs.append(new_blob(self._pending))
        self._pending, self._pending_size = [], 0
