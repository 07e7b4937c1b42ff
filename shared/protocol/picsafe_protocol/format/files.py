"""The files that a report may hold beside `report.json`: their paths in the payload, their media types, their facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from picsafe_protocol.json.field_reader import JsonObject

__all__ = [
    "CONSENT_PATH",
    "EVIDENCE_TYPES",
    "MEDIA_PATH",
    "MEDIA_TYPES",
    "THUMBNAIL_PATH",
    "THUMBNAIL_TYPES",
    "FileEntry",
    "extension_for",
]

MEDIA_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "image/gif": ("gif",),
    "image/heic": ("heic", "heif", "hif"),
    "image/heif": ("heif", "hif"),
    "image/avif": ("avif",),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "video/x-matroska": ("mkv",),
    "video/ogg": ("ogv", "ogg"),
    "video/3gpp": ("3gp",),
    "video/3gpp2": ("3g2",),
    "audio/mp4": ("m4a", "mp4"),
    "audio/mpeg": ("mp3",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/webm": ("webm", "weba"),
    "audio/x-matroska": ("mka",),
    "audio/wav": ("wav",),
    "audio/aac": ("aac",),
    "audio/flac": ("flac",),
    "audio/3gpp": ("3gp",),
    "audio/3gpp2": ("3g2",),
}
"""Every media type that a report carries, with the extensions its files may have. None of them can hold a program."""

THUMBNAIL_TYPES: Final = {name: MEDIA_TYPES[name] for name in ("image/jpeg", "image/png", "image/webp")}
EVIDENCE_TYPES: Final = {name: MEDIA_TYPES[name] for name in MEDIA_TYPES if not name.startswith("video/")}
"""What can show consent: an image of a signature, or a recording."""

MEDIA_PATH: Final = re.compile(r"media/[0-9]{3}\.[a-z0-9]{1,5}")
THUMBNAIL_PATH: Final = re.compile(r"thumbnails/[0-9]{3}\.[a-z0-9]{1,5}")
CONSENT_PATH: Final = re.compile(r"consent/[0-9]{3}\.[a-z0-9]{1,5}")


def extension_for(media_type: str) -> str:
    """The extension that a file of this type is given, without the dot. Raises `KeyError` for a type that no report
    carries.
    """
    return MEDIA_TYPES[media_type][0]


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What `report.json` says of a file: where it is in the payload, its media type, size in bytes and SHA-256
    (hex).
    """

    path: str
    media_type: str
    size: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "media_type": self.media_type, "size": self.size, "sha256": self.sha256}

    @staticmethod
    def values(
        fields: JsonObject, path: re.Pattern[str], types: Mapping[str, tuple[str, ...]], maximum: int
    ) -> tuple[str, str, int, str]:
        """The four facts, read from `fields`. The path must have the form `path`, and an extension of its media
        type.
        """
        where = fields.matching("path", path)
        media_type = fields.any("media_type")
        if not isinstance(media_type, str) or media_type not in types:
            raise fields.invalid("media_type", "is not a type that belongs here")
        if where.rpartition(".")[2] not in types[media_type]:
            raise fields.invalid("path", "does not have the extension of its type")
        return where, media_type, fields.integer("size", 1, maximum), fields.sha256("sha256")
