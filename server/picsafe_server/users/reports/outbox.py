"""Delivery without a session: an encrypted report goes on while its sender's page is locked, or closed and opened again.

A sender who is signed in says which package a report has, and gets a token for that report. With it the page uploads,
and hands in the cloud's receipt: for that very package, and nothing else. The database has the token's hash. The token
is checked at each use; it ends after a day, with the report's withdrawal, and when all sessions of its sender end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.requests import SentPackage
from picsafe_protocol.contracts.errors import Conflict, TokenRefused
from picsafe_protocol.contracts.tokens import Action
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users import principal
from picsafe_server.users.accounts import secrets
from picsafe_server.users.db.models import DRAFT, Account, Institution, OutboxToken, Report
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports import labels
from picsafe_server.users.reports.grants import SignedToken
from picsafe_server.users.reports.lifecycle import Reports
from picsafe_server.users.reports.visibility import check_live, check_since, own

LIFETIME: Final = timedelta(hours=limits.OUTBOX_HOURS)


@dataclass(frozen=True)
class Issued:
    """A token, known only here and to the sender's page, and when it expires."""

    token: str
    ends_at: datetime


@dataclass(frozen=True)
class Parcel:
    """What a token stands for: a report of a sender, and the package that its sender declared."""

    sender: Principal
    report_id: str
    package: SentPackage
    label: bytes | None


class Outbox:
    """Issues the tokens, and does what they allow."""

    def __init__(self, database: Database, clock: Clock, reports: Reports) -> None:
        self._database = database
        self._clock = clock
        self._reports = reports

    async def declare(self, who: Principal, report_id: str, package: SentPackage, label: bytes | None) -> Issued:
        """A token for a report that the caller has begun; an earlier one of the same report ends.

        `Conflict` when the report has been sent already, `InvalidRequest` for a label of a wrong size.
        """
        labels.check_label(label)
        now, token = self._clock.now(), secrets.outbox_token()
        async with self._database.writing() as session:
            report = await own(session, who, report_id)
            check_live(report, now)
            check_since(who, report)
            if report.state != DRAFT:
                raise Conflict("This report has already been sent.")
            await session.execute(delete(OutboxToken).where(OutboxToken.report_id == report.id))
            session.add(
                OutboxToken(
                    report_id=report.id,
                    account_id=who.id,
                    token_hash=secrets.digest(token),
                    size=package.size,
                    sha256=package.sha256,
                    digest=package.digest,
                    label=label,
                    ends_at=now + LIFETIME,
                )
            )
        return Issued(token, now + LIFETIME)

    async def authenticate(self, token: str) -> Parcel:
        """What `token` stands for; `TokenRefused` when it is wrong or has ended."""
        query = (
            select(OutboxToken, Account, Institution)
            .join(Account, Account.id == OutboxToken.account_id)
            .outerjoin(Institution, Institution.id == Account.institution_id)
            .where(
                OutboxToken.token_hash == secrets.digest(token),
                OutboxToken.ends_at > self._clock.now(),
                Account.disabled_at.is_(None),
                Account.removed_at.is_(None),
            )
        )
        async with self._database.reading() as session:
            found = (await session.execute(query)).one_or_none()
        if found is None:
            raise TokenRefused("The time for sending this report without signing in is over.", reason="outbox")
        row, account, institution = found
        sender = principal.person(account, institution, row.report_id)
        package = SentPackage(size=row.size, sha256=row.sha256, digest=row.digest)
        return Parcel(sender, row.report_id, package, row.label)

    async def grant(self, parcel: Parcel) -> SignedToken:
        """A grant to upload the package."""
        return await self._reports.grant(parcel.sender, parcel.report_id, Action.PACKAGE_UPLOAD)

    async def accept_receipt(self, parcel: Parcel, receipt: str) -> Report:
        """The cloud's receipt makes the report available, if it is for the package that the sender declared."""
        return await self._reports.accept_receipt(
            parcel.sender, parcel.report_id, receipt, parcel.package, parcel.label
        )

    async def sweep(self) -> int:
        """Delete tokens that have expired; how many there were."""
        async with self._database.writing() as session:
            old = delete(OutboxToken).where(OutboxToken.ends_at <= self._clock.now())
            return len((await session.scalars(old.returning(OutboxToken.report_id))).all())


async def end_of_report(session: AsyncSession, report: Report) -> None:
    """The report was withdrawn: its token means nothing any more."""
    await session.execute(delete(OutboxToken).where(OutboxToken.report_id == report.id))
