"""Labels for the media of a report."""

from __future__ import annotations

from typing import Final

from picsafe_client.i18n.texts import duration, t
from picsafe_client.session.patients import site_words
from picsafe_protocol.format.report import Medium, Report

TYPES: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "image/heic": "HEIC",
    "image/heif": "HEIF",
    "image/avif": "AVIF",
    "video/mp4": "MP4",
    "video/quicktime": "QuickTime",
    "video/webm": "WebM",
    "video/x-matroska": "Matroska",
    "video/ogg": "Ogg",
    "video/3gpp": "3GP",
    "video/3gpp2": "3G2",
    "audio/mp4": "M4A",
    "audio/mpeg": "MP3",
    "audio/ogg": "Ogg",
    "audio/webm": "WebM",
    "audio/x-matroska": "Matroska",
    "audio/wav": "WAV",
    "audio/aac": "AAC",
    "audio/flac": "FLAC",
    "audio/3gpp": "3GP",
    "audio/3gpp2": "3G2",
}
"""How people know the media types."""

KIND_ICONS: Final = {"photo": "photo", "video": "video", "audio": "sound"}


def type_name(medium: Medium) -> str:
    """A medium in general: "HEIC photo", "MP4 video"."""
    return t(f"report.type_{medium.kind}", type=TYPES[medium.media_type])


def medium_label(report: Report, index: int) -> str:
    """One medium among the others, for the ear: "Photo 2 of 5, wound edge"."""
    medium = report.media[index]
    label = t(f"report.nth_{medium.kind}", number=index + 1, count=len(report.media))
    details = [duration(medium.duration)] if medium.duration is not None else []
    if medium.caption:
        details.append(medium.caption)
    return ", ".join([label, *details])


def site(report: Report) -> str:
    """Body site and side; empty when neither is known."""
    return site_words(report.body_site, report.laterality)
