"""Report keys lie wrapped under master keys, which can change while the server runs; no key is ever in clear on disk or in words."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.key_server import Someone, UserServers, World, code, key_server, raw_key
from sqlalchemy import select, update

from picsafe_protocol.contracts.api.keys import EntryProof, IssuedKey, ReleasedKey
from picsafe_protocol.contracts.errors import Conflict, InvalidRequest
from picsafe_server.cli import main
from picsafe_server.keys.db.models import report_keys
from picsafe_server.keys.operations import rotate_master
from picsafe_server.keys.operations.release import Released
from picsafe_server.keys.policy import KeyAcl
from picsafe_server.keys.vault.keystore import KeyRecord
from picsafe_server.keys.vault.wrapping import MasterKeyFile, WrappedKey, WrappingError, read_master_keys
from picsafe_server.runtime.clock import MovableClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "master.keys"


async def test_what_is_wrapped_unwraps_in_its_context_alone(path: Path) -> None:
    wrapper = MasterKeyFile(path)
    key = os.urandom(32)
    wrapped = await wrapper.wrap(key, b"context")
    assert key not in wrapped.blob
    assert await wrapper.unwrap(wrapped, b"context") == key
    assert await MasterKeyFile(path).unwrap(wrapped, b"context") == key
    for other in (b"", b"Context", b"context "):
        with pytest.raises(WrappingError):
            await wrapper.unwrap(wrapped, other)


async def test_the_same_key_never_wraps_to_the_same_bytes(path: Path) -> None:
    wrapper = MasterKeyFile(path)
    assert len({(await wrapper.wrap(b"k" * 32, b"")).blob for _ in range(50)}) == 50


async def test_a_flipped_bit_anywhere_does_not_unwrap(path: Path) -> None:
    wrapper = MasterKeyFile(path)
    wrapped = await wrapper.wrap(b"k" * 32, b"")
    for index in range(len(wrapped.blob)):
        changed = bytearray(wrapped.blob)
        changed[index] ^= 1
        with pytest.raises(WrappingError):
            await wrapper.unwrap(WrappedKey(1, bytes(changed)), b"")
    for short in (b"", wrapped.blob[:11], wrapped.blob[:28], wrapped.blob[:-1]):
        with pytest.raises(WrappingError):
            await wrapper.unwrap(WrappedKey(1, short), b"")


def test_the_file_is_made_for_this_user_only(path: Path) -> None:
    MasterKeyFile(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rotate_master.add_master_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_servers_that_start_at_once_agree_on_one_file(path: Path) -> None:
    first = MasterKeyFile(path)
    content = path.read_bytes()
    MasterKeyFile(path)
    assert path.read_bytes() == content
    assert first.newest() == 1


GOOD = base64.b64encode(b"m" * 32).decode()
BAD_FILES = {
    "nothing": "",
    "comments alone": "# keys\n\n",
    "a key without a number": GOOD,
    "a number without a key": "1",
    "a key too short": f"1 {base64.b64encode(b'm' * 31).decode()}",
    "a key too long": f"1 {base64.b64encode(b'm' * 33).decode()}",
    "no base64": "1 " + "*" * 44,
    "base64 with rubbish": f"1 {GOOD}!!",
    "a number twice": f"1 {GOOD}\n1 {GOOD}",
    "a negative number": f"-1 {GOOD}",
    "a name": f"first {GOOD}",
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_no_server_starts_on_a_file_of(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master.keys"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"master\.keys") as refusal:
        MasterKeyFile(path)
    assert GOOD not in str(refusal.value)


async def wrapped_under(world: World) -> list[int]:
    async with world.role.services.database.reading() as session:
        living = select(report_keys.c.master).where(report_keys.c.wrapped.is_not(None))
        return sorted(await session.scalars(living))


async def test_master_keys_change_while_the_server_runs(world: World, path: Path, ada: Someone, bo: Someone) -> None:
    before = [await world.send(ada, bo) for _ in range(3)]
    gone = await world.send(ada)
    await world.revoke(ada, gone)
    assert rotate_master.add_master_key(path) == 2
    between = await world.send(ada, bo)
    assert await wrapped_under(world) == [1, 1, 1, 2]
    result = await rotate_master.rewrap(world.role.services.database, MasterKeyFile(path))
    assert (result.done, result.failed) == (3, ())
    assert await wrapped_under(world) == [2, 2, 2, 2]
    await rotate_master.retire_master_key(world.role.services.database, path, 1)
    assert list(read_master_keys(path)) == [2]
    for sent in [*before, between, await world.send(ada, bo)]:
        assert (await world.open(bo, sent)).json()["key"] == sent.key
    assert code(await world.open(ada, gone)) == "key_revoked"


def test_master_keys_that_are_added_at_once_are_all_kept(path: Path) -> None:
    MasterKeyFile(path)
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: rotate_master.add_master_key(path), range(24)))
    assert sorted(numbers) == list(range(2, 26))
    assert sorted(read_master_keys(path)) == list(range(1, 26))
    assert len(set(read_master_keys(path).values())) == 25


async def test_rewrapping_resumes_where_it_stopped(
    world: World, path: Path, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotate_master, "BATCH", 2)
    sent = [await world.send(ada) for _ in range(7)]
    rotate_master.add_master_key(path)

    class Dies(MasterKeyFile):
        left = 3

        async def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return await super().unwrap(wrapped, context)

    with pytest.raises(KeyboardInterrupt):
        await rotate_master.rewrap(world.role.services.database, Dies(path))
    assert await wrapped_under(world) == [1] * 5 + [2] * 2
    with pytest.raises(Conflict, match="still wraps 5"):
        await rotate_master.retire_master_key(world.role.services.database, path, 1)
    assert (await rotate_master.rewrap(world.role.services.database, MasterKeyFile(path))).done == 5
    for one in sent:
        assert (await world.open(ada, one)).json()["key"] == one.key


async def test_a_key_revoked_while_it_is_rewrapped_stays_revoked(world: World, path: Path, ada: Someone) -> None:
    sent = await world.send(ada)
    rotate_master.add_master_key(path)

    class Meanwhile(MasterKeyFile):
        async def wrap(self, key: bytes, context: bytes) -> WrappedKey:
            await world.revoke(ada, sent)
            return await super().wrap(key, context)

    assert (await rotate_master.rewrap(world.role.services.database, Meanwhile(path))).done == 0
    assert await wrapped_under(world) == []


async def test_a_key_that_cannot_be_unwrapped_is_named_and_the_others_go_on(
    sqlite_world: World, path: Path, ada: Someone
) -> None:
    lost, fine = await sqlite_world.send(ada), await sqlite_world.send(ada)
    async with sqlite_world.role.services.database.writing() as session:
        await session.execute(update(report_keys).where(report_keys.c.key_id == lost.key_id).values(master=7))
    rotate_master.add_master_key(path)
    result = await rotate_master.rewrap(sqlite_world.role.services.database, MasterKeyFile(path))
    assert (result.done, result.failed) == (1, (lost.key_id,))
    assert (await sqlite_world.open(ada, fine)).status_code == 200


async def test_an_issue_that_was_wrapped_under_the_older_key_is_wrapped_again(
    sqlite_world: World, path: Path, ada: Someone
) -> None:
    """Between wrapping and storing a master key comes: what is stored must not need the one that may be retired now."""

    class Overtaken(MasterKeyFile):
        rotated = False

        async def wrap(self, key: bytes, context: bytes) -> WrappedKey:
            wrapped = await super().wrap(key, context)
            if not self.rotated:
                self.rotated = True
                rotate_master.add_master_key(self.path)
            return wrapped

    sqlite_world.role.services.wrapper = Overtaken(path)
    await sqlite_world.send(ada)
    assert await wrapped_under(sqlite_world) == [2]


@pytest.mark.parametrize(("number", "error"), [(1, Conflict), (2, InvalidRequest), (0, InvalidRequest)])
async def test_a_master_key_is_not_retired_when(
    sqlite_world: World, path: Path, ada: Someone, number: int, error: type[Exception]
) -> None:
    await sqlite_world.send(ada)
    with pytest.raises(error):
        await rotate_master.retire_master_key(sqlite_world.role.services.database, path, number)
    assert list(read_master_keys(path)) == [1]


async def test_the_commands_do_it_too(
    sqlite_url: str,
    tmp_path: Path,
    path: Path,
    clock: MovableClock,
    users: UserServers,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ada = Someone("Ada")
    async with key_server(tmp_path, clock, users, keys_database=sqlite_url) as world:
        sent = await world.send(ada)
        for name, value in {
            "DATA": str(tmp_path),
            "ROLES": "keys",
            "KEYS_DATABASE": sqlite_url,
            "USERS_URL": "https://users.test/users",
        }.items():
            monkeypatch.setenv(f"PICSAFE_{name}", value)

        async def command(*words: str) -> tuple[int, str]:
            status = await asyncio.to_thread(main, ["keys", *words])
            printed = capsys.readouterr()
            return status, printed.out + printed.err

        assert (await command("retire-master", "1"))[0] == 1
        assert await command("rotate-master") == (
            0,
            "Master key 2 was added and wraps from now on.\n1 report keys were rewrapped.\n",
        )
        assert await command("rewrap") == (0, "0 report keys were rewrapped.\n")
        assert await command("retire-master", "1") == (0, "Master key 1 is retired.\n")
        assert list(read_master_keys(path)) == [2]
        assert (await world.open(ada, sent)).json()["key"] == sent.key
        status, printed = await command("check-log")
        assert (status, printed[:35]) == (0, "The access log is whole: 2 entries,")
        assert await command("erase-person", ada.id) == (0, "Erased from 2 entries.\n")
        async with world.role.services.database.writing() as session:
            await session.execute(update(report_keys).values(master=9))
        assert (await command("rewrap"))[0] == 1


def every_form(key: bytes) -> list[bytes]:
    """A key as it could be written down."""
    texts = [key.hex(), base64.b64encode(key).decode().rstrip("="), base64.urlsafe_b64encode(key).decode().rstrip("=")]
    return [key, repr(key)[2:-1].encode(), *(text.encode() for text in texts), key.hex().upper().encode()]


def everything_in(folder: Path, without: Callable[[Path], bool] = lambda file: False) -> bytes:
    return b"\x00".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file() and not without(file))


async def test_no_key_is_in_clear_on_disk_nor_in_the_log_of_the_process(
    sqlite_world: World, tmp_path: Path, ada: Someone, bo: Someone, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = [await sqlite_world.send(ada, bo) for _ in range(5)]
    for one in sent:
        await sqlite_world.open(bo, one)
        await sqlite_world.open(Someone("Eve"), one)
    await sqlite_world.revoke(ada, sent[0])
    held = everything_in(tmp_path) + caplog.text.encode()
    for one in sent:
        for form in every_form(raw_key(one.key)):
            assert form not in held


async def test_no_master_key_is_anywhere_but_in_its_file(
    sqlite_world: World, tmp_path: Path, path: Path, ada: Someone, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await sqlite_world.send(ada)
    rotate_master.add_master_key(path)
    await rotate_master.rewrap(sqlite_world.role.services.database, MasterKeyFile(path))
    held = everything_in(tmp_path, without=lambda file: file == path) + caplog.text.encode()
    for key in read_master_keys(path).values():
        for form in every_form(key):
            assert form not in held


def test_no_representation_holds_a_key(sqlite_url: str) -> None:
    secret = b"thirty-two bytes of a report key"
    text = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    record = KeyRecord(
        key_id="k",
        issuer="i",
        report_id="r",
        access_json=b"{}",
        created_at=0,
        until=0,
        master=1,
        wrapped=secret,
        revoked_at=None,
        destroyed_at=None,
        access=KeyAcl("o", (), ()),
    )
    proof = EntryProof(0, "", "", "", "", "", "")
    holders: list[object] = [
        record,
        WrappedKey(1, secret),
        Released(record, secret, None),  # type: ignore[arg-type]
        ReleasedKey(text, proof, None),
        IssuedKey("k", text, "", proof),
    ]
    for holder in holders:
        for shown in (repr(holder), str(holder), f"{holder}"):
            assert "thirty-two" not in shown
            assert text not in shown
