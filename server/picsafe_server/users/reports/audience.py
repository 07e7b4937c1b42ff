"""Who besides the named recipients will be able to open a report, shown to the sender before anything is encrypted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.api.reports import InstitutionReaders, Readers, Recipient
from picsafe_server.users.db.models import Account, Institution, ServiceAccount
from picsafe_server.users.principal import Principal


async def readers_of(
    session: AsyncSession, who: Principal, accounts: Sequence[Account], institutions: Mapping[str, Institution]
) -> Readers:
    """Who can open a report that the caller begins now: people who are added later cannot
    (`tokens.UserClaims.since`).
    """
    involved = {**institutions, **({who.institution.id: who.institution} if who.institution else {})}
    machines = set(
        await session.scalars(
            select(ServiceAccount.institution_id).where(
                ServiceAccount.institution_id.in_(involved), ServiceAccount.revoked_at.is_(None)
            )
        )
    )
    found = [
        InstitutionReaders(each.name, each.members_may_open == "members", each.id in machines)
        for each in involved.values()
    ]
    return Readers(
        [Recipient(each.id, each.email, each.name, _name(involved, each.institution_id)) for each in accounts],
        sorted((each for each in found if each.members or each.record_systems), key=lambda each: each.name),
    )


def _name(institutions: Mapping[str, Institution], id_: str | None) -> str | None:
    return institutions[id_].name if id_ is not None else None
