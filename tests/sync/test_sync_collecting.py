"""`picsafe sync`: every new report once, whatever happens to networks, servers and reports in the middle."""

from __future__ import annotations

import pytest
from sync.world import Sunk, World

pytestmark = pytest.mark.anyio


async def test_every_new_report_is_stored_once(world: World, sunk: Sunk) -> None:
    first = [await world.send() for _ in range(3)]
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (3, 0, 0)
        assert all(sunk.holds(made) for made in first)
        assert sunk.results == {made.report.report_id: "stored" for made in first}
        assert all([await world.collected(made) for made in first])
        world.weather.calm()
        assert (await collector.round()).stored == 0
        assert not world.weather.asked("/packages/")
        another = await world.send()
        assert (await collector.round()).stored == 1
    assert sunk.holds(another)
    assert sunk.reports == sorted(made.report.report_id for made in [*first, another])
