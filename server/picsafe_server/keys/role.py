"""The key server: gives out keys, and writes down to whom."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from litestar import Router

from picsafe_server.database import Database
from picsafe_server.keys import key_routes, log_routes
from picsafe_server.keys.appender import Appender
from picsafe_server.keys.callers import Callers
from picsafe_server.keys.checkpoint import Checkpointer
from picsafe_server.keys.ending import destroy_due
from picsafe_server.keys.refusals import close_windows
from picsafe_server.keys.wrapping import KeyWrapper, MasterKeyFile
from picsafe_server.roles import Context, Role
from picsafe_server.tokens import Verifier

MIGRATIONS = Path(__file__).parent / "migrations"


class KeysRole(Role):
    """What the routes share: who calls, where keys lie and how they are wrapped, and the one appender."""

    name: ClassVar[str] = "keys"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        settings, clock = context.settings, context.clock
        issuers = {settings.users_base, *settings.trusted_user_servers}
        folder = context.folder(self.name)
        self.callers = Callers(Verifier(issuers, context.http, clock), settings.keys_base, clock)
        self.database = Database(settings.database(self.name), MIGRATIONS)
        self.wrapper: KeyWrapper = MasterKeyFile(settings.master_key_file or folder / "master.keys")
        self.checkpointer = Checkpointer.from_file(settings.keys_base, folder / "log.pem")
        self.appender = Appender(self.database, clock, self.checkpointer)

    def router(self) -> Router:
        return Router(
            "/keys",
            route_handlers=[
                key_routes.create_key,
                key_routes.release_key,
                key_routes.revoke_key,
                key_routes.revoke_report,
                log_routes.report_log,
                log_routes.institution_log,
                log_routes.institution_log_csv,
                log_routes.checkpoint,
                log_routes.jwks,
            ],
        )

    async def start(self) -> None:
        await self.database.migrate()
        await self.appender.start()

    async def stop(self) -> None:
        await self.appender.stop()
        await self.database.close()

    async def ready(self) -> None:
        self.appender.check()
        await self.database.check()

    async def sweep(self) -> Mapping[str, int]:
        destroyed = await destroy_due(self.database, self.appender, self.context.clock)
        await self.appender.forget()
        return {"destroyed": destroyed, "refusal_windows": await close_windows(self.database, self.context.clock)}
