"""Writes photos of an opened report as DICOM files next to the originals, byte for byte as My PicSafe does.

A photo that would have to be recompressed is skipped: this command decodes no received pictures.
"""

from __future__ import annotations

from pathlib import Path

from picsafe_cli import durable_files
from picsafe_media import FileSource, cleaned_chunks
from picsafe_media.pixel_limits import check_picture
from picsafe_protocol.contracts.errors import PictureRefused
from picsafe_protocol.format.opening import Opened


async def write_dicom(opened: Opened[bytes], index: int, folder: Path, name: str) -> str | None:
    """Write medium number `index` (from 0), which lies in `folder` as `name`, as DICOM beside it; the new file's name.

    None when DICOM cannot hold it as it is, or when it is larger than is decoded or not as large as the report says:
    readers of DICOM files trust rows and columns. What is written is on the disk when this returns.
    """
    from picsafe_dicom.instance import head, tail
    from picsafe_dicom.photo import Fit, examine

    with (folder / name).open("rb") as photo:
        try:
            await check_picture(FileSource(photo), opened.payload.report.media[index])
        except PictureRefused:
            return None
        found = await examine(FileSource(photo))
        if not isinstance(found, Fit):
            return None
        written = str(Path(name).with_suffix(".dcm"))
        with durable_files.create(folder / written) as file:
            file.write(head(opened.payload.report, index, found.pixels, opened.provenance))
            for piece in cleaned_chunks(photo, found.cleaned):
                file.write(piece)
            file.write(tail(found.pixels))
            durable_files.sync_file(file, folder / written)
    return written
