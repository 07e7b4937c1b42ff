"""The user server as a role of the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from litestar import Request, Router
from litestar.di import Provide
from sqlalchemy import select

from picsafe_server.auth.tokens import Signer
from picsafe_server.http.json_guard import json_only
from picsafe_server.role import ServerRole, WatchedLog, migrate
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.key_fingerprints import KeyFile, KnownKeys
from picsafe_server.runtime.sweeper import Step
from picsafe_server.users import container as parts
from picsafe_server.users.accounts.authentication import authenticate
from picsafe_server.users.api import CONTROLLERS
from picsafe_server.users.api.outbox import parcel_of
from picsafe_server.users.container import Services
from picsafe_server.users.db.models import ChangeCounter, known_keys
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports.outbox import Parcel

MIGRATIONS = Path(__file__).parent / "migrations"


def _services(request: Request[Any, Any, Any]) -> Services:
    role: UsersRole = request.app.state.roles[UsersRole.name]
    return role.services


async def _caller(request: Request[Any, Any, Any]) -> Principal:
    return await authenticate(request)


async def _parcel(request: Request[Any, Any, Any]) -> Parcel:
    return await parcel_of(request)


class UsersRole(ServerRole):
    """Accounts, institutions, tokens and the report index under `/users`."""

    name: ClassVar[str] = "users"
    services: Services
    """There once the role has started."""

    def router(self) -> Router:
        return Router(
            "/users",
            route_handlers=CONTROLLERS,
            guards=[json_only],
            dependencies={
                "services": Provide(_services, sync_to_thread=False),
                "caller": Provide(_caller),
                "parcel": Provide(_parcel),
            },
        )

    async def start(self) -> None:
        database, signer = await self._opened()
        await self._known_keys(database).check(self._key_files(signer))
        self.services = parts.build(self.context, database, signer)

    async def _opened(self) -> tuple[Database, Signer]:
        settings = self.context.settings
        database = Database(settings.database(self.name), MIGRATIONS, settings.database_bounds)
        await migrate(self.name, database)
        return database, Signer.from_file(settings.users_base, self._signing_key, self.context.clock)

    @property
    def _signing_key(self) -> Path:
        return self.context.folder(self.name) / "signing.pem"

    def _known_keys(self, database: Database) -> KnownKeys:
        return KnownKeys(database, known_keys, self.name, self.context.clock)

    def _key_files(self, signer: Signer) -> dict[str, KeyFile]:
        return {"signing.pem": KeyFile.of(self._signing_key, signer.public_key)}

    async def accept_keys(self) -> list[str]:
        database, signer = await self._opened()
        try:
            return await self._known_keys(database).accept(self._key_files(signer))
        finally:
            await database.close()

    def closing(self) -> None:
        self.services.live.close()

    async def stop(self) -> None:
        await self.services.live.stop()
        await self.services.sessions.touches.stop()
        await self.services.database.close()

    async def ready(self) -> None:
        await self.services.database.check(select(ChangeCounter.last).with_for_update())

    async def warnings(self) -> Sequence[str]:
        logs = await self.services.checkpoints.states()
        return [f"the access log of {key_server} {text}" for key_server, log in logs.items() for text in log.warnings]

    def watched_logs(self) -> Mapping[str, WatchedLog]:
        return self.services.checkpoints.last_known

    def steps(self) -> Sequence[Step]:
        services = self.services
        return [
            Step("reports expired", services.expiry.expire),
            Step("reports forgotten", services.expiry.forget),
            Step("withdrawal calls made", services.withdrawals.make_all_calls),
            Step("sessions ended", services.sessions.sweep),
            Step("sign-in counts forgotten", services.throttle.sweep),
            Step("look-ups forgotten", services.look_ups.sweep),
            Step("draft secrets deleted", services.draft_secrets.sweep),
            Step("outbox tokens deleted", services.outbox.sweep),
            Step("devices forgotten", services.devices.sweep),
            Step("security log lines forgotten", services.security.sweep),
            Step("logs contradicted", services.checkpoints.sweep),
        ]
