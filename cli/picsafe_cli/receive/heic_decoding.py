"""Decodes a received HEIC photo for DICOM, in a process of its own.

libheif is a large parser in C++, and a received photo may be hostile. The process gets the photo on its standard input and
writes a JPEG to its standard output; it has a limit of time, memory and output, and what crashes it costs one DICOM file.
The size of the photo has been looked at before (`picsafe_media.pixel_limits`).
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from contextlib import suppress
from typing import BinaryIO, Final

from picsafe_protocol.contracts.limits import MIB

MEDIA_TYPES: Final = frozenset({"image/heic", "image/heif"})
SECONDS: Final = 120
"""For one photo: 48 megapixels take 3 s, and `PHOTO_PIXELS` 8 s, on a machine that does nothing else."""
MEMORY: Final = 4096 * MIB
"""Address space of the process: about twenty bytes for each of `PHOTO_PIXELS`, and the libraries."""
JPEG_BYTES: Final = 256 * MIB
"""Of the JPEG that is taken from it: two bytes for each of `PHOTO_PIXELS`."""
QUALITY: Final = 95
"""As the page's (`picsafe_client.reports.dicom_export`): no visible difference."""


async def jpeg_of(photo: BinaryIO) -> bytes | None:
    """The photo as a baseline JPEG: upright, in sRGB, on white where it is transparent, without metadata. None when it
    cannot be decoded within the limits.
    """
    return await asyncio.to_thread(_from_process, photo)


def _from_process(photo: BinaryIO) -> bytes | None:
    photo.seek(0)
    command = [sys.executable, "-m", "picsafe_cli.receive.heic_decoding"]
    with subprocess.Popen(command, stdin=photo, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 our own module
        try:
            jpeg, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    return jpeg if process.returncode == 0 and 0 < len(jpeg) <= JPEG_BYTES else None


def _limit() -> None:
    """Where the system can: Windows has no such limits."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _convert(photo: bytes) -> bytes:
    import pi_heif  # type: ignore[import-untyped]
    from PIL import Image, ImageCms

    pi_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None  # its header has been looked at
    picture: Image.Image = Image.open(io.BytesIO(photo), formats=["HEIF"])
    profile = picture.info.get("icc_profile")
    if picture.mode not in ("RGB", "L"):
        ground = Image.new("RGBA", picture.size, "white")
        ground.alpha_composite(picture.convert("RGBA"))
        picture = ground.convert("RGB")
    if profile and picture.mode == "RGB":
        with suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), inPlace=True)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY, exif=b"", icc_profile=None)
    return written.getvalue()


if __name__ == "__main__":
    _limit()
    sys.stdout.buffer.write(_convert(sys.stdin.buffer.read()))
