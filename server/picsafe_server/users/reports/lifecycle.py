"""The life of a report after its draft: available once the cloud's receipt is submitted, then read and collected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.requests import SentPackage
from picsafe_protocol.contracts.errors import Conflict, InvalidRequest, NotPermitted, TokenRefused
from picsafe_protocol.contracts.tokens import RECEIPT_TYPE, Action
from picsafe_server.auth.tokens import Verifier
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.upsert import insert_into
from picsafe_server.settings import Settings
from picsafe_server.users.db.models import (
    AVAILABLE,
    DRAFT,
    Correspondence,
    MailboxEntry,
    Report,
    ReportInstitution,
    ReportOpened,
    ReportRecipient,
)
from picsafe_server.users.events import channels
from picsafe_server.users.events.event_log import REPORT, Change, EventLog
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports import labels
from picsafe_server.users.reports.grants import Grants, SignedToken
from picsafe_server.users.reports.visibility import check_live, check_since, own, visible

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SENDER_ACTIONS = frozenset({Action.PACKAGE_UPLOAD, Action.KEY_CREATE})


class Reports:
    """Actions of people and service accounts on one report, except withdrawal."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        changes: EventLog,
        grants: Grants,
        verifier: Verifier,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._changes = changes
        self._grants = grants
        self._verifier = verifier

    async def accept_receipt(
        self, who: Principal, report_id: str, receipt: str, sent: SentPackage | None, label: bytes | None
    ) -> Report:
        """The cloud's receipt makes the draft available, once; the same receipt again changes nothing.

        `sent` describes the package as the sender made it: readers get its digest, and the cloud's receipt is compared
        with it. `label` is sealed. `TokenRefused` for a receipt of another cloud or report, `Conflict` for one of other
        content, `InvalidRequest` without `sent` or for a label of a wrong size.
        """
        labels.check_label(label)
        claims = await self._verifier.verify(receipt, RECEIPT_TYPE, self._settings.users_base)
        async with self._database.writing() as session:
            report = await own(session, who, report_id)
            size, sha256 = self._stored(report, claims)
            check_live(report, self._clock.now())
            digest = _declared(report, sent, size, sha256, claims.get("digest"))
            if report.state == AVAILABLE:
                if (report.size, report.sha256, report.digest) != (size, sha256, digest):
                    raise Conflict("This report is already available, with other content.")
                await labels.check_same(session, report, label)
                return report
            report.state, report.available_at = AVAILABLE, self._clock.now()
            report.size, report.sha256, report.digest = size, sha256, digest
            await labels.keep(session, who, report, label)
            await self._publish(session, report)
        return report

    def _stored(self, report: Report, claims: Mapping[str, Any]) -> tuple[int, str]:
        """Size and SHA-256 out of a receipt that is about this report."""
        if claims["iss"] != self._settings.cloud_base(report.region):
            raise TokenRefused("The receipt comes from the cloud of another region.", reason="issuer")
        if claims.get("rid") != report.id:
            raise TokenRefused("The receipt is for another report.", reason="report")
        size, sha256 = claims.get("size"), claims.get("sha256")
        if type(size) is not int or not 0 < size <= limits.PACKAGE_BYTES:
            raise TokenRefused("The receipt does not say how large the package is.", reason="malformed")
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise TokenRefused("The receipt does not say which package it is for.", reason="malformed")
        return size, sha256

    async def _publish(self, session: AsyncSession, report: Report) -> None:
        recipients = (
            await session.scalars(select(ReportRecipient.account_id).where(ReportRecipient.report_id == report.id))
        ).all()
        now = self._clock.now()
        for recipient in sorted(recipients):
            written = insert_into(session, Correspondence).values(
                sender_id=report.sender_id, recipient_id=recipient, last_at=now
            )
            await session.execute(
                written.on_conflict_do_update(
                    index_elements=[Correspondence.sender_id, Correspondence.recipient_id], set_={"last_at": now}
                )
            )
        told = {channels.sent(report.sender_id), *await received_by(session, report)}
        (number,) = await self._changes.append(session, Change(REPORT, told, report.id))
        session.add_all(
            MailboxEntry(audience=audience, sequence=number, report_id=report.id) for audience in sorted(told)
        )

    async def grant(self, who: Principal, report_id: str, action: Action) -> SignedToken:
        """A further grant: for the sender to go on with a draft, for everybody who sees the report to download it."""
        async with self._database.reading() as session:
            report = await visible(session, who, report_id)
            check_live(report, self._clock.now())
            check_since(who, report)
            if action in _SENDER_ACTIONS:
                if report.sender_id != who.id:
                    raise NotPermitted("Only its sender can do this with a report.")
                if report.state != DRAFT:
                    raise Conflict("This report has already been sent.")
            elif action is not Action.PACKAGE_DOWNLOAD:
                raise NotPermitted("There is no grant for this action.")
            elif report.state == DRAFT:
                raise Conflict("This report has not been sent completely yet.")
            return await self._grants.grant(session, who, report, action)

    async def opened(self, who: Principal, report_id: str) -> None:
        """Record that a person has read the report. A sender who reads their own report is not recorded, unless it is
        addressed to them.
        """
        async with self._database.writing() as session:
            report = await visible(session, who, report_id)
            received = set(await received_by(session, report)) & set(who.received)
            own_audiences = [channels.inbox(who.id)]
            if report.sender_id == who.id:
                received &= set(own_audiences)
            if not received:
                return
            row = insert_into(session, ReportOpened).values(
                report_id=report.id, account_id=who.id, opened_at=self._clock.now()
            )
            first = await session.scalar(row.on_conflict_do_nothing().returning(ReportOpened.account_id))
            if first:
                told = {channels.sent(report.sender_id), *own_audiences}
                await self._changes.append(session, Change(REPORT, told, report.id))

    async def collected(self, who: Principal, report_id: str) -> None:
        """Record that a service account has stored the report. The time of the first one is kept."""
        async with self._database.writing() as session:
            await visible(session, who, report_id)
            report = await session.get_one(Report, report_id, with_for_update=True, populate_existing=True)
            if report.collected_at is None:
                report.collected_at = self._clock.now()
                people = [name for name in await received_by(session, report) if not channels.is_services(name)]
                told = {channels.sent(report.sender_id), *people}
                await self._changes.append(session, Change(REPORT, told, report.id))


def _declared(report: Report, sent: SentPackage | None, size: int, sha256: str, digest: object) -> str | None:
    """The digest that the sender declares. `Conflict` unless the cloud has just that: `size`, `sha256`, `digest` of its
    receipt.
    """
    if sent is None:
        if report.digest_due:
            raise InvalidRequest(
                "The request does not say what was uploaded.",
                advice="This page, or program, is older than the server. Load it again, then send the report again.",
                field="package",
            )
        return None
    if (size, sha256, digest) != (sent.size, sent.sha256, sent.digest):
        raise Conflict(
            "The cloud has stored something other than what was sent.",
            advice="Send the report again. If it happens again, tell your administrator.",
        )
    return sent.digest


async def received_by(session: AsyncSession, report: Report) -> list[str]:
    """The audiences that receive a report: its recipients, service accounts, and members where the policy says so."""
    recipients = await session.scalars(select(ReportRecipient.account_id).where(ReportRecipient.report_id == report.id))
    institutions = await session.execute(
        select(ReportInstitution.institution_id, ReportInstitution.members).where(
            ReportInstitution.report_id == report.id
        )
    )
    found = [channels.inbox(account_id) for account_id in recipients]
    for institution_id, members in institutions:
        found += [channels.services(institution_id)] + ([channels.members(institution_id)] if members else [])
    return found
