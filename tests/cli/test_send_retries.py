"""While sending, a server or network that is away is waited for; nothing is withdrawn because of it, and no clock misdates a report."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli.test_send_audience import Silent
from harness.command_line import URL, World, jpeg, nothing
from sample_messages import me_row

from picsafe_cli.api import credentials, server_clock
from picsafe_cli.api.client import Api
from picsafe_cli.api.retry import UPLOADING, RetryPolicy
from picsafe_cli.api.server_clock import ServerClock, readable
from picsafe_cli.commands import send as command
from picsafe_cli.receive.open_report import open_report
from picsafe_cli.send.details_input import facts_at, read_facts
from picsafe_cli.send.media_preparation import prepare
from picsafe_cli.send.send_report import send
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import NotPermitted, ServiceError, StorageFull, TooManyRequests, Unreachable
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.format.report import Patient
from picsafe_protocol.json.messages import read

pytestmark = pytest.mark.anyio

STEPS = ["/v1/reports", "/v1/keys", "/v1/uploads/", "/parts/", "/complete", "/receipt"]


class Pauses:
    """Notes how long was waited instead of waiting."""

    def __init__(self) -> None:
        self.all: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.all.append(seconds)


def faults(world: World, step: str, times: int, fault: Callable[[httpx.Request], httpx.Response]) -> None:
    """A step fails so often, whatever the server did."""
    left = [times]

    def rule(request: httpx.Request, _: httpx.Response) -> httpx.Response | None:
        path = request.url.path
        found = path.endswith(step) if step == "/v1/reports" else step in path
        if request.method not in {"POST", "PUT"} or not found or not left[0]:
            return None
        left[0] -= 1
        return fault(request)

    world.network.rules.append(rule)


def answer(status: int, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, stream=httpx.ByteStream(b"<html>Bad gateway</html>"), headers=named)


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("the connection broke", request=request)


def stated(request: httpx.Request) -> httpx.Response:
    body = json.dumps({"code": "service", "status": 503, "detail": "The database is away."}).encode()
    return httpx.Response(503, stream=httpx.ByteStream(body), headers={"Retry-After": "3"})


async def sent(world: World, tmp_path: Path, patience: RetryPolicy) -> ReportView:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg())
    await world.person("ben", world.institution)
    async with world.api(await world.person("ana"), patience) as api:
        return await send(
            api,
            prepare([photo]),
            ReportDetails(patient=Patient("P")),
            ["ben@clinic.example"],
            Silent(),
            patience=patience,
        )


@pytest.mark.parametrize(
    "fault", [stated, answer(502), answer(503), answer(504), answer(302, Location="https://portal.example/"), broken],
    ids=["the server says so", "502", "503", "504", "a portal", "broken"],
)  # fmt: skip
@pytest.mark.parametrize("step", ["/v1/reports", "/v1/keys", "/parts/"])
async def test_a_fault_of_some_seconds_is_waited_out_at_every_step(
    world: World, tmp_path: Path, step: str, fault: Callable[[httpx.Request], httpx.Response]
) -> None:
    faults(world, step, 6, fault)
    pauses = Pauses()
    answered = await sent(world, tmp_path, RetryPolicy(attempts=25, sleep=pauses))
    assert answered.state == "available"
    assert sum(pauses.all) > 8
    assert not world.network.asked("/v1/reports/", "DELETE")


@pytest.mark.parametrize("step", STEPS)
async def test_a_fault_that_stays_withdraws_nothing(
    world: World, tmp_path: Path, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    faults(world, step, 1000, stated)
    with pytest.raises(ServiceError) as caught:
        await sent(world, tmp_path, RetryPolicy(attempts=4, sleep=nothing))
    assert "Trying again for a while; Ctrl-C stops." in caplog.text
    assert not world.network.asked("/v1/reports/", "DELETE")
    if step == "/receipt":
        assert "it may have arrived" in caught.value.advice


async def test_a_refusal_withdraws_the_report_as_before(world: World, tmp_path: Path) -> None:
    world.network.problem("/v1/keys", 403, "not_permitted")
    with pytest.raises(NotPermitted):
        await sent(world, tmp_path, RetryPolicy(attempts=4, sleep=nothing))
    assert len(world.network.asked("/v1/reports/", "DELETE")) == 1


async def test_a_server_that_says_how_long_is_left_alone_for_so_long() -> None:
    pauses = Pauses()
    patience = RetryPolicy(attempts=9, asked=100, sleep=pauses)
    for failures, wanted in ((1, 7), (2, 100), (3, 0)):
        await patience.after(failures, ServiceError(retry_after=wanted))
    assert pauses.all == [7, 100, 2.0]
    for error in (ServiceError(retry_after=101), TooManyRequests(retry_after=3600), StorageFull()):
        with pytest.raises(type(error)):
            await patience.after(1, error)
    assert UPLOADING.asked >= 600


async def test_a_server_that_never_answered_is_given_up_sooner() -> None:
    patience = RetryPolicy(sleep=nothing)
    await patience.after(4, Unreachable())
    with pytest.raises(Unreachable):
        await patience.after(4, Unreachable(), answered=False)


# Clocks


@pytest.mark.parametrize("off", [timedelta(days=-3), timedelta(days=3), timedelta(hours=1)], ids=str)
async def test_a_computer_whose_clock_is_off_dates_no_report_wrongly(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    off: timedelta,
) -> None:
    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + off

    photo, facts = tmp_path / "photo.jpg", tmp_path / "facts.json"
    photo.write_bytes(jpeg())
    facts.write_text('{"consent": {"method": "verbal"}}')
    await world.person("ben", world.institution)
    ana, ben = await world.person("ana"), await world.person("ben")
    for module in ("api.server_clock", "send.details_input", "send.send_report"):
        if hasattr(__import__(f"picsafe_cli.{module}", fromlist=["x"]), "datetime"):
            monkeypatch.setattr(f"picsafe_cli.{module}.datetime", Wrong)
    monkeypatch.setattr(credentials, "api", lambda: world.api(ana))
    options = argparse.Namespace(files=[photo], to=["ben@clinic.example"], quiet=True)
    with facts.open("rb") as file:
        await command._send(options, read_facts(file))
    assert "The clock of this computer is" in caplog.text
    assert ("ahead of" if off > timedelta(0) else "behind") in caplog.text
    truth = datetime.now(UTC)
    async with world.api(ben) as api:
        (row,) = (await api.users("GET", "/v1/reports?box=inbox"))["reports"]
        from picsafe_cli.receive.download import CloudSource

        me = await api.me()
        opened = await open_report(
            api,
            CloudSource(api, row["id"], row["size"]),
            me.key_servers,
            expected=Expectations.of_report(read(ReportView, row)),
        )
    report = opened.payload.report
    for said in (report.created_at, report.captured_at, report.consent[0].recorded_at, opened.header.created_at):
        assert abs(datetime.fromisoformat(said) - truth) < timedelta(minutes=10), said


def test_a_clock_that_is_right_is_not_talked_about(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    right = ServerClock()
    right.learn(datetime.now(UTC) + timedelta(seconds=90))
    assert caplog.text == ""
    assert timedelta(seconds=80) < right.now() - datetime.now(UTC) < timedelta(seconds=100)


@pytest.mark.parametrize(
    ("length", "words"),
    [(timedelta(days=3, hours=1), "3 days"), (timedelta(hours=1), "1 hour"), (timedelta(minutes=12), "12 minutes"),
     (timedelta(hours=23, minutes=59, seconds=50), "1 day"), (timedelta(seconds=3), "less than a minute")],
)  # fmt: skip
def test_differences_are_said_in_words(length: timedelta, words: str) -> None:
    assert readable(length) == words


def test_consent_that_was_given_now_is_dated_by_the_server() -> None:
    import io

    facts = read_facts(io.BytesIO(b'{"consent": {"method": "written"}}'))
    moment = datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert facts_at(facts, moment).consent[0].recorded_at == "2026-11-22T10:00:00Z"
    assert timedelta(minutes=2) == server_clock.WARN_FROM


async def test_an_older_server_that_does_not_say_its_time_changes_nothing() -> None:
    answer = me_row()
    del answer["server_time"]
    body = json.dumps(answer).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(body)))
    async with Api(URL, "token", transport=transport) as api:
        await api.me()
        assert api.clock.offset == timedelta(0)
