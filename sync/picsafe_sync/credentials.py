"""Where the command finds the server and who it is: environment first, then what `picsafe login` saved."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from picsafe_protocol.errors import NotSignedIn

URL_VARIABLE = "PICSAFE_URL"
TOKEN_VARIABLE = "PICSAFE_TOKEN"  # noqa: S105 the name of a variable


@dataclass(frozen=True)
class Credentials:
    """A server and a token of a session or a service account."""

    url: str
    token: str


def path() -> Path:
    """The file of `picsafe login`: in the user's configuration folder."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "picsafe" / "credentials.json"


def load() -> Credentials:
    """Raises `NotSignedIn` when there are none."""
    url, token = os.environ.get(URL_VARIABLE), os.environ.get(TOKEN_VARIABLE)
    if url and token:
        return Credentials(url, token)
    try:
        saved = json.loads(path().read_text("utf-8"))
        return Credentials(url or str(saved["url"]), token or str(saved["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise NotSignedIn(
            "This computer is not signed in to PicSafe.",
            advice=f"Run `picsafe login URL EMAIL`, or set {URL_VARIABLE} and {TOKEN_VARIABLE} for a service account.",
        ) from None


def save(credentials: Credentials) -> None:
    """Replace what was saved; the file is readable by this user only from its first byte."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = target.with_name(f"{target.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(credentials), file)
    temporary.replace(target)


def forget() -> None:
    """Remove what was saved."""
    path().unlink(missing_ok=True)
