"""Packages in the cloud: ranges, broken connections, grants that end, lengths that are not so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from harness.command_line import IMPATIENT, Sunk, World
from harness.report_factory import MadeFile, MadeReport
from sample_messages import report_row

from picsafe_cli.receive.download import CloudSource, Downloads
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import (
    Intercepted,
    KeyRevoked,
    PicSafeError,
    ReportExpired,
    StorageFull,
    TokenRefused,
    Unreachable,
)
from picsafe_protocol.json.messages import read

pytestmark = pytest.mark.anyio

LONG = MadeFile("video/mp4", bytes(range(256)) * 4096)


@pytest.fixture
async def made(world: World) -> MadeReport:
    report = await world.send(LONG)
    await world.person("ben")
    return report


def listed(made: MadeReport, size: int | None = None) -> ReportView:
    size = len(made.package) if size is None else size
    return read(ReportView, report_row(id=made.report.report_id, size=size))


def ranges(world: World) -> list[str]:
    return [request.headers["Range"] for request in world.network.asked("/packages/")]


async def test_any_range_can_be_read(world: World, made: MadeReport) -> None:
    async with world.api() as api:
        source = CloudSource(api, made.report.report_id, len(made.package))
        size = len(made.package)
        assert source.size == size
        for start, stop in [(0, 1), (0, size), (size - 1, size), (5, 5), (100_000, 900_001)]:
            assert await source.read(start, stop) == made.package[start:stop]
    assert len(world.network.asked("/grants")) == 1


async def test_what_broke_goes_on_where_it_broke(world: World, made: MadeReport) -> None:
    size = len(made.package)
    world.network.breaks("/packages/", 1000, 1, 0, 500_000)
    async with world.api() as api:
        assert await CloudSource(api, made.report.report_id, size).read(0, size) == made.package
    assert ranges(world) == [f"bytes={start}-{size - 1}" for start in (0, 1000, 1001, 1001, 501_001)]


async def test_a_connection_that_brings_nothing_any_more_is_given_up(world: World, made: MadeReport) -> None:
    world.network.breaks("/packages/", 1000, *[0] * 100)
    async with world.api() as api:
        with pytest.raises(Unreachable):
            await CloudSource(api, made.report.report_id, len(made.package)).read(0, len(made.package))
    assert len(ranges(world)) == IMPATIENT.attempts


async def test_as_long_as_something_comes_it_goes_on(world: World, made: MadeReport) -> None:
    step = len(made.package) // 20
    world.network.breaks("/packages/", *[step] * 20)
    async with world.api() as api:
        assert (
            await CloudSource(api, made.report.report_id, len(made.package)).read(0, len(made.package)) == made.package
        )


async def test_a_server_without_ranges_will_do(world: World, made: MadeReport) -> None:
    def forget_the_range(request: httpx.Request) -> None:
        if "/packages/" in request.url.path:
            del request.headers["Range"]

    world.network.before.append(forget_the_range)
    async with world.api() as api:
        source = CloudSource(api, made.report.report_id, len(made.package))
        assert await source.read(500_000, 600_000) == made.package[500_000:600_000]


async def test_a_grant_that_ended_is_renewed(world: World, made: MadeReport) -> None:
    async with world.api() as api:
        source = CloudSource(api, made.report.report_id, len(made.package))
        await source.read(0, 10)
        world.clock.move(timedelta(hours=2))
        assert await source.read(10, 20) == made.package[10:20]
    assert len(world.network.asked("/grants")) == 2


async def test_a_grant_that_is_never_accepted_is_renewed_once(world: World, made: MadeReport) -> None:
    world.network.problem("/packages/", 401, "token_refused")
    async with world.api() as api:
        with pytest.raises(TokenRefused):
            await CloudSource(api, made.report.report_id, len(made.package)).read(0, 10)
    assert len(world.network.asked("/grants")) == 2


async def test_a_report_that_ends_in_the_middle_is_over(world: World, made: MadeReport) -> None:
    async with world.api() as api:
        source = CloudSource(api, made.report.report_id, len(made.package))
        await source.read(0, 10)
        world.clock.move(timedelta(days=8))
        with pytest.raises(ReportExpired):
            await source.read(10, 20)


async def test_a_report_that_is_withdrawn_in_the_middle_is_over(world: World, made: MadeReport) -> None:
    async with world.api() as api:
        source = CloudSource(api, made.report.report_id, len(made.package))
        await source.read(0, 10)
        await world.withdraw(made)
        with pytest.raises(PicSafeError) as caught:
            await source.read(10, 20)
        assert caught.value.status == 410
        with pytest.raises(KeyRevoked):
            await CloudSource(api, made.report.report_id, len(made.package)).read(0, 10)


@pytest.mark.parametrize("wrong", [-1, 1, 1_000_000_000])
async def test_a_package_of_another_length_than_the_index_says_is_refused(
    world: World, made: MadeReport, wrong: int
) -> None:
    async with world.api() as api:
        source = CloudSource(api, made.report.report_id, len(made.package) + wrong)
        with pytest.raises(Intercepted):
            await source.read(0, source.size)
        with pytest.raises(Intercepted):
            await source.read(source.size - 10, source.size)


def header(name: str, value: str | None) -> Callable[[httpx.Request, httpx.Response], httpx.Response | None]:
    def rule(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        if "/packages/" in request.url.path:
            if value is None:
                response.headers.pop(name, None)
            else:
                response.headers[name] = value
        return None

    return rule


@pytest.mark.parametrize("value", [None, "bytes 1-10/2000", "nonsense"])
async def test_a_part_that_says_nothing_of_itself_is_not_taken_and_the_whole_is_asked_for(
    world: World, made: MadeReport, value: str | None
) -> None:
    world.network.rules.append(header("Content-Range", value))
    async with world.api() as api:
        source = CloudSource(api, made.report.report_id, len(made.package))
        assert await source.read(500, 1000) == made.package[500:1000]
    assert [request.headers.get("Range") for request in world.network.asked("/packages/")] == ["bytes=500-999", None]


async def test_an_answer_that_was_compressed_on_the_way_is_not_taken(world: World, made: MadeReport) -> None:
    world.network.rules.append(header("Content-Encoding", "gzip"))
    async with world.api() as api:
        with pytest.raises(Intercepted):
            await CloudSource(api, made.report.report_id, len(made.package)).read(0, 10)


async def test_an_answer_that_ends_early_is_gone_on_with(world: World, made: MadeReport) -> None:
    world.network.change("/packages/", lambda body: body[:400])
    async with world.api() as api:
        source = CloudSource(api, made.report.report_id, len(made.package))
        assert await source.read(0, 1000) == made.package[:1000]
    assert ranges(world) == ["bytes=0-999", "bytes=400-999", "bytes=800-999"]


async def test_answers_that_bring_nothing_are_given_up(world: World, made: MadeReport) -> None:
    world.network.change("/packages/", lambda _: b"")
    async with world.api() as api:
        with pytest.raises(Unreachable):
            await CloudSource(api, made.report.report_id, len(made.package)).read(0, 1000)
    assert len(ranges(world)) == IMPATIENT.attempts


async def test_more_bytes_than_asked_for_are_left(world: World, made: MadeReport) -> None:
    world.network.change("/packages/", lambda body: body + b"more")
    async with world.api() as api:
        source = CloudSource(api, made.report.report_id, len(made.package))
        assert await source.read(0, 1000) == made.package[:1000]


# Whole packages in a folder


async def test_a_download_goes_on_after_a_restart(world: World, made: MadeReport, tmp_path: Path) -> None:
    world.network.breaks("/packages/", 400_000, 0, 0)
    async with world.api() as api:
        with pytest.raises(Unreachable):
            await Downloads(api, tmp_path / "d").fetch(listed(made))
    assert [path.stat().st_size for path in (tmp_path / "d").iterdir()] == [400_000]
    world.network.calm()
    async with world.api() as api:
        path = await Downloads(api, tmp_path / "d").fetch(listed(made))
    assert path.read_bytes() == made.package
    assert ranges(world) == [f"bytes=400000-{len(made.package) - 1}"]


async def test_a_whole_download_is_not_asked_for_again(world: World, made: MadeReport, tmp_path: Path) -> None:
    async with world.api() as api:
        downloads = Downloads(api, tmp_path / "d")
        await downloads.fetch(listed(made))
        await downloads.fetch(listed(made))
        assert len(ranges(world)) == 1
        downloads.discard(made.report.report_id)
        downloads.discard(made.report.report_id)
        assert list((tmp_path / "d").iterdir()) == []


async def test_a_download_that_is_too_long_starts_again(world: World, made: MadeReport, tmp_path: Path) -> None:
    (tmp_path / f"{made.report.report_id}.picsafe").write_bytes(b"x" * (len(made.package) + 1))
    async with world.api() as api:
        path = await Downloads(api, tmp_path).fetch(listed(made))
    assert path.read_bytes() == made.package


async def test_there_must_be_room_for_the_package_and_what_is_in_it(
    world: World, made: MadeReport, tmp_path: Path
) -> None:
    async with world.api() as api:
        with pytest.raises(StorageFull, match="MiB"):
            await Downloads(api, tmp_path).fetch(listed(made, 2**60))
    assert ranges(world) == []


async def test_what_belongs_to_no_report_is_thrown_away(world: World, made: MadeReport, tmp_path: Path) -> None:
    async with world.api() as api:
        downloads = Downloads(api, tmp_path / "d")
        downloads.keep_only([])
        path = await downloads.fetch(listed(made))
        downloads.keep_only([made.report.report_id])
        assert path.exists()
        downloads.keep_only(["another"])
        assert not path.exists()


async def test_a_link_in_place_of_a_download_is_not_followed(world: World, made: MadeReport, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / f"{made.report.report_id}.picsafe").symlink_to(victim)
    async with world.api() as api:
        with pytest.raises(OSError, match="symbolic"):
            await Downloads(api, folder).fetch(listed(made))
    assert victim.read_bytes() == b"precious"


async def test_a_sync_that_was_interrupted_goes_on_with_its_download(world: World, sunk: Sunk) -> None:
    made = await world.send(LONG)
    world.network.breaks("/packages/", 300_000, 0, 0)
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).waiting == 1
    assert sunk.hidden == [f".downloads/{made.report.report_id}.picsafe"]
    world.network.calm()
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 1
    assert ranges(world) == [f"bytes=300000-{len(made.package) - 1}"]
    assert sunk.holds(made)
    assert sunk.hidden == []


async def test_a_download_that_a_power_cut_spoilt_is_fetched_again(world: World, sunk: Sunk) -> None:
    made = await world.send(LONG)
    world.network.breaks("/packages/", 300_000, 0, 0)
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    (partial,) = (sunk.folder / ".downloads").iterdir()
    partial.write_bytes(bytes(300_000))
    world.network.calm()
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)
