"""Who sent a report: by the word of the servers that saw them signed in, never by what the file claims; a differing claim is called one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from picsafe_client.texts import t
from picsafe_protocol.expectations import Sender
from picsafe_protocol.report import Author

Rows: TypeAlias = list[tuple[str, str]]
"""Keys of the catalogue, and what stands beside them."""


@dataclass(frozen=True)
class Origin:
    """What is known of the sender of an open report, and what its file says of its author."""

    sender: Sender | None
    erased: bool
    author: Author

    def rows(self) -> Rows:
        """For the details, on the screen and on paper: the sender, and a claim that differs, with what it is worth."""
        return [("report.sent_by", self._sent_by("\n")), *self._claim("\n")]

    def lines(self) -> Rows:
        """The same in a line each, for a printed photo."""
        return [("report.sent_by", self._sent_by(", ")), *self._claim(", ")]

    def heading(self) -> str:
        """For the heading: the sender only, whose address tells them from others who go by the same name."""
        if self.sender is None:
            return self._unknown()
        return ", ".join((self.sender.name, self.sender.email))

    def _sent_by(self, between: str) -> str:
        return self._unknown() if self.sender is None else _words(self.sender, between)

    def _unknown(self) -> str:
        return t("report.sender_erased" if self.erased else "report.sender_unknown")

    def _claim(self, between: str) -> Rows:
        if self.sender is not None and self.sender.is_author(self.author):
            return []
        return [("report.claims", between.join([_words(self.author, between), t("report.claims_note")]))]


def _words(person: Sender | Author, between: str) -> str:
    return between.join(part for part in (person.name, person.email, person.institution) if part)
