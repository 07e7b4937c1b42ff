"""Tokens that the user server signs: user tokens for key servers, and grants for one action on one report."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import KeyServerNotAllowed
from picsafe_protocol.contracts.tokens import GRANT_TYPE, USER_TOKEN_TYPE, Action, InstitutionAccess, KeyAccess, Role
from picsafe_server.auth.tokens import Signer
from picsafe_server.runtime.clock import Clock
from picsafe_server.settings import Settings
from picsafe_server.users.db.models import Account, Report, ReportInstitution, ReportRecipient
from picsafe_server.users.key_servers.allow_list import KeyServers
from picsafe_server.users.principal import Principal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_AT_KEY_SERVER = frozenset({Action.KEY_CREATE, Action.KEY_REVOKE})


@dataclass(frozen=True)
class SignedToken:
    """A token, the base URL of the server that it is for, and when it expires."""

    url: str
    token: str
    expires_at: datetime


class Grants:
    """Signs tokens for the user server. Whether the caller may have one is decided before."""

    def __init__(self, signer: Signer, settings: Settings, clock: Clock, key_servers: KeyServers) -> None:
        self._signer = signer
        self._settings = settings
        self._key_servers = key_servers
        self._clock = clock

    def key_servers(self, who: Principal) -> list[str]:
        """The allow-list of the caller."""
        return self._key_servers.allowed(who.institution)

    def user_token(self, who: Principal, audience: str) -> SignedToken:
        """A token that identifies the caller to the key server `audience`; `KeyServerNotAllowed` when it is not on
        their allow-list.
        """
        url = audience.rstrip("/")
        if url not in self.key_servers(who):
            raise KeyServerNotAllowed(keyserver_url=audience)
        claims: dict[str, str | float] = {"sub": who.id, "name": who.name, "email": who.email or ""}
        if who.institution:
            claims |= {"inst": who.institution.id, "inst_name": who.institution.name}
            if who.joined is not None and not who.is_service:  # of a machine `since` says the same
                claims["inst_since"] = _seconds(who.joined)
        if who.role:
            claims["role"] = who.role.value
        if who.since is not None:
            claims["since"] = _seconds(who.since)
        token = self._signer.sign(USER_TOKEN_TYPE, url, limits.USER_TOKEN_SECONDS, **claims)
        return SignedToken(url, token, self._expiry(limits.USER_TOKEN_SECONDS))

    async def grant(self, session: AsyncSession, who: Principal, report: Report, action: Action) -> SignedToken:
        """A grant for one action of the caller on one report, at the server that performs it."""
        claims = _claims(who, report, action)
        if action is Action.PACKAGE_UPLOAD and report.declared is not None:
            claims["size"] = report.declared
        if action is Action.KEY_CREATE:
            if who.institution:
                claims |= {"inst": who.institution.id, "inst_name": who.institution.name}
            claims["access"] = await key_access(session, report)
        return self._sign_grant(report, action, claims)

    def grant_for_sender(self, sender: Account, report: Report, action: Action) -> SignedToken:
        """A grant with which the user server itself does what the sender asked for."""
        return self._sign_grant(report, action, _claims(sender, report, action))

    def _sign_grant(self, report: Report, action: Action, claims: dict[str, object]) -> SignedToken:
        at_key_server = action in _AT_KEY_SERVER
        url = self._key_servers.of_report(report) if at_key_server else self._settings.cloud_base(report.region)
        token = self._signer.sign(GRANT_TYPE, url, limits.GRANT_SECONDS, **claims)
        return SignedToken(url, token, self._expiry(limits.GRANT_SECONDS))

    def _expiry(self, seconds: int) -> datetime:
        return datetime.fromtimestamp(int(self._clock.now().timestamp()) + seconds, UTC)


def _seconds(moment: datetime) -> float:
    """Seconds since 1970, with milliseconds after the point."""
    return (moment - _EPOCH) // _MILLISECOND / 1000


def _claims(who: Principal | Account, report: Report, action: Action) -> dict[str, object]:
    until = int(report.expires_at.timestamp())
    claims: dict[str, object] = {"sub": who.id, "act": action.value, "rid": report.id, "until": until}
    if action in _AT_KEY_SERVER:  # its log names people; the cloud need not know them
        claims |= {"name": who.name, "email": who.email or ""}
    return claims


async def key_access(session: AsyncSession, report: Report) -> KeyAccess:
    """Who may ever be given the report's key: its people, and the policy of their institutions as it was when the
    report was made.
    """
    recipients = await session.scalars(
        select(ReportRecipient.account_id)
        .where(ReportRecipient.report_id == report.id)
        .order_by(ReportRecipient.position)
    )
    institutions = await session.scalars(
        select(ReportInstitution)
        .where(ReportInstitution.report_id == report.id)
        .order_by(ReportInstitution.institution_id)
    )
    return KeyAccess(
        begun=_seconds(report.created_at),
        owner=report.sender_id,
        recipients=list(recipients),
        institutions=[
            InstitutionAccess(id=row.institution_id, roles=[role.value for role in _roles(row.members)])
            for row in institutions
        ],
    )


def _roles(members: bool) -> Collection[Role]:
    return [Role.SERVICE, Role.MEMBER, Role.ADMINISTRATOR] if members else [Role.SERVICE]
