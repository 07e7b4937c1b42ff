"""The cloud's database: one transaction per function. A transaction that releases bytes also writes a `Discard`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_protocol.contracts.errors import NotFound
from picsafe_protocol.contracts.limits import UPLOAD_HOURS
from picsafe_protocol.crypto.package_digest import Pieces
from picsafe_server.cloud.db.models import DELETED, EXPIRED, GONE, STORED, UPLOADING, Discard, Package
from picsafe_server.cloud.stores import Upload
from picsafe_server.runtime.database import Database
from picsafe_server.runtime.upsert import insert_into

BATCH = 500
"""Rows that one transaction of a sweep changes: short enough for others to get their turn."""


def upload_of(row: Package | Discard) -> Upload:
    """What the store needs to know."""
    return Upload(row.name, row.size, row.session)


def is_abandoned(package: Package, now: datetime) -> bool:
    """Whether an upload has taken longer than it may."""
    return package.state == UPLOADING and package.began_at + timedelta(hours=UPLOAD_HOURS) <= now


class Ledger:
    """Packages of one region."""

    def __init__(self, database: Database, region: str) -> None:
        self._database = database
        self._region = region

    async def find(self, report_id: str) -> Package | None:
        """The row of a report's package; None when there is none."""
        async with self._database.reading() as session:
            return await session.get(Package, (self._region, report_id))

    async def begin(
        self, report_id: str, *, issuer: str, upload: Upload, until: datetime, now: datetime
    ) -> Package | None:
        """A new row for `upload`; None when there is one for this report already."""
        package = Package(
            region=self._region,
            report_id=report_id,
            issuer=issuer,
            state=UPLOADING,
            name=upload.name,
            session=upload.session,
            size=upload.size,
            until=until,
            began_at=now,
        )
        try:
            async with self._database.writing() as session:
                session.add(package)
        except IntegrityError:
            return None
        return package

    async def pieces(self, report_id: str) -> bytes | None:
        """The list of hashes of a report's package; None where there is none."""
        query = select(Package.pieces).where(Package.region == self._region, Package.report_id == report_id)
        async with self._database.reading() as session:
            return await session.scalar(query)

    async def store(self, package: Package, *, sha256: str, pieces: Pieces | None, receipt: str, now: datetime) -> bool:
        """Change `uploading` to `stored`, which makes the package visible. False when the upload no longer exists."""
        values: dict[str, object] = {"state": STORED, "sha256": sha256, "receipt": receipt, "stored_at": now}
        if pieces is not None:
            values |= {"pieces": pieces.hashes, "digest": pieces.digest}
        async with self._database.writing() as session:
            changed = await session.execute(
                update(Package).where(self._still_uploading(package)).values(values).returning(Package.name)
            )
            return changed.first() is not None

    async def abandon(self, package: Package, now: datetime) -> bool:
        """Delete an upload, so that it can begin again. False when it is no longer an upload."""
        async with self._database.writing() as session:
            found = await session.execute(delete(Package).where(self._still_uploading(package)).returning(Package.name))
            if found.first() is None:
                return False
            session.add(self._discard(upload_of(package), now))
            return True

    async def delete(self, report_id: str, *, issuer: str, now: datetime) -> Upload | None:
        """Leave a tombstone for a report, whether something is there or not; what to discard. `NotFound` when it is
        another issuer's.
        """
        async with self._database.writing() as session:
            package = await session.get(Package, (self._region, report_id), with_for_update=True)
            if package is None:
                session.add(self._tombstone(report_id, issuer, now))
                return None
            if package.issuer != issuer:
                raise NotFound
            if package.state == GONE:
                return None
            upload = upload_of(package)
            self._bury(session, package, DELETED if now < package.until else EXPIRED, now)
            return upload

    async def expire(self, now: datetime) -> int:
        """Turn expired packages into tombstones; returns how many (at most `BATCH`)."""
        due = and_(Package.region == self._region, Package.state.in_([UPLOADING, STORED]), Package.until <= now)
        async with self._database.writing() as session:
            packages = await self._some(session, due)
            for package in packages:
                self._bury(session, package, EXPIRED, now)
            return len(packages)

    async def forget_abandoned(self, now: datetime) -> int:
        """Delete uploads that took too long; returns how many (at most `BATCH`)."""
        limit = now - timedelta(hours=UPLOAD_HOURS)
        due = and_(Package.region == self._region, Package.state == UPLOADING, Package.began_at <= limit)
        async with self._database.writing() as session:
            packages = await self._some(session, due)
            for package in packages:
                session.add(self._discard(upload_of(package), now))
                await session.delete(package)
            return len(packages)

    async def discards(self, after: str = "") -> Sequence[Discard]:
        """What the store has yet to delete, by name, past the name `after` (at most `BATCH`)."""
        query = select(Discard).where(Discard.region == self._region, Discard.name > after)
        async with self._database.reading() as session:
            return (await session.scalars(query.order_by(Discard.name).limit(BATCH))).all()

    async def let_go(self, upload: Upload, now: datetime) -> None:
        """Record that the store has to delete `upload` (again)."""
        values = {"region": self._region, "name": upload.name, "session": upload.session, "size": upload.size}
        async with self._database.writing() as session:
            # One statement: another process may delete the row at any moment, once the bytes are gone.
            statement = insert_into(session, Discard).values(**values, since=now)
            await session.execute(
                statement.on_conflict_do_update(index_elements=["region", "name"], set_={"since": now})
            )

    async def discarded(self, name: str) -> None:
        """Record that the store has deleted `name`."""
        async with self._database.writing() as session:
            await session.execute(delete(Discard).where(Discard.region == self._region, Discard.name == name))

    async def _some(self, session: AsyncSession, condition: ColumnElement[bool]) -> Sequence[Package]:
        # Another container's sweep may be at it too: what it holds is its to do.
        query = select(Package).where(condition).limit(BATCH).with_for_update(skip_locked=True)
        return (await session.scalars(query)).all()

    def _still_uploading(self, package: Package) -> ColumnElement[bool]:
        return and_(
            Package.region == self._region,
            Package.report_id == package.report_id,
            Package.name == package.name,
            Package.state == UPLOADING,
        )

    def _bury(self, session: AsyncSession, package: Package, because: str, now: datetime) -> None:
        session.add(self._discard(upload_of(package), now))
        package.state, package.gone_because, package.gone_at = GONE, because, now
        package.sha256 = package.digest = package.receipt = package.pieces = None
        package.session = ""

    def _discard(self, upload: Upload, now: datetime) -> Discard:
        return Discard(region=self._region, name=upload.name, session=upload.session, size=upload.size, since=now)

    def _tombstone(self, report_id: str, issuer: str, now: datetime) -> Package:
        return Package(
            region=self._region,
            report_id=report_id,
            issuer=issuer,
            state=GONE,
            name="",
            session="",
            size=0,
            until=now,
            began_at=now,
            gone_at=now,
            gone_because=DELETED,
        )
