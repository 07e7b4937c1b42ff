"""The cloud role: ciphertext of the regions that this process serves, each with its own store and signing key."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from litestar import Router

from picsafe_protocol.regions import REGIONS
from picsafe_server.cloud import retention
from picsafe_server.cloud.ledger import Ledger
from picsafe_server.cloud.models import known_keys
from picsafe_server.cloud.receiving import Receiver
from picsafe_server.cloud.region import RegionCloud, Turns
from picsafe_server.cloud.routes import keys, packages, uploads
from picsafe_server.cloud.stores import Store
from picsafe_server.cloud.stores.files import FileStore
from picsafe_server.cloud.stores.threads import Threads
from picsafe_server.database import Database
from picsafe_server.known_keys import KeyFile, KnownKeys
from picsafe_server.roles import Role
from picsafe_server.tokens import Signer, Verifier

MIGRATIONS = Path(__file__).parent / "migrations"
_log = logging.getLogger("picsafe.cloud")


class CloudRole(Role):
    """All regions of `settings.regions` under `/cloud/{region}`."""

    name: ClassVar[str] = "cloud"
    regions: Mapping[str, RegionCloud] = {}
    """By code; there once the role has started."""

    def router(self) -> Router:
        return Router("/cloud/{region:str}", route_handlers=[uploads.router(), packages.router(), keys.jwks])

    async def start(self) -> None:
        await self._open()
        await self._known_keys().check(self._key_files())
        for cloud in self.regions.values():
            await self._prepare(cloud)

    async def accept_keys(self) -> list[str]:
        await self._open()
        try:
            return await self._known_keys().accept(self._key_files())
        finally:
            await self.stop()

    async def _open(self) -> None:
        settings = self.context.settings
        self._database = Database(settings.database(self.name), MIGRATIONS)
        await self._database.migrate()
        issuers = [settings.users_base, *settings.trusted_user_servers]
        self._verifier = Verifier(issuers, self.context.http, self.context.clock)
        self._threads = Threads()
        self.regions = {region: self._cloud(region) for region in settings.regions}

    def _known_keys(self) -> KnownKeys:
        return KnownKeys(self._database, known_keys, self.name, self.context.clock)

    def _key_files(self) -> dict[str, KeyFile]:
        folder = self.context.folder(self.name)
        return {
            f"signing.pem {region}": KeyFile.of(folder / region / "signing.pem", cloud.signer.public_key)
            for region, cloud in self.regions.items()
        }

    def _cloud(self, region: str) -> RegionCloud:
        settings, clock = self.context.settings, self.context.clock
        folder = self.context.folder(self.name) / region
        incoming = folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        base = settings.cloud_base(region)
        return RegionCloud(
            region=region,
            base=base,
            report_days=settings.report_days,
            ledger=Ledger(self._database, region),
            store=self._store(region, folder, incoming),
            receiver=Receiver(incoming, self._threads),
            signer=Signer.from_file(base, folder / "signing.pem", clock),
            verifier=self._verifier,
            clock=clock,
            completing=Turns(),
        )

    def _store(self, region: str, folder: Path, incoming: Path) -> Store:
        settings = self.context.settings
        bucket = settings.s3_buckets.get(region)
        if bucket is None:
            return FileStore(folder, incoming, self._threads)
        from picsafe_server.cloud.stores.s3 import S3Store  # boto3 takes a while to load

        aws_region = REGIONS[region].aws_region
        return S3Store(bucket, aws_region, settings.s3_endpoint, settings.report_days, self._threads)

    async def _prepare(self, cloud: RegionCloud) -> None:
        # A bucket that is away at this moment must not keep the other regions and roles from starting: `ready` tells.
        try:
            await cloud.store.prepare()
        except Exception as error:  # noqa: BLE001 whatever the store's trouble is
            _log.error("%s: the store cannot serve yet", cloud.region, exc_info=error)

    async def stop(self) -> None:
        for cloud in self.regions.values():
            await cloud.store.close()
        await self._database.close()

    async def ready(self) -> None:
        await self._database.check()
        await asyncio.gather(*(cloud.store.check() for cloud in self.regions.values()))

    async def sweep(self) -> Mapping[str, int]:
        total: Counter[str] = Counter()
        for cloud in self.regions.values():
            try:
                total.update(await retention.sweep(cloud))
            except Exception as error:  # noqa: BLE001 one region's trouble must not stop the others
                _log.error("%s: sweep failed", cloud.region, exc_info=error)
        return dict(total)
