"""`/keys/v1/…log…`: reading the access log, and checkpoints and proofs for those who check it."""

from __future__ import annotations

import base64
import re
import unicodedata
from typing import Annotated, Any, Final

from litestar import MediaType, Request, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.keys import Consistency, Event, LogPage
from picsafe_protocol.contracts.errors import InvalidRequest, LogUnavailable, NotFound, NotPermitted
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_server.auth.jwks import PublicKeys
from picsafe_server.auth.tokens import JWKS_PATH
from picsafe_server.http.guards import PUBLIC, route_access
from picsafe_server.http.messages import Written, written
from picsafe_server.keys.api.guards import ADMINISTRATOR_TOKEN, USER_TOKEN, address_of, services_of
from picsafe_server.keys.api.responses import Identifier
from picsafe_server.keys.operations import read_log
from picsafe_server.keys.operations.csv_export import as_csv
from picsafe_server.keys.operations.read_log import LogFilter
from picsafe_server.keys.policy import Caller
from picsafe_server.openapi.operations import TextAnswer

Limit = Annotated[int, QueryParameter(ge=1, le=limits.PAGE_ROWS, description="entries of a page")]
After = Annotated[int | None, QueryParameter(ge=-1, description="`next` of the page before")]
EventFilter = Annotated[Event | None, QueryParameter(description="only this event")]
_BEGINNING: Final = r"^[a-z2-7]{6,26}$"
"""Of a report's identifier. Six characters tell a billion reports apart, and the page shows eight."""
ReportFilter = Annotated[
    str | None,
    QueryParameter(pattern=_BEGINNING, description="only this report: its identifier, or the beginning of it"),
]
WhoFilter = Annotated[
    str | None,
    QueryParameter(
        max_length=limits.EMAIL_CHARACTERS, description="only of this person: identifier, or part of name or address"
    ),
]
Oldest = Annotated[bool, QueryParameter(description="oldest first, to follow the log; newest first by default")]


def _filter(event: Event | None, report_id: str | None, who: str | None, oldest_first: bool) -> LogFilter:
    if who is not None and any(unicodedata.category(letter) == "Cc" for letter in who):
        raise InvalidRequest("There are no control characters in names.", field="who")
    if report_id is not None and not re.fullmatch(_BEGINNING, report_id):
        raise InvalidRequest("A report is named by at least six characters of its identifier.", field="report_id")
    return LogFilter(event=event, report_id=report_id, who=who, oldest_first=oldest_first)


@get(
    "/v1/reports/{report_id:str}/log",
    summary="What happened to a report's key, oldest first",
    tags=["keys"],
    **route_access(USER_TOKEN, NotPermitted, NotFound),
)
async def report_log(
    request: Request[Caller, Any, Any],
    report_id: FromPath[Identifier],
    after: After = None,
    limit: Limit = limits.PAGE_ROWS,
) -> Written[LogPage]:
    """For the report's sender, and administrators of the institutions that its key's access names."""
    if not is_identifier(report_id):
        raise NotFound("There is no report with this id.")
    return written(await read_log.of_report(services_of(request).database, request.user, report_id, after, limit))


@get(
    "/v1/log",
    summary="The access log of the caller's institution, page by page",
    tags=["keys"],
    **route_access(ADMINISTRATOR_TOKEN),
)
async def institution_log(
    request: Request[Caller, Any, Any],
    after: After = None,
    limit: Limit = 50,
    event: EventFilter = None,
    report_id: ReportFilter = None,
    who: WhoFilter = None,
    oldest_first: Oldest = False,
) -> Written[LogPage]:
    """Entries of every key whose access names the institution."""
    wanted = _filter(event, report_id, who, oldest_first)
    return written(await read_log.of_institution(services_of(request).database, request.user, wanted, after, limit))


@get(
    "/v1/log.csv",
    media_type="text/csv",
    operation_class=TextAnswer,
    summary="The whole access log of the caller's institution as CSV",
    tags=["keys"],
    **route_access(ADMINISTRATOR_TOKEN),
)
async def institution_log_csv(
    request: Request[Caller, Any, Any],
    event: EventFilter = None,
    report_id: ReportFilter = None,
    who: WhoFilter = None,
    oldest_first: Oldest = False,
) -> Stream:
    """RFC 4180; cells that a spreadsheet would take for a formula begin with a quotation mark."""
    wanted = _filter(event, report_id, who, oldest_first)
    pages = read_log.all_of_institution(services_of(request).database, request.user, wanted)
    disposition = {"Content-Disposition": 'attachment; filename="access-log.csv"'}
    return Stream(as_csv(pages), media_type="text/csv", headers=disposition)


@get(
    "/v1/checkpoint",
    media_type=MediaType.TEXT,
    summary="The log's newest signed checkpoint",
    tags=["keys"],
    **route_access(PUBLIC, LogUnavailable),
)
async def checkpoint(request: Request[Any, Any, Any]) -> str:
    """c2sp.org/tlog-checkpoint: size and root hash of the tree, signed. Contains no personal data."""
    return await services_of(request).public_log.checkpoint()


@get(
    "/v1/consistency",
    summary="A proof that the log has only grown",
    tags=["keys"],
    **route_access(PUBLIC, LogUnavailable),
)
async def consistency(
    request: Request[Any, Any, Any],
    start: Annotated[int, QueryParameter(name="from", ge=1, le=2**53, description="entries of the smaller log")],
    to: Annotated[int, QueryParameter(ge=1, le=2**53, description="entries of the larger log")],
) -> Written[Consistency]:
    """For two sizes with signed checkpoints, 0 < `from` <= `to`; 400 for others. Contains no personal data."""
    hashes = await services_of(request).public_log.consistency(start, to, address_of(request))
    return written(Consistency(start, to, [base64.b64encode(value).decode("ascii") for value in hashes]))


@get(JWKS_PATH, summary="The key that signs checkpoints", tags=["keys"], **route_access(PUBLIC))
async def jwks(request: Request[Any, Any, Any]) -> PublicKeys:
    """RFC 7517; `vkey` has the key in the form that signed-note tools take."""
    return PublicKeys.of(services_of(request).checkpointer.jwks())
