"""Credentials of the command: from the environment, otherwise from what `picsafe login` saved."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from picsafe_cli import durable_files, os_support
from picsafe_cli.api.client import Api
from picsafe_protocol.contracts.errors import NotSignedIn

URL_VARIABLE = "PICSAFE_URL"
TOKEN_VARIABLE = "PICSAFE_TOKEN"  # noqa: S105 the name of a variable


@dataclass(frozen=True)
class Credentials:
    """A server and a token of a session or a service account."""

    url: str
    token: str = field(repr=False)


def path() -> Path:
    """The file of `picsafe login`: in the user's configuration folder."""
    return os_support.configuration_folder() / "picsafe" / "credentials.json"


def load() -> Credentials:
    """Raises `NotSignedIn` when there are none."""
    url, token = os.environ.get(URL_VARIABLE), os.environ.get(TOKEN_VARIABLE)
    if url and token:
        return Credentials(url.rstrip("/"), token)
    if url or token:  # a token saved for one server must not be shown to another
        raise NotSignedIn(
            f"Of {URL_VARIABLE} and {TOKEN_VARIABLE} only one is set.",
            advice="Set both, or neither after `picsafe login`.",
        )
    return saved()


def saved() -> Credentials:
    """What `picsafe login` saved. Raises `NotSignedIn` when there is nothing."""
    try:
        found = json.loads(path().read_bytes())
        return Credentials(str(found["url"]), str(found["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise NotSignedIn(
            "This computer is not signed in to PicSafe.",
            advice=f"Run `picsafe login URL EMAIL`, or set {URL_VARIABLE} and {TOKEN_VARIABLE} for a service account.",
        ) from None


def api() -> Api:
    """A connection with them."""
    found = load()
    return Api(found.url, found.token)


def save(credentials: Credentials) -> None:
    """Replace what was saved; the file is readable by this user only from its first byte."""
    durable_files.make_folder(path().parent)
    durable_files.write(path(), json.dumps(asdict(credentials)).encode())


def forget() -> None:
    """Remove what was saved."""
    path().unlink(missing_ok=True)
