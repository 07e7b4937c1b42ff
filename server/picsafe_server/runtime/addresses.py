"""Normalises addresses in settings to the one spelling that everything compares; errors name the setting."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import idna
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"http": 80, "https": 443}
_DRIVERS: Final = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
"""What people and hosting services write, and what it is called here."""


class SettingsError(ValueError):
    """A setting that cannot be; the message names the variable and says what it takes."""


def base_url(url: str, variable: str, *, path: bool = True) -> str:
    """`url` with a host in lower case and in ASCII, without a port that its scheme implies and without a slash at the
    end.

    `SettingsError` unless it is https, or http on a loopback host; and when it has a path although `path` says that it
    cannot.
    """
    scheme, host, port, rest = _parts(url, variable)
    if scheme != "https" and not (scheme == "http" and host in LOOPBACK_HOSTS):
        raise SettingsError(f"{variable}: {url!r} must be https; only this machine's own address may be plain http")
    if rest and not path:
        raise SettingsError(f"{variable} takes scheme, host and port alone, not {url!r} with a path")
    return f"{scheme}://{_bracketed(host)}{port}{rest}"


def store_url(url: str, variable: str) -> str:
    """`url` when it can be the address of an S3 store, which may be plain http; `SettingsError` otherwise."""
    scheme, host, port, rest = _parts(url, variable)
    if scheme not in _PORTS:
        raise SettingsError(f"{variable} takes an address as https://s3.example, not {url!r}")
    return f"{scheme}://{_bracketed(host)}{port}{rest}"


def _parts(url: str, variable: str) -> tuple[str, str, str, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, idna.IDNAError) as error:
        raise SettingsError(f"{variable}: {url!r} is not a base URL: {error}") from error
    unfit = not host or parts.query or parts.fragment or "@" in parts.netloc or any(sign in url for sign in " \\?#\t")
    if unfit or not url.isprintable():
        raise SettingsError(f"{variable}: {url!r} is not a base URL, as https://host or https://host/path")
    shown = "" if port is None or port == _PORTS.get(parts.scheme) else f":{port}"
    return parts.scheme, host, shown, parts.path.rstrip("/")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def origin_of(url: str) -> str:
    """Scheme, host and port of `url`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def database_url(url: str, variable: str) -> str:
    """`url` as SQLAlchemy takes it; `SettingsError`, which quotes nothing of it, when it cannot be one."""
    encoded = "encode @ : / ? # and % in user and password as %40 %3A %2F %3F %23 and %25"
    try:
        made = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(
            f"{variable} takes postgresql+asyncpg://user:password@host/name or sqlite+aiosqlite:////file; {encoded}"
        ) from error
    driver = _DRIVERS.get(made.drivername, made.drivername)
    if driver not in _DRIVERS.values():
        raise SettingsError(
            f"{variable} takes postgresql+asyncpg://… or sqlite+aiosqlite:///…, not {made.drivername}://…"
        )
    if driver.startswith("postgresql"):
        if not made.host or not made.database:
            raise SettingsError(f"{variable} names no {'database' if made.host else 'host'}; {encoded}")
        if set(made.host) & set("@/?#") or "/" in made.database:
            raise SettingsError(f"{variable} cannot be read; {encoded}")
    elif not made.database:
        raise SettingsError(f"{variable} names no file")
    return made.set(drivername=driver).render_as_string(hide_password=False)


def listening_address(address: str, variable: str) -> tuple[str, int]:
    """Host and port of `address`; `SettingsError` when it has none."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(f"{variable} takes host:port, as 127.0.0.1:9100, not {address!r}")
    return host.strip("[]"), int(port)
