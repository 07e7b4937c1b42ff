"""`picsafe open ID` reads the package from the cloud by ranges: each piece is the one that was sent, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.test_sync_collecting import forged
from harness.command_line import PHOTO, World
from harness.report_factory import MadeFile, MadeReport

from picsafe_cli.api.client import Api
from picsafe_cli.receive.download import CloudSource
from picsafe_cli.receive.open_report import open_report
from picsafe_cli.receive.save_report import save_report
from picsafe_protocol.contracts.errors import DigestMissing, NotAsSent
from picsafe_protocol.crypto.package_digest import PIECE, hash_pieces
from picsafe_protocol.format.expectations import Expectations

pytestmark = pytest.mark.anyio

FILM = MadeFile("video/mp4", bytes(range(256)) * 6000)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    folder.mkdir()
    return folder


async def opened(api: Api, made: MadeReport, folder: Path) -> None:
    """As the command does it."""
    report, me = await api.report(made.report.report_id), await api.me()
    expected = Expectations.of_report(report)
    source = CloudSource(api, report.id, expected.size)
    checked = source if expected.digest is None else await source.checked(expected.digest)
    await save_report(await open_report(api, checked, me.key_servers, expected=expected), folder)


async def test_what_was_sent_is_opened_and_no_byte_is_fetched_twice(world: World, output: Path) -> None:
    made = await world.send(PHOTO, FILM)
    async with world.api(await world.person("ben")) as api:
        await opened(api, made, output)
    assert len(list(output.iterdir())) == 4
    asked = [each.headers["Range"] for each in world.network.asked("/packages/") if "Range" in each.headers]
    fetched = sum(int(stop) + 1 - int(start) for start, stop in (each[6:].split("-") for each in asked))
    assert fetched < len(made.package) + 5 * PIECE


@pytest.mark.parametrize("with_its_list", [False, True], ids=["the true list", "the list of the forgery"])
async def test_a_recipient_and_the_cloud_cannot_swap_a_report(world: World, output: Path, with_its_list: bool) -> None:
    made = await world.send(PHOTO, FILM)
    forgery = forged(made)

    def part(body: bytes) -> bytes:
        """The range of the forgery that lies where the true bytes lay."""
        at = made.package.find(body)
        return body if at < 0 else forgery[at : at + len(body)]

    world.network.change(f"/packages/{made.report.report_id}", part)
    if with_its_list:
        world.network.change("/pieces", lambda _: hash_pieces(forgery))
    async with world.api(await world.person("ben")) as api:
        with pytest.raises(NotAsSent):
            await opened(api, made, output)
    assert not list(output.iterdir())
    assert not world.network.asked("/release")


@pytest.mark.parametrize("listed", [b"", b"x" * 10_000], ids=["empty", "endless"])
async def test_a_list_that_is_none_is_refused(world: World, output: Path, listed: bytes) -> None:
    made = await world.send(PHOTO)
    world.network.reword("/pieces", lambda _: listed)
    async with world.api(await world.person("ben")) as api:
        with pytest.raises(NotAsSent):
            await opened(api, made, output)


async def test_a_cloud_that_withholds_the_list_is_no_way_around_it(world: World, output: Path) -> None:
    made = await world.send(PHOTO)
    world.network.problem("/pieces", 404, "not_found")
    async with world.api(await world.person("ben")) as api:
        with pytest.raises(NotAsSent):
            await opened(api, made, output)


async def test_a_row_without_its_digest_opens_nothing(world: World, output: Path) -> None:
    made = await world.send(PHOTO)
    async with world.api(await world.person("ben")) as api:
        row = await api.users("GET", f"/v1/reports/{made.report.report_id}")
        stripped = b'"digest":null'
        world.network.reword(
            "/v1/reports/", lambda body: body.replace(f'"digest":"{row["digest"]}"'.encode(), stripped)
        )
        with pytest.raises(DigestMissing):
            await opened(api, made, output)
    assert not list(output.iterdir())
