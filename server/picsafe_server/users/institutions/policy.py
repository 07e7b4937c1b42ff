"""An institution's policy: retention, idle lock, who may open reports, sealed labels, key servers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import ChangedMeanwhile, Conflict, InvalidRequest
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database
from picsafe_server.users.audit.audit_log import AuditAction, AuditLog
from picsafe_server.users.db.models import Institution
from picsafe_server.users.key_servers.allow_list import KeyServers
from picsafe_server.users.names.display_names import checked_name
from picsafe_server.users.names.mail_domains import approve, domains_of
from picsafe_server.users.principal import Principal

MEMBERS_MAY_OPEN = ("recipients", "members")
LABELS = ("sealed", "none")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Changes to a policy; None leaves a value as it is."""

    retention_days: int | None = None
    idle_lock_minutes: int | None = None
    members_may_open: str | None = None
    labels: str | None = None
    key_servers: Sequence[str] | None = None
    key_server: str | None = None

    def checked(self, servers: KeyServers) -> dict[str, object]:
        """The columns to change; `InvalidRequest`, `LimitExceeded` or `KeyServerNotPermitted` naming what cannot be."""
        values: dict[str, object] = {}
        if self.retention_days is not None:
            values["retention_days"] = _within(self.retention_days, limits.REPORT_DAYS, "retention_days")
        if self.idle_lock_minutes is not None:
            values["idle_lock_minutes"] = _within(self.idle_lock_minutes, limits.IDLE_LOCK_MINUTES, "idle_lock_minutes")
        if self.members_may_open is not None:
            if self.members_may_open not in MEMBERS_MAY_OPEN:
                raise InvalidRequest("Either `recipients` or `members` may open reports.", field="members_may_open")
            values["members_may_open"] = self.members_may_open
        if self.labels is not None:
            if self.labels not in LABELS:
                raise InvalidRequest("Labels are either `sealed` or `none`.", field="labels")
            values["labels"] = self.labels
        if self.key_servers is not None:
            values["key_servers"] = servers.checked(self.key_servers)
        if self.key_server is not None:
            url = self.key_server.rstrip("/")
            servers.check_permitted(url, "key_server")
            values["key_server"] = None if url == servers.own else url
        return values


class Institutions:
    """Institutions, and the changes that their administrators make."""

    def __init__(self, database: Database, clock: Clock, key_servers: KeyServers, administration: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._key_servers = key_servers
        self._administration = administration

    async def create(self, name: str, policy: Policy | None = None, domains: Sequence[str] = ()) -> Institution:
        """A new institution, with the defaults where `policy` says nothing. `Conflict` when one of the mail `domains`
        is another's.
        """
        institution = Institution(id=new_identifier(), name=checked_name(name), created_at=self._clock.now())
        for column, value in (policy.checked(self._key_servers) if policy else {}).items():
            setattr(institution, column, value)
        async with self._database.writing() as session:
            session.add(institution)
            await session.flush()
            made = AuditAction.INSTITUTION_MADE
            self._administration.record(session, institution.id, None, made, after=institution.name)
            await self._approve(session, institution.id, domains)
        return institution

    async def rename(self, institution_id: str, name: str) -> None:
        """Rename an institution. Only the operator may, since recipients trust the name. `InvalidRequest` for what is
        no name.
        """
        called = checked_name(name)
        async with self._database.writing() as session:
            institution = await session.get_one(Institution, institution_id, with_for_update=True)
            if called != institution.name:
                self._administration.record(
                    session, institution_id, None, AuditAction.NAME_CHANGED, before=institution.name, after=called
                )
                institution.name = called

    async def approve(self, institution_id: str, domain: str) -> None:
        """The operator adds a mail domain."""
        async with self._database.writing() as session:
            await self._approve(session, institution_id, [domain])

    async def _approve(self, session: AsyncSession, institution_id: str, domains: Sequence[str]) -> None:
        for domain in await approve(session, self._clock, institution_id, domains):
            self._administration.record(session, institution_id, None, AuditAction.DOMAIN_ADDED, after=domain)

    async def domains(self, institution_id: str) -> Sequence[str]:
        """The mail domains within which the institution adds members."""
        async with self._database.reading() as session:
            return await domains_of(session, institution_id)

    async def change(self, who: Principal, policy: Policy, believed: str | None = None) -> Institution:
        """Change the policy of the caller's institution. It holds for reports made from now on. `ChangedMeanwhile` when
        its `version` is another than `believed`.
        """
        values = policy.checked(self._key_servers)
        async with self._database.writing() as session:
            institution = await session.get_one(Institution, who.institution_id, with_for_update=True)
            if believed is not None and believed != version(institution):
                raise ChangedMeanwhile("The policy has been changed since you read it. Nothing was changed.")
            for column, value in values.items():
                before = getattr(institution, column)
                if value != before:
                    act = AuditAction(f"{column}_changed")
                    self._administration.record(
                        session, institution.id, who, act, before=_written(before), after=_written(value)
                    )
                setattr(institution, column, value)
            if values.keys() & {"key_servers", "key_server"}:
                _check_chosen(institution)
        return institution


def version(institution: Institution) -> str:
    """Changes with the policy."""
    values = [_written(getattr(institution, each.name)) for each in fields(Policy)]
    return hashlib.sha256("\0".join(values).encode()).hexdigest()[:16]


def _written(value: object) -> str:
    """A policy value as shown in the administration record: one address per line, nothing for PicSafe's own key
    server.
    """
    if value is None:
        return ""
    return "\n".join(value) if isinstance(value, list) else str(value)


def _check_chosen(institution: Institution) -> None:
    """The key server where keys are made is always allowed; changing another value never changes where keys are
    made.
    """
    if institution.key_server not in {None, *institution.key_servers}:
        raise Conflict(
            f"The keys of new reports are made at {institution.key_server}, so members must be allowed to ask it.",
            advice="Allow it, or choose another key server for new reports.",
        )


def _within(value: int, most: int, field: str) -> int:
    if not 1 <= value <= most:
        raise InvalidRequest(f"This takes 1 to {most}: an institution can only shorten it.", field=field)
    return value
