"""The interface of a role, and what a role is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import httpx
from litestar import Router

from picsafe_server.runtime.addresses import SettingsError
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database, DatabaseUnusable
from picsafe_server.runtime.sweeper import Step, run_once
from picsafe_server.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RoleContext:
    """What a role needs from the process that runs it."""

    settings: Settings
    clock: Clock
    http: httpx.AsyncClient
    """For calls to other roles: goes over the network, or straight to this process when the role is here too."""

    def folder(self, role: str) -> Path:
        """The folder of a role's own files, made when it is not there; readable by this user only."""
        folder = self.settings.data / role
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder


@dataclass(frozen=True, kw_only=True)
class WatchedLog:
    """The state of a key server's access log as seen by another server."""

    is_contradicted: bool
    """A checkpoint contradicts an earlier one."""
    is_unproven: bool
    """A larger log was signed, and no proof has come that it begins with the earlier one."""
    is_unseen: bool
    """No checkpoint could be had for long."""

    @property
    def warnings(self) -> list[str]:
        """What an operator should know, each the end of a sentence that begins with "the access log of URL"."""
        texts = {
            "contradicts what it was: key-server accept-log, once that is explained": self.is_contradicted,
            "has grown without a proof that it begins with what it was": self.is_unproven and not self.is_contradicted,
            "could not be looked at for an hour": self.is_unseen,
        }
        return [text for text, applies in texts.items() if applies]


class NotReady(Exception):
    """Why a role cannot serve, as a sentence for the operator that tells nothing secret."""


async def migrate(role: str, database: Database) -> None:
    """Bring a role's database to the newest schema; `SettingsError` names the setting of one that cannot be used."""
    try:
        await database.migrate()
    except DatabaseUnusable as error:
        raise SettingsError(f"PICSAFE_{role.upper()}_DATABASE: {error}") from error


class ServerRole(ABC):
    """One of the servers. It owns its database and its routes, and knows the other roles by URL only."""

    name: ClassVar[str]

    def __init__(self, context: RoleContext) -> None:
        self.context = context

    @abstractmethod
    def router(self) -> Router:
        """The role's routes under its fixed prefix."""

    @abstractmethod
    async def start(self) -> None:
        """Open the database, bring it to the newest schema, start what runs in the background."""

    @abstractmethod
    async def stop(self) -> None:
        """Finish what is under way and close everything."""

    @abstractmethod
    async def accept_keys(self) -> list[str]:
        """Record the keys now in the role's folder in its database, in place of the former ones; returns the names of
        those.

        For deliberate use by an operator, on a role that has not started.
        """

    def closing(self) -> None:  # noqa: B027 most roles hold no connection open
        """Called when the process begins to stop and its connections are still open: end what would keep them open."""

    @abstractmethod
    async def ready(self) -> None:
        """Return when the role can serve; raise any exception when it cannot, `NotReady` to say why."""

    async def warnings(self) -> Sequence[str]:
        """What an operator has to look at although the role serves: sentences that tell nothing secret."""
        return []

    def watched_logs(self) -> Mapping[str, WatchedLog]:
        """The state of the access log of each key server that the role watches, as of the last check."""
        return {}

    def clock_offsets(self) -> Mapping[str, float]:
        """Seconds by which the clocks of servers that the role asks were ahead of this one's, by base URL."""
        return {}

    @abstractmethod
    def steps(self) -> Sequence[Step]:
        """The role's scheduled steps (expiry, deletion, retries); available once it has started."""

    async def sweep(self) -> Mapping[str, int]:
        """Do all that is due by the clock, now; counts of what was done, by step."""
        return await run_once(self.steps())
