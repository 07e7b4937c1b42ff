"""With every key comes the entry of its making: who sent the report by the log's word, and since when it has been there."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness.key_server import USERS, Someone, UserServers, World, key_server, raw_key
from server.keys.test_access_log import opened, parsed, verifier_key
from server.keys.test_erasure import erase
from sqlalchemy import Connection, create_engine, insert

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.crypto.merkle import leaf_hash, verify_inclusion
from picsafe_server.keys.db.models import log_leaves, report_keys
from picsafe_server.keys.log import created_entry
from picsafe_server.runtime.clock import MovableClock

pytestmark = pytest.mark.anyio


def check(entry: dict[str, Any], vkey: str) -> dict[str, Any]:
    """The statement, once it has led to the root of a signed checkpoint."""
    commitment = b"picsafe/access-log/statement/v1\x00" + raw_key(entry["salt"]) + entry["statement"].encode()
    index, hashes, checkpoint = parsed(entry["proof"])
    size, root = opened(checkpoint, vkey)
    assert index == entry["index"]
    verify_inclusion(index, size, leaf_hash(hashlib.sha256(commitment).digest()), hashes, root)
    statement: dict[str, Any] = json.loads(entry["statement"])
    return statement


async def test_a_reader_gets_the_sender_of_the_report_from_the_log(world: World, ada: Someone, bo: Someone) -> None:
    vkey = await verifier_key(world)
    sent = await world.send(ada, bo, inst="clinic", inst_name="Royal")
    for _ in range(3):
        entry = (await world.open(bo, sent)).json()["created"]
        statement = check(entry, vkey)
        assert (statement["event"], statement["key_id"]) == ("created", sent.key_id)
        assert (statement["report_id"], statement["v"]) == (sent.report_id, 2)
        assert entry["sender"] == {
            "issuer": USERS,
            "id": ada.id,
            "name": "Ada",
            "email": ada.email,
            "institution": "clinic",
            "institution_name": "Royal",
        }


async def test_the_network_address_of_the_sender_is_not_returned(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    made = sent.answer["entry"]
    told = json.dumps((await world.open(bo, sent)).json()["created"])
    assert json.loads(made["person"])["address"] not in told
    assert made["person_salt"] not in told


async def test_an_erased_sender_is_named_nowhere_any_more(world: World, ada: Someone, bo: Someone) -> None:
    vkey = await verifier_key(world)
    sent = await world.send(ada, bo)
    assert (await world.open(bo, sent)).json()["created"]["sender"]["id"] == ada.id
    await erase(world, ada)
    entry = (await world.open(bo, sent)).json()["created"]
    assert entry["sender"] is None
    assert check(entry, vkey)["event"] == "created"


async def test_it_proves_after_a_restart_as_before(tmp_path: Path, clock: MovableClock, users: UserServers) -> None:
    ada, bo = Someone("Ada"), Someone("Bo")
    async with key_server(tmp_path, clock, users) as world:
        sent = [await world.send(ada, bo) for _ in range(5)]
    async with key_server(tmp_path, clock, users) as world:
        vkey = await verifier_key(world)
        for one in [*sent, *sent]:
            assert check((await world.open(bo, one)).json()["created"], vkey)["key_id"] == one.key_id


async def test_only_the_last_proofs_are_kept(
    world: World, ada: Someone, bo: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(created_entry, "PROOFS_KEPT", 2)
    vkey = await verifier_key(world)
    sent = [await world.send(ada, bo) for _ in range(4)]
    for one in [*sent, *sent]:
        assert check((await world.open(bo, one)).json()["created"], vkey)["key_id"] == one.key_id


def test_the_entry_is_found_as_quickly_after_many_releases(keys_sqlite: Path, tmp_path: Path) -> None:
    shutil.copy(keys_sqlite, tmp_path / "keys.sqlite")
    engine = create_engine(f"sqlite:///{tmp_path}/keys.sqlite")
    with engine.begin() as connection:
        connection.execute(insert(report_keys), {**_KEY, "key_id": "k", "report_id": "r"})
        connection.execute(insert(log_leaves), [_leaf(0, Event.CREATED)])
        at_first = _steps(connection, lambda: created_entry.by_key(connection, ["k"]))
        connection.execute(insert(log_leaves), [_leaf(index, Event.RELEASED) for index in range(1, 500)])
        later = _steps(connection, lambda: created_entry.by_key(connection, ["k"]))
        assert created_entry.by_key(connection, ["k"])["k"].index == 0
    engine.dispose()
    assert later <= at_first + 10


_KEY = {
    "issuer": "u",
    "owner": "o",
    "access": b'{"owner":"o","recipients":[],"institutions":[]}',
    "created_at": 0,
    "until": 1,
    "master": 1,
}


def _leaf(index: int, event: Event) -> dict[str, object]:
    row = {"commitment": bytes(32), "salt": bytes(32), "time": 0, "report_id": "r", "key_id": "k", "version": 2}
    return {**row, "entry_index": index, "event": event.value}


def _steps(connection: Connection, read: Callable[[], object]) -> int:
    """How many instructions of SQLite's own machine `read` takes."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(count, 1)
    try:
        read()
    finally:
        driver.set_progress_handler(None, 1)
    return taken
