"""The file store: one folder per region, on a file system with link, rename and fsync.

::

    incoming/<random>             what is being received or put together
    uploads/<name>/<index>        the parts of an upload, each whole
    packages/<name>.picsafe       published packages, never written again

A file gets its name in `uploads` or `packages` after its content is on the disk (fsync, then rename or link, then fsync
of the folder), so a crash at any point leaves it there whole or not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from picsafe_protocol.contracts.errors import StorageFull, UploadIncomplete, UploadMismatch
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_server.cloud import part_layout
from picsafe_server.cloud.stores import BLOCK, Part, Store, Upload, UploadLost
from picsafe_server.cloud.stores.durable import (
    map_enospc,
    older,
    remove_folder,
    remove_older_files,
    sync_file,
    sync_folder,
    write_all,
)
from picsafe_server.cloud.stores.threads import Threads

_SHORTER = "a published package has not the length that it had"


class FileStore(Store):
    """Packages as files under `folder`; parts are received in `incoming`, which lies on the same file system."""

    def __init__(self, folder: Path, incoming: Path, threads: Threads) -> None:
        self._folder = folder
        self._incoming = incoming
        self._uploads = folder / "uploads"
        self._packages = folder / "packages"
        self._threads = threads

    async def prepare(self) -> None:
        await self._threads.quick(self._make_folders)

    async def check(self) -> None:
        await self._threads.probe(self._make_folders)
        await self._threads.probe(self._try_writing)

    async def begin(self, name: str, size: int) -> Upload:
        upload = Upload(name, size)
        await self._threads.quick(self._begin, upload)
        return upload

    async def parts(self, upload: Upload) -> Collection[int]:
        return await self._threads.quick(self._parts, upload)

    async def put_part(self, upload: Upload, index: int, part: Part) -> None:
        if not isinstance(part.content, Path):
            raise TypeError("this store takes parts in files")
        await self._threads.quick(self._put_part, upload, index, part.content)

    async def publish(self, upload: Upload, sha256: str) -> None:
        await self._threads.long(self._publish, upload, sha256)

    @asynccontextmanager
    async def reading(self, upload: Upload, start: int, stop: int) -> AsyncIterator[AsyncIterator[bytes]]:
        descriptor = os.open(self._package(upload), os.O_RDONLY | os.O_CLOEXEC)
        try:
            if os.fstat(descriptor).st_size != upload.size:
                raise EOFError(_SHORTER)
            yield self._blocks(descriptor, start, stop)
        finally:
            os.close(descriptor)

    async def discard(self, upload: Upload) -> None:
        await self._threads.quick(self._discard, upload)

    async def delete_orphans(self, *, abandoned: datetime, expired: datetime) -> int:
        return await self._threads.long(self._delete_orphans, abandoned, expired)

    async def close(self) -> None:
        """Does nothing: no file is kept open."""

    # What follows runs in threads.

    def _package(self, upload: Upload) -> Path:
        return self._packages / f"{upload.name}.picsafe"

    def _make_folders(self) -> None:
        for folder in (self._incoming, self._uploads, self._packages):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sync_folder(self._folder)

    def _try_writing(self) -> None:
        probe = self._incoming / new_identifier()
        try:
            with map_enospc(), probe.open("xb") as file:
                file.write(b"\0")
        finally:
            probe.unlink(missing_ok=True)

    def _begin(self, upload: Upload) -> None:
        # Twice: the parts, and for a moment the package that is put together out of them.
        if shutil.disk_usage(self._folder).free < 2 * upload.size:
            raise StorageFull
        with map_enospc():
            (self._uploads / upload.name).mkdir(mode=0o700)
            sync_folder(self._uploads)

    def _parts(self, upload: Upload) -> Collection[int]:
        if self._package(upload).exists():
            return range(part_layout.count(upload.size))
        try:
            return {int(path.name) for path in (self._uploads / upload.name).iterdir()}
        except FileNotFoundError as error:
            raise UploadLost from error

    def _put_part(self, upload: Upload, index: int, received: Path) -> None:
        folder = self._uploads / upload.name
        with map_enospc():
            sync_file(received)
            try:
                received.replace(folder / str(index))
                sync_folder(folder)
            except FileNotFoundError as error:
                raise UploadLost from error

    def _publish(self, upload: Upload, sha256: str) -> None:
        package = self._package(upload)
        try:
            if not package.exists():
                self._put_together(upload, package)
        except (UploadLost, UploadIncomplete):
            if not package.exists():
                raise  # otherwise another process was first, and is removing the parts
        try:
            found = _sha256(package)
        except FileNotFoundError as error:
            raise UploadLost from error  # discarded at this very moment
        if found != sha256:
            raise UploadMismatch
        remove_folder(self._uploads / upload.name)

    def _check_complete(self, upload: Upload) -> None:
        missing = sorted(set(range(part_layout.count(upload.size))) - set(self._parts(upload)))
        if missing:
            raise UploadIncomplete(missing=missing)

    def _put_together(self, upload: Upload, package: Path) -> None:
        self._check_complete(upload)
        temporary = self._incoming / new_identifier()
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with map_enospc():
                try:
                    for block in self._content(upload):
                        write_all(descriptor, block)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                with contextlib.suppress(FileExistsError):  # unlike a rename, a link never replaces what is there
                    os.link(temporary, package)
                sync_folder(self._packages)
        finally:
            temporary.unlink(missing_ok=True)

    def _content(self, upload: Upload) -> Iterator[bytes]:
        for index in range(part_layout.count(upload.size)):
            try:
                yield from _read(self._uploads / upload.name / str(index))
            except FileNotFoundError as error:
                raise UploadLost from error  # discarded, or completed by somebody else, at this moment

    async def _blocks(self, descriptor: int, start: int, stop: int) -> AsyncIterator[bytes]:
        while start < stop:
            block = await self._threads.quick(os.pread, descriptor, min(BLOCK, stop - start), start)
            if not block:
                raise EOFError(_SHORTER)
            start += len(block)
            yield block

    def _discard(self, upload: Upload) -> None:
        package = self._package(upload)
        package.unlink(missing_ok=True)
        remove_folder(self._uploads / upload.name)
        sync_folder(self._packages)
        sync_folder(self._uploads)

    def _delete_orphans(self, abandoned: datetime, expired: datetime) -> int:
        done = remove_older_files(self._incoming, abandoned)
        for path in older(self._uploads, abandoned):
            remove_folder(path)
            done += 1
        return done + remove_older_files(self._packages, expired)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            yield block


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for block in _read(path):
        digest.update(block)
    return digest.hexdigest()
