"""`/users/v1/sealed-drafts`: the secrets of drafts that browsers keep sealed."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from litestar import Controller, Request, delete, post
from litestar.params import FromPath

from picsafe_protocol.contracts.api.accounts import DraftSecret, DraftSecrets
from picsafe_protocol.contracts.errors import LimitExceeded, NotFound, TooManyRequests
from picsafe_server.http.guards import route_access
from picsafe_server.runtime.clock import rfc3339
from picsafe_server.users.accounts.draft_secrets import Given
from picsafe_server.users.api.dependencies import Caller, ServicesDependency
from picsafe_server.users.api.guards import PERSON


class SealedDraftController(Controller):
    """What a person has not sent yet stays on their computer, as ciphertext. Here is the secret that opens it."""

    path = "/v1/sealed-drafts"
    tags = ("users",)

    @post("", summary="Make a secret for a draft", **route_access(PERSON, LimitExceeded, TooManyRequests))
    async def make(self, request: Request[Any, Any, Any], caller: Caller, services: ServicesDependency) -> DraftSecret:
        """For a draft that the caller's page is about to keep sealed. 413 `limit_exceeded` for more than 50 at a time.

        It is deleted after 24 hours, and when the caller's password is reset or their account is disabled or removed.
        """
        return _view(await services.draft_secrets.make(caller, _address(request)))

    @post("/secrets", status_code=200, summary="The secrets of my drafts", **route_access(PERSON, TooManyRequests))
    async def secrets(
        self, request: Request[Any, Any, Any], caller: Caller, services: ServicesDependency
    ) -> DraftSecrets:
        """Those of the caller, newest first, to open what a page of theirs has kept. The security log says so."""
        found = await services.draft_secrets.of(caller, _address(request))
        return DraftSecrets([_view(each) for each in found])

    @delete("/{draft_id:str}", summary="End a draft", **route_access(PERSON, NotFound))
    async def end(self, draft_id: FromPath[str], caller: Caller, services: ServicesDependency) -> None:
        """It was sent or discarded: nobody can open what is left of it."""
        await services.draft_secrets.end(caller, draft_id)


def _view(given: Given) -> DraftSecret:
    return DraftSecret(
        id=given.id,
        secret=b64encode(given.secret).decode("ascii"),
        created_at=rfc3339(given.created_at),
        ends_at=rfc3339(given.ends_at),
    )


def _address(request: Request[Any, Any, Any]) -> str:
    return request.client.host if request.client else ""
