"""Begins a report: fixes, once, its recipients, where it is stored and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.reports import Readers
from picsafe_protocol.contracts.errors import InvalidRequest, LimitExceeded, UnknownRecipient
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.regions import region_for_country
from picsafe_protocol.contracts.tokens import Action
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.settings import Settings
from picsafe_server.users.db.models import DRAFT, Account, Institution, Report, ReportInstitution, ReportRecipient
from picsafe_server.users.key_servers.allow_list import KeyServers, refuse_for
from picsafe_server.users.names import email_addresses
from picsafe_server.users.principal import Principal
from picsafe_server.users.recipients.lookup_throttle import LookupThrottle
from picsafe_server.users.reports.audience import readers_of
from picsafe_server.users.reports.grants import Grants, SignedToken
from picsafe_server.users.reports.quota import check_quota


@dataclass(frozen=True)
class Begun:
    """A new draft: everything that its sender needs to encrypt and upload it."""

    report: Report
    cloud: SignedToken
    keyserver: SignedToken
    readers: Readers


class Drafts:
    """Makes drafts."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        grants: Grants,
        key_servers: KeyServers,
        look_ups: LookupThrottle,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._grants = grants
        self._key_servers = key_servers
        self._look_ups = look_ups

    async def begin(self, who: Principal, addresses: Sequence[str], declared: int | None = None) -> Begun:
        """A draft for the people with these e-mail addresses, of a package of at most `declared` bytes.

        `UnknownRecipient` lists the addresses without an account; `KeyServerNotAllowed` when some of the people may not
        ask the key server where the key would be; `quota` documents the other errors.
        """
        await self.addressed(who, addresses)
        report = self._report(who, limits.UNDECLARED_BYTES if declared is None else declared)
        async with self._database.writing() as session:
            await check_quota(session, who, report.declared or 0, report.created_at)
            recipients, institutions = await _recipients(session, wanted_of(addresses))
            self._check_all_may_ask(who, recipients, institutions)
            readers = await readers_of(session, who, recipients, institutions)
            if who.institution:
                institutions |= {who.institution.id: who.institution}
            session.add(report)
            await session.flush()
            session.add_all(
                ReportRecipient(report_id=report.id, account_id=account.id, position=position)
                for position, account in enumerate(recipients)
            )
            session.add_all(
                ReportInstitution(
                    report_id=report.id, institution_id=id_, members=institution.members_may_open == "members"
                )
                for id_, institution in institutions.items()
            )
            await session.flush()
            cloud = await self._grants.grant(session, who, report, Action.PACKAGE_UPLOAD)
            keyserver = await self._grants.grant(session, who, report, Action.KEY_CREATE)
        return Begun(report, cloud, keyserver, readers)

    async def readers(self, who: Principal, addresses: Sequence[str]) -> Readers:
        """Who could open a report that the caller began now for these addresses. Refuses what `begin` would refuse of
        them.
        """
        recipients, institutions = await self.addressed(who, addresses)
        self._check_all_may_ask(who, recipients, institutions)
        async with self._database.reading() as session:
            return await readers_of(session, who, recipients, institutions)

    async def addressed(self, who: Principal, addresses: Sequence[str]) -> tuple[list[Account], dict[str, Institution]]:
        """The people with these addresses, and their institutions. `UnknownRecipient`, or `TooManyRequests` after too
        many of them.
        """
        wanted = wanted_of(addresses)
        try:
            async with self._database.reading() as session:
                return await _recipients(session, wanted)
        except UnknownRecipient as error:
            await self._look_ups.unknown(who, len(error.recipients))
            raise

    def _check_all_may_ask(
        self, who: Principal, recipients: Sequence[Account], institutions: Mapping[str, Institution]
    ) -> None:
        """Checked before anything is sent: otherwise recipients would get a report that they cannot open."""
        url = self._key_servers.for_new_report(who.institution)
        shut_out = [
            account.email
            for account in recipients
            if url not in self._key_servers.allowed(institutions.get(account.institution_id or ""))
        ]
        if shut_out:
            raise refuse_for(shut_out, url)

    def _report(self, who: Principal, declared: int) -> Report:
        own_days = who.institution.retention_days if who.institution else limits.REPORT_DAYS
        now = self._clock.now()
        return Report(
            id=new_identifier(),
            sender_id=who.id,
            region=region_for_country(who.country or ""),
            key_server=self._key_servers.for_new_report(who.institution),
            state=DRAFT,
            created_at=now,
            declared=declared,
            digest_due=True,
            expires_at=now.replace(microsecond=0) + timedelta(days=min(self._settings.report_days, own_days)),
        )


def wanted_of(addresses: Sequence[str]) -> list[str]:
    """The normalised addresses, each once; `InvalidRequest` for none, `LimitExceeded` for too many.

    Counted before they are normalised: encoding a domain of other letters costs thousands of times its length.
    """
    written = dict.fromkeys(address.strip().lower() for address in addresses)
    if not written:
        raise InvalidRequest("A report needs at least one recipient.", field="recipients")
    if len(written) > limits.RECIPIENTS:
        raise LimitExceeded(
            f"A report has at most {limits.RECIPIENTS} recipients.",
            limit="recipients",
            maximum=limits.RECIPIENTS,
            actual=len(written),
        )
    return list(dict.fromkeys(map(email_addresses.normalise, written)))


async def _recipients(session: AsyncSession, wanted: Sequence[str]) -> tuple[list[Account], dict[str, Institution]]:
    rows = await session.execute(
        select(Account, Institution)
        .outerjoin(Institution, Institution.id == Account.institution_id)
        .where(Account.email.in_(wanted), Account.removed_at.is_(None), Account.disabled_at.is_(None))
    )
    by_email = {account.email: (account, institution) for account, institution in rows}
    unknown = [email for email in wanted if email not in by_email]
    if unknown:
        raise UnknownRecipient(
            f"Nobody with this address uses PicSafe: {', '.join(unknown)}.", field="recipients", recipients=unknown
        )
    institutions = {found.id: found for _, found in by_email.values() if found is not None}
    return [by_email[email][0] for email in wanted], institutions
