"""Listing costs as many index rows as it shows: the database never sorts, and never reads a whole table."""

from __future__ import annotations

import re
from typing import Any

import pytest
from harness.user_server import Caller, World, on_sqlite
from sqlalchemy import event

pytestmark = [pytest.mark.anyio, on_sqlite]


async def plans_of(world: World, caller: Caller, path: str, **parameters: Any) -> list[list[str]]:
    """SQLite's plan of every query that reads reports in the course of a request."""
    database = world.users.services.database
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        asked.append((statement, values))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    assert (await caller.get(path, **parameters)).status_code == 200
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    plans = []
    async with database.engine.connect() as connection:
        for statement, values in asked:
            if re.search(r"\b(listings|reports|openings|report_recipients)\b", statement):
                rows = await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)
                plans.append([str(row.detail) for row in rows])
    return plans


async def test_lists_are_read_from_their_index_in_order(world: World, subtests: pytest.Subtests) -> None:
    await world.institution("Open", members_may_open="members")
    ada, bo = await world.person("Ada", institution="Open"), await world.person("Bo", institution="Open")
    for _ in range(3):
        await world.report(ada, bo)
        await world.report(bo, ada)
    for path, parameters in [
        ("/v1/reports", {}),
        ("/v1/reports", {"before": "3"}),
        ("/v1/reports", {"box": "sent"}),
        ("/v1/reports", {"box": "sent", "before": "3"}),
        ("/v1/reports/new", {}),
        ("/v1/reports/new", {"after": "1"}),
    ]:
        with subtests.test(path=path, parameters=parameters):
            plans = await plans_of(world, bo, path, **parameters)
            scanned = [step for plan in plans for step in plan if step.startswith("SCAN")]
            # The ids of the page, which the statement names itself, are no table.
            assert set(scanned) <= {"SCAN CONSTANT ROW", "SCAN (subquery-1)"}, plans
            listings = [plan for plan in plans if any("listings" in step for step in plan)]
            assert listings
            for plan in listings:
                assert "listings USING INDEX" in plan[0], plan
                assert "audience=?" in plan[0], plan
                assert not any("TEMP B-TREE" in step for step in plan), plan
