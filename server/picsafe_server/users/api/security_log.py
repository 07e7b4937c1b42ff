"""`/users/v1/me/security` and `/users/v1/institution/security`: the security log, for a person and for
administrators.
"""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.institutions import SecurityPage
from picsafe_server.http.guards import route_access
from picsafe_server.users.api.dependencies import Caller, ServicesDependency
from picsafe_server.users.api.guards import ADMINISTRATOR, PERSON
from picsafe_server.users.api.security_log_view import security_page
from picsafe_server.users.audit.security_log import SecurityEvent

_NEWEST = 2**53 - 1
Before = Annotated[int, QueryParameter(ge=1, le=_NEWEST, description="`next` of the page before")]
Limit = Annotated[int, QueryParameter(ge=1, le=limits.PAGE_ROWS, description="rows of the page")]
OfEvent = Annotated[SecurityEvent | None, QueryParameter(name="event", description="this event alone")]
OfAccount = Annotated[
    str | None, QueryParameter(name="account", max_length=26, pattern="^[a-z0-9]*$", description="this member alone")
]


@get("/v1/me/security", summary="What happened to my account", tags=["users"], **route_access(PERSON))
async def my_security(
    caller: Caller, services: ServicesDependency, before: Before = _NEWEST, limit: Limit = 50
) -> SecurityPage:
    """Sign-ins, wrong passwords, lock-outs, sessions, passwords, and what others did to the account. Kept as long as
    the operator set.
    """
    return security_page(await services.security.of_account(caller.id, before, limit + 1), limit)


@get("/v1/institution/security", summary="The security log", tags=["users"], **route_access(ADMINISTRATOR))
async def institution_security(
    caller: Caller,
    services: ServicesDependency,
    happened: OfEvent = None,
    account: OfAccount = None,
    before: Before = _NEWEST,
    limit: Limit = 50,
) -> SecurityPage:
    """What happened to the accounts of the institution: a page, newest first. Attempts on addresses that nobody has are
    not in it.
    """
    rows = await services.security.of_institution(
        caller.institution_id or "", before, limit + 1, happened.value if happened else None, account
    )
    return security_page(rows, limit)
