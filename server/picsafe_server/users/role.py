"""The user server as a role of the process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from litestar import Request, Router
from litestar.di import Provide

from picsafe_server.database import Database
from picsafe_server.json_bodies import json_only
from picsafe_server.known_keys import KeyFile, KnownKeys
from picsafe_server.roles import Role
from picsafe_server.tokens import Signer
from picsafe_server.users import services as parts
from picsafe_server.users.authentication import authenticate
from picsafe_server.users.controllers import CONTROLLERS
from picsafe_server.users.models import known_keys
from picsafe_server.users.principal import Principal
from picsafe_server.users.services import Services

MIGRATIONS = Path(__file__).parent / "migrations"


async def _caller(request: Request[Any, Any, Any]) -> Principal:
    return await authenticate(request)


class UsersRole(Role):
    """Accounts, institutions, tokens and the report index under `/users`."""

    name: ClassVar[str] = "users"
    services: Services
    """There once the role has started."""

    def router(self) -> Router:
        def services() -> Services:
            return self.services

        return Router(
            "/users",
            route_handlers=CONTROLLERS,
            guards=[json_only],
            dependencies={"services": Provide(services, sync_to_thread=False), "caller": Provide(_caller)},
        )

    async def start(self) -> None:
        database, signer = await self._opened()
        await self._known_keys(database).check(self._key_files(signer))
        self.services = parts.build(self.context, database, signer)

    async def _opened(self) -> tuple[Database, Signer]:
        settings = self.context.settings
        database = Database(settings.database(self.name), MIGRATIONS)
        await database.migrate()
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
        await self.services.database.close()

    async def ready(self) -> None:
        await self.services.database.check()

    async def sweep(self) -> Mapping[str, int]:
        services = self.services
        return {
            "reports expired": await services.expiry.expire(),
            "reports forgotten": await services.expiry.forget(),
            "withdrawal calls made": await services.withdrawals.make_calls(),
            "sessions ended": await services.sessions.sweep(),
            "sign-in counts forgotten": await services.throttle.sweep(),
            "look-ups forgotten": await services.look_ups.sweep(),
            "devices forgotten": await services.devices.sweep(),
            "security log lines forgotten": await services.security.sweep(),
            "logs contradicted": await services.checkpoints.sweep(),
        }
