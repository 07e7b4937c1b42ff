"""The mail domains of institutions.

PicSafe does not verify e-mail addresses. The operator approves the domains of each institution, and its administrators
can add people within them only, so an address reliably shows which institution somebody belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.errors import Conflict, DomainNotApproved
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.upsert import insert_into
from picsafe_server.users.db.models import Account, InstitutionDomain
from picsafe_server.users.names import email_addresses


async def approve(session: AsyncSession, clock: Clock, institution_id: str, domains: Sequence[str]) -> list[str]:
    """Add mail domains to an institution; those that are new to it. `Conflict` when one belongs to another institution
    already.
    """
    added = []
    for domain in dict.fromkeys(map(email_addresses.checked_domain, domains)):
        row = insert_into(session, InstitutionDomain).values(
            domain=domain, institution_id=institution_id, added_at=clock.now()
        )
        if await session.scalar(row.on_conflict_do_nothing().returning(InstitutionDomain.domain)):
            added.append(domain)
        elif domain not in await domains_of(session, institution_id):
            raise Conflict(
                f"The mail domain {domain} belongs to another institution.",
                advice="A domain belongs to one institution only.",
            )
    return added


async def domains_of(session: AsyncSession, institution_id: str) -> Sequence[str]:
    """The institution's mail domains, in their order."""
    query = select(InstitutionDomain.domain).where(InstitutionDomain.institution_id == institution_id)
    return (await session.scalars(query.order_by(InstitutionDomain.domain))).all()


async def check_address(session: AsyncSession, institution_id: str | None, email: str) -> None:
    """Check that a new account of this institution, or of none, may have the normalised address `email`.

    `DomainNotApproved` outside the institution's domains; `Conflict` when somebody of another institution had the
    address before, since senders who use it mean that person.
    """
    if institution_id is not None:
        known, domain = await domains_of(session, institution_id), email_addresses.domain_of(email)
        if domain not in known:
            names = ", ".join(known) or "none yet"
            raise DomainNotApproved(
                f"Members of this institution have addresses within its mail domains ({names}), and {domain} is not one of them.",
                field="email",
                domain=domain,
                domains=list(known),
            )
    earlier = exists().where(
        Account.email == email,
        Account.removed_at.is_not(None),
        Account.institution_id.is_distinct_from(institution_id),
    )
    if await session.scalar(select(earlier)):
        raise Conflict(
            "This e-mail address belonged to a member of another institution.", advice="Use another address."
        )
