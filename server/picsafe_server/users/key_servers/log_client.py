"""Fetches signed checkpoints and proofs from key servers. Whatever a foreign server returns, the outcome is a result or
`NoAnswer`.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable
from typing import Final, TypeVar

import httpx

from picsafe_protocol.contracts.api.keys import Consistency
from picsafe_protocol.json import strict_json
from picsafe_protocol.json.messages import read
from picsafe_server.auth.tokens import JWKS_PATH
from picsafe_server.users.key_servers.signed_notes import Checkpoint, opened, public_keys

T = TypeVar("T")
_CALL_SECONDS: Final = 5.0


class NoAnswer(Exception):
    """The key server returned nothing usable; the text says what it returned instead."""


class LogClient:
    """The logs of other servers, over HTTP."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def checkpoint(self, url: str) -> Checkpoint:
        """The newest checkpoint of the key server at `url`, its signature verified. `NoAnswer` when there is none."""
        return await _answered(self._checkpoint(url))

    async def consistency(self, url: str, old: int, new: int) -> list[bytes]:
        """Its claimed proof, not verified, that its log of `new` entries begins with that of `old`. `NoAnswer` as
        above.
        """
        return await _answered(self._consistency(url, old, new))

    async def _checkpoint(self, url: str) -> Checkpoint:
        keys = strict_json.parse(await self._get(url + JWKS_PATH))
        note = await self._get(url + "/v1/checkpoint")
        return opened(note.decode("utf-8"), url.partition("://")[2] + "/v1", public_keys(keys))

    async def _consistency(self, url: str, old: int, new: int) -> list[bytes]:
        answer = strict_json.parse(await self._get(f"{url}/v1/consistency?from={old}&to={new}"))
        return [base64.b64decode(text, validate=True) for text in read(Consistency, answer).proof]

    async def _get(self, url: str) -> bytes:
        answer = await self._http.get(url, timeout=_CALL_SECONDS)
        answer.raise_for_status()
        return answer.content


async def _answered(call: Awaitable[T]) -> T:
    try:
        return await call
    except httpx.HTTPStatusError as error:
        raise NoAnswer(f"status {error.response.status_code}") from error
    except Exception as error:
        raise NoAnswer(f"{type(error).__name__}: {str(error)[:200]!r}") from error
