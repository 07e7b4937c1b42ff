"""Writes photos of an opened report as DICOM files next to the originals.

JPEGs that fit are written byte for byte as My PicSafe does, and HEIC photos are decoded and recompressed, which the file
says. Other photos that would have to be recompressed are skipped: this command decodes no other received pictures.
"""

from __future__ import annotations

from pathlib import Path

from picsafe_cli import durable_files
from picsafe_cli.receive import heic_decoding
from picsafe_media import FileSource, cleaned_chunks
from picsafe_media.pixel_limits import check_picture
from picsafe_protocol.contracts.errors import PictureRefused
from picsafe_protocol.format.opening import Opened


async def write_dicom(opened: Opened[bytes], index: int, folder: Path, name: str) -> str | None:
    """Write medium number `index` (from 0), which lies in `folder` as `name`, as DICOM beside it; the new file's name.

    None when DICOM cannot hold it and it is no HEIC photo that can be decoded, or when it is larger than is decoded or not as large as the report says:
    readers of DICOM files trust rows and columns. What is written is on the disk when this returns.
    """
    from picsafe_dicom.instance import head, tail
    from picsafe_dicom.photo import Fit, Pixels, Reason, compressed_anew, examine

    medium = opened.payload.report.media[index]
    with (folder / name).open("rb") as photo:
        try:
            await check_picture(FileSource(photo), medium)
        except PictureRefused:
            return None
        found = await examine(FileSource(photo))
        if isinstance(found, Fit):
            pixels, pieces = found.pixels, cleaned_chunks(photo, found.cleaned)
        elif found is Reason.FORMAT and medium.media_type in heic_decoding.MEDIA_TYPES:
            jpeg = await heic_decoding.jpeg_of(photo)
            described = await compressed_anew(FileSource.of(jpeg), found) if jpeg is not None else None
            if jpeg is None or not isinstance(described, Pixels):
                return None
            pixels, pieces = described, iter([jpeg])
        else:
            return None
        written = str(Path(name).with_suffix(".dcm"))
        with durable_files.create(folder / written) as file:
            file.write(head(opened.payload.report, index, pixels, opened.provenance))
            for piece in pieces:
                file.write(piece)
            file.write(tail(pixels))
            durable_files.sync_file(file, folder / written)
    return written
