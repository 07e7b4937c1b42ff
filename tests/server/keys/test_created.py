"""With every key comes the entry of its making: who sent the report by the log's word, and since when it has been there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from server.keys.test_access_log import opened, parsed, verifier_key
from server.keys.test_erasure import erase
from server.keys.world import USERS, Someone, UserServers, World, key_server, raw_key

from picsafe_protocol.crypto.merkle import leaf_hash, verify_inclusion
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
