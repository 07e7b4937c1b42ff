"""`/v1/packages/{report_id}`: complete packages."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, delete, get

from picsafe_protocol.contracts.errors import Gone, NotFound, RangeNotSatisfiable, ReportExpired
from picsafe_server.cloud import retention
from picsafe_server.cloud.api import range_header
from picsafe_server.cloud.api.guards import DELETE, DOWNLOAD, AnyRequest, grant_of
from picsafe_server.cloud.api.streaming import MEDIA_TYPE, Content
from picsafe_server.cloud.db.models import UPLOADING, Package
from picsafe_server.cloud.db.repository import upload_of
from picsafe_server.cloud.region import cloud_of
from picsafe_server.cloud.uploads import check_alive
from picsafe_server.http.guards import route_access
from picsafe_server.http.problem_details import MEDIA_TYPE as PROBLEM
from picsafe_server.openapi.operations import BytesAnswer, PackageDownload

_REPORT = "/v1/packages/{report_id:str}"
_TAGS = ["cloud"]


@get(
    _REPORT,
    summary="Download a package, or a range of it",
    operation_class=PackageDownload,
    tags=_TAGS,
    **route_access(DOWNLOAD, ReportExpired, Gone, RangeNotSatisfiable),
)
async def download(request: AnyRequest) -> Response[Any]:
    """One range (`bytes=a-b`, `a-`, `-n`) is answered with 206, several or none with the whole; `ETag` is the SHA-256
    in hex.

    404 before it is complete, 410 `report_expired` after it expired, 410 `gone` after it was withdrawn, 416
    `range_not_satisfiable` for a range past the end.
    """
    package = await _stored(request)
    headers = _headers(package)
    try:
        wanted = range_header.wanted(
            request.headers.get("range"), request.headers.get("if-range"), headers["ETag"], package.size
        )
    except RangeNotSatisfiable as error:
        unsatisfied = {"Content-Range": f"bytes */{package.size}", "Accept-Ranges": "bytes"}
        return Response(error.to_problem(), status_code=error.status, media_type=PROBLEM, headers=unsatisfied)
    start, stop = wanted or (0, package.size)
    headers["Content-Length"] = str(stop - start)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{package.size}"
    store = cloud_of(request).store
    return Content(
        lambda: store.reading(upload_of(package), start, stop), status_code=206 if wanted else 200, headers=headers
    )


@get(
    _REPORT + "/pieces",
    summary="The piece hashes of a package",
    operation_class=BytesAnswer,
    tags=_TAGS,
    media_type=MEDIA_TYPE,
    **route_access(DOWNLOAD, ReportExpired, Gone),
)
async def pieces(request: AnyRequest) -> Response[bytes]:
    """The SHA-256 of each 256 KiB piece, concatenated, as the sender uploaded it. Check it against the report's
    `digest`.

        404 for a package whose sender uploaded no list.
    """
    package = await _stored(request)
    found = await cloud_of(request).ledger.pieces(package.report_id)
    if found is None:
        raise NotFound("This package has no list of pieces.")
    return Response(found, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


@delete(_REPORT, summary="Delete a package permanently", tags=_TAGS, **route_access(DELETE))
async def remove(request: AnyRequest) -> None:
    """Succeeds also when there is no package (yet). Afterwards nothing can be uploaded under this report's
    identifier.
    """
    grant = grant_of(request)
    await retention.delete(cloud_of(request), grant.report_id, grant.issuer)


async def _stored(request: AnyRequest) -> Package:
    cloud, grant = cloud_of(request), grant_of(request)
    package = await cloud.ledger.find(grant.report_id)
    if package is None:
        raise NotFound
    check_alive(package, grant, cloud.clock.now())
    if package.state == UPLOADING:
        raise NotFound
    return package


def _headers(package: Package) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "ETag": f'"{package.sha256}"',
        "Content-Disposition": f'attachment; filename="{package.report_id}.picsafe"',
        "Cache-Control": "no-store",
    }


def router() -> Router:
    """The routes of packages."""
    return Router("", route_handlers=[download, pieces, remove])
