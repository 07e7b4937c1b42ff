"""A log that was put back to an earlier state is not signed again: the same key would vouch for two histories."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness.key_server import KEYS, Someone, UserServers, World, code, key_server
from sqlalchemy import Connection, delete, text, update

from picsafe_protocol.contracts.errors import Conflict
from picsafe_server.app import create_app
from picsafe_server.keys.commands import check_log
from picsafe_server.keys.db.models import log_audience, log_head, log_leaves, log_nodes, log_people
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.audit import recompute
from picsafe_server.keys.log.entries import operator
from picsafe_server.keys.log.largest_head import LargestHead, LargestHeadFile, LogRolledBack, RollbackGuard
from picsafe_server.keys.log.tree import Head, frontier_of
from picsafe_server.keys.operations import rotate_master
from picsafe_server.keys.operations.restore_log import accept_restored_log
from picsafe_server.keys.role import KeysRole
from picsafe_server.runtime.addresses import SettingsError
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings

pytestmark = pytest.mark.anyio

CLINIC = "c" * 26
ANN = Someone("Ann", institution=CLINIC, role="administrator")


async def opened(world: World, times: int) -> None:
    ada, bo = Someone("Ada"), Someone("Bo")
    sent = await world.send(ada, bo, access={"institutions": [{"id": CLINIC, "roles": []}]})
    for _ in range(times - 1):
        assert (await world.open(bo, sent)).status_code == 200


async def refuses(world: World) -> None:
    assert (await world.get("/ready", None)).status_code == 503
    for answer in (await world.create(Someone("Ada"), "a" * 26), await world.get("/keys/v1/checkpoint", None)):
        assert (answer.status_code, code(answer)) == (503, "log_unavailable")


@pytest.fixture
def put_back(tmp_path: Path, sqlite_url: str) -> Callable[[], None]:
    """Puts the database's file back to what it was; first called, it keeps it."""
    database, copy = tmp_path / "keys.sqlite", tmp_path / "backup.sqlite"

    def once() -> None:
        if not copy.exists():
            shutil.copy(database, copy)
            return
        for file in tmp_path.glob("keys.sqlite*"):
            file.unlink()
        shutil.copy(copy, database)

    return once


async def rolled_back(tmp_path: Path, clock: MovableClock, users: UserServers, url: str, put_back: Any) -> None:
    """Six entries, a backup, three more entries; then the backup in their place."""
    async with key_server(tmp_path, clock, users, keys_database=url) as world:
        await opened(world, 6)
    put_back()
    async with key_server(tmp_path, clock, users, keys_database=url) as world:
        await opened(world, 3)
    put_back()


async def test_attack_a_database_put_back_after_a_release_is_not_signed(
    tmp_path: Path, clock: MovableClock, users: UserServers, sqlite_url: str, put_back: Callable[[], None]
) -> None:
    await rolled_back(tmp_path, clock, users, sqlite_url, put_back)
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        await refuses(world)
        with pytest.raises(Conflict, match="a log of 9 entries was signed, and the database has 6"):
            await check_log(world.role.services.database, world.role.largest_head)
        assert LargestHeadFile(tmp_path / "keys" / "log.head").read() is not None


async def test_attack_a_log_that_grew_again_elsewhere_is_not_signed(
    tmp_path: Path, clock: MovableClock, users: UserServers, sqlite_url: str, put_back: Callable[[], None]
) -> None:
    """The same size or larger, with the same key in another folder: only the root tells."""
    await rolled_back(tmp_path, clock, users, sqlite_url, put_back)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "keys", elsewhere / "keys")
    (elsewhere / "keys" / "log.head").unlink()
    with pytest.raises(Conflict, match="9 entries, this one has 6"):
        await _accept(tmp_path, clock, sqlite_url, 7)
    engine = elsewhere / "keys" / "log.head"
    engine.write_text((tmp_path / "keys" / "log.head").read_text())
    await _accept(elsewhere, clock, sqlite_url, 9)
    async with key_server(elsewhere, clock, users, keys_database=sqlite_url) as world:
        await opened(world, 4)  # 11 entries now
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        await refuses(world)
        with pytest.raises(Conflict, match="another log of 9 entries was signed"):
            await check_log(world.role.services.database, world.role.largest_head)


def _drop_newest(connection: Connection) -> None:
    newest = log.read_head(connection).size - 1
    for table in (log_people, log_audience, log_leaves):
        connection.execute(delete(table).where(table.c.entry_index == newest))
    size, frontier = newest, b""
    for level, position in frontier_of(0, size):
        nodes = log.stored_nodes(connection, [(level, position)])
        frontier += nodes[level, position]
    above = [
        (level, position)
        for level in range(1, 8)
        for position in [newest >> level]
        if (position + 1) << level == newest + 1
    ]
    for level, position in above:
        connection.execute(delete(log_nodes).where(log_nodes.c.level == level, log_nodes.c.position == position))
    connection.execute(update(log_head).values(size=size, frontier=frontier))


async def test_attack_a_database_put_back_under_a_running_server_is_not_written_to(
    world: World, ada: Someone, bo: Someone
) -> None:
    await opened(world, 6)
    sent = await world.send(ada, bo)

    def unguarded(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("log_leaves", "log_people", "log_audience", "log_nodes", "log_head"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        _drop_newest(connection)
        assert log.check(connection).size == 6

    async with world.role.services.database.writing() as session:
        await (await session.connection()).run_sync(unguarded)
    answer = await world.open(bo, sent)
    assert (answer.status_code, code(answer)) == (503, "log_unavailable")
    await refuses(world)
    async with world.role.services.database.snapshot() as now:
        assert (await now.run_sync(recompute)).size == 6, "and nothing was written"


async def test_what_is_signed_is_remembered_before_it_leaves(
    database_url: str, tmp_path: Path, clock: MovableClock, users: UserServers
) -> None:
    """Also by several servers that share the folder: the file only grows."""
    ada, bo = Someone("Ada"), Someone("Bo")
    async with (
        key_server(tmp_path, clock, users, keys_database=database_url) as one,
        key_server(tmp_path, clock, users, keys_database=database_url) as two,
    ):
        sent, sizes = await one.send(ada, bo), []

        async def look(server: World) -> None:
            proof = (await server.open(bo, sent)).json()["entry"]["proof"]
            signed = one.role.largest_head.read()
            assert signed is not None
            assert signed.size >= int(proof.split("\n\n", 1)[1].split("\n")[1])
            sizes.append(signed.size)

        await asyncio.gather(*(look(server) for _ in range(6) for server in (one, two)))
        assert sizes == sorted(sizes)
        assert (one.role.largest_head.read() or LargestHead(0, b"")).size == 13


async def test_a_head_that_cannot_be_remembered_is_not_signed(
    sqlite_world: World, ada: Someone, bo: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await sqlite_world.send(ada, bo)

    def full(self: LargestHeadFile, head: LargestHead, *others: Any, **more: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as trouble:
        trouble.setattr(LargestHeadFile, "grow", full)
        answer = await sqlite_world.open(bo, sent)
        assert (answer.status_code, code(answer)) == (503, "log_unavailable")
    assert (await sqlite_world.open(bo, sent)).status_code == 200
    assert [entry["event"] for entry in await sqlite_world.log_of(sent)] == ["created", "released", "released"]


def overtaken(world: World, meanwhile: Callable[[], Coroutine[Any, Any, None]], trouble: pytest.MonkeyPatch) -> None:
    """`meanwhile` happens between the next commit of `world` and its writing to `log.head`."""
    guard, loop = world.role.services.appender._guard, asyncio.get_running_loop()
    remember, pending = guard.remember, [meanwhile]

    def late(head: Head, compared: LargestHead | None, **more: Any) -> LargestHead | None:
        if pending:
            asyncio.run_coroutine_threadsafe(pending.pop()(), loop).result(30)
        return remember(head, compared, **more)

    trouble.setattr(guard, "remember", late)


@pytest.mark.parametrize("entries", [1, 2, 3])
async def test_attack_a_copy_of_the_database_signs_nothing_while_the_live_one_does(
    tmp_path: Path,
    clock: MovableClock,
    users: UserServers,
    sqlite_url: str,
    entries: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two processes with one folder of keys and two databases: both looked at `log.head` when it had five entries."""
    ada, bo = Someone("Ada"), Someone("Bo")
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as live:
        sent = await live.send(ada, bo)
        for _ in range(4):
            await live.open(bo, sent)
    shutil.copy(tmp_path / "keys.sqlite", tmp_path / "copy.sqlite")
    copy_url = f"sqlite+aiosqlite:///{tmp_path}/copy.sqlite"
    async with (
        key_server(tmp_path, clock, users, keys_database=sqlite_url) as live,
        key_server(tmp_path, clock, users, keys_database=copy_url) as copy,
    ):

        async def go_on() -> None:
            for _ in range(entries):
                assert (await live.open(ada, sent)).status_code == 200

        overtaken(copy, go_on, monkeypatch)
        answer = await copy.open(bo, sent)
        assert (answer.status_code, code(answer)) == (503, "log_unavailable")
        async with copy.role.services.database.snapshot() as now:
            assert (await now.run_sync(log.read_head)).size == 6, "written, and not signed"
        await refuses(copy)
        async with live.role.services.database.snapshot() as now:
            head = await now.run_sync(log.read_head)
        assert live.role.largest_head.read() == LargestHead.of(head)
        assert (await live.open(bo, sent)).status_code == 200


async def test_a_process_overtaken_by_another_on_the_same_database_goes_on(
    database_url: str, tmp_path: Path, clock: MovableClock, users: UserServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo = Someone("Ada"), Someone("Bo")
    async with (
        key_server(tmp_path, clock, users, keys_database=database_url) as slow,
        key_server(tmp_path, clock, users, keys_database=database_url) as quick,
    ):
        sent = await slow.send(ada, bo)

        async def go_on() -> None:
            for _ in range(2):
                assert (await quick.open(ada, sent)).status_code == 200

        overtaken(slow, go_on, monkeypatch)
        answer = await slow.open(bo, sent)
        assert answer.status_code == 200
        assert answer.json()["entry"]["proof"].split("\n\n", 1)[1].split("\n")[1] == "2"
        assert (slow.role.largest_head.read() or LargestHead(0, b"")).size == 4
        assert (await slow.open(bo, sent)).status_code == 200
        assert len(await quick.log_of(sent)) == 5


async def test_a_release_waits_for_the_disk_once_and_compares_once(
    database_url: str, tmp_path: Path, clock: MovableClock, users: UserServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the database's own commit; also while two processes take turns."""
    ada, bo = Someone("Ada"), Someone("Bo")
    async with (
        key_server(tmp_path, clock, users, keys_database=database_url) as one,
        key_server(tmp_path, clock, users, keys_database=database_url) as two,
    ):
        sent, flushes, again = await one.send(ada, bo), [], []
        flush, compare = os.fdatasync, RollbackGuard.check_overtaken

        def counted(descriptor: int) -> None:
            flushes.append(descriptor)
            flush(descriptor)

        def compared(self: RollbackGuard, *arguments: Any, **more: Any) -> None:
            again.append(arguments)
            compare(self, *arguments, **more)

        monkeypatch.setattr(os, "fdatasync", counted)
        monkeypatch.setattr(RollbackGuard, "check_overtaken", compared)
        for server in (one, two) * 2:
            assert (await server.open(bo, sent)).status_code == 200

        looked, remembered = asyncio.Event(), threading.Event()
        check, remember_one, remember_two = (
            two.role.services.appender._guard.check,
            one.role.services.appender._guard.remember,
            two.role.services.appender._guard.remember,
        )
        under_way: list[asyncio.Task[httpx.Response]] = []

        async def begin() -> None:
            under_way.append(asyncio.create_task(two.open(bo, sent)))
            await looked.wait()

        def check_of_two(connection: Connection, head: Head) -> LargestHead | None:
            looked.set()
            return check(connection, head)

        def remember_of_one(*arguments: Any, **more: Any) -> LargestHead | None:
            found = remember_one(*arguments, **more)
            remembered.set()
            return found

        def remember_of_two(*arguments: Any, **more: Any) -> LargestHead | None:
            assert remembered.wait(30)
            return remember_two(*arguments, **more)

        monkeypatch.setattr(one.role.services.appender._guard, "remember", remember_of_one)
        monkeypatch.setattr(two.role.services.appender._guard, "check", check_of_two)
        monkeypatch.setattr(two.role.services.appender._guard, "remember", remember_of_two)
        overtaken(one, begin, monkeypatch)
        assert (await one.open(bo, sent)).status_code == 200
        assert (await under_way[0]).status_code == 200
        assert (len(flushes), again) == (6, [])


def test_a_head_that_the_log_was_not_compared_with_is_never_passed_over(tmp_path: Path) -> None:
    """Also when it is the smaller one: the larger would be the head of another log."""
    file, compared, ours = (
        LargestHeadFile(tmp_path / "log.head"),
        LargestHead(10, b"a" * 32),
        LargestHead(12, b"a" * 32),
    )
    assert file.grow(compared, None) is None
    for size in (11, 13):
        other = LargestHead(size, b"b" * 32)
        file.replace(other)
        assert file.grow(ours, compared) == other
        assert file.read() == other
    other = LargestHead(12, b"b" * 32)
    file.replace(other)
    with pytest.raises(LogRolledBack, match="two logs of 12 entries"):
        file.grow(ours, compared)
    before = LargestHead(11, b"a" * 32)
    file.replace(before)
    assert file.grow(ours, compared, before=before) is None
    assert file.read() == ours
    file.path.unlink()
    with pytest.raises(LogRolledBack, match="is missing"):
        file.grow(LargestHead(14, b"a" * 32), compared)


def test_a_write_that_broke_off_leaves_the_head_before(tmp_path: Path) -> None:
    file = LargestHeadFile(tmp_path / "log.head")
    assert file.read() is None
    for size in range(1, 6):
        head = LargestHead(size, bytes([size]) * 32)
        assert file.grow(head, file.read()) is None
        assert file.read() == head
        assert file.grow(LargestHead(size - 1, b"x" * 32), None) == head  # smaller ones change nothing
        assert file.read() == head
    content = file.path.read_bytes()
    assert len(content) == 8192
    for place in (0, 4096):
        for broken in (content[place : place + 40], b""):
            torn = bytearray(content)
            torn[place : place + 4096] = broken.ljust(4096, b"\0")
            file.path.write_bytes(torn)
            left = file.read()
            assert left is not None
            assert left.size in (4, 5)
    assert {path.name for path in tmp_path.iterdir()} == {"log.head", "log.head.lock"}


@pytest.mark.parametrize("content", [None, b"", b"picsafe-log-head/1 1 eA==\n", b"\xff\x00", b"7\n"])
async def test_attack_a_file_that_is_gone_or_changed_is_not_passed_over(
    tmp_path: Path, clock: MovableClock, users: UserServers, sqlite_url: str, content: bytes | None
) -> None:
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        await opened(world, 3)
    file = tmp_path / "keys" / "log.head"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        await refuses(world)
    await _accept(tmp_path, clock, sqlite_url, None)
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        await opened(world, 1)


async def _accept(data: Path, clock: MovableClock, url: str, lost: int | None) -> None:
    from picsafe_server.keys.role import MIGRATIONS
    from picsafe_server.runtime.database import Database

    database = Database(url, MIGRATIONS)
    try:
        file = LargestHeadFile(data / "keys" / "log.head")
        await accept_restored_log(database, clock, file, lost, by=operator(KEYS, "the disk died"))
    finally:
        await database.close()


async def test_going_on_after_a_restore_is_an_entry_for_every_administrator(
    tmp_path: Path, clock: MovableClock, users: UserServers, sqlite_url: str, put_back: Callable[[], None]
) -> None:
    await rolled_back(tmp_path, clock, users, sqlite_url, put_back)
    with pytest.raises(Conflict, match="largest log that was signed has 9 entries") as wrong:
        await _accept(tmp_path, clock, sqlite_url, 6)
    assert "--lost 9" in wrong.value.advice
    await _accept(tmp_path, clock, sqlite_url, 9)
    with pytest.raises(Conflict, match="Nothing is missing"):
        await _accept(tmp_path, clock, sqlite_url, 9)
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        assert (await world.get("/ready", None)).status_code == 200
        await opened(world, 1)
        token = world.users.user_token(ANN)
        (entry,) = (await world.get("/keys/v1/log", token, event="restored")).json()["entries"]
        assert (entry["index"], entry["reason"], entry["who"]["id"]) == (6, "the disk died", "operator")
        async with world.role.services.database.reading() as session:
            details = (await session.execute(log_leaves.select().where(log_leaves.c.entry_index == 6))).one().details
        assert json.loads(details)["size"] == 9
        assert (await check_log(world.role.services.database, world.role.largest_head)).startswith(
            "The access log is whole: 8"
        )


async def _start(data: Path, clock: MovableClock, url: str) -> None:
    settings = Settings(public_url="https://keys.test", roles=("keys",), data=data, keys_database=url)
    role = create_app(settings, clock).state.roles["keys"]
    try:
        await role.start()
    finally:
        await role.stop()


async def test_a_second_folder_of_keys_by_mistake_is_refused(
    tmp_path: Path, clock: MovableClock, users: UserServers, sqlite_url: str
) -> None:
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url):
        pass
    other = tmp_path / "other"
    with pytest.raises(SettingsError, match=r"other/keys/log\.pem is another key .* accept-keys keys"):
        await _start(other, clock, sqlite_url)
    shutil.copy(tmp_path / "keys" / "log.pem", other / "keys" / "log.pem")
    with pytest.raises(SettingsError, match=r"master\.keys is another key \(master\.keys 1\)"):
        await _start(other, clock, sqlite_url)
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        await opened(world, 1)


async def test_an_old_copy_of_the_master_keys_is_refused_until_an_operator_gives_up_what_it_lacks(
    tmp_path: Path, clock: MovableClock, users: UserServers, sqlite_url: str
) -> None:
    """Added and used without a restart, as `rotate-master` does: nothing but the report keys tells that number 2 was there."""
    path, ada = tmp_path / "keys" / "master.keys", Someone("Ada")
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        first = await world.send(ada)
        old = path.read_bytes()
        rotate_master.add_master_key(path)
        sent = [await world.send(ada) for _ in range(3)]
        await world.revoke(ada, sent[2])  # its key is destroyed: nothing is lost with the master key
    newest = path.read_bytes()
    path.write_bytes(old)
    lacks = rf"{path} lacks master key number 2, which 2 report keys .* newest .* accept-keys keys"
    with pytest.raises(SettingsError, match=lacks):
        await _start(tmp_path, clock, sqlite_url)
    path.write_bytes(newest)
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        assert (await world.open(ada, sent[0])).json()["key"] == sent[0].key
    path.write_bytes(old)
    assert await _accept_keys(tmp_path, clock, sqlite_url) == ["master.keys 2 is lost"]
    assert await _accept_keys(tmp_path, clock, sqlite_url) == []
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        assert (await world.open(ada, first)).json()["key"] == first.key
        assert code(await world.open(ada, sent[0])) == "service"
    path.write_bytes(newest)  # it was found after all
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        assert (await world.open(ada, sent[0])).json()["key"] == sent[0].key


async def _accept_keys(data: Path, clock: MovableClock, url: str) -> list[str]:
    settings = Settings(public_url="https://keys.test", roles=("keys",), data=data, keys_database=url)
    role: KeysRole = create_app(settings, clock).state.roles["keys"]
    return await role.accept_keys()
