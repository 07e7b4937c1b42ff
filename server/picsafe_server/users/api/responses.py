"""Makes answers of database rows: the classes are those of `picsafe_protocol.contracts.api`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from picsafe_protocol.contracts.api import institutions as messages
from picsafe_protocol.contracts.api.accounts import InvitationView, SessionView
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.accounts.invitations import OpenInvitation
from picsafe_server.users.db.models import Account, AdministrativeAct, Institution, ServiceAccount, SignedInSession
from picsafe_server.users.institutions import members, policy
from picsafe_server.users.key_servers.allow_list import KeyServers


def session_view(row: SignedInSession, current: str) -> SessionView:
    """`current` is the session that asks."""
    return SessionView(row.id, row.device, rfc3339(row.created_at), rfc3339(row.last_used_at), row.id == current)


def institution_view(row: Institution, key_servers: KeyServers, domains: Sequence[str]) -> messages.InstitutionView:
    """`domains` are the approved ones."""
    return messages.InstitutionView(
        row.id,
        row.name,
        row.retention_days,
        row.idle_lock_minutes,
        row.members_may_open,  # type: ignore[arg-type]
        key_servers.of(row),
        key_servers.chosen(row),
        [key_servers.own, *key_servers.permitted],
        list(domains),
        row.labels,  # type: ignore[arg-type]
        policy.version(row),
    )


def member(row: Account) -> messages.Member:
    """A member without an invitation's token."""
    return messages.Member(
        id=row.id,
        email=row.email,
        name=row.name,
        country=row.country,
        role=row.role,  # type: ignore[arg-type]
        disabled=row.disabled_at is not None,
        invited=row.password_hash is None,
        version=members.version(row),
    )


def invited_member(invited: members.Invited) -> messages.InvitedMember:
    """A member with the token of their invitation."""
    until = rfc3339(invited.expires_at)
    token = invited.invitation_token
    return messages.InvitedMember(**asdict(member(invited.account)), invitation_token=token, expires_at=until)


def invitation_view(found: OpenInvitation) -> InvitationView:
    """What the holder of an invitation may know of it."""
    return InvitationView(
        name=found.account.name,
        email=found.account.email,
        institution=found.institution,
        by=found.invitation.made_by,
        by_email=found.invitation.made_by_email,
        expires_at=rfc3339(found.invitation.expires_at),
        resets=found.account.password_hash is not None,
    )


def act_view(row: AdministrativeAct) -> messages.ActView:
    """A line of the administration record."""
    who = messages.Administrator(row.who_id, row.who_name or "", row.who_email) if row.who_id else None
    whom = messages.PersonWho(row.whom_id, row.whom_name or "") if row.whom_id else None
    return messages.ActView(row.number, rfc3339(row.at), who, row.act, whom, row.before, row.after)


def service_view(row: ServiceAccount) -> messages.ServiceView:
    """A service account without its token."""
    used = rfc3339(row.last_used_at) if row.last_used_at else None
    return messages.ServiceView(row.id, row.name, rfc3339(row.created_at), used)
