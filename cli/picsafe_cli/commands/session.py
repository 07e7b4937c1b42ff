"""`picsafe login` and `picsafe logout`."""

from __future__ import annotations

import argparse
import getpass
import platform
import sys

from picsafe_cli.api import credentials
from picsafe_cli.api.client import Api
from picsafe_cli.api.credentials import Credentials
from picsafe_cli.signals import run
from picsafe_protocol.contracts.api.accounts import SessionBegun
from picsafe_protocol.contracts.api.requests import SignIn
from picsafe_protocol.contracts.errors import InternalError, NotSignedIn
from picsafe_protocol.contracts.limits import DEVICE_CHARACTERS
from picsafe_protocol.json.messages import read, write


def login(options: argparse.Namespace) -> None:
    """Exchange the password for a session token and keep that; the password itself is never stored."""
    Api(options.url)  # before the password is asked for
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    run(_sign_in(options.url.rstrip("/"), options.email, password))


async def _sign_in(url: str, email: str, password: str) -> None:
    device = f"picsafe on {platform.node()}"[:DEVICE_CHARACTERS]
    body = write(SignIn(email=email, password=password, device=device, transport="token"))
    async with Api(url) as api:
        begun = read(SessionBegun, await api.users("POST", "/v1/sessions", body, again=False))
    if begun.token is None:
        raise InternalError("The server began a session without a token.")
    credentials.save(Credentials(url, begun.token))
    print(f"Signed in as {begun.me.name}.")


def logout(options: argparse.Namespace) -> None:
    """End the session at the server and forget its token, in any case."""
    saved = credentials.saved()
    try:
        run(_sign_out(saved))
    finally:
        credentials.forget()
    print("Signed out.")


async def _sign_out(saved: Credentials) -> None:
    async with Api(saved.url, saved.token) as api:
        try:
            await api.users("DELETE", "/v1/sessions/current")
        except NotSignedIn:
            return  # it was over already
