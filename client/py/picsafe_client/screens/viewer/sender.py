"""The sender of a report according to the servers, never according to the file; a differing author is marked as a
claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from picsafe_client.i18n.texts import t
from picsafe_protocol.format.provenance import Provenance, person_in_words
from picsafe_protocol.format.report import Author

Rows: TypeAlias = list[tuple[str, str]]
"""Keys of the catalogue, and what stands beside them."""


@dataclass(frozen=True)
class Origin:
    """What is known of the sender of an open report, and what its file says of its author."""

    provenance: Provenance
    author: Author

    def rows(self) -> Rows:
        """For the details, on the screen and on paper: the sender, and a claim that differs, with what it is worth."""
        return [self._sender("\n"), *self._claim("\n")]

    def lines(self) -> Rows:
        """The same in a line each, for a printed photo."""
        return [self._sender(", "), *self._claim(", ")]

    def heading(self) -> str:
        """For the heading: the sender only, whose address tells them from others who go by the same name."""
        sender = self.provenance.sender
        if sender is None:
            return self._unknown()
        known = person_in_words(Author(sender.name, sender.email))
        return known if self.provenance.confirmed else f"{t('report.key_made_for')} {known}"

    def _sender(self, between: str) -> tuple[str, str]:
        sender = self.provenance.sender
        if sender is None:
            return "report.sent_by", self._unknown()
        if self.provenance.confirmed:
            return "report.sent_by", person_in_words(sender, between)
        return "report.key_made_for", between.join([person_in_words(sender, between), t("report.not_confirmed_note")])

    def _unknown(self) -> str:
        return t("report.sender_erased" if self.provenance.erased else "report.sender_unknown")

    def _claim(self, between: str) -> Rows:
        sender = self.provenance.sender
        if sender is not None and sender.is_author(self.author):
            return []
        return [("report.claims", between.join([person_in_words(self.author, between), t("report.claims_note")]))]
