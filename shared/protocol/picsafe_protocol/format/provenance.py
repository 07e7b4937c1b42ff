"""The origin of an open report according to the servers, and how far it is confirmed: the same for page, paper, DICOM
and disk.

Everybody who may open a report has its key, and can use it to make another file that claims to be the same report. Only
the digest in the index distinguishes the sender's file from such a file. So a sender is named only for a file that the
digest covers; any other file is labelled differently.
"""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass
from typing import Final, Literal, TypeAlias

from picsafe_protocol.format.expectations import Sender
from picsafe_protocol.format.report import Author
from picsafe_protocol.json import strict_json

__all__ = ["SENDER_NAME", "PersonSource", "Provenance", "person_in_words", "sender_document"]

SENDER_NAME: Final = "sender.json"
"""What `sender_document` is called where a report is saved."""

PersonSource: TypeAlias = Literal["index", "file"]
"""Whether the index names the sender, or only the key server's log does, for a file that no row is known of."""

_SEPARATORS: Final = ("Cc", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who sent a report, and whether that holds for the bytes that were opened.

    `sender` is the person of the row, or of the key server's log for a file that no row is known of, never of the file;
    None where neither says. `erased`: the log knew them, and they were erased from it. `confirmed`: the index has a
    digest, and it covers what was opened. Otherwise `sender` had the key made, but the file can be by anybody who was
    given that key.
    """

    sender: Sender | None
    source: PersonSource
    confirmed: bool
    erased: bool = False

    def sentences(self, author: Author) -> list[str]:
        """In English, for programs without a catalogue: who sent it, and what the report claims of `author` where that
        differs.
        """
        claimed = person_in_words(author)
        if self.sender is None:
            unknown = (
                "Its sender has been erased from the access log." if self.erased else "No server says who sent this."
            )
            return [unknown, f"The report names as its author, which nobody has confirmed: {claimed}."]
        person = person_in_words(self.sender)
        if self.confirmed:
            said = [f"Sent by {person}."]
        else:
            said = [f"Key created for {person}. Nobody has confirmed that this file is theirs."]
        if not self.sender.is_author(author):
            said.append(f"The report names another author, which nobody has confirmed: {claimed}.")
        return said


def sender_document(report_id: str, provenance: Provenance, author: Author) -> bytes:
    """`sender.json`, saved next to every `report.json`: who sent the report according to the servers.

    `report.json` stays as it was in the file, and only claims an author; `author_differs` says whether that is somebody
    else.
    """
    sender = provenance.sender
    told = {
        "format": "picsafe-sender",
        "version": 1,
        "report_id": report_id,
        "sender": None if sender is None else asdict(sender),
        "source": provenance.source,
        "confirmed": provenance.confirmed,
        "erased": sender is None and provenance.erased,
        "author_differs": sender is None or not sender.is_author(author),
    }
    return strict_json.dump(told)


def person_in_words(person: Sender | Author, between: str = ", ") -> str:
    """Name, address and institution for people to read.

    Characters that are not seen but change the order of others (category Cf) are left out: nothing is to look like
    another address.
    """
    return between.join(shown for part in (person.name, person.email, person.institution) if (shown := _shown(part)))


def _shown(text: str | None) -> str:
    kept = (letter for letter in text or "" if unicodedata.category(letter) != "Cf")
    return "".join(" " if unicodedata.category(letter) in _SEPARATORS else letter for letter in kept).strip()
