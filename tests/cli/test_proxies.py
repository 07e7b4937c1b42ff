"""What stands between a computer and PicSafe changes answers; none of it is held against a report."""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from harness.command_line import URL, Rule, Sunk, World, nothing
from harness.third_party_server import foreign_server

from picsafe_cli import exit_status
from picsafe_cli.api import client as api_module
from picsafe_cli.api import credentials, failures
from picsafe_cli.api.client import Api
from picsafe_cli.api.failures import retry_after
from picsafe_cli.api.minimum_speed import BYTES_PER_SECOND, WINDOW_SECONDS, Pace
from picsafe_cli.api.retry import RetryPolicy
from picsafe_protocol.contracts.errors import Intercepted, PicSafeError, Unreachable

pytestmark = pytest.mark.anyio

SCANNER = b"<html><title>Your file is being scanned</title>Please wait</html>"


def on_packages(change: Callable[[httpx.Response], httpx.Response]) -> Rule:
    return lambda request, response: change(response) if "/packages/" in request.url.path else None


def without(*names: str) -> Rule:
    """These headers do not arrive."""

    def change(response: httpx.Response) -> httpx.Response:
        for name in names:
            response.headers.pop(name, None)
        return response

    return on_packages(change)


def instead(status: int, content: bytes, **headers: str) -> Rule:
    """Another answer arrives."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return on_packages(lambda _: httpx.Response(status, stream=httpx.ByteStream(content), headers=named))


def retyped(response: httpx.Response) -> httpx.Response:
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def problem(status: int, code: str) -> Rule:
    body = json.dumps({"code": code, "status": status, "detail": "It is so."}).encode()
    return instead(status, body, Content_Type="application/problem+json")


def take_ranges_away(request: httpx.Request) -> None:
    request.headers.pop("Range", None)


HARMLESS: dict[str, Rule] = {
    "no Content-Length": without("Content-Length"),
    "no Content-Range": without("Content-Range"),
    "no header at all": without("Content-Length", "Content-Range", "Content-Type", "ETag", "Accept-Ranges"),
    "another content type": on_packages(retyped),
}


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "ranges taken away"])
@pytest.mark.parametrize("rule", HARMLESS.values(), ids=HARMLESS)
async def test_headers_that_are_lost_on_the_way_keep_no_report_away(
    world: World, sunk: Sunk, rule: Rule, ranges: bool
) -> None:
    made = await world.send()
    if not ranges:
        world.network.before.append(take_ranges_away)
    world.network.rules.append(rule)
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


IN_PLACE: dict[str, Rule] = {
    "the page of a virus scanner": instead(200, SCANNER, Content_Type="text/html", Content_Length=str(len(SCANNER))),
    "the same without a length": instead(200, SCANNER),
    "the same as the part that was asked for": instead(206, SCANNER),
    "nothing": instead(200, b""),
    "no content": instead(204, b""),
    "a redirect to a portal": instead(302, b"", Location="https://portal.example/login"),
    "a redirect to itself": instead(301, b"", Location=""),
    "a demand to sign in to the network": instead(511, SCANNER),
    "a demand to sign in to the proxy": instead(407, SCANNER),
    "a compressed body": instead(200, gzip.compress(bytes(100)), Content_Encoding="gzip"),
    "something that only begins like a package": instead(200, b"PK\x03\x04" + bytes(3000)),
    "an older answer: not found": problem(404, "not_found"),
    "an older answer: expired": problem(410, "report_expired"),
    "an older answer: withdrawn": problem(410, "key_revoked"),
    "an answer of another cloud": problem(403, "not_permitted"),
    "an old copy of a shorter file": problem(416, "range_not_satisfiable"),
}


@pytest.mark.parametrize("rule", IN_PLACE.values(), ids=IN_PLACE)
async def test_what_answers_in_place_of_the_cloud_is_waited_out(world: World, sunk: Sunk, rule: Rule) -> None:
    made = await world.send()
    world.network.rules.append(rule)
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (0, 0, 1)
        assert sunk.results == {}
        world.network.calm()
        world.clock.move(timedelta(minutes=10))
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)
    assert sunk.results == {made.report.report_id: "stored"}


def talking_to(answer: httpx.Response) -> Api:
    """A connection that this is the answer of."""
    return Api(URL, "token", transport=httpx.MockTransport(lambda _: answer), patience=RetryPolicy(attempts=1))


async def test_an_old_answer_out_of_a_cache_does_not_end_a_report(world: World, sunk: Sunk) -> None:
    made = await world.send()
    world.network.problem("/cloud/", 503, "service")
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).waiting == 1
        world.network.calm()
        world.network.rules.append(
            lambda request, _: (
                httpx.Response(404, stream=httpx.ByteStream(b'{"code": "not_found", "status": 404}'))
                if request.method == "GET" and request.url.path.endswith(made.report.report_id)
                else None
            )
        )
        summary = await collector.round()
        assert (summary.refused, summary.lost, summary.waiting) == (0, 0, 1)
        world.network.calm()
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


@pytest.mark.parametrize("position", [60, 30_000, -1], ids=["the header", "a chunk", "the end"])
async def test_opening_a_report_changed_in_transit_shows_an_error(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position: int
) -> None:
    from picsafe_cli.commands import open as command

    made = await world.send()
    ben = await world.person("ben")

    def flip(body: bytes) -> bytes:
        if "Range" not in world.network.asked("/packages/")[-1].headers:  # the list of pieces
            return body
        changed = bytearray(body)
        at = (position if position >= 0 else len(made.package) + position) - asked_from()
        if 0 <= at < len(changed):
            changed[at] ^= 1
        return bytes(changed)

    def asked_from() -> int:
        return int(world.network.asked("/packages/")[-1].headers["Range"].removeprefix("bytes=").partition("-")[0])

    world.network.change("/packages/", flip)
    monkeypatch.setattr(credentials, "api", lambda: world.api(ben))
    options = argparse.Namespace(
        source=made.report.report_id, output=tmp_path / "out", patient_name_in_file_names=False, dicom=False
    )
    with pytest.raises(PicSafeError, match="what arrived is not what was sent") as caught:
        await command._open(options)
    assert exit_status.status_of(caught.value) == exit_status.ExitStatus.DAMAGED
    assert "sender" not in caught.value.advice
    assert not (tmp_path / "out").exists()


PORTALS: dict[str, tuple[int, bytes, dict[str, str], str]] = {
    "a page": (200, b"<form>Room number</form>", {}, "its answer is not JSON"),
    "a page that calls itself JSON": (200, b"<", {"Content-Type": "application/json"}, "its answer is not JSON"),
    "another host": (302, b"", {"Location": "https://portal.example/x"}, "on to portal.example"),
    "511": (511, b"Sign in", {}, "sign in first"),
    "404": (404, b"No such page", {}, "status 404"),
}


@pytest.mark.parametrize(("status", "content", "headers", "said"), PORTALS.values(), ids=PORTALS)
async def test_the_page_of_a_guest_network_is_named_as_such(
    status: int, content: bytes, headers: dict[str, str], said: str
) -> None:
    async with talking_to(httpx.Response(status, stream=httpx.ByteStream(content), headers=headers)) as api:
        with pytest.raises(Intercepted, match=said) as caught:
            await api.me()
    assert "sign in first" in caught.value.advice


async def test_nothing_is_taken_from_a_cache_or_transformed_if_the_way_obeys(world: World) -> None:
    await world.person("ben")
    async with world.api() as api:
        await api.me()
    assert world.network.seen[-1].headers["Cache-Control"] == "no-store, no-transform"


# An answer that drips, or does not end


class Dripping(httpx.AsyncByteStream):
    """A byte now and then, for days."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)


async def test_an_attacker_who_drips_a_json_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "REQUEST_TIMEOUT_SECONDS", 0.3)
    async with talking_to(httpx.Response(200, stream=Dripping())) as api:
        async with asyncio.timeout(60):
            with pytest.raises(Unreachable, match="too slowly"):
                await api.me()


async def test_an_attacker_who_drips_the_head_of_an_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "HEAD_SECONDS", 0.3)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with foreign_server(drip) as url, Api(url, "token", patience=RetryPolicy(attempts=1)) as api:
        async with asyncio.timeout(60):
            with pytest.raises(Unreachable, match="too slowly"):
                await api.me()


async def test_an_attacker_who_nests_a_json_answer_deeply_is_left() -> None:
    async with talking_to(httpx.Response(200, stream=httpx.ByteStream(b"[" * 1_000_000))) as api:
        with pytest.raises(Intercepted):
            await api.me()


async def test_an_attacker_who_never_ends_a_json_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "ANSWER_BYTES", 1000)
    async with talking_to(httpx.Response(200, stream=httpx.ByteStream(b" " * 1001))) as api:
        with pytest.raises(Intercepted, match="does not end"):
            await api.me()


class Time:
    """A clock that each look moves on."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


async def pieces(count: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(size)


async def test_a_download_that_drips_is_ended_and_a_slow_one_is_not() -> None:
    enough = int(BYTES_PER_SECOND * 10)
    slow = Pace(Time(10.0))
    assert len([piece async for piece in slow.of(pieces(100, enough), URL)]) == 100
    dripping = Pace(Time(10.0))
    drops = dripping.of(pieces(100, enough - 1), URL)
    with pytest.raises(Unreachable):
        [piece async for piece in drops]
    assert dripping.is_too_slow


async def test_an_attacker_who_breaks_the_connection_after_every_byte_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from picsafe_cli.receive.download import CloudSource

    made = await world.send()
    world.network.breaks("/packages/", *[1] * 10_000)
    async with world.api(patience=RetryPolicy(sleep=nothing)) as api:
        with pytest.raises(Unreachable):
            await CloudSource(api, made.report.report_id, len(made.package)).read(0, 5000)
    assert len(world.network.asked("/packages/")) <= WINDOW_SECONDS / 0.5 + 1


async def test_one_slow_report_leaves_the_others_their_turn(
    world: World, sunk: Sunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, other = await world.send(), await world.send()
    monkeypatch.setattr("picsafe_cli.receive.download.REPORT_SECONDS", 5.0)

    class Stalled(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield slow.package[:1000]
            await asyncio.sleep(3600)

    world.network.rules.append(
        lambda request, response: (
            httpx.Response(206, headers=response.headers, stream=Stalled())
            if slow.report.report_id in request.url.path and "/packages/" in request.url.path
            else None
        )
    )
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.waiting, summary.damaged) == (1, 1, 0)
        world.network.calm()
        assert (await collector.round()).stored == 1
    assert world.network.asked("/packages/")[0].headers["Range"].startswith("bytes=1000-"), "it goes on with it"
    assert sunk.holds(slow)
    assert sunk.holds(other)


# How long a server asks to be left alone

NOW = "Mon, 30 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), (" 7 ", 7), ("0", 0), ("99999999999", 86400), ("Mon, 30 Nov 2026 10:00:30 GMT", 30),
     ("Mon, 30 Nov 2026 09:00:00 GMT", 0), ("Tue, 01 Dec 2099 10:00:30 GMT", 86400), ("soon", None), ("", None), ("-1", None),
     ("1.5", None), ("٧", None), ("Mon, 99 Nov 2026 10:00:30 GMT", None)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_by_the_server_s_clock(said: str, seconds: int | None) -> None:
    assert retry_after(httpx.Headers([(b"Retry-After", said.encode()), (b"Date", NOW.encode())])) == seconds
