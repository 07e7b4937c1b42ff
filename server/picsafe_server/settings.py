"""All settings of the server, read from environment variables once at start. `docs/operate.md` describes each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.regions import REGIONS
from picsafe_protocol.format.package import is_keyserver_url
from picsafe_server.runtime.addresses import (
    LOOPBACK_HOSTS,
    SettingsError,
    base_url,
    database_url,
    listening_address,
    origin_of,
    store_url,
)
from picsafe_server.runtime.database import Bounds

ROLES = ("client", "users", "cloud", "keys")
SECURITY_LOG_DAYS = 3650
"""The longest that a security log can be wanted for: ten years."""


def _env(name: str, meaning: str) -> dict[str, str]:
    return {"env": name, "meaning": meaning}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator decides. Units are in the names."""

    public_url: str = field(
        default="http://localhost:8000",
        metadata=_env("PICSAFE_PUBLIC_URL", "where browsers reach this process; the default of every role's own URL"),
    )
    roles: tuple[str, ...] = field(
        default=ROLES,
        metadata=_env("PICSAFE_ROLES", "which roles this process plays: any of client, users, cloud, keys (comma)"),
    )
    regions: tuple[str, ...] = field(
        default=tuple(REGIONS),
        metadata=_env("PICSAFE_REGIONS", "which regions the cloud role stores (comma): au, ca, de, ie, uk, us"),
    )
    data: Path = field(
        default=Path("var"),
        metadata=_env("PICSAFE_DATA", "folder of signing keys, the master key, and by default databases and blobs"),
    )
    users_url: str = field(
        default="", metadata=_env("PICSAFE_USERS_URL", "base URL of the user server; <public>/users when empty")
    )
    keys_url: str = field(
        default="", metadata=_env("PICSAFE_KEYS_URL", "base URL of the key server; <public>/keys when empty")
    )
    cloud_urls: Mapping[str, str] = field(
        default_factory=dict,
        metadata=_env(
            "PICSAFE_CLOUD_URLS", "base URL a region, as au=https://…,ca=…; <public>/cloud/<region> when absent"
        ),
    )
    users_database: str = field(
        default="", metadata=_env("PICSAFE_USERS_DATABASE", "SQLAlchemy URL; SQLite in the data folder when empty")
    )
    cloud_database: str = field(
        default="", metadata=_env("PICSAFE_CLOUD_DATABASE", "SQLAlchemy URL; SQLite in the data folder when empty")
    )
    keys_database: str = field(
        default="", metadata=_env("PICSAFE_KEYS_DATABASE", "SQLAlchemy URL; SQLite in the data folder when empty")
    )
    s3_buckets: Mapping[str, str] = field(
        default_factory=dict,
        metadata=_env("PICSAFE_S3_BUCKETS", "bucket a region, as au=name,ca=name; regions without one use files"),
    )
    s3_endpoint: str = field(
        default="", metadata=_env("PICSAFE_S3_ENDPOINT", "URL of an S3 store that is not AWS; AWS when empty")
    )
    master_key_file: Path | None = field(
        default=None,
        metadata=_env(
            "PICSAFE_MASTER_KEY_FILE", "master keys that wrap report keys; <data>/keys/master.keys when empty"
        ),
    )
    allowed_key_servers: tuple[str, ...] = field(
        default=(),
        metadata=_env(
            "PICSAFE_ALLOWED_KEY_SERVERS", "key servers besides PicSafe's own that institutions may choose (comma)"
        ),
    )
    trusted_user_servers: tuple[str, ...] = field(
        default=(),
        metadata=_env(
            "PICSAFE_TRUSTED_USER_SERVERS", "further user servers whose tokens cloud and keys accept (comma)"
        ),
    )
    client_origins: tuple[str, ...] = field(
        default=(),
        metadata=_env(
            "PICSAFE_CLIENT_ORIGINS", "origins of My PicSafe that may call these roles across origins (comma)"
        ),
    )
    client_folder: Path = field(
        default=Path("build/client"),
        metadata=_env("PICSAFE_CLIENT_FOLDER", "the built client that the client role serves"),
    )
    report_days: int = field(
        default=limits.REPORT_DAYS,
        metadata=_env("PICSAFE_REPORT_DAYS", "how many days reports are kept: 1 to 7; institutions may shorten it"),
    )

    security_log_days: int = field(
        default=180,
        metadata=_env("PICSAFE_SECURITY_LOG_DAYS", "how many days the user server keeps its security log: 1 to 3650"),
    )
    database_connections: int = field(
        default=Bounds.connections,
        metadata=_env("PICSAFE_DATABASE_CONNECTIONS", "connections that one role of one process makes to PostgreSQL"),
    )
    database_lock_seconds: int = field(
        default=Bounds.lock_seconds,
        metadata=_env("PICSAFE_DATABASE_LOCK_SECONDS", "how long a request waits for a lock in the database"),
    )
    database_statement_seconds: int = field(
        default=Bounds.statement_seconds,
        metadata=_env("PICSAFE_DATABASE_STATEMENT_SECONDS", "how long a statement may take in PostgreSQL"),
    )
    database_idle_seconds: int = field(
        default=Bounds.idle_seconds,
        metadata=_env(
            "PICSAFE_DATABASE_IDLE_SECONDS", "how long a process may hold a transaction in PostgreSQL and do nothing"
        ),
    )
    drain_seconds: int = field(
        default=0,
        metadata=_env(
            "PICSAFE_DRAIN_SECONDS", "how long requests are still taken after SIGTERM, while /ready answers 503"
        ),
    )
    metrics_address: str = field(
        default="",
        metadata=_env(
            "PICSAFE_METRICS_ADDRESS", "where metrics are served for Prometheus, as 127.0.0.1:9100; none when empty"
        ),
    )

    def __post_init__(self) -> None:
        self._check_choices()
        for name in ("users_database", "cloud_database", "keys_database"):
            self._replace(name, lambda url, variable: database_url(url, variable) if url else "")
        self._replace("public_url", lambda url, variable: base_url(url, variable, path=False))
        for name in ("users_url", "keys_url"):
            self._replace(name, lambda url, variable: base_url(url, variable) if url else "")
        self._replace("s3_endpoint", lambda url, variable: store_url(url, variable) if url else "")
        self._replace("cloud_urls", lambda urls, variable: {at: base_url(url, variable) for at, url in urls.items()})
        # One spelling: the same address with a slash would be another one to every comparison.
        for name in ("allowed_key_servers", "trusted_user_servers"):
            self._replace(name, lambda urls, variable: tuple(dict.fromkeys(base_url(url, variable) for url in urls)))
        self._replace(
            "client_origins",
            lambda urls, variable: tuple(dict.fromkeys(base_url(url, variable, path=False) for url in urls)),
        )
        for variable, urls in (
            ("PICSAFE_KEYS_URL", (self.keys_base,)),
            ("PICSAFE_ALLOWED_KEY_SERVERS", self.allowed_key_servers),
        ):
            for url in urls:
                if not is_keyserver_url(url):  # packages name it, so it has to be what readers take
                    raise SettingsError(f"{variable} takes addresses as https://host/keys, not {url!r}")
        if self.metrics_address:
            listening_address(self.metrics_address, "PICSAFE_METRICS_ADDRESS")

    def _replace(self, name: str, spelt: Callable[[Any, str], object]) -> None:
        item = next(each for each in fields(self) if each.name == name)
        object.__setattr__(self, name, spelt(getattr(self, name), item.metadata["env"]))

    def _check_choices(self) -> None:
        unknown = set(self.roles) - set(ROLES)
        if unknown or not self.roles:
            raise SettingsError(
                f"PICSAFE_ROLES takes any of {', '.join(ROLES)}, not {', '.join(sorted(unknown)) or 'none'}"
            )
        for variable, given in (
            ("PICSAFE_REGIONS", self.regions),
            ("PICSAFE_CLOUD_URLS", self.cloud_urls),
            ("PICSAFE_S3_BUCKETS", self.s3_buckets),
        ):
            if unknown := set(given) - set(REGIONS):
                raise SettingsError(
                    f"{variable}: there is no region {', '.join(sorted(unknown))}; there are {', '.join(REGIONS)}"
                )
        if not 1 <= self.report_days <= limits.REPORT_DAYS:
            raise SettingsError(f"PICSAFE_REPORT_DAYS takes 1 to {limits.REPORT_DAYS}")
        if not 1 <= self.security_log_days <= SECURITY_LOG_DAYS:
            raise SettingsError(f"PICSAFE_SECURITY_LOG_DAYS takes 1 to {SECURITY_LOG_DAYS}")
        for name, least in (("connections", 2), ("lock_seconds", 1), ("statement_seconds", 1), ("idle_seconds", 1)):
            if getattr(self, f"database_{name}") < least:
                raise SettingsError(f"PICSAFE_DATABASE_{name.upper()} takes {least} or more")

    @property
    def users_base(self) -> str:
        """Base URL of the user server: issuer of user tokens and grants, audience of receipts."""
        return self.users_url or f"{self.public_url}/users"

    @property
    def keys_base(self) -> str:
        """Base URL of the key server: the audience of user tokens, and what packages name."""
        return self.keys_url or f"{self.public_url}/keys"

    def cloud_base(self, region: str) -> str:
        """Base URL of one region's cloud: the audience of grants, issuer of receipts."""
        return self.cloud_urls.get(region, f"{self.public_url}/cloud/{region}").rstrip("/")

    def database(self, role: str) -> str:
        """SQLAlchemy URL of a role's own database."""
        given = {"users": self.users_database, "cloud": self.cloud_database, "keys": self.keys_database}[role]
        return given or f"sqlite+aiosqlite:///{(self.data / role / f'{role}.sqlite').resolve()}"

    @property
    def database_bounds(self) -> Bounds:
        """What each role takes of its database."""
        return Bounds(
            connections=self.database_connections,
            lock_seconds=self.database_lock_seconds,
            statement_seconds=self.database_statement_seconds,
            idle_seconds=self.database_idle_seconds,
        )

    @property
    def origin(self) -> str:
        """Scheme, host and port of the public URL."""
        return origin_of(self.public_url)

    @property
    def is_loopback_http(self) -> bool:
        """Plain http on this machine, where browsers still treat the page as secure: the only place without HTTPS."""
        parts = urlsplit(self.public_url)
        return parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Settings from `PICSAFE_*` variables; `SettingsError` for one that is malformed or unknown."""
        by_variable = {item.metadata["env"]: item for item in fields(cls)}
        unknown = [name for name in environment if name.startswith("PICSAFE_") and name not in by_variable]
        foreign = [
            name
            for name in unknown
            if name not in {"PICSAFE_VECTORS", "PICSAFE_SAMPLES", "PICSAFE_TOKEN", "PICSAFE_URL"}
        ]
        if foreign:
            raise SettingsError(f"there is no setting {', '.join(sorted(foreign))}")
        given: dict[str, object] = {}
        for variable, item in by_variable.items():
            text = environment.get(variable, "").strip()
            if text:
                given[item.name] = _parsed(variable, str(item.type), text)
        return cls(**given)  # type: ignore[arg-type]


def _parsed(variable: str, kind: str, text: str) -> object:
    if kind == "int":
        if not text.isdecimal():
            raise SettingsError(f"{variable} takes a whole number, not {text!r}")
        return int(text)
    if kind.startswith("Path"):
        return Path(text)
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    if kind.startswith("tuple"):
        return parts
    if kind.startswith("Mapping"):
        if any("=" not in part for part in parts):
            raise SettingsError(f"{variable} takes name=value pairs separated by commas, not {text!r}")
        return dict(part.split("=", 1) for part in parts)
    return text
