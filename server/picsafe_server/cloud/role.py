"""The cloud role: ciphertext of the regions that this process serves, each with its own store and signing key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from litestar import Router

from picsafe_protocol.contracts.errors import PicSafeError, StorageFull
from picsafe_protocol.contracts.regions import REGIONS
from picsafe_server.auth.tokens import Signer, Verifier
from picsafe_server.cloud import retention
from picsafe_server.cloud.api import jwks, packages, uploads
from picsafe_server.cloud.db.models import known_keys
from picsafe_server.cloud.db.repository import Ledger
from picsafe_server.cloud.part_receiver import PARTS_IN_MEMORY, Receiver
from picsafe_server.cloud.parts_in_flight import PartsInFlight
from picsafe_server.cloud.region import KeyedLocks, RegionCloud
from picsafe_server.cloud.stores import Store, StoreUnfit
from picsafe_server.cloud.stores.files import FileStore
from picsafe_server.cloud.stores.threads import Threads
from picsafe_server.role import NotReady, ServerRole, migrate
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.key_fingerprints import KeyFile, KnownKeys
from picsafe_server.runtime.sweeper import Step

MIGRATIONS = Path(__file__).parent / "migrations"
STORE_SECONDS = 4
"""How long a store may take to say that it is well."""
_log = logging.getLogger("picsafe.cloud")


class CloudRole(ServerRole):
    """All regions of `settings.regions` under `/cloud/{region}`."""

    name: ClassVar[str] = "cloud"
    regions: Mapping[str, RegionCloud] = {}
    """By code; there once the role has started."""

    def router(self) -> Router:
        return Router("/cloud/{region:str}", route_handlers=[uploads.router(), packages.router(), jwks.jwks])

    async def start(self) -> None:
        await self._open()
        await self._known_keys().check(self._key_files())
        await asyncio.gather(*map(self._prepare, self.regions.values()))

    async def accept_keys(self) -> list[str]:
        await self._open()
        try:
            return await self._known_keys().accept(self._key_files())
        finally:
            await self.stop()

    async def _open(self) -> None:
        settings = self.context.settings
        self._database = Database(settings.database(self.name), MIGRATIONS, settings.database_bounds)
        await migrate(self.name, self._database)
        issuers = [settings.users_base, *settings.trusted_user_servers]
        self._verifier = Verifier(issuers, self.context.http, self.context.clock)
        self._under_way = PartsInFlight()
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
        threads = Threads()
        return RegionCloud(
            region=region,
            base=base,
            report_days=settings.report_days,
            ledger=Ledger(self._database, region),
            store=self._store(region, folder, incoming, threads),
            receiver=Receiver(
                incoming, threads, parts_in_memory=PARTS_IN_MEMORY if settings.s3_buckets.get(region) else 0
            ),
            under_way=self._under_way,
            signer=Signer.from_file(base, folder / "signing.pem", clock),
            verifier=self._verifier,
            clock=clock,
            completing=KeyedLocks(),
        )

    def _store(self, region: str, folder: Path, incoming: Path, threads: Threads) -> Store:
        settings = self.context.settings
        bucket = settings.s3_buckets.get(region)
        if bucket is None:
            return FileStore(folder, incoming, threads)
        from picsafe_server.cloud.stores.s3 import S3Store  # boto3 takes a while to load

        aws_region = REGIONS[region].aws_region
        return S3Store(bucket, aws_region, settings.s3_endpoint, settings.report_days, incoming, threads)

    async def _prepare(self, cloud: RegionCloud) -> None:
        # A bucket that is away at this moment must not keep the other regions and roles from starting: `ready` tells.
        try:
            await cloud.store.prepare()
        except Exception as error:  # noqa: BLE001 whatever the store's trouble is
            expected = isinstance(error, (PicSafeError, StoreUnfit))  # then the sentence says it all
            _log.error("%s: the store cannot serve yet: %s", cloud.region, error, exc_info=None if expected else error)

    async def stop(self) -> None:
        for cloud in self.regions.values():
            await cloud.store.close()
        await self._database.close()

    async def ready(self) -> None:
        await self._database.check()
        await asyncio.gather(*(self._check_store(cloud) for cloud in self.regions.values()))
        await self._verifier.check(self.context.settings.users_base)

    async def _check_store(self, cloud: RegionCloud) -> None:
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await cloud.store.check()
        except TimeoutError as error:
            raise NotReady(f"the store of region {cloud.region} does not answer") from error
        except StorageFull as error:
            raise NotReady(f"the store of region {cloud.region} is full") from error
        except StoreUnfit as error:
            raise NotReady(str(error)) from error
        except Exception as error:
            raise NotReady(f"the store of region {cloud.region} cannot serve: {type(error).__name__}") from error

    def clock_offsets(self) -> Mapping[str, float]:
        return self._verifier.clock_offsets()

    def steps(self) -> Sequence[Step]:
        return [step for cloud in self.regions.values() for step in retention.steps(cloud)]
