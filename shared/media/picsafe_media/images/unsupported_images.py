"""Names pictures and documents that PicSafe does not support, recognised by their first bytes."""

from __future__ import annotations

import re
from typing import Final

from picsafe_media.images.exif import tiff_tags

__all__ = ["PICTURES", "PICTURE_KINDS", "picture_kind"]

PICTURES: Final = {
    (0, b"%PDF"): ("pdf", "a PDF document"),
    (0, b"BM"): ("bmp", "a BMP picture"),
    (0, b"II\xbc"): ("jpeg_xr", "a JPEG XR picture"),
    (0, b"IIU\x00"): ("camera_raw", "a camera raw picture (RW2)"),
    (0, b"IIRO"): ("camera_raw", "a camera raw picture (ORF)"),
    (0, b"IIRS"): ("camera_raw", "a camera raw picture (ORF)"),
    (0, b"MMOR"): ("camera_raw", "a camera raw picture (ORF)"),
    (0, b"FUJIFILMCCD-RAW"): ("camera_raw", "a camera raw picture (RAF)"),
    (0, b"FOVb"): ("camera_raw", "a camera raw picture (X3F)"),
    (0, b"\x00MRM"): ("camera_raw", "a camera raw picture (MRW)"),
    (4, b"ftypcrx "): ("camera_raw", "a camera raw picture (CR3)"),
    (4, b"JXL "): ("jpeg_xl", "a JPEG XL picture"),
    (0, b"\xff\x0a"): ("jpeg_xl", "a JPEG XL picture"),
    (4, b"jP  "): ("jpeg_2000", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51"): ("jpeg_2000", "a JPEG 2000 picture"),
    (128, b"DICM"): ("dicom", "a DICOM file"),
    (0, b"8BPS"): ("photoshop", "a Photoshop document"),
    (0, b"gimp xcf"): ("gimp", "a GIMP document"),
    (0, b"icns"): ("icon", "an icon"),
    (0, b"\x76\x2f\x31\x01"): ("open_exr", "an OpenEXR picture"),
    (0, b"#?RADIANCE"): ("radiance", "a Radiance picture"),
    (0, b"AT&TFORM"): ("djvu", "a DjVu document"),
    (0, b"%!PS"): ("postscript", "a PostScript document"),
    (0, b"\xc5\xd0\xd3\xc6"): ("postscript", "a PostScript document"),
    (0, b"\x01\x00\x00\x00\x58\x00\x00\x00"): ("metafile", "a Windows metafile"),
    (0, b"\xd7\xcd\xc6\x9a"): ("metafile", "a Windows metafile"),
    (0, b"qoif"): ("qoi", "a QOI picture"),
    (0, b"BPG\xfb"): ("bpg", "a BPG picture"),
    (0, b"FLIF"): ("flif", "a FLIF picture"),
    (0, b"DDS "): ("dds", "a DDS picture"),
}
"""What begins thus, at this offset: its kind for a program, and for a person."""

_ICON: Final = re.compile(rb"\x00\x00\x01\x00[^\x00]\x00")
"""A film may begin with the same four bytes, as the length of its first box."""
_PORTABLE: Final = re.compile(rb"P[1-7]\s")
_SVG: Final = re.compile(rb"\s*(?:<\?xml[^>]*>)?\s*(?:<!--.*?-->\s*)*(?:<!DOCTYPE\s+svg[^>]*>\s*)?<svg[\s>]", re.DOTALL)
_HTML: Final = re.compile(rb"\s*<(?:!DOCTYPE\s+html|html)[\s>]", re.IGNORECASE)
_DNG_VERSION, _SUB_IMAGES, _MAKE = 0xC612, 0x014A, 0x010F

PICTURE_KINDS: Final = ({kind for kind, _ in PICTURES.values()} | {"tiff", "portable", "svg", "heif_form"}) - {
    "pdf",
    "dicom",
}
"""Kinds that another program can save as JPEG or PNG."""


def picture_kind(head: bytes) -> tuple[str, str] | None:
    """What a picture or document is that no fixed bytes tell of, if it is known and not carried."""
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return _tiff(head)
    if _ICON.match(head):
        return "icon", "an icon"
    if _PORTABLE.match(head):
        return "portable", "a picture of the Netpbm kind"
    if _SVG.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "svg", "an SVG drawing"
    if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "web_page", "a web page, not the picture on it"
    return None


def _tiff(head: bytes) -> tuple[str, str]:
    """Recognise raw pictures of cameras, which are TIFF files whose directory comes first."""
    tags = tiff_tags(head)
    if head[8:10] == b"CR":
        return "camera_raw", "a camera raw picture (CR2)"
    if _DNG_VERSION in tags:
        return "camera_raw", "a camera raw picture (DNG)"
    if {_SUB_IMAGES, _MAKE} <= tags:
        return "camera_raw", "a camera raw picture"
    return "tiff", "a TIFF or camera raw picture"
