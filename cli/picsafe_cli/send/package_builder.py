"""Encrypts a prepared report into a file; only ciphertext is written to the disk."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import BinaryIO

import picsafe_media as media
from picsafe_cli.send.media_preparation import PreparedMedium, Progress
from picsafe_protocol.contracts.errors import DigestMismatch
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.chunked import STEP, Writer
from picsafe_protocol.format.package import Header, frame
from picsafe_protocol.format.payload import FilePart, PayloadPlan, plan_payload
from picsafe_protocol.format.report import Report


def planned(report: Report, prepared: Sequence[PreparedMedium]) -> PayloadPlan:
    """The payload of `report` laid out. Raises as `plan_payload`."""
    return plan_payload(report, {path: crc for item in prepared for path, crc in item.crc32s.items()})


async def pack_into(
    file: BinaryIO,
    header: Header,
    key: bytes,
    plan: PayloadPlan,
    prepared: Sequence[PreparedMedium],
    progress: Progress,
) -> int:
    """Write the package of a planned payload to the empty `file`; its size in bytes. `progress` is called with the
    payload's bytes.

    Raises `DigestMismatch` when a file changed after it was prepared, and as `frame`.
    """
    header_bytes = header.to_bytes()
    room = frame(header_bytes, 0, 0).prefix
    file.write(room)  # the same length as the real one, which needs the CRC-32 of what follows
    writer = Writer(key, header_bytes, AesGcm())
    size, crc = 0, 0
    async with aclosing(_sealed(writer, _payload(plan.parts, prepared), progress)) as pieces:
        async for sealed in pieces:
            file.write(sealed)
            size += len(sealed)
            crc = zlib.crc32(sealed, crc)
    around = frame(header_bytes, size, crc)
    file.write(around.suffix)
    file.seek(0)
    file.write(around.prefix)
    file.flush()
    return around.size


async def _sealed(writer: Writer[bytes], pieces: Iterator[bytes], progress: Progress) -> AsyncGenerator[bytes, None]:
    yield writer.header
    for piece in pieces:
        yield await writer.update(piece)
        progress(len(piece))
        await asyncio.sleep(0)  # nothing else here lets a Ctrl-C through
    yield await writer.finish()


def _payload(parts: Sequence[bytes | FilePart], prepared: Sequence[PreparedMedium]) -> Iterator[bytes]:
    """The payload's bytes; each file is compared with what was measured when it was prepared."""
    by_path = {item.medium.path: item for item in prepared}
    thumbnails = {
        item.medium.thumbnail.path: item.thumbnail for item in prepared if item.medium.thumbnail and item.thumbnail
    }
    for part in parts:
        if isinstance(part, bytes):
            yield part
        elif part.path in thumbnails:
            yield thumbnails[part.path]
        else:
            yield from _unchanged(by_path[part.path], part)


def _unchanged(item: PreparedMedium, part: FilePart) -> Iterator[bytes]:
    crc, size = 0, 0
    with item.source.open("rb") as file:
        for piece in media.cleaned_chunks(file, item.cleaned, STEP):
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            if size <= part.size:
                yield piece
    if (size, crc) != (part.size, item.crc32s[part.path]):
        raise DigestMismatch(
            f"{item.source.name} changed while it was being sent.",
            advice="Nothing was sent. Try again.",
            path=part.path,
        )
