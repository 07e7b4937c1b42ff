"""One region of the cloud: the services that its routes use."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from litestar.connection import ASGIConnection

from picsafe_protocol.contracts.errors import NotFound
from picsafe_server.auth.tokens import Signer, Verifier
from picsafe_server.cloud.db.repository import Ledger
from picsafe_server.cloud.part_receiver import Receiver
from picsafe_server.cloud.parts_in_flight import PartsInFlight
from picsafe_server.cloud.stores import Store
from picsafe_server.runtime.clock import Clock


class KeyedLocks:
    """Locks by name. They avoid duplicate work within one process; correctness across processes comes from the
    database.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        """The lock of `name`, for `async with`."""
        return self._locks.setdefault(name, asyncio.Lock())


@dataclass(frozen=True, kw_only=True)
class RegionCloud:
    """The services of one region. Regions share nothing but the database server."""

    region: str
    base: str
    """Its base URL: audience of grants, issuer of receipts."""
    report_days: int
    ledger: Ledger
    store: Store
    receiver: Receiver
    under_way: PartsInFlight
    signer: Signer
    verifier: Verifier
    clock: Clock
    completing: KeyedLocks


def cloud_of(connection: ASGIConnection[Any, Any, Any, Any]) -> RegionCloud:
    """The region in the path; `NotFound` when this process does not serve it."""
    region = connection.path_params["region"]
    cloud = connection.app.state.roles["cloud"].regions.get(region)
    if not isinstance(cloud, RegionCloud):
        raise NotFound("This server has no such region.")
    return cloud
