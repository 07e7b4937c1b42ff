"""Common names of codecs, by the identifiers in films and Matroska files."""

from __future__ import annotations

from typing import Final

__all__ = ["codec_name"]

_NAMES: Final = {
    "avc1": "H.264",
    "avc3": "H.264",
    "V_MPEG4/ISO/AVC": "H.264",
    **dict.fromkeys(("hvc1", "hev1", "dvh1", "dvhe", "V_MPEGH/ISO/HEVC"), "HEVC"),
    **dict.fromkeys(("vvc1", "vvi1"), "VVC"),
    **dict.fromkeys(("av01", "V_AV1"), "AV1"),
    **dict.fromkeys(("vp08", "V_VP8"), "VP8"),
    **dict.fromkeys(("vp09", "V_VP9"), "VP9"),
    **dict.fromkeys(("mp4v", "V_MPEG4/ISO/ASP", "V_MPEG4/ISO/SP"), "MPEG-4 Visual"),
    **dict.fromkeys(("s263", "h263"), "H.263"),
    **dict.fromkeys(("apch", "apcn", "apcs", "apco", "ap4h", "ap4x", "V_PRORES"), "ProRes"),
    **dict.fromkeys(("jpeg", "mjpa", "mjpb", "V_MJPEG"), "Motion JPEG"),
    **dict.fromkeys(("dvc ", "dvcp", "dvpp", "dv5p", "dvh5", "dvh6"), "DV"),
    **dict.fromkeys(("mp4a", "A_AAC"), "AAC"),
    **dict.fromkeys(("Opus", "A_OPUS"), "Opus"),
    "A_VORBIS": "Vorbis",
    **dict.fromkeys(("fLaC", "A_FLAC"), "FLAC"),
    **dict.fromkeys(("alac", "A_ALAC"), "Apple Lossless"),
    **dict.fromkeys(("samr", "sawb"), "AMR"),
    **dict.fromkeys((".mp3", "A_MPEG/L3"), "MP3"),
    **dict.fromkeys(("ac-3", "ec-3", "A_AC3", "A_EAC3"), "Dolby Digital"),
}


def codec_name(coding: str) -> str | None:
    """The name for people; None for a coding that is not known."""
    return _NAMES.get(coding)
