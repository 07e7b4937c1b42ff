"""The key server as a role of the process: releases keys, and logs to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from litestar import Router
from sqlalchemy import select

from picsafe_server.auth.tokens import Verifier
from picsafe_server.keys.api import keys, log
from picsafe_server.keys.container import Services
from picsafe_server.keys.db.models import known_keys, log_head
from picsafe_server.keys.log.checkpoint import Checkpointer
from picsafe_server.keys.log.largest_head import LargestHeadFile, RollbackGuard
from picsafe_server.keys.log.refusal_limit import close_windows
from picsafe_server.keys.operations.callers import TokenAuthenticator
from picsafe_server.keys.operations.key_request_quota import KeyRequestQuota
from picsafe_server.keys.operations.public_proofs import PublicLog
from picsafe_server.keys.operations.revoke import destroy_due
from picsafe_server.keys.transactions.appender import Appender
from picsafe_server.keys.vault import keystore
from picsafe_server.keys.vault.wrapping import MasterKeyFile, read_master_keys
from picsafe_server.role import RoleContext, ServerRole, migrate
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.key_fingerprints import KeyFile, KnownKeys, refused
from picsafe_server.runtime.sweeper import Step

MIGRATIONS = Path(__file__).parent / "migrations"
SIGNED_HEAD = "log.head"
"""The name under which the database remembers that the file was begun."""


class KeysRole(ServerRole):
    """What the routes share: callers, key storage and wrapping, and the appender."""

    name: ClassVar[str] = "keys"

    def __init__(self, context: RoleContext) -> None:
        super().__init__(context)
        settings, clock = context.settings, context.clock
        issuers = {settings.users_base, *settings.trusted_user_servers}
        self.folder = folder = context.folder(self.name)
        database = Database(settings.database(self.name), MIGRATIONS, settings.database_bounds)
        checkpointer = Checkpointer.from_file(settings.keys_base, folder / "log.pem")
        self.largest_head = LargestHeadFile(folder / "log.head")
        self._guard = RollbackGuard(self.largest_head)
        appender = Appender(database, clock, checkpointer, self._guard)
        self.services = Services(
            clock=clock,
            report_days=settings.report_days,
            database=database,
            callers=TokenAuthenticator(Verifier(issuers, context.http, clock), settings.keys_base, clock),
            wrapper=MasterKeyFile(settings.master_key_file or folder / "master.keys"),
            checkpointer=checkpointer,
            allowance=KeyRequestQuota(clock),
            appender=appender,
            public_log=PublicLog(database, appender, self.largest_head),
        )
        self.known_keys = KnownKeys(database, known_keys, self.name, clock)

    def router(self) -> Router:
        return Router(
            "/keys",
            route_handlers=[
                keys.create_key,
                keys.release_key,
                keys.release_label_keys,
                keys.revoke_key,
                keys.revoke_report,
                log.report_log,
                log.institution_log,
                log.institution_log_csv,
                log.checkpoint,
                log.consistency,
                log.jwks,
            ],
        )

    async def start(self) -> None:
        await migrate(self.name, self.services.database)
        await self.known_keys.check(self.key_files())
        await self._check_master_keys()
        self._guard.is_expected = await self.known_keys.knows(SIGNED_HEAD)
        await self.services.appender.start()
        if self._guard.is_expected:
            await self.known_keys.check({SIGNED_HEAD: KeyFile.of(self.largest_head.path, b"")})

    async def accept_keys(self) -> list[str]:
        try:
            await migrate(self.name, self.services.database)
            others = await self.known_keys.accept(self.key_files())
            missing = {_master_name(number): path for path, number, _ in await self._missing_master_keys()}
            await self.known_keys.lose(missing)
            return [*others, *(f"{name} is lost" for name in missing)]
        finally:
            await self.stop()

    async def _check_master_keys(self) -> None:
        """Refuse to start with an outdated copy of the file: current reports could not be opened without the keys it
        lacks.
        """
        for path, number, count in await self._missing_master_keys():
            await self.services.database.close()
            raise refused(
                f"{path} lacks master key number {number}, which {count} report keys in the database are wrapped with. "
                f"Is it an old copy? Put the newest one there: that of another key server, or of the latest backup. "
                f"Only when it is lost, and with it every one of those reports: picsafe-server accept-keys {self.name}"
            )

    async def _missing_master_keys(self) -> list[tuple[Path, int, int]]:
        """What the file lacks: where it is, the number, and how many living keys are wrapped with it. Lost ones
        excepted.
        """
        if not isinstance(self.services.wrapper, MasterKeyFile):
            return []
        path = self.services.wrapper.path
        numbers = list(read_master_keys(path))
        async with self.services.database.reading() as session:
            used = await (await session.connection()).run_sync(keystore.wrapped_under_others, numbers)
        lost = await self.known_keys.lost() if used else set()
        return [(path, number, count) for number, count in sorted(used.items()) if _master_name(number) not in lost]

    def key_files(self) -> dict[str, KeyFile]:
        """The key that signs the log, and each master key."""
        found = {"log.pem": KeyFile.of(self.folder / "log.pem", self.services.checkpointer.public_key)}
        if isinstance(self.services.wrapper, MasterKeyFile):
            for number, key in read_master_keys(self.services.wrapper.path).items():
                found[_master_name(number)] = KeyFile.of(self.services.wrapper.path, key)
        return found

    async def stop(self) -> None:
        await self.services.appender.stop()
        await self.services.database.close()

    async def ready(self) -> None:
        self.services.appender.check()
        await self.services.database.check(select(log_head.c.size).with_for_update())
        await self.services.callers.check(self.context.settings.users_base)

    def clock_offsets(self) -> Mapping[str, float]:
        return self.services.callers.clock_offsets()

    def steps(self) -> Sequence[Step]:
        return [
            Step("destroyed", self._destroy_due),
            Step("refusal_windows", lambda: close_windows(self.services.database, self.context.clock)),
        ]

    async def _destroy_due(self) -> int:
        destroyed = await destroy_due(self.services.database, self.services.appender, self.context.clock)
        await self.services.appender.forget()
        return destroyed


def _master_name(number: int) -> str:
    return f"master.keys {number}"
