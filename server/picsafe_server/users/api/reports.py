"""`/users/v1/reports` and `/users/v1/recipients`."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.reports import (
    Box,
    GrantAt,
    MarkedReports,
    NewReports,
    OutboxToken,
    Readers,
    ReportBegun,
    ReportPage,
    ReportView,
    SealedLabel,
    SealedLabels,
    SignedGrant,
    Suggestion,
    Suggestions,
)
from picsafe_protocol.contracts.api.requests import (
    PRINTED,
    Addressed,
    GrantRequest,
    LabelsRequest,
    MarkRequest,
    NewReport,
    OutboxBody,
    ReceiptBody,
)
from picsafe_protocol.contracts.errors import (
    Conflict,
    CursorUnknown,
    KeyRevoked,
    KeyServerNotAllowed,
    KeyServerNotPermitted,
    LimitExceeded,
    NotFound,
    ReportExpired,
    ReportPredatesAccess,
    ServiceError,
    TooManyRequests,
    UnknownRecipient,
)
from picsafe_protocol.contracts.tokens import Action
from picsafe_server.http.guards import route_access
from picsafe_server.http.messages import RequestBody
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.api.dependencies import Caller, ServicesDependency
from picsafe_server.users.api.guards import PERSON, SERVICE, SIGNED_IN
from picsafe_server.users.recipients.search import suggest
from picsafe_server.users.reports.labels import is_label_wanted
from picsafe_server.users.reports.visibility import visible

Limit = Annotated[int, QueryParameter(ge=1, le=limits.PAGE_ROWS, description="rows of the page")]
Cursor = Annotated[str | None, QueryParameter(max_length=60, description="where the page begins: from the page before")]


_READERS = route_access(
    PERSON, UnknownRecipient, KeyServerNotAllowed, KeyServerNotPermitted, LimitExceeded, TooManyRequests
)


class ReportController(Controller):
    """The index of reports."""

    path = "/v1/reports"
    tags = ("users",)

    @post(
        "",
        summary="Begin a report",
        **_READERS,
    )
    async def begin(self, data: RequestBody[NewReport], caller: Caller, services: ServicesDependency) -> ReportBegun:
        """A draft, its region's cloud, and the grants to have a key made and to upload. 400 `unknown_recipient` lists
        who has no account.

        429 with `Retry-After` after many unknown ones. 413 `limit_exceeded` when the sender's reports under way and
        kept take too much.
        """
        begun = await services.drafts.begin(caller, data.recipients, data.size)
        return ReportBegun(
            report_id=begun.report.id,
            region=begun.report.region,
            expires_at=rfc3339(begun.report.expires_at),
            cloud=GrantAt(begun.cloud.url, begun.cloud.token),
            keyserver=GrantAt(begun.keyserver.url, begun.keyserver.token),
            recipients=begun.readers.recipients,
            institutions=begun.readers.institutions,
            takes_label=is_label_wanted(caller),
        )

    @post("/readers", status_code=200, summary="List who could open a report", **_READERS)
    async def readers(self, data: RequestBody[Addressed], caller: Caller, services: ServicesDependency) -> Readers:
        """For the review before sending: each recipient's institution, and the institutions where others besides the
        recipients can open the report.

        Begins nothing. Refuses whatever beginning a report for these recipients would refuse, and counts unknown
        addresses in the same way.
        """
        return await services.drafts.readers(caller, data.recipients)

    @get("", summary="Reports received or sent", **route_access(PERSON))
    async def reports(
        self,
        caller: Caller,
        services: ServicesDependency,
        box: FromQuery[Box] = "inbox",
        before: Cursor = None,
        limit: Limit = 50,
    ) -> ReportPage:
        """A page, newest first. The inbox lists reports that have arrived until they expire, withdrawn ones
        included; sent reports stay listed for a while after that.
        """
        page = await services.listings.newest(caller, box, before, limit)
        return ReportPage(page.reports, page.cursor if page.more else None)

    @get("/new", summary="New reports since a cursor", **route_access(SIGNED_IN, CursorUnknown))
    async def new(
        self, caller: Caller, services: ServicesDependency, after: Cursor = None, limit: Limit = 100
    ) -> NewReports:
        """For polling: oldest first, from the cursor of the last answer. No available report is ever skipped.

        409 `cursor_unknown` after the server was restored from a backup: begin again without a cursor.
        """
        page = await services.listings.new(caller, after, limit)
        return NewReports(page.reports, page.cursor, page.more)

    @post("/labels", status_code=200, summary="The sealed labels of many reports", **route_access(PERSON))
    async def sealed_labels(
        self, data: RequestBody[LabelsRequest], caller: Caller, services: ServicesDependency
    ) -> SealedLabels:
        """For a list that shows whose reports they are. Reports that have no label, or that the caller cannot open, are
        left out. The keys are at the key servers of the reports.
        """
        found = await services.labels.of(caller, data.report_ids)
        return SealedLabels([SealedLabel(each, b64encode(sealed).decode("ascii")) for each, sealed in found.items()])

    @post("/marks", status_code=200, summary="Mark reports as done or filed", **route_access(PERSON, NotFound))
    async def marks(
        self, data: RequestBody[MarkRequest], caller: Caller, services: ServicesDependency
    ) -> MarkedReports:
        """Of the caller's inbox. Only the caller sees `done`; the sender and colleagues see who marked a report as
        `filed`, and when. The time of the first mark is kept; people take back their own marks only.

        404, and nothing is marked, when one of them was never in the caller's inbox.
        """
        return MarkedReports(await services.marks.mark(caller, data.report_ids, data.mark, value=data.value))

    @get("/{report_id:str}", summary="One report", **route_access(SIGNED_IN, NotFound, ReportPredatesAccess))
    async def report(self, report_id: FromPath[str], caller: Caller, services: ServicesDependency) -> ReportView:
        """404 for everybody who may not see it."""
        async with services.database.reading() as session:
            return await services.views.one(session, caller, await visible(session, caller, report_id))

    @post(
        "/{report_id:str}/receipt",
        status_code=200,
        summary="Make a report available",
        **route_access(PERSON, NotFound, Conflict, ReportExpired, KeyRevoked, LimitExceeded, ServiceError),
    )
    async def accept_receipt(
        self, report_id: FromPath[str], data: RequestBody[ReceiptBody], caller: Caller, services: ServicesDependency
    ) -> ReportView:
        """The sender submits the cloud's receipt; its recipients see the report at once. Submitting the same receipt
        again changes nothing.

        `package` is what was uploaded, as the sender has it: readers get its `digest`. 409 `conflict` when the receipt
        says otherwise, and for another `label` than the one that is kept; 400 `invalid_request` without `package`, and
        for a label of a size that no label has. The label is dropped where the sender's institution wants none.
        """
        report = await services.reports.accept_receipt(caller, report_id, data.receipt, data.package, data.label)
        async with services.database.reading() as session:
            return await services.views.one(session, caller, report)

    @post(
        "/{report_id:str}/outbox",
        summary="Declare a package, to deliver it without a session",
        **route_access(PERSON, NotFound, Conflict, ReportExpired, KeyRevoked, ReportPredatesAccess),
    )
    async def declare(
        self, report_id: FromPath[str], data: RequestBody[OutboxBody], caller: Caller, services: ServicesDependency
    ) -> OutboxToken:
        """Fixes what will be delivered: the package, and the sealed label. The token uploads it and hands in its
        receipt while the sender is away, for 24 hours. It ends when the report is withdrawn, and when the sender signs
        out everywhere, gets a new password, or is disabled. A new token of the same report ends the earlier one.
        """
        issued = await services.outbox.declare(caller, report_id, data.package, data.label)
        return OutboxToken(issued.token, rfc3339(issued.ends_at))

    @post(
        "/{report_id:str}/grants",
        status_code=200,
        summary="Make a grant",
        **route_access(SIGNED_IN, NotFound, ReportPredatesAccess, Conflict, ReportExpired, KeyRevoked, LimitExceeded),
    )
    async def make_grant(
        self, report_id: FromPath[str], data: RequestBody[GrantRequest], caller: Caller, services: ServicesDependency
    ) -> SignedGrant:
        """To download, for everybody who sees the report; to continue a draft, for its sender. 410 after the report
        expired.
        """
        signed = await services.reports.grant(caller, report_id, Action(data.action))
        return SignedGrant(signed.url, signed.token, rfc3339(signed.expires_at))

    @post(
        "/{report_id:str}/opened",
        status_code=204,
        summary="Mark a report as read",
        **route_access(PERSON, NotFound, ReportPredatesAccess),
    )
    async def opened(self, report_id: FromPath[str], caller: Caller, services: ServicesDependency) -> None:
        """The time of the first call is kept, and shown to the sender."""
        await services.reports.opened(caller, report_id)

    @post(
        "/{report_id:str}/collected",
        status_code=204,
        summary="Mark a report as collected",
        **route_access(SERVICE, NotFound, ReportPredatesAccess),
    )
    async def collected(self, report_id: FromPath[str], caller: Caller, services: ServicesDependency) -> None:
        """Confirms that the service account has stored the files durably."""
        await services.reports.collected(caller, report_id)

    @delete("/{report_id:str}", summary="Withdraw a report", **route_access(PERSON, NotFound, ReportExpired))
    async def withdraw(self, report_id: FromPath[str], caller: Caller, services: ServicesDependency) -> None:
        """The sender withdraws the report: nobody can open it from now on; key and ciphertext are destroyed."""
        await services.withdrawals.withdraw(caller, report_id)


@get("/v1/recipients", summary="Find recipients", tags=["users"], **route_access(PERSON, TooManyRequests))
async def suggest_recipients(
    caller: Caller,
    services: ServicesDependency,
    text: Annotated[
        str,
        QueryParameter(
            name="query",
            max_length=limits.EMAIL_CHARACTERS,
            pattern=PRINTED,
            description="how a part of a name or address begins",
        ),
    ] = "",
) -> Suggestions:
    """Colleagues, and people written to before, with a part of their name or address that begins with the text. 429
    after very many searches.
    """
    services.look_ups.search(caller)
    found = await suggest(services.database, caller, text)
    return Suggestions([Suggestion(account.id, account.email, account.name, name) for account, name in found])
