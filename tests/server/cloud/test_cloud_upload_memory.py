"""What one upload may hold of a server while its parts are on their way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from harness.cloud_server import UPLOAD, World, bytes_of, content_digest, leftovers, problem, sha256, split

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import UPLOAD_PART_BYTES, UPLOAD_PARTS_UNDER_WAY
from picsafe_server.cloud.parts_in_flight import PartsInFlight

pytestmark = pytest.mark.anyio

LARGE = bytes_of(10 * UPLOAD_PART_BYTES)


class Hanging:
    """A request that brings half a part, and then nothing more until it is cancelled."""

    def __init__(self, world: World, report_id: str, index: int) -> None:
        self._part = split(LARGE)[index]
        self.answer = asyncio.create_task(self._put(world, report_id, index))
        self.is_silent = asyncio.Event()

    async def _put(self, world: World, report_id: str, index: int) -> httpx.Response:
        return await world.client.put(
            f"/cloud/au/v1/uploads/{report_id}/parts/{index}",
            content=self._half(),
            headers=world.grant(UPLOAD, report_id) | {"Content-Digest": content_digest(self._part)},
        )

    async def _half(self) -> AsyncIterator[bytes]:
        yield self._part[: UPLOAD_PART_BYTES // 2]
        self.is_silent.set()
        await asyncio.Event().wait()

    async def begun(self) -> Hanging:
        """This, once it is silent or was answered."""
        silent = asyncio.create_task(self.is_silent.wait())
        await asyncio.wait([silent, self.answer], return_when=asyncio.FIRST_COMPLETED)
        silent.cancel()
        return self

    async def end(self) -> None:
        self.answer.cancel()
        await asyncio.gather(self.answer, return_exceptions=True)


async def test_attack_by_many_bodies_of_one_part(files_world: World) -> None:
    report_id = new_identifier()
    await files_world.begin(report_id, len(LARGE))
    hanging = [await Hanging(files_world, report_id, 0).begun() for _ in range(20)]
    replaced = [await each.answer for each in hanging[:-1]]
    assert {problem(answer) for answer in replaced} == {(503, "service")}
    assert all(answer.headers["Retry-After"] for answer in replaced)
    assert len(leftovers(files_world.settings.data)) <= 2  # the part, and the upload's own folder
    await hanging[-1].end()


async def test_attack_by_many_parts_at_once(files_world: World) -> None:
    report_id = new_identifier()
    await files_world.begin(report_id, len(LARGE))
    hanging = [await Hanging(files_world, report_id, index).begun() for index in range(UPLOAD_PARTS_UNDER_WAY)]
    answer = await files_world.put(report_id, UPLOAD_PARTS_UNDER_WAY, split(LARGE)[UPLOAD_PARTS_UNDER_WAY])
    assert problem(answer) == (429, "too_many_requests")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    await asyncio.gather(*(each.end() for each in hanging))
    for index, part in enumerate(split(LARGE)):
        assert (await files_world.put(report_id, index, part)).status_code == 204
    assert (await files_world.complete(report_id, sha256(LARGE))).status_code == 201


async def test_attack_by_many_uploads_at_once(files_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PARTS_UNDER_WAY", 3)
    hanging = []
    for _ in range(3):
        report_id = new_identifier()
        await files_world.begin(report_id, len(LARGE))
        hanging.append(await Hanging(files_world, report_id, 0).begun())
    await files_world.begin(other := new_identifier(), len(LARGE))
    answer = await files_world.put(other, 0, split(LARGE)[0])
    assert problem(answer) == (503, "service")
    assert answer.headers["Retry-After"]
    assert not [each for each in hanging if each.answer.done()]
    await hanging[0].end()
    assert (await files_world.put(other, 0, split(LARGE)[0])).status_code == 204
    await asyncio.gather(*(each.end() for each in hanging[1:]))


async def test_a_part_is_sent_again_although_the_broken_connection_still_hangs(files_world: World) -> None:
    content = split(LARGE)[0]
    report_id = new_identifier()
    await files_world.begin(report_id, len(content))
    hanging = await Hanging(files_world, report_id, 0).begun()
    assert (await asyncio.wait_for(files_world.put(report_id, 0, content), 30)).status_code == 204
    assert problem(await hanging.answer) == (503, "service")
    assert (await files_world.complete(report_id, sha256(content))).status_code == 201


async def test_a_part_that_is_being_stored_is_not_interrupted() -> None:
    under_way = PartsInFlight()
    order: list[str] = []

    async def nothing() -> AsyncIterator[bytes]:
        return
        yield b""

    async def bring(name: str, stored: asyncio.Event) -> None:
        async with under_way.receiving("upload", 0, nothing()) as reception:
            assert [piece async for piece in reception.body()] == []
            order.append(f"{name} whole")
            await stored.wait()
            order.append(f"{name} stored")

    stored = asyncio.Event()
    first = asyncio.create_task(bring("first", stored))
    while not order:
        await asyncio.sleep(0)
    second = asyncio.create_task(bring("second", stored))
    for _ in range(5):
        await asyncio.sleep(0)
    assert order == ["first whole"]
    stored.set()
    await asyncio.gather(first, second)
    assert order == ["first whole", "first stored", "second whole", "second stored"]
