"""Messages for errors: a text of the client's own for each code, in the person's language. A server's texts are never
shown.

client/texts/*/errors.toml has ``error.<code>`` (what happened) and ``error.<code>.advice`` (what to do), and for cases
that deserve more precise words ``error.<code>.<case>`` and ``error.<code>.<case>.advice``. The case is found in what
travels with the error, is given by who shows it, or is known where the page itself raises the error: `localized_error`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from picsafe_client.i18n.texts import Phrase, has_text, t
from picsafe_protocol.contracts.errors import (
    EmptyMedium,
    InternalError,
    InvalidRequest,
    LimitExceeded,
    NotAsSent,
    PicSafeError,
    PictureRefused,
    TooManyRequests,
    UnsupportedMedium,
)
from picsafe_protocol.contracts.limits import PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN

E = TypeVar("E", bound=PicSafeError)

_FIELDS: Final = {
    "name": "name",
    "new": "password",
    "password": "password",
    "email": "email",
    "key_servers": "key_servers",
}
"""Fields of requests that a person has filled in, and the case that explains them."""

_LIMITS: Final = frozenset({"name", "key_servers", "service_accounts", "recipients"})
_MEDIA: Final = {
    "pdf": ("pdf", ""),
    "archive": ("archive", ""),
    "office": ("office", ""),
    "bmp": ("picture", "BMP"),
    "tiff": ("picture", "TIFF"),
    "camera_raw": ("camera_raw", ""),
    "jpeg_xl": ("picture", "JPEG XL"),
    "jpeg_2000": ("picture", "JPEG 2000"),
    "jpeg_xr": ("picture", "JPEG XR"),
    "heif_form": ("picture", "HEIF"),
    "photoshop": ("picture", "PSD"),
    "gimp": ("picture", "XCF"),
    "icon": ("picture", "ICO"),
    "open_exr": ("picture", "OpenEXR"),
    "radiance": ("picture", "Radiance"),
    "djvu": ("picture", "DjVu"),
    "postscript": ("picture", "PostScript"),
    "metafile": ("picture", "WMF/EMF"),
    "qoi": ("picture", "QOI"),
    "bpg": ("picture", "BPG"),
    "flif": ("picture", "FLIF"),
    "dds": ("picture", "DDS"),
    "portable": ("picture", "PBM/PGM/PPM"),
    "svg": ("picture", "SVG"),
    "dicom": ("dicom", ""),
    "avi": ("video", "AVI"),
    "windows_media": ("video", "Windows Media"),
    "flash": ("video", "Flash"),
    "amr": ("sound", "AMR"),
    "long_wave": ("sound", "RF64"),
    "core_audio": ("sound", "Core Audio"),
    "aiff": ("sound", "AIFF"),
    "qcelp": ("sound", "QCP"),
    "wave64": ("sound", "Wave64"),
    "dss": ("sound", "DSS"),
    "ac3": ("sound", "AC-3"),
    "dts": ("sound", "DTS"),
    "au": ("sound", "AU"),
    "wavpack": ("sound", "WavPack"),
    "monkeys_audio": ("sound", "Monkey’s Audio"),
    "musepack": ("sound", "Musepack"),
    "true_audio": ("sound", "TTA"),
    "dsd": ("sound", "DSD"),
    "aac_adif": ("sound", "AAC ADIF"),
    "midi": ("sound", "MIDI"),
    "wave_ac3": ("sound", "WAV (AC-3)"),
    "wave_dts": ("sound", "WAV (DTS)"),
    "wave_windows_media": ("sound", "WAV (Windows Media)"),
    "wave_vorbis": ("sound", "WAV (Ogg Vorbis)"),
    "wave_aac": ("sound", "WAV (AAC)"),
    "wave_truespeech": ("sound", "WAV (TrueSpeech)"),
    "wave_g723": ("sound", "WAV (G.723.1)"),
    "wave_g729": ("sound", "WAV (G.729)"),
    "wave_atrac": ("sound", "WAV (ATRAC3)"),
    "wave_speex": ("sound", "WAV (Speex)"),
    "wave_flac": ("sound", "WAV (FLAC)"),
    "wave_coding": ("sound", "WAV (?)"),
    "mpeg_program": ("video", "MPEG"),
    "mpeg_transport": ("video", "MPEG-TS"),
    "mpeg_video": ("video", "MPEG"),
    "h264": ("video", "H.264"),
    "h265": ("video", "H.265"),
    "real_media": ("video", "RealMedia"),
    "mxf": ("video", "MXF"),
    "dv": ("video", "DV"),
    "ivf": ("video", "IVF"),
    "y4m": ("video", "Y4M"),
    "damaged": ("damaged", ""),
    "differs": ("differs", ""),
}
"""Kinds of files that PicSafe refuses (`picsafe_media.clean`): the case that explains them, and the name of the format in
it.
"""

_PICTURES: Final = {"pixels": "pixels", "frames": "pixels", "other_size": "other", "kind": "other"}
"""Rules that a picture of a report breaks (`pixel_limits.check_picture`), and the case that explains them."""

_INCIDENT: Final = re.compile(r"[0-9A-Za-z-]{1,32}")


def localized_error(kind: type[E], case: str, details: Mapping[str, Any] | None = None, **values: Any) -> E:
    """An error that the page raises itself: of `kind`, with the words for `case`. `details` travel with it as
    attributes.
    """
    key = f"error.{kind.code}.{case}"
    return kind(Phrase(t(key, **values)), advice=Phrase(t(f"{key}.advice", **values)), **(details or {}))


def error_message(error: PicSafeError, case: str = "") -> tuple[str, str]:
    """What happened, and what to do about it. `case`: the screen knows more precisely what the server meant."""
    said = error.args[0] if error.args else ""
    if isinstance(said, Phrase):
        return str(said), str(error.advice)
    found, values = (case, {}) if case else _case(error)
    key = f"error.{error.code}.{found}"
    if not found or not has_text(key):
        key, values = f"error.{error.code}", {}
    return t(key, **values), t(f"{key}.advice", **values)


def sentence(error: PicSafeError, case: str = "") -> str:
    """Both in one line, for the error of a field."""
    return " ".join(error_message(error, case))


def error_code_message(code: str) -> str:
    """What an entry of the access log was refused for; a code that this page does not know stays as it is."""
    key = f"error.{code}"
    return t(key) if has_text(key) else code


def _case(error: PicSafeError) -> tuple[str, dict[str, Any]]:
    """The case that the details of an error tell of. They come from a server, so each is looked at before it is
    shown.
    """
    match error:
        case TooManyRequests(retry_after=int(seconds)) if seconds > 0:
            return "wait", {"count": math.ceil(seconds / 60)}
        case InvalidRequest(field=str(field)) if field in _FIELDS:
            return _FIELDS[field], {"least": PASSWORD_CHARACTERS_MIN, "most": PASSWORD_CHARACTERS_MAX}
        case LimitExceeded(limit=str(limit), maximum=int(maximum)) if limit in _LIMITS:
            return limit, {"maximum": maximum}
        case InternalError(incident=str(incident)) if _INCIDENT.fullmatch(incident):
            return "incident", {"incident": incident}
        case NotAsSent(what=("key_server" | "sender" | "file") as what):
            return what, {}
        case PictureRefused(rule=str(rule)) if rule in _PICTURES:
            return _PICTURES[rule], {}
        case UnsupportedMedium(name=str(name), kind=str(kind)) if kind in _MEDIA:
            case, format_ = _MEDIA[kind]
            return case, {"name": name, "format": format_}
        case EmptyMedium(name=str(name)) | UnsupportedMedium(name=str(name)):
            return "named", {"name": name}
    return "", {}
