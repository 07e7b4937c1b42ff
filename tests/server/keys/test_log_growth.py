"""No account grows the log without end: its requests for keys have a limit, and what is over it is not logged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness.key_server import Someone, World, code
from sqlalchemy import func, select

from picsafe_protocol.contracts import limits
from picsafe_server.keys.db.models import log_leaves

pytestmark = pytest.mark.anyio


async def entries(world: World) -> int:
    async with world.role.services.database.reading() as session:
        return int((await session.execute(select(func.count()).select_from(log_leaves))).scalar_one())


async def test_attack_asking_for_keys_without_end(
    sqlite_world: World, ada: Someone, bo: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEY_REQUESTS", 5)
    monkeypatch.setattr(limits, "KEY_REQUESTS_OF_MACHINES", 7)
    machine = Someone("Sync", institution="c" * 26, role="service")
    sent = await sqlite_world.send(ada, bo, machine)
    for _ in range(5):
        assert (await sqlite_world.open(bo, sent)).status_code == 200
    size = await entries(sqlite_world)
    refused = await sqlite_world.open(bo, sent)
    assert (refused.status_code, code(refused)) == (429, "too_many_requests")
    assert 0 < int(refused.headers["retry-after"]) <= limits.KEY_REQUEST_WINDOW_SECONDS
    assert await entries(sqlite_world) == size
    for _ in range(7):
        assert (await sqlite_world.open(machine, sent)).status_code == 200
    assert code(await sqlite_world.open(machine, sent)) == "too_many_requests"
    for _ in range(4):  # making, making again, taking back: the same account, the same count
        assert (await sqlite_world.create(ada, sent.report_id)).status_code == 200
    assert code(await sqlite_world.create(ada, sent.report_id)) == "too_many_requests"
    assert code(await sqlite_world.revoke(ada, sent)) == "too_many_requests"
    sqlite_world.clock.move(timedelta(seconds=limits.KEY_REQUEST_WINDOW_SECONDS))
    assert (await sqlite_world.open(bo, sent)).status_code == 200
    assert (await sqlite_world.revoke(ada, sent)).status_code == 204
