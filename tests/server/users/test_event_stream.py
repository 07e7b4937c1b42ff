"""The live inbox, over a real socket: changes arrive within moments, nothing is lost, and a session's end ends it."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket as socketlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness.user_server import PASSWORD, Caller, World, on_each_database, problem, running_world

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import TooManyRequests
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.server import make_server
from picsafe_server.users.events.notifier import Notifier

pytestmark = pytest.mark.anyio


@dataclass
class Told:
    """One server-sent event."""

    kind: str = ""
    data: Any = None
    number: str = ""


@dataclass
class Inbox:
    """An open stream: `next()` is the next event that tells of something; `pings` counts the others."""

    answer: httpx.Response
    lines: AsyncIterator[str] = field(init=False)
    last_number: str = ""
    pings: int = 0

    def __post_init__(self) -> None:
        self.lines = self.answer.aiter_lines()

    async def block(self) -> Told | None:
        """The next block of lines; None at the end."""
        told, any_line = Told(), False
        async for line in self.lines:
            if not line and any_line:
                return told
            any_line = True
            name, _, value = line.partition(": ")
            self.pings += line == "event: alive"
            if name == "id":
                told.number = self.last_number = value
            elif name == "event":
                told.kind = value
            elif name == "data":
                told.data = json.loads(value)
        return None

    async def next(self) -> Told:
        while True:
            told = await self.block()
            assert told is not None, "the stream has ended"
            if told.kind not in ("", "alive"):
                return told

    async def ends(self) -> bool:
        return await self.block() is None


@dataclass
class Socket:
    """The world's application behind a real socket."""

    world: World
    url: str

    @asynccontextmanager
    async def inbox(self, caller: Caller, last_seen: str | None = None) -> AsyncIterator[Inbox]:
        headers = {"Authorization": f"Bearer {caller.token}"} | ({"Last-Event-ID": last_seen} if last_seen else {})
        async with (
            httpx.AsyncClient(timeout=30) as http,
            http.stream("GET", f"{self.url}/users/v1/events", headers=headers) as answer,
        ):
            assert answer.status_code == 200
            inbox = Inbox(answer)
            await inbox.block()  # from here on nothing is missed
            yield inbox


@asynccontextmanager
async def behind_a_socket(world: World) -> AsyncIterator[Socket]:
    """Serve a world that is already running; stopping closes its streams first, as a signal does."""
    server = make_server(world.app, "127.0.0.1", 0)
    server.config.lifespan = "off"
    listening = socketlib.create_server(("127.0.0.1", 0))  # who connects before the server is up waits
    serving = asyncio.create_task(server._serve([listening]))
    try:
        yield Socket(world, f"http://127.0.0.1:{listening.getsockname()[1]}")
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def socket(world: World) -> AsyncIterator[Socket]:
    async with behind_a_socket(world) as socket:
        yield socket


async def test_the_answer_is_a_stream_that_no_proxy_holds_back(socket: Socket) -> None:
    ada = await socket.world.person("Ada")
    async with socket.inbox(ada) as inbox:
        headers = inbox.answer.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert "content-length" not in headers


async def test_a_report_appears_in_the_open_inbox_of_its_recipient_and_of_its_sender(socket: Socket) -> None:
    ada, bo = await socket.world.person("Ada"), await socket.world.person("Bo")
    async with socket.inbox(ada) as sent, socket.inbox(bo) as received:
        report_id = await socket.world.report(ada, bo)
        told = await received.next()
        assert told.kind == "report"
        assert told.data == (await bo.get(f"/v1/reports/{report_id}")).json()
        assert (told.data["box"], told.data["unread"]) == ("inbox", True)
        assert (await sent.next()).data == (await ada.get(f"/v1/reports/{report_id}")).json()


async def test_a_report_to_oneself_appears_in_both_boxes(socket: Socket) -> None:
    await socket.world.institution("Open", members_may_open="members")
    ada = await socket.world.person("Ada", institution="Open")
    async with socket.inbox(ada) as inbox:
        await socket.world.report(ada, ada)
        assert {(await inbox.next()).data["box"] for _ in range(2)} == {"inbox", "sent"}
        await socket.world.report(ada, await socket.world.person("Bo"))
        assert (await inbox.next()).data["box"] == "sent"


async def test_nobody_gets_changes_that_they_may_not_see(socket: Socket) -> None:
    await socket.world.institution("Open", members_may_open="members")
    ada, bo = await socket.world.person("Ada"), await socket.world.person("Bo", institution="Closed")
    colleague = await socket.world.person("Cy", institution="Closed", role=Role.ADMINISTRATOR)
    member = await socket.world.person("Dee", institution="Open")
    async with socket.inbox(colleague) as closed, socket.inbox(member) as opened:
        await socket.world.report(ada, bo)
        await socket.world.report(ada, await socket.world.person("Eve", institution="Open"))
        for_colleague, for_member = await socket.world.report(ada, colleague), await socket.world.report(ada, member)
        assert (await closed.next()).data["id"] == for_colleague
        assert (await opened.next()).data["recipients"][0]["name"] == "Eve"
        assert (await opened.next()).data["id"] == for_member


async def test_reading_and_collecting_are_announced(socket: Socket) -> None:
    ada, bo = await socket.world.person("Ada", institution="Royal"), await socket.world.person("Bo")
    pacs = await socket.world.service("Royal")
    report_id = await socket.world.report(ada, bo)
    async with socket.inbox(ada) as sender, socket.inbox(bo) as reader:
        await bo.post(f"/v1/reports/{report_id}/opened")
        assert (await reader.next()).data["unread"] is False
        assert (await sender.next()).data["recipients"][0]["opened_at"] is not None
        await bo.post(f"/v1/reports/{report_id}/opened")  # no news
        await pacs.post(f"/v1/reports/{report_id}/collected")
        assert (await reader.next()).data["collected_at"] is not None
        assert (await sender.next()).data["collected_at"] is not None


async def test_service_accounts_get_new_reports(socket: Socket) -> None:
    ada = await socket.world.person("Ada", institution="Royal")
    pacs = await socket.world.service("Royal")
    async with socket.inbox(pacs) as inbox:
        report_id = await socket.world.report(ada, ada)
        assert (await inbox.next()).data["id"] == report_id


@pytest.mark.parametrize("end", ["withdrawn", "expired"])
async def test_what_is_over_is_removed(socket: Socket, end: str) -> None:
    world = socket.world
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo")
    pacs = await world.service("Royal")
    report_id = await world.report(ada, bo)
    if end == "expired":
        world.clock.move(timedelta(days=limits.REPORT_DAYS))
        ada, bo = await world.sign_in(ada.email), await world.sign_in(bo.email)
    async with socket.inbox(ada) as sender, socket.inbox(bo) as inbox, socket.inbox(pacs) as machine:
        if end == "withdrawn":
            await ada.delete(f"/v1/reports/{report_id}")
        else:
            await world.users.sweep()
        told = await machine.next()
        assert (told.kind, told.data) == ("removed", {"id": report_id})
        told = await inbox.next()
        if end == "expired":
            assert (told.kind, told.data) == ("removed", {"id": report_id})
        else:
            assert (told.kind, told.data["state"], told.data["box"]) == ("report", "withdrawn", "inbox")
        told = await sender.next()
        assert (told.kind, told.data["state"]) == ("report", end)


async def test_what_was_withdrawn_leaves_the_inbox_when_its_time_is_over(socket: Socket) -> None:
    world = socket.world
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.report(ada, bo)
    await ada.delete(f"/v1/reports/{report_id}")
    world.clock.move(timedelta(days=limits.REPORT_DAYS))
    bo = await world.sign_in(bo.email)
    async with socket.inbox(bo) as inbox:
        await world.users.sweep()
        told = await inbox.next()
        assert (told.kind, told.data) == ("removed", {"id": report_id})


@on_each_database
async def test_a_stream_that_broke_resumes_where_it_stopped(socket: Socket) -> None:
    world = socket.world
    ada, bo = await world.person("Ada"), await world.person("Bo")
    async with socket.inbox(bo) as inbox:
        before_anything = inbox.last_number
        first = await world.report(ada, bo)
        assert (await inbox.next()).data["id"] == first
        after_first = inbox.last_number
    second, third = await world.report(ada, bo), await world.report(ada, bo)
    await ada.delete(f"/v1/reports/{second}")
    async with socket.inbox(bo, after_first) as inbox:
        told = [await inbox.next() for _ in range(3)]
        assert [(event.data["id"], event.data["state"]) for event in told] == [
            (second, "withdrawn"),
            (third, "available"),
            (second, "withdrawn"),
        ]
    async with socket.inbox(bo, before_anything) as inbox:
        told = [await inbox.next() for _ in range(4)]
        assert [event.data["id"] for event in told] == [first, second, third, second]
    async with socket.inbox(bo, "999999999") as inbox:  # from another database, or from the future
        fourth = await world.report(ada, bo)
        assert (await inbox.next()).data["id"] == fourth


async def test_a_long_absence_is_made_up_in_full(socket: Socket) -> None:
    world = socket.world
    ada, bo = await world.person("Ada"), await world.person("Bo")
    await world.report(ada, bo)
    async with socket.inbox(bo) as inbox:
        last = inbox.last_number
    missed = []
    for _ in range(5):
        missed += await asyncio.gather(*(world.report(ada, bo) for _ in range(9)))
    async with socket.inbox(bo, last) as inbox:
        told = [(await inbox.next()).data["id"] for _ in missed]
    assert sorted(told) == sorted(missed)
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    "end", ["signed out", "signed out elsewhere", "new password", "disabled", "removed", "invited"]
)
async def test_the_end_of_the_session_ends_the_stream(socket: Socket, end: str) -> None:
    world = socket.world
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    ada = await world.person("Ada", institution="Royal")
    phone = await world.sign_in(ada.email)
    member = f"/v1/institution/members/{ada.id}"
    async with socket.inbox(ada) as inbox:
        if end == "signed out":
            await ada.delete("/v1/sessions/current")
        elif end == "signed out elsewhere":
            rows = (await phone.get("/v1/sessions")).json()["sessions"]
            await phone.delete(f"/v1/sessions/{next(row['id'] for row in rows if not row['current'])}")
        elif end == "new password":
            await phone.post("/v1/me/password", {"current": PASSWORD, "new": "another long password"})
        elif end == "disabled":
            await admin.patch(member, {"disabled": True})
        elif end == "removed":
            await admin.delete(member)
        else:
            token = (await admin.post(member + "/invitation")).json()["invitation_token"]
            await world.http.post("/users/v1/invitations", json={"token": token, "password": "another long password"})
        assert (await inbox.next()).kind == "session-ended"
        assert await inbox.ends()


async def test_revoking_a_service_account_ends_its_stream(socket: Socket) -> None:
    admin = await socket.world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    pacs = await socket.world.service("Royal")
    async with socket.inbox(pacs) as inbox:
        await admin.delete(f"/v1/institution/service-accounts/{pacs.id}")
        assert (await inbox.next()).kind == "session-ended"
        assert await inbox.ends()


async def test_an_idle_session_ends_at_the_next_ping_and_listening_is_not_using(socket: Socket) -> None:
    socket.world.users.services.streams._ping_seconds = 0.05
    ada = await socket.world.person("Ada")
    async with socket.inbox(ada) as inbox:
        while not inbox.pings:
            await inbox.block()
        socket.world.clock.move(timedelta(hours=limits.SESSION_IDLE_HOURS))
        assert (await inbox.next()).kind == "session-ended"
        assert await inbox.ends()


@on_each_database
async def test_several_processes_on_one_database_tell_each_other_s_news(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(world.settings.data / "users", folder / "users", ignore=shutil.ignore_patterns("*.sqlite*"))
    async with running_world(folder, world.settings.users_database) as other, behind_a_socket(other) as socket:
        ada, bo = await world.person("Ada"), await world.person("Bo")
        async with socket.inbox(bo) as inbox:
            report_id = await world.report(ada, bo)
            assert (await inbox.next()).data["id"] == report_id
            await bo.delete("/v1/sessions/current")
            assert (await inbox.next()).kind == "session-ended"


async def test_only_while_somebody_listens_is_there_anything_to_do(socket: Socket) -> None:
    live: Notifier = socket.world.users.services.live
    assert not live.is_polling
    ada = await socket.world.person("Ada")
    async with socket.inbox(ada), socket.inbox(ada):
        assert live.is_polling
    poller = live._poller
    assert poller is not None
    await poller  # ends once the last listener has gone
    assert live._listeners == {}


async def test_stopping_the_server_ends_streams_at_once(world: World) -> None:
    ada = await world.person("Ada")
    async with behind_a_socket(world) as socket, socket.inbox(ada) as inbox:
        world.users.closing()
        assert await inbox.ends()


async def test_twenty_streams_of_one_session_and_not_one_more(socket: Socket) -> None:
    ada = await socket.world.person("Ada")
    async with AsyncExitStack() as stack:
        for _ in range(limits.LIVE_STREAMS):
            await stack.enter_async_context(socket.inbox(ada))
        assert problem(await ada.get("/v1/events")) == (429, "too_many_requests")
        elsewhere = await socket.world.sign_in(ada.email)
        await stack.enter_async_context(socket.inbox(elsewhere))


async def test_the_streams_of_all_sessions_of_an_account_have_one_bound(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    services = world.users.services
    sessions = [ada, await world.sign_in(ada.email), await world.sign_in(ada.email)]
    callers = [await services.sessions.authenticate(each.token) for each in sessions]
    room = limits.ACCOUNT_LIVE_STREAMS - limits.LIVE_STREAMS
    held = [services.streams.of(callers[0], None) for _ in range(limits.LIVE_STREAMS)]
    held += [services.streams.of(callers[1], None) for _ in range(room)]
    with pytest.raises(TooManyRequests):
        services.streams.of(callers[2], None)
    held.append(services.streams.of(await services.sessions.authenticate(bo.token), None))
    del held[0]
    held.append(services.streams.of(callers[2], None))


@on_each_database
async def test_streams_that_are_asked_for_at_once_are_counted_before_the_first_of_them_begins(world: World) -> None:
    ada = await world.person("Ada")
    services = world.users.services
    who = await services.sessions.authenticate(ada.token)
    asked = [services.streams.of(who, None) for _ in range(limits.LIVE_STREAMS)]
    with pytest.raises(TooManyRequests):
        services.streams.of(who, None)
    await anext(asked[0])
    del asked[1:]  # their clients went away before the first byte
    asked = [*asked, *(services.streams.of(who, None) for _ in range(limits.LIVE_STREAMS - 1))]
    with pytest.raises(TooManyRequests):
        services.streams.of(who, None)


async def test_a_number_that_is_none_is_refused(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    for number in ["x", "-1", "1.5", "9" * 40]:
        with subtests.test(number=number):
            answer = await ada.http.get("/users/v1/events", headers={"Last-Event-ID": number})
            assert problem(answer) == (400, "invalid_request")
