"""Whom somebody may want to write to: colleagues, and people written to before."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import literal, select, union_all

from picsafe_protocol import limits
from picsafe_server.database import Database
from picsafe_server.users import emails
from picsafe_server.users.models import Account, Correspondence, Institution
from picsafe_server.users.principal import Principal

_ESCAPE = "\\"


async def suggest(database: Database, who: Principal, text: str) -> Sequence[tuple[Account, str | None]]:
    """People whose name or address contains `text`, those last written to first, each with the name of their institution."""
    mine = Correspondence.sender_id == who.id
    known = union_all(
        select(Correspondence.recipient_id).where(mine),
        select(Account.id).where(Account.institution_id == (who.institution_id or "")),
        select(literal(who.id)),
    )
    query = (
        select(Account, Institution.name)
        .outerjoin(Institution, Institution.id == Account.institution_id)
        .outerjoin(Correspondence, mine & (Correspondence.recipient_id == Account.id))
        .where(
            Account.id.in_(known),
            Account.disabled_at.is_(None),
            Account.removed_at.is_(None),
            Account.search.like(f"%{_literal(emails.normalise(text))}%", escape=_ESCAPE),
        )
        .order_by(Correspondence.last_at.desc().nulls_last(), Account.name, Account.id)
        .limit(limits.RECIPIENT_SUGGESTIONS)
    )
    async with database.reading() as session:
        return [(account, institution) for account, institution in await session.execute(query)]


def _literal(text: str) -> str:
    for character in (_ESCAPE, "%", "_"):
        text = text.replace(character, _ESCAPE + character)
    return text
