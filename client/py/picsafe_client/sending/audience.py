"""Who besides the recipients will be able to open a report: shown in the review, and compared before anything is
encrypted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from picsafe_client.api import reports
from picsafe_client.api.client import Api
from picsafe_client.i18n.texts import Phrase, t
from picsafe_protocol.contracts.api import reports as messages
from picsafe_protocol.contracts.errors import Conflict, NotSignedIn, ServiceError

_MEMBERS: Final = "send.readers_members"
_RECORD_SYSTEM: Final = "send.readers_record_system"


@dataclass(frozen=True)
class Readers:
    """As the user server tells; `others` is None when it could not be asked. `of` are the recipients' institutions, in
    their order.
    """

    of: tuple[str | None, ...]
    others: frozenset[tuple[str, str]] | None

    @classmethod
    def answered(cls, answer: messages.Readers | messages.ReportBegun) -> Readers:
        """What ``POST /v1/reports/readers`` answers, and ``POST /v1/reports`` too."""
        others = {(_MEMBERS, each.name) for each in answer.institutions if each.members}
        others |= {(_RECORD_SYSTEM, each.name) for each in answer.institutions if each.record_systems}
        return cls(tuple(person.institution for person in answer.recipients), frozenset(others))

    def person(self, name: str, institution: str | None) -> str:
        """A recipient with the institution."""
        return t("send.readers_person", name=name, institution=institution) if institution else name

    def words(self) -> list[str]:
        """Who else, a line each."""
        if self.others is None:
            return [t("send.readers_unknown")]
        by_institution = sorted(self.others, key=lambda each: (each[1], each[0]))
        return [t(key, institution=name) for key, name in by_institution] or [t("send.readers_nobody")]

    def check(self, answer: messages.ReportBegun) -> None:
        """`Conflict` when more can open the report that has been begun than were shown: somebody changed the rules
        meanwhile.
        """
        if (Readers.answered(answer).others or frozenset()) - (self.others or frozenset()):
            raise Conflict(Phrase(t("send.readers_changed")), advice=Phrase(t("send.readers_changed_advice")))


async def ask(api: Api, recipients: Sequence[str], signal: Any) -> Readers:
    """Who could open a report for these addresses. Raises `UnknownRecipient` and `Cancelled`; a server that is away
    only leaves it open.
    """
    try:
        answer = await reports.readers(api, recipients, signal=signal)
    except NotSignedIn:
        raise
    except ServiceError:
        return Readers((None,) * len(recipients), None)
    return Readers.answered(answer)
