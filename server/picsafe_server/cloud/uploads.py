"""Uploads: begin or resume, receive parts, complete. Nothing is visible before `complete` has set the row to
`stored`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from picsafe_protocol.contracts.api.uploads import UploadState
from picsafe_protocol.contracts.errors import (
    Conflict,
    Gone,
    InvalidRequest,
    LimitExceeded,
    NotFound,
    ReportExpired,
    ServiceError,
    UploadIncomplete,
    UploadMismatch,
)
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.crypto.package_digest import Pieces
from picsafe_server.cloud import part_layout as parts
from picsafe_server.cloud.db.models import DELETED, GONE, STORED, UPLOADING, Package
from picsafe_server.cloud.db.repository import is_abandoned, upload_of
from picsafe_server.cloud.grants import CloudGrant
from picsafe_server.cloud.receipts import sign_receipt
from picsafe_server.cloud.region import RegionCloud
from picsafe_server.cloud.retention import discard_now
from picsafe_server.cloud.stores import UploadLost

_LOST = "There is no such upload (any more)."
_BEGIN_AGAIN = "Begin the upload again."


def check_alive(package: Package, grant: CloudGrant, now: datetime) -> None:
    """Raises `NotFound` for a package of another user server, `Gone` for a deleted one, `ReportExpired` for an expired
    one.
    """
    if package.issuer != grant.issuer:
        raise NotFound(_LOST)
    if package.state == GONE and package.gone_because == DELETED:
        raise Gone("The sender has withdrawn this report, and it has been deleted.")
    if package.state == GONE or package.until <= now:
        raise ReportExpired


async def begin(cloud: RegionCloud, grant: CloudGrant, size: int) -> tuple[UploadState, bool]:
    """Begin an upload or return the one that was begun before, and whether it is new. `Conflict` when that one has
    another size.
    """
    now = cloud.clock.now()
    until = _until(cloud, grant, now)
    parts.check_size(size)
    _check_granted(grant, size)
    while True:
        package = await _current(cloud, grant, now)
        begun = package is None
        if package is None:
            package = await _begin(cloud, grant, size, until, now)
        if package is None:
            continue  # somebody else began at the same moment
        if package.size != size:
            raise Conflict(f"An upload of {package.size} bytes was begun for this report.")
        try:
            return await _state(cloud, package), begun
        except UploadLost:
            await _forget(cloud, package, now)


def _check_granted(grant: CloudGrant, size: int) -> None:
    if grant.size is not None and size > grant.size:
        raise LimitExceeded(
            f"The report was begun as one of at most {grant.size} bytes, and this is one of {size}.",
            advice="Begin another report, and say how large it is.",
            limit="size",
            maximum=grant.size,
            actual=size,
        )


async def _begin(cloud: RegionCloud, grant: CloudGrant, size: int, until: datetime, now: datetime) -> Package | None:
    upload = await cloud.store.begin(f"{grant.report_id}.{new_identifier()}", size)
    package = await cloud.ledger.begin(grant.report_id, issuer=grant.issuer, upload=upload, until=until, now=now)
    if package is None:
        await cloud.store.discard(upload)
    return package


def _until(cloud: RegionCloud, grant: CloudGrant, now: datetime) -> datetime:
    longest = now + timedelta(days=cloud.report_days)
    until = min(grant.until or longest, longest)
    if until <= now:
        raise ReportExpired
    return until


async def state(cloud: RegionCloud, grant: CloudGrant) -> UploadState:
    """The state of the upload; `NotFound` when there is none."""
    try:
        package = await cloud.ledger.find(grant.report_id)
        if package is None:
            raise NotFound(_LOST, advice=_BEGIN_AGAIN)
        now = cloud.clock.now()
        check_alive(package, grant, now)
        if is_abandoned(package, now):  # forgotten by the sweep: looking writes nothing
            raise NotFound(_LOST, advice=_BEGIN_AGAIN)
        return await _state(cloud, package)
    except UploadLost as error:
        raise NotFound(_LOST, advice=_BEGIN_AGAIN) from error


async def put_part(
    cloud: RegionCloud, grant: CloudGrant, index: int, sha256: bytes, body: AsyncIterator[bytes]
) -> None:
    """Receive part `index` and store it when it is complete and has the digest `sha256`; of several requests the newest
    counts.
    """
    package = await _existing(cloud, grant)
    if package.state == STORED:
        raise Conflict("The upload is complete: the package cannot change any more.")
    length = parts.length(package.size, index)
    async with (
        cloud.under_way.receiving(package.name, index, body) as reception,
        cloud.receiver.received(reception.body(), length, sha256) as part,
    ):
        try:
            await cloud.store.put_part(upload_of(package), index, part)
        except UploadLost as error:
            raise NotFound(_LOST, advice=_BEGIN_AGAIN) from error


async def complete(cloud: RegionCloud, grant: CloudGrant, sha256: str, hashes: bytes | None) -> str:
    """The receipt of the package whose SHA-256 is `sha256` (hex). Repeated calls return the same receipt.

    `hashes` are the sender's hashes of its pieces; readers check them, the cloud does not. `UploadIncomplete` names
    what is missing; after `UploadMismatch` the upload is discarded.
    """
    async with cloud.completing.of(grant.report_id):
        package = await _existing(cloud, grant)
        pieces = None if hashes is None else Pieces(package.size, hashes)
        if pieces is not None and not pieces.fits:
            raise InvalidRequest("The list of pieces has another length than the package demands.", field="pieces")
        if package.state == STORED:
            return _receipt_again(package, sha256, pieces)
        return await _complete(cloud, grant, package, sha256, pieces)


async def _complete(cloud: RegionCloud, grant: CloudGrant, package: Package, sha256: str, pieces: Pieces | None) -> str:
    try:
        await cloud.store.publish(upload_of(package), sha256)
    except (UploadMismatch, UploadLost) as error:
        return await _fail_upload(cloud, grant, package, sha256, pieces, error)
    except (UploadIncomplete, ServiceError):
        # An upload that is taken away under the store's hands looks like this too.
        if await _is_uploading(cloud, package):
            raise
        return await _resolve_completion_race(cloud, grant, package, sha256, pieces)
    receipt = sign_receipt(cloud.signer, package, sha256, pieces)
    if not await cloud.ledger.store(package, sha256=sha256, pieces=pieces, receipt=receipt, now=cloud.clock.now()):
        return await _resolve_completion_race(cloud, grant, package, sha256, pieces)
    return receipt


async def _is_uploading(cloud: RegionCloud, package: Package) -> bool:
    again = await cloud.ledger.find(package.report_id)
    return again is not None and (again.name, again.state) == (package.name, UPLOADING)


def _receipt_again(package: Package, sha256: str, pieces: Pieces | None) -> str:
    if package.sha256 != sha256 or package.receipt is None:
        raise UploadMismatch("The stored package has another SHA-256.")
    if package.digest != (None if pieces is None else pieces.digest):
        raise UploadMismatch("The stored package has another list of pieces.")
    return package.receipt


async def _fail_upload(
    cloud: RegionCloud, grant: CloudGrant, package: Package, sha256: str, pieces: Pieces | None, error: Exception
) -> str:
    """Discard parts that differ from the declaration or are lost, unless the same upload was completed meanwhile."""
    now = cloud.clock.now()
    if not await _forget(cloud, package, now):
        again = await cloud.ledger.find(grant.report_id)
        if again is not None and again.name == package.name and again.state == STORED:
            return _receipt_again(again, sha256, pieces)
    if isinstance(error, UploadLost):
        raise NotFound(_LOST, advice=_BEGIN_AGAIN) from error
    raise UploadMismatch("The SHA-256 of what arrived is not the one declared.") from error


async def _resolve_completion_race(
    cloud: RegionCloud, grant: CloudGrant, package: Package, sha256: str, pieces: Pieces | None
) -> str:
    """Handle a row that is no longer `uploading`: completed by another request, or just withdrawn or expired."""
    again = await cloud.ledger.find(grant.report_id)
    if again is not None and again.name == package.name and again.state == STORED:
        return _receipt_again(again, sha256, pieces)
    # A transaction that gave it up may have deleted it before it was published.
    await cloud.ledger.let_go(upload_of(package), cloud.clock.now())
    await discard_now(cloud, upload_of(package))
    if again is not None:
        check_alive(again, grant, cloud.clock.now())
    raise NotFound(_LOST, advice=_BEGIN_AGAIN)


async def abort(cloud: RegionCloud, grant: CloudGrant) -> None:
    """Discard an incomplete upload; does nothing when there is none."""
    now = cloud.clock.now()
    package = await cloud.ledger.find(grant.report_id)
    if package is None or package.issuer != grant.issuer or package.state == GONE:
        return
    if not await _forget(cloud, package, now):
        raise Conflict("The upload is complete: deleting it needs a grant to delete.")


async def _forget(cloud: RegionCloud, package: Package, now: datetime) -> bool:
    """Discard an upload and its bytes; False when it is no longer an upload."""
    if not await cloud.ledger.abandon(package, now):
        return False
    await discard_now(cloud, upload_of(package))
    return True


async def _existing(cloud: RegionCloud, grant: CloudGrant) -> Package:
    package = await _current(cloud, grant, cloud.clock.now())
    if package is None:
        raise NotFound(_LOST, advice=_BEGIN_AGAIN)
    return package


async def _current(cloud: RegionCloud, grant: CloudGrant, now: datetime) -> Package | None:
    """The package that this grant is for. An upload that took too long is deleted here too, not only by the sweep."""
    package = await cloud.ledger.find(grant.report_id)
    if package is None:
        return None
    check_alive(package, grant, now)
    if is_abandoned(package, now):
        await _forget(cloud, package, now)
        return None
    return package


async def _state(cloud: RegionCloud, package: Package) -> UploadState:
    complete = package.state == STORED
    there = range(parts.count(package.size)) if complete else await cloud.store.parts(upload_of(package))
    return UploadState(package.report_id, package.size, parts.PART, sorted(there))
