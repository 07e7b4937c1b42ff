"""The server is killed at every point at which something becomes durable: there is the old state or the new, and one can go on."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest
from harness.cloud_server import World, problem, running_world, sha256, split
from harness.crashing_cloud import CONTENT
from server.cloud.test_cloud_retention import stored

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import REPORT_DAYS, UPLOAD_HOURS

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(900),
    pytest.mark.parametrize(
        "kind", ["files", pytest.param("s3", marks=[pytest.mark.s3, pytest.mark.long])], indirect=True
    ),
]

TESTS = Path(__file__).resolve().parents[2]


@contextmanager
def crasher() -> Iterator[subprocess.Popen[str]]:
    """The program of `harness.crashing_cloud`, ready for attempts."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    program = [sys.executable, "-m", "harness.crashing_cloud"]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def finishes(process: subprocess.Popen[str], **request: object) -> bool:
    """Whether an attempt came to its end; otherwise it was killed."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    status = int(process.stdout.readline())
    assert status in {0, -signal.SIGKILL}
    return status == 0


Check = Callable[[World, str], Awaitable[None]]


async def at_every_point(act: str, settings: dict[str, object], data: Path, *, before: Check, after: Check) -> int:
    """Kill `act` at its first point, its second, and so on until it comes to its end; how many points there were.

    Another process of the same cloud, which runs all the while, looks at what is left and goes on with it.
    """
    with crasher() as process:
        async with running_world(data, **settings) as world:
            for kill_at in itertools.count(1):
                report_id = new_identifier()
                await before(world, report_id)
                request = {"act": act, "report_id": report_id, "data": str(data), "settings": settings}
                finished = await anyio.to_thread.run_sync(partial(finishes, process, kill_at=kill_at, **request))
                await after(world, report_id)
                await everything_goes_in_the_end(world, later=timedelta(hours=2 * kill_at))
                if finished:
                    return kill_at - 1
    raise AssertionError


async def everything_goes_in_the_end(world: World, later: timedelta) -> None:
    # Later each time, because a store looks for orphans only now and then.
    days = timedelta(days=REPORT_DAYS, hours=UPLOAD_HOURS) + later
    world.clock.move(days)
    await world.role.sweep()
    assert stored(world) == []
    world.clock.move(-days)


async def nothing(world: World, report_id: str) -> None:
    """There is nothing to prepare."""


async def go_on(world: World, report_id: str) -> None:
    """What a client does that lost its answer: begin again, send what is missing, complete."""
    there = (await world.begin(report_id, len(CONTENT))).json()["parts"]
    for index, part in enumerate(split(CONTENT)):
        if index not in there:
            assert (await world.put(report_id, index, part)).status_code == 204
    answer = await world.complete(report_id, sha256(CONTENT))
    assert answer.status_code == 201, answer.text
    assert (await world.download(report_id)).content == CONTENT


async def test_killed_within_an_upload(kind: dict[str, object], tmp_path: Path) -> None:
    async def whole_or_not_there(world: World, report_id: str) -> None:
        found = await world.download(report_id)
        assert found.content == CONTENT if found.status_code == 200 else problem(found) == (404, "not_found")
        await go_on(world, report_id)

    assert await at_every_point("upload", kind, tmp_path, before=nothing, after=whole_or_not_there) >= 12


@pytest.mark.long
async def test_killed_while_an_upload_is_found_not_to_be_what_was_declared(
    kind: dict[str, object], tmp_path: Path
) -> None:
    async def all_parts(world: World, report_id: str) -> None:
        await world.begin(report_id, len(CONTENT))
        for index, part in enumerate(split(CONTENT)):
            await world.put(report_id, index, part)

    async def not_there(world: World, report_id: str) -> None:
        assert problem(await world.download(report_id)) == (404, "not_found")
        await world.abort(report_id)
        await go_on(world, report_id)

    act = "complete as something else"
    assert await at_every_point(act, kind, tmp_path, before=all_parts, after=not_there) >= 6


@pytest.mark.long
async def test_killed_within_a_deletion(kind: dict[str, object], tmp_path: Path) -> None:
    async def there(world: World, report_id: str) -> None:
        await world.upload(CONTENT, report_id)

    async def there_or_gone(world: World, report_id: str) -> None:
        found = await world.download(report_id)
        assert found.content == CONTENT if found.status_code == 200 else problem(found) == (410, "gone")
        await world.delete(report_id)
        await world.role.sweep()
        assert stored(world) == []

    assert await at_every_point("delete", kind, tmp_path, before=there, after=there_or_gone) >= 4
