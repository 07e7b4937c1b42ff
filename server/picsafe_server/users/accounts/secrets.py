"""Random secrets of which the database holds only the hash: session tokens, service tokens, invitations."""

from __future__ import annotations

import hashlib
import secrets

from picsafe_protocol.contracts.identifiers import is_identifier

SERVICE_PREFIX = "picsafe_st_"
OUTBOX_PREFIX = "picsafe_ob_"
INVITATION_PREFIX = "picsafe_in_"


def new_secret() -> str:
    """256 random bits as base64url: so many that a plain hash of them cannot be reversed by guessing."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """The SHA-256 of a secret, as stored in the database."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def outbox_token() -> str:
    """A token that delivers one report, recognisable by scanners of logs and repositories."""
    return OUTBOX_PREFIX + new_secret()


def service_token(account_id: str, secret: str) -> str:
    """The token of a service account, recognisable by scanners of logs and repositories."""
    return f"{SERVICE_PREFIX}{account_id}_{secret}"


def split_service_token(token: str) -> tuple[str, str] | None:
    """Account and secret of a service token; None when it is not one."""
    account_id, _, secret = token.removeprefix(SERVICE_PREFIX).partition("_")
    return (account_id, secret) if token.startswith(SERVICE_PREFIX) and is_identifier(account_id) and secret else None
