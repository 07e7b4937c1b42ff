"""Names formats that PicSafe does not support, recognised by their first bytes, so that the sender knows what to
convert.
"""

from __future__ import annotations

from typing import Final

from picsafe_media.images.unsupported_images import PICTURE_KINDS, PICTURES, picture_kind
from picsafe_protocol.contracts.errors import UnsupportedMedium

__all__ = ["UNSUPPORTED_SIGNATURES", "foreign_kind", "refusal_of"]

UNSUPPORTED_SIGNATURES: Final = PICTURES | {
    (0, b"PK\x03\x04"): ("archive", "a zip archive or an office document"),
    (8, b"AVI "): ("avi", "an AVI video"),
    (0, b"\x30\x26\xb2\x75"): ("windows_media", "a Windows Media file"),
    (0, b"FLV"): ("flash", "a Flash video"),
    (0, b"#!AMR_MC"): ("amr", "an AMR recording of several channels"),
    (0, b"#!AMR-WB_MC"): ("amr", "an AMR recording of several channels"),
    (0, b"caff"): ("core_audio", "a Core Audio file"),
    (8, b"AIFF"): ("aiff", "an AIFF recording"),
    (8, b"AIFC"): ("aiff", "an AIFF recording"),
    (8, b"QLCM"): ("qcelp", "a QCP recording"),
    (0, b"RIFX"): ("riff", "a RIFF file of an unknown kind"),
    (0, b"RIFF"): ("riff", "a RIFF file of an unknown kind"),
    (0, b"riff\x2e\x91\xcf\x11"): ("wave64", "a Wave64 recording"),
    (0, b"\x02dss"): ("dss", "a DSS dictation"),
    (0, b"\x03dss"): ("dss", "a DSS dictation"),
    (0, b"\x03ds2"): ("dss", "a DSS dictation"),
    (0, b"\x06ds2"): ("dss", "a DSS dictation"),
    (0, b"\x07ds2"): ("dss", "a DSS dictation"),
    (0, b"\x00\x00\x01\xba"): ("mpeg_program", "an MPEG video (program stream)"),
    (0, b"\x00\x00\x01\xb3"): ("mpeg_video", "an MPEG video without a container"),
    (0, b"\x00\x00\x00\x01\x67"): ("h264", "an H.264 video without a container"),
    (0, b"\x00\x00\x00\x01\x40\x01"): ("h265", "an H.265 video without a container"),
    (0, b"\x0b\x77"): ("ac3", "a Dolby Digital (AC-3) recording"),
    (0, b"\x7f\xfe\x80\x01"): ("dts", "a DTS recording"),
    (0, b".snd"): ("au", "an AU recording"),
    (0, b"wvpk"): ("wavpack", "a WavPack recording"),
    (0, b"MAC "): ("monkeys_audio", "a Monkey's Audio recording"),
    (0, b"MPCK"): ("musepack", "a Musepack recording"),
    (0, b"MP+"): ("musepack", "a Musepack recording"),
    (0, b"TTA1"): ("true_audio", "a True Audio recording"),
    (0, b"DSD "): ("dsd", "a DSD recording"),
    (0, b"ADIF"): ("aac_adif", "an AAC recording of an old kind (ADIF)"),
    (0, b"MThd"): ("midi", "a MIDI file"),
    (0, b".RMF"): ("real_media", "a RealMedia file"),
    (0, b".ra\xfd"): ("real_media", "a RealMedia file"),
    (0, b"\x06\x0e\x2b\x34\x02\x05"): ("mxf", "an MXF video"),
    (0, b"\x1f\x07\x00"): ("dv", "a DV video"),
    (0, b"DKIF"): ("ivf", "an IVF video"),
    (0, b"YUV4MPEG2"): ("y4m", "an uncompressed video (Y4M)"),
    (0, b"SQLite"): ("database", "a database"),
    (0, b"\xd0\xcf\x11\xe0"): ("office", "an office document"),
}
"""What begins thus, at this offset: its kind for a program, and for a person. These are never searched for a JPEG,
since many of them contain one.
"""

_AS_PICTURE: Final = "Save it as JPEG or PNG in a program that shows it, and choose that; nothing was sent."
_AS_PAGES: Final = "Save its pages as pictures, or photograph them; nothing was sent."
_TRANSPORT: Final = {188: 0, 192: 4, 204: 0}
"""Lengths of the packets of an MPEG transport stream, and where 0x47 stands in each: plain, from camcorders,
broadcast.
"""


def foreign_kind(head: bytes) -> tuple[str, str] | None:
    """What a file that begins with `head` is, if it is known and not carried; a kilobyte tells all of them."""
    for (offset, magic), found in UNSUPPORTED_SIGNATURES.items():
        if head.startswith(magic, offset):
            return found
    picture = picture_kind(head)
    if picture:
        return picture
    for length, first in _TRANSPORT.items():
        signs = head[first::length]
        if len(signs) >= 4 and set(signs) == {0x47}:
            return "mpeg_transport", "an MPEG video (transport stream)"
    return None


def refusal_of(kind: str, name: str) -> UnsupportedMedium:
    """The error for a file that is known and not carried."""
    sentence = f"This is {name}, which PicSafe does not support."
    if kind == "pdf":
        return UnsupportedMedium(sentence, advice=_AS_PAGES, kind=kind)
    return UnsupportedMedium(sentence, **({"advice": _AS_PICTURE} if kind in PICTURE_KINDS else {}), kind=kind)
