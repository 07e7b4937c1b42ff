"""Suggests recipients: people the caller has written to before, and colleagues.

Every query follows an index and stops after what fits on a screen, however many accounts there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_server.runtime.database import Database
from picsafe_server.users.db.models import Account, AccountPart, Correspondence, Institution
from picsafe_server.users.names import email_addresses
from picsafe_server.users.principal import Principal
from picsafe_server.users.recipients.search_index import begins_with, is_found

_FEW = 60
"""Parts found by a text: their people are sorted by name; where there are more, colleagues are looked at in the order
of names.
"""

Found = tuple[Account, str | None]


async def suggest(database: Database, who: Principal, text: str) -> Sequence[Found]:
    """People of whose name or address a part begins with `text`, those last written to first, each with the name of
    their institution.
    """
    wanted = email_addresses.normalise(text)
    matches = is_found(wanted) if wanted else true()
    colleague_matches = is_found(wanted, who.institution_id) if wanted else true()
    async with database.reading() as session:
        known = await _page(
            session,
            select(Account, Institution.name)
            .join(Correspondence, Correspondence.recipient_id == Account.id)
            .where(Correspondence.sender_id == who.id, matches)
            .order_by(Correspondence.last_at.desc(), Account.name, Account.id),
        )
        if len(known) == limits.RECIPIENT_SUGGESTIONS:
            return known
        scope = await _colleagues(session, who, wanted)
        others = select(Account, Institution.name).where(
            scope, colleague_matches, Account.id.not_in([account.id for account, _ in known])
        )
        rest = await _page(session, others.order_by(Account.name, Account.id))
    return [*known, *rest][: limits.RECIPIENT_SUGGESTIONS]


async def _colleagues(session: AsyncSession, who: Principal, wanted: str) -> ColumnElement[bool]:
    """Which accounts to look at: those that the index of parts has, when they are few; otherwise all colleagues."""
    if who.institution_id is None:
        return Account.id == who.id
    if wanted:
        few = await _found_by(session, who.institution_id, wanted)
        if len(few) < _FEW:
            return Account.id.in_(set(few))
    return Account.institution_id == who.institution_id


async def _found_by(session: AsyncSession, institution_id: str, wanted: str) -> Sequence[str]:
    query = select(AccountPart.account_id).where(AccountPart.institution_id == institution_id, begins_with(wanted))
    return (await session.scalars(query.order_by(AccountPart.part).limit(_FEW))).all()


async def _page(session: AsyncSession, query: Select[Account, str | None]) -> list[Found]:
    query = (
        query.outerjoin(Institution, Institution.id == Account.institution_id)
        .where(Account.disabled_at.is_(None), Account.removed_at.is_(None))
        .limit(limits.RECIPIENT_SUGGESTIONS)
    )
    return [(account, institution) for account, institution in await session.execute(query)]
