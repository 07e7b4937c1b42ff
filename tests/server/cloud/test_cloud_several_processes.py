"""A region grows by adding containers: several processes over one database and one store are one cloud."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from harness.cloud_server import World, bytes_of, problem, running_world, sha256, split
from server.cloud.test_cloud_retention import stored

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import REPORT_DAYS, UPLOAD_PART_BYTES
from picsafe_server.cloud.stores import Upload

pytestmark = pytest.mark.anyio

CONTENT = bytes_of(2 * UPLOAD_PART_BYTES + 5)


@pytest.fixture
async def containers(kind: dict[str, object], tmp_path: Path) -> AsyncIterator[list[World]]:
    async with AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(running_world(tmp_path, **kind)) for _ in range(3)]
        for world in worlds:  # one user server for all
            world.users.signers.update(worlds[0].users.signers)
        yield worlds


async def test_an_upload_goes_through_whichever_container_is_asked(containers: list[World]) -> None:
    first, second, third = containers
    report_id = new_identifier()
    assert (await first.begin(report_id, len(CONTENT))).status_code == 201
    for world, (index, part) in zip(containers, enumerate(split(CONTENT)), strict=True):
        assert (await world.put(report_id, index, part)).status_code == 204
    assert (await third.upload_state(report_id)).json()["parts"] == [0, 1, 2]
    receipt = (await second.complete(report_id, sha256(CONTENT))).json()["receipt"]
    assert (await first.receipt_claims(receipt))["sha256"] == sha256(CONTENT)
    assert (await third.download(report_id)).content == CONTENT


async def test_racing_containers_give_one_upload_and_one_receipt(containers: list[World]) -> None:
    for _ in range(3):
        report_id = new_identifier()
        begun = await asyncio.gather(*(world.begin(report_id, len(CONTENT)) for world in containers))
        assert sorted(answer.status_code for answer in begun) == [200, 200, 201]
        for index, part in enumerate(split(CONTENT)):
            answers = await asyncio.gather(*(world.put(report_id, index, part) for world in containers))
            assert {answer.status_code for answer in answers} == {204}
        completed = await asyncio.gather(*(world.complete(report_id, sha256(CONTENT)) for world in containers))
        assert {answer.status_code for answer in completed} == {201}
        assert len({answer.json()["receipt"] for answer in completed}) == 1
        assert (await containers[0].download(report_id)).content == CONTENT


async def test_a_completion_that_races_with_a_withdrawal_ends_in_a_withdrawal(containers: list[World]) -> None:
    for _ in range(5):
        report_id = new_identifier()
        first, second, third = containers
        await first.begin(report_id, len(CONTENT))
        for index, part in enumerate(split(CONTENT)):
            await first.put(report_id, index, part)
        completed, deleted = await asyncio.gather(first.complete(report_id, sha256(CONTENT)), second.delete(report_id))
        assert deleted.status_code == 204
        assert completed.status_code in {201, 404, 410}
        assert problem(await third.download(report_id)) == (410, "gone")
        await third.role.sweep()
        assert stored(third) == []


async def test_a_completion_that_races_with_an_abort_ends_in_one_of_the_two(containers: list[World]) -> None:
    for _ in range(5):
        report_id = new_identifier()
        first, second, third = containers
        await first.begin(report_id, len(CONTENT))
        for index, part in enumerate(split(CONTENT)):
            await first.put(report_id, index, part)
        completed, aborted = await asyncio.gather(first.complete(report_id, sha256(CONTENT)), second.abort(report_id))
        found = await third.download(report_id)
        if completed.status_code == 201:
            assert problem(aborted) == (409, "conflict")
            assert found.content == CONTENT
        else:
            assert completed.status_code == 404
            assert aborted.status_code == 204
            assert problem(found) == (404, "not_found")
            assert (await third.begin(report_id, 1)).status_code == 201


async def test_sweeping_at_the_same_time_does_everything_once(containers: list[World]) -> None:
    for _ in range(4):
        await containers[0].upload(CONTENT[:1000])
    for world in containers:
        world.clock.move(timedelta(days=REPORT_DAYS, seconds=1))
    counts = await asyncio.gather(*(world.role.sweep() for world in containers))
    assert sum(done["expired"] for done in counts) == 4
    assert stored(containers[0]) == []


async def test_a_process_may_note_what_another_deletes_at_the_same_moment(containers: list[World]) -> None:
    """Noting it again looked for the row first, and failed when it was gone by the time it was written."""
    first, second, _ = (world.role.regions["au"].ledger for world in containers)
    now = containers[0].clock.now()
    for _ in range(25):
        upload = Upload(new_identifier(), 1)
        await first.let_go(upload, now)
        await asyncio.gather(
            *(first.let_go(upload, now) for _ in range(3)), *(second.discarded(upload.name) for _ in range(3))
        )
