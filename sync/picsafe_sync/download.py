"""A package in the cloud as a `Source`: read by ranges, resumed where a connection broke, the grant renewed when it ends."""

from __future__ import annotations

from picsafe_protocol.errors import TokenRefused, Truncated
from picsafe_sync.api import Api


class CloudSource:
    """The package of one report."""

    def __init__(self, api: Api, report_id: str, size: int) -> None:
        self._api = api
        self._report_id = report_id
        self._size = size
        self._url = ""
        self._grant = ""

    @property
    def size(self) -> int:
        return self._size

    async def read(self, start: int, stop: int) -> bytes:
        """Bytes `start` up to `stop`. Raises `ReportExpired`, `Unreachable` and the like."""
        if not self._grant:
            await self._renew()
        try:
            body = await self._api.read_range(self._url, self._grant, start, stop)
        except TokenRefused:
            await self._renew()
            body = await self._api.read_range(self._url, self._grant, start, stop)
        if len(body) != stop - start:
            raise Truncated("The cloud sent less than was asked for.")
        return body

    async def _renew(self) -> None:
        answer = await self._api.report_grant(self._report_id, "package.download")
        self._url = f"{answer['url']}/v1/packages/{self._report_id}"
        self._grant = answer["grant"]
