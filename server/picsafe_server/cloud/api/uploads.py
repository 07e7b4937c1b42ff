"""`/v1/uploads/{report_id}`: begin, continue, complete and cancel an upload."""

from __future__ import annotations

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.requests import Completion, NewUpload
from picsafe_protocol.contracts.api.uploads import Receipt, UploadState
from picsafe_protocol.contracts.errors import (
    Conflict,
    Gone,
    LimitExceeded,
    ReportExpired,
    StorageFull,
    TooManyRequests,
    UploadIncomplete,
    UploadMismatch,
)
from picsafe_server.cloud import part_layout, uploads
from picsafe_server.cloud.api.guards import UPLOAD, AnyRequest, grant_of
from picsafe_server.cloud.region import cloud_of
from picsafe_server.http.guards import route_access
from picsafe_server.http.json_guard import json_only
from picsafe_server.http.messages import RequestBody
from picsafe_server.openapi.operations import PartUpload, Resumable

_REPORT = "/v1/uploads/{report_id:str}"
_TAGS = ["cloud"]


@post(
    _REPORT,
    summary="Begin or resume an upload",
    operation_class=Resumable,
    tags=_TAGS,
    **route_access(UPLOAD, Conflict, ReportExpired, Gone, LimitExceeded, StorageFull),
)
async def begin(request: AnyRequest, data: RequestBody[NewUpload]) -> Response[UploadState]:
    """201 for a new upload and 200 for one that was begun before: `parts` lists those that need not be sent again.

    409 `conflict` for a size other than at the beginning, 410 when the report expired or was withdrawn, 413
    `limit_exceeded`, 507 `storage_full`.
    """
    state, begun = await uploads.begin(cloud_of(request), grant_of(request), data.size)
    return Response(state, status_code=HTTP_201_CREATED if begun else HTTP_200_OK)


@get(_REPORT, summary="The state of an upload", tags=_TAGS, **route_access(UPLOAD, ReportExpired, Gone))
async def state(request: AnyRequest) -> UploadState:
    """404 when there is none. An upload that is not completed within a day is deleted."""
    return await uploads.state(cloud_of(request), grant_of(request))


@delete(
    _REPORT, summary="Cancel an incomplete upload", tags=_TAGS, **route_access(UPLOAD, Conflict, ReportExpired, Gone)
)
async def abort(request: AnyRequest) -> None:
    """Succeeds also when there is none. 409 `conflict` for a complete upload: deleting that needs a grant to delete."""
    await uploads.abort(cloud_of(request), grant_of(request))


@put(
    _REPORT + "/parts/{index:int}",
    summary="Send one part",
    operation_class=PartUpload,
    tags=_TAGS,
    status_code=204,
    request_max_body_size=part_layout.PART,
    **route_access(UPLOAD, Conflict, UploadMismatch, ReportExpired, Gone, LimitExceeded, StorageFull, TooManyRequests),
)
async def put_part(request: AnyRequest, index: FromPath[int]) -> None:
    """Raw bytes with `Content-Digest: sha-256=:<base64>:` (RFC 9530). Parts may be sent in any order, in parallel and
    repeatedly: the last request for a part counts, and ends an earlier one that is still running.

    400 `invalid_request` for a wrong length or index, 404 when there is no upload (begin again), 409 `upload_mismatch`
    for another digest (send the part again), 409 `conflict` when the upload is complete, 507 `storage_full`, 429 with
    `Retry-After` while eight other parts of the upload are under way, 503 with `Retry-After` while very many parts of
    the whole server are, or when a newer request for the part arrives.
    """
    sha256 = part_layout.parse_content_digest(request.headers.get("content-digest"))
    await uploads.put_part(cloud_of(request), grant_of(request), index, sha256, request.stream())


@post(
    _REPORT + "/complete",
    summary="Complete an upload",
    tags=_TAGS,
    request_max_body_size=limits.COMPLETION_BYTES,
    **route_access(UPLOAD, UploadIncomplete, UploadMismatch, Conflict, ReportExpired, Gone, LimitExceeded, StorageFull),
)
async def complete(request: AnyRequest, data: RequestBody[Completion]) -> Receipt:
    """Once every byte is stored and verified, the package can be downloaded and never changes. Repeated calls return
    the same receipt.

    `pieces` is base64 of the SHA-256 of each 256 KiB of the package, one after the other (format, section 9): readers
    of ranges fetch and check it. 400 `invalid_request` for a list of another length. The receipt's `digest` is the
    list's.

    409 `upload_incomplete` names what is `missing`; after 409 `upload_mismatch` the upload is discarded: begin again.
    """
    return Receipt(await uploads.complete(cloud_of(request), grant_of(request), data.sha256, data.pieces))


def router() -> Router:
    """The routes of uploads."""
    json_routes = Router("", route_handlers=[begin, state, abort, complete], guards=[json_only])
    return Router("", route_handlers=[json_routes, put_part])
