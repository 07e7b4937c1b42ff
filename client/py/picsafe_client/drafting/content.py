"""What a draft holds, as the JSON that is sealed: the form's fields, the recipients, and which files belong to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from picsafe_client.i18n.texts import join_words, t
from picsafe_media.comparison import Comparison
from picsafe_protocol.format.composing import ThumbnailInfo

VERSION: Final = 1


class DraftUnreadable(Exception):
    """A draft that cannot be read here and now. `is_damaged`: nor ever; otherwise the browser's database failed, the page
    was locked, or another release has sealed it.
    """

    def __init__(self, *, is_damaged: bool = False) -> None:
        super().__init__()
        self.is_damaged = is_damaged


@dataclass(frozen=True)
class KeptPreview:
    """The thumbnail of a file, sealed as a file of its own."""

    item: str
    crc32: int
    info: ThumbnailInfo


@dataclass(frozen=True)
class KeptFacts:
    """What preparing a file has found. `release` is the page's that found it; another one prepares the file again."""

    release: str
    kind: str
    size: int
    sha256: str
    crc32: int
    comparison: Comparison
    preview: KeptPreview | None


@dataclass(frozen=True)
class KeptFile:
    """A file as it was chosen, under the name `item`. `facts` is None while it has not been prepared."""

    item: str
    name: str
    type: str
    size: int
    facts: KeptFacts | None = None


@dataclass(frozen=True)
class DraftContent:
    """A form. `fields` are the values of its controls by their ids, True and False for what is ticked or not."""

    began_at: str
    fields: Mapping[str, str | bool] = field(default_factory=dict)
    recipients: Sequence[tuple[str, str]] = ()
    """Addresses with the names that the address book gives them."""
    files: Sequence[KeptFile] = ()

    def to_json(self) -> str:
        """The text that is sealed."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> DraftContent:
        """Raises `DraftUnreadable`."""
        try:
            found = json.loads(text)
            if found.pop("version") != VERSION:
                raise DraftUnreadable
            return cls(
                began_at=str(found["began_at"]),
                fields={str(name): value for name, value in found["fields"].items() if isinstance(value, str | bool)},
                recipients=[(str(email), str(name)) for email, name in found["recipients"]],
                files=[_file(each) for each in found["files"]],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DraftUnreadable from error

    def words(self) -> str:
        """How many photos and films it has: "3 photos". Empty when it has none yet."""
        kinds: Counter[str] = Counter(_kind(each) for each in self.files)
        names = {"photo": "send.summary_photos", "video": "send.summary_videos", "audio": "send.summary_sounds"}
        return join_words(t(key, count=kinds[kind]) for kind, key in names.items() if kinds[kind])


def _kind(file: KeptFile) -> str:
    if file.facts is not None:
        return file.facts.kind
    kind = file.type.partition("/")[0]
    return kind if kind in {"video", "audio"} else "photo"


def _file(found: dict[str, Any]) -> KeptFile:
    facts = found.pop("facts")
    if facts is not None:
        preview = facts.pop("preview")
        if preview is not None:
            preview = KeptPreview(preview["item"], preview["crc32"], ThumbnailInfo(**preview["info"]))
        facts = KeptFacts(**{**facts, "comparison": Comparison(facts["comparison"])}, preview=preview)
    return KeptFile(**found, facts=facts)
