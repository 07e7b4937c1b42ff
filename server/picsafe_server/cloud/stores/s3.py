"""The S3 store: one bucket per region.

::

    packages/<name>.picsafe     published packages; before that, S3's own multipart upload under this key, which nobody sees
    uploads/<name>/0            the only part of a small upload, which needs no multipart upload
    uploads/<name>/others       empty: a process sent parts that the one which began the upload may not know of. It stays when the
                                upload is complete, since another process may still be about to look for it.

A key contains a name that is used for one attempt only, and a multipart upload can be completed once, so no package is
ever overwritten. Where the store supports conditional writes, they are used as well (`If-None-Match: *`).

Every part is signed with the SHA-256 that its sender declares, which the store compares with what it received. A
package whose parts all came through this process is therefore known to be as declared (see `progress`). Any other
package is read back, and so is every package of a store that does not compare.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from picsafe_protocol.contracts.errors import ServiceError, UploadIncomplete, UploadMismatch
from picsafe_server.cloud import part_layout
from picsafe_server.cloud.part_layout import part_mismatch
from picsafe_server.cloud.stores import BLOCK, Part, Store, Upload, UploadLost
from picsafe_server.cloud.stores.durable import remove_older_files
from picsafe_server.cloud.stores.progress import Progress
from picsafe_server.cloud.stores.s3_bucket import PACKAGES, UPLOADS, BucketUnfit, compares_digests, connect, make_fit
from picsafe_server.cloud.stores.s3_errors import AlreadyThere, NothingThere, translated
from picsafe_server.cloud.stores.s3_signing import declared
from picsafe_server.cloud.stores.threads import Threads

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef

_log = logging.getLogger("picsafe.cloud.s3")

QUICK_SECONDS = 4
"""How long the store may be silent where it has nothing to move."""
BULK_SECONDS = 8
"""The same where it takes or gives the bytes of a part."""
ASSEMBLY_SECONDS = 60
"""The same where it puts a package together out of some five hundred parts."""
MEDIA_TYPE = "application/octet-stream"


class S3Store(Store):
    """Packages in `bucket`, which lies in `aws_region`; `endpoint` is empty for AWS. Parts may be received in
    `incoming`.
    """

    def __init__(
        self, bucket: str, aws_region: str, endpoint: str, days: int, incoming: Path, threads: Threads
    ) -> None:
        self._bucket = bucket
        self._required_region = None if endpoint else aws_region
        self._days = days
        self._incoming = incoming
        self._threads = threads
        self._client = connect(aws_region, endpoint, read_seconds=QUICK_SECONDS)
        self._bulk = connect(aws_region, endpoint, read_seconds=BULK_SECONDS)
        self._patient = connect(aws_region, endpoint, read_seconds=ASSEMBLY_SECONDS)
        self._progress = Progress()
        self._fit = False
        self._compares_digests = False

    async def prepare(self) -> None:
        await self._threads.quick(self._make_fit)

    async def check(self) -> None:
        await self._threads.probe(self._check)

    async def begin(self, name: str, size: int) -> Upload:
        await self._threads.quick(self._require_fit)
        if part_layout.count(size) == 1:
            return Upload(name, size)
        session = await self._threads.quick(self._create, name)
        if self._compares_digests:
            self._progress.begin(name)
        return Upload(name, size, session)

    async def parts(self, upload: Upload) -> Collection[int]:
        return await self._threads.quick(self._parts, upload)

    async def put_part(self, upload: Upload, index: int, part: Part) -> None:
        await self._threads.bulk(self._put_part, upload, index, part)

    async def publish(self, upload: Upload, sha256: str) -> None:
        await self._threads.long(self._publish, upload, sha256)

    @asynccontextmanager
    async def reading(self, upload: Upload, start: int, stop: int) -> AsyncIterator[AsyncIterator[bytes]]:
        body = await self._threads.quick(self._get, _package(upload), start, stop)
        try:
            yield self._blocks(body)
        finally:
            body.close()

    async def discard(self, upload: Upload) -> None:
        await self._threads.quick(self._discard, upload)

    async def delete_orphans(self, *, abandoned: datetime, expired: datetime) -> int:
        # Packages are left to the bucket's lifecycle rule.
        return await self._threads.long(self._delete_orphans, abandoned)

    async def close(self) -> None:
        for client in (self._client, self._bulk, self._patient):
            client.close()

    async def _blocks(self, body: StreamingBody) -> AsyncIterator[bytes]:
        while block := await self._threads.quick(_read, body):
            yield block

    # What follows runs in threads.

    def _make_fit(self) -> None:
        make_fit(self._client, self._bucket, aws_region=self._required_region, days=self._days)
        self._compares_digests = compares_digests(self._client, self._bucket)
        self._fit = True

    def _require_fit(self) -> None:
        # Not only `ready` minds: a report in a bucket of another region, or that never deletes, would break the
        # promise.
        if not self._fit:
            try:
                self._make_fit()
            except BucketUnfit as error:
                _log.error("%s", error)
                raise ServiceError("The storage of this region is not ready.") from error

    def _check(self) -> None:
        if not self._fit:
            self._make_fit()
        with translated():
            self._client.head_bucket(Bucket=self._bucket)

    def _create(self, name: str) -> str:
        with translated():
            key = _package(Upload(name, 0))
            answer = self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=MEDIA_TYPE)
            return answer["UploadId"]

    def _parts(self, upload: Upload) -> Collection[int]:
        if self._exists(_package(upload)):
            return range(part_layout.count(upload.size))
        if not upload.session:
            return {0} if self._exists(_only_part(upload)) else set()
        with _lost_when_gone():
            return {part["PartNumber"] - 1 for part in self._listed(upload)}

    def _put_part(self, upload: Upload, index: int, part: Part) -> None:
        pieces = [part.content.read_bytes()] if isinstance(part.content, Path) else part.content
        if not self._compares_digests:
            _check_digest(pieces, part.sha256)
        try:
            self._send_part(upload, index, pieces, part.sha256)
        except ServiceError:
            # Refused for its digest, or not: S3 servers have several words for it. Only now is it worth hashing.
            _check_digest(pieces, part.sha256)
            raise

    def _send_part(self, upload: Upload, index: int, pieces: list[bytes], sha256: bytes) -> None:
        with _lost_when_gone(), translated():
            body = declared(pieces, sha256)
            if not upload.session:
                self._bulk.put_object(Bucket=self._bucket, Key=_only_part(upload), Body=body)
                return
            if not self._progress.sending(upload.name, index, sha256):
                self._client.put_object(Bucket=self._bucket, Key=_others(upload), Body=b"")
            answer = self._bulk.upload_part(
                Bucket=self._bucket,
                Key=_package(upload),
                UploadId=upload.session,
                PartNumber=index + 1,
                Body=body,
            )
        self._progress.add(upload.name, index, answer["ETag"], pieces)

    def _publish(self, upload: Upload, sha256: str) -> None:
        is_verified = False
        if not self._exists(_package(upload)):
            is_verified = self._complete(upload, sha256) if upload.session else self._put_package(upload, sha256)
        if is_verified:
            self._check_size(upload)
        else:
            self._verify(upload, sha256)
        self._progress.forget(upload.name)
        if not upload.session:
            self._delete(_only_part(upload))

    def _complete(self, upload: Upload, sha256: str) -> bool:
        """Assemble the parts; returns whether they are known to have this SHA-256."""
        with _lost_when_gone():
            listed = self._listed(upload)
        there = {part["PartNumber"] - 1 for part in listed}
        missing = sorted(set(range(part_layout.count(upload.size))) - there)
        if missing:
            raise UploadIncomplete(missing=missing)
        known = self._progress.whole(upload.name, [part["ETag"] for part in listed])
        if known is not None and known != sha256:
            raise UploadMismatch
        completed: list[CompletedPartTypeDef] = [
            {"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in listed
        ]
        try:
            with translated():
                self._patient.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=_package(upload),
                    UploadId=upload.session,
                    MultipartUpload={"Parts": completed},
                    IfNoneMatch="*",
                )
        except (NothingThere, AlreadyThere):
            return False  # somebody else may have completed it since; `_verify` looks at what is there
        # Whatever became part of the package was announced before: by now it can be seen.
        return known is not None and self._progress.knows(upload.name) and not self._exists(_others(upload))

    def _put_package(self, upload: Upload, sha256: str) -> bool:
        """Move the only part to the package's key; returns whether it is known to have this SHA-256."""
        try:
            with translated(), closing(self._get(_only_part(upload))) as body:
                content = body.read()
        except NothingThere:
            if self._exists(_package(upload)):
                return False
            raise UploadIncomplete(missing=[0]) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise UploadMismatch
        try:
            with translated():
                self._bulk.put_object(
                    Bucket=self._bucket,
                    Key=_package(upload),
                    Body=content,
                    ContentType=MEDIA_TYPE,
                    IfNoneMatch="*",
                )
        except AlreadyThere:
            return False
        return True

    def _check_size(self, upload: Upload) -> None:
        with _lost_when_gone(), translated():
            found = self._client.head_object(Bucket=self._bucket, Key=_package(upload))["ContentLength"]
        if found != upload.size:
            raise UploadMismatch

    def _verify(self, upload: Upload, sha256: str) -> None:
        digest = hashlib.sha256()
        with _lost_when_gone(), closing(self._get(_package(upload))) as body:
            while block := _read(body):
                digest.update(block)
        if digest.hexdigest() != sha256:
            raise UploadMismatch

    def _discard(self, upload: Upload) -> None:
        self._progress.forget(upload.name)
        if upload.session:
            self._abort(_package(upload), upload.session)
        self._delete(_others(upload) if upload.session else _only_part(upload))
        self._delete(_package(upload))

    def _delete_orphans(self, abandoned: datetime) -> int:
        done = remove_older_files(self._incoming, abandoned)
        with translated():
            uploads = self._client.get_paginator("list_multipart_uploads")
            for page in uploads.paginate(Bucket=self._bucket, Prefix=PACKAGES):
                for upload in page.get("Uploads", []):
                    if upload["Initiated"] < abandoned:
                        self._abort(upload["Key"], upload["UploadId"])
                        done += 1
            objects = self._client.get_paginator("list_objects_v2")
            for listing in objects.paginate(Bucket=self._bucket, Prefix=UPLOADS):
                for item in listing.get("Contents", []):
                    if item["LastModified"] < abandoned:
                        self._delete(item["Key"])
                        done += 1
        return done

    # Single requests.

    def _exists(self, key: str) -> bool:
        try:
            with translated():
                self._client.head_object(Bucket=self._bucket, Key=key)
        except NothingThere:
            return False
        return True

    def _get(self, key: str, start: int = 0, stop: int | None = None) -> StreamingBody:
        wanted = f"bytes={start}-{'' if stop is None else stop - 1}"
        with translated():
            return self._bulk.get_object(Bucket=self._bucket, Key=key, Range=wanted)["Body"]

    def _listed(self, upload: Upload) -> list[PartTypeDef]:
        found: list[PartTypeDef] = []
        with translated():
            pages = self._client.get_paginator("list_parts")
            for page in pages.paginate(Bucket=self._bucket, Key=_package(upload), UploadId=upload.session):
                found += page.get("Parts", [])
        return found

    def _abort(self, key: str, session: str) -> None:
        with suppress(NothingThere), translated():
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=session)

    def _delete(self, key: str) -> None:
        with suppress(NothingThere), translated():
            self._client.delete_object(Bucket=self._bucket, Key=key)


def _package(upload: Upload) -> str:
    return f"{PACKAGES}{upload.name}.picsafe"


def _only_part(upload: Upload) -> str:
    return f"{UPLOADS}{upload.name}/0"


def _others(upload: Upload) -> str:
    return f"{UPLOADS}{upload.name}/others"


def _check_digest(pieces: list[bytes], sha256: bytes) -> None:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    if digest.digest() != sha256:
        raise part_mismatch()


@contextmanager
def _lost_when_gone() -> Iterator[None]:
    try:
        yield
    except NothingThere as error:
        raise UploadLost from error


def _read(body: StreamingBody) -> bytes:
    with translated():
        return body.read(BLOCK)
