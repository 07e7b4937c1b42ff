"""The caller's own account at the user server: name, password, sessions, security log, invitation."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from picsafe_client.api.client import Api
from picsafe_protocol.contracts.api.accounts import InvitationView, Me, SessionList, SessionView
from picsafe_protocol.contracts.api.institutions import SecurityPage
from picsafe_protocol.contracts.api.requests import Acceptance, InvitationToken, NewPassword, Rename
from picsafe_protocol.json.messages import read, write


async def rename(api: Api, name: str) -> Me:
    """Changes the name that others see. Raises `InvalidRequest` for one that cannot be."""
    return read(Me, await api.users("PATCH", "/v1/me", write(Rename(name=name))))


async def change_password(api: Api, current: str, new: str) -> None:
    """Ends the caller's other sessions too. Raises `WrongPassword`, and `InvalidRequest` for a new one that is refused."""
    await api.users("POST", "/v1/me/password", write(NewPassword(current=current, new=new)))


async def look_at_invitation(api: Api, token: str) -> InvitationView:
    """For whom an invitation is, by whom, and until when. Raises `TokenRefused`."""
    return read(InvitationView, await api.users("POST", "/v1/invitations/look", write(InvitationToken(token=token))))


async def accept_invitation(api: Api, token: str, password: str) -> None:
    """Sets the password of the invited person. Raises `TokenRefused`, and `InvalidRequest` for a password that is
    refused.
    """
    await api.users("POST", "/v1/invitations", write(Acceptance(token=token, password=password)))


async def dismiss_password_reset(api: Api) -> None:
    """The notice of a password reset is not shown again."""
    await api.users("POST", "/v1/me/password-reset/seen", {})


async def sessions(api: Api) -> list[SessionView]:
    """The open sessions, last used first."""
    return read(SessionList, await api.users("GET", "/v1/sessions")).sessions


async def end_session(api: Api, session_id: str) -> None:
    """Signs that session out."""
    await api.users("DELETE", f"/v1/sessions/{quote(session_id, safe='')}")


async def end_all_sessions(api: Api) -> None:
    """Signs out everywhere, here too, and ends the delivery of reports that are still on their way."""
    await api.users("DELETE", "/v1/sessions")


async def security_log(api: Api, before: int | None, limit: int, *, signal: Any = None) -> SecurityPage:
    """`limit` events, newest first: those before number `before`, or the newest."""
    query = {"limit": limit} | ({} if before is None else {"before": before})
    return read(SecurityPage, await api.users("GET", f"/v1/me/security?{urlencode(query)}", signal=signal))
