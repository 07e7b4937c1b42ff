"""How the sound in a WAVE file is coded: the number in its `fmt ` chunk (Microsoft, mmreg.h)."""

from __future__ import annotations

from typing import Final, NamedTuple

from picsafe_media.core.source import damaged
from picsafe_protocol.contracts.errors import UnsupportedMedium

__all__ = ["FRAMES", "Coding", "read_coding"]

_PCM: Final = frozenset((0x0001, 0x0003, 0x0006, 0x0007))
"""Whole samples: integers, floating point, A-law, mu-law."""
_BLOCKS: Final = frozenset((0x0002, 0x0010, 0x0011, 0x0014, 0x0031, 0x0040, 0x0045, 0x0064, 0x0065, 0x0069))
"""Blocks of a fixed length without room for anything else: ADPCM of Microsoft, Oki, IMA, Xbox, G.723, G.721, G.726;
GSM.
"""
FRAMES: Final = {0x0050: "mp3", 0x0055: "mp3", 0x00FF: "aac", 0x1600: "aac", 0x1610: "aac", 0x706D: "aac"}
"""A row of frames, which is a file of its own kind without its WAVE wrapping."""
_NAMES: Final = {
    **dict.fromkeys((0x2000, 0x0092), ("wave_ac3", "Dolby Digital (AC-3)")),
    **dict.fromkeys((0x2001, 0x0190), ("wave_dts", "DTS")),
    **dict.fromkeys((0x0160, 0x0161, 0x0162, 0x0163), ("wave_windows_media", "Windows Media Audio")),
    **dict.fromkeys((0x674F, 0x6750, 0x6751, 0x676F, 0x6770, 0x6771, 0x566F), ("wave_vorbis", "Ogg Vorbis")),
    **dict.fromkeys(FRAMES, ("wave_aac", "AAC")),
    0x0022: ("wave_truespeech", "TrueSpeech"),
    0x0042: ("wave_g723", "G.723.1"),
    0x0083: ("wave_g729", "G.729"),
    0x0270: ("wave_atrac", "ATRAC3"),
    0xA109: ("wave_speex", "Speex"),
    0xF1AC: ("wave_flac", "FLAC"),
}
_EXTENSIBLE: Final = 0xFFFE
_SUBFORMAT: Final = bytes.fromhex("000000001000800000aa00389b71")
"""The rest of a GUID that begins with the number of a coding."""


class Coding(NamedTuple):
    """`bytes_per_second` is 0 where the file does not say, and exact only when `is_pcm`."""

    number: int
    samples_per_second: int
    bytes_per_second: int
    is_pcm: bool

    def refusal(self) -> UnsupportedMedium:
        """The error for a coding that PicSafe does not support."""
        kind, name = _NAMES.get(self.number, ("wave_coding", f"an unknown coding (number {self.number:#06x})"))
        return UnsupportedMedium(
            f"This is a WAVE file whose sound is coded as {name}, which PicSafe does not support.",
            advice="Save it as MP3, M4A or as an uncompressed WAVE file in another program; nothing was sent.",
            kind=kind,
        )


def read_coding(form: bytes) -> Coding:
    """Reads a `fmt ` chunk. Raises UnsupportedMedium where it is broken, or names a coding that cannot be cleaned."""
    if len(form) < 14:
        raise damaged("its header is not valid")
    number, channels = (int.from_bytes(form[at : at + 2], "little") for at in (0, 2))
    rate, per_second = (int.from_bytes(form[at : at + 4], "little") for at in (4, 8))
    block, bits = (int.from_bytes(form[at : at + 2], "little") for at in (12, 14))
    if number == _EXTENSIBLE and form[26:40] == _SUBFORMAT:
        number = int.from_bytes(form[24:26], "little")
    if not (rate and channels):
        raise damaged("its header is not valid")
    if number in _PCM:
        return Coding(number, rate, rate * (block or channels * -(-bits // 8)) or per_second, is_pcm=True)
    coding = Coding(number, rate, per_second, is_pcm=False)
    if number not in _BLOCKS and number not in FRAMES:
        raise coding.refusal()
    return coding
