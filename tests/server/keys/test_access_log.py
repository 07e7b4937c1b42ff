"""The access log as it is stored: it can only grow, proves what it says, and a damaged one is not served."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from harness.key_server import KEYS, USERS, Someone, UserServers, World, code, key_server, raw_key
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from picsafe_protocol.crypto.merkle import leaf_hash, node_hash, verify_inclusion
from picsafe_server.keys.db.models import log_audience, log_erasures, log_head, log_leaves, log_nodes, log_people
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.audit import recompute
from picsafe_server.keys.log.store import LogDamaged
from picsafe_server.runtime.clock import MovableClock

pytestmark = pytest.mark.anyio


async def in_database(world: World, work: Callable[[Connection], Any]) -> Any:
    async with world.role.services.database.writing() as session:
        return await (await session.connection()).run_sync(work)


async def some_history(world: World, entries: int = 11) -> None:
    ada, bo = Someone("Ada"), Someone("Bo")
    sent = await world.send(ada, bo, access={"institutions": [{"id": "clinic", "roles": []}]})
    for _ in range(entries - 1):
        assert (await world.open(bo, sent)).status_code == 200


def parsed(proof: str) -> tuple[int, list[bytes], str]:
    """Index, hashes and checkpoint of a c2sp.org/tlog-proof@v1."""
    head, _, checkpoint = proof.partition("\n\n")
    first, index, *hashes = head.split("\n")
    assert first == "c2sp.org/tlog-proof@v1"
    return int(index.removeprefix("index ")), [base64.b64decode(line) for line in hashes], checkpoint


def opened(checkpoint: str, vkey: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint whose signature holds (c2sp.org/signed-note)."""
    name, key_id, key = vkey.split("+", 2)
    note, _, signatures = checkpoint.rpartition("\n\n")
    note += "\n"
    dash, signer, blob = signatures.rstrip("\n").split(" ")
    raw = base64.b64decode(blob)
    assert (dash, signer, raw[:4].hex()) == ("—", name, key_id)
    public = base64.b64decode(key)
    assert hashlib.sha256(name.encode() + b"\n" + public).digest()[:4] == raw[:4]
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(raw[4:], note.encode())
    origin, size, root = note.splitlines()
    assert origin == KEYS.removeprefix("https://") + "/v1"
    return int(size), base64.b64decode(root)


async def verifier_key(world: World) -> str:
    return str((await world.get("/keys/.well-known/jwks.json", None)).json()["keys"][0]["vkey"])


async def test_every_key_comes_with_a_proof_that_a_stranger_can_check(world: World, ada: Someone, bo: Someone) -> None:
    vkey = await verifier_key(world)
    sent = await world.send(ada, bo)
    sizes: dict[int, bytes] = {}
    for number in range(9):
        entry = (await world.open(bo, sent, body={"reason": f"look {number}"})).json()["entry"]
        person = hashlib.sha256(
            b"picsafe/access-log/person/v1\x00" + raw_key(entry["person_salt"]) + entry["person"].encode()
        ).digest()
        statement = json.loads(entry["statement"])
        assert statement["person"] == base64.b64encode(person).decode()
        assert statement == {
            "details": None,
            "event": "released",
            "key_id": sent.key_id,
            "person": statement["person"],
            "report_id": sent.report_id,
            "result": None,
            "time": entry["time"],
            "v": 2,
        }
        assert json.loads(entry["person"]) == {
            "address": "192.0.2.7",
            "email": "bo@clinic.test",
            "id": bo.id,
            "institution": None,
            "institution_name": None,
            "issuer": USERS,
            "name": "Bo",
            "reason": f"look {number}",
        }
        data = hashlib.sha256(
            b"picsafe/access-log/statement/v1\x00" + raw_key(entry["salt"]) + entry["statement"].encode()
        ).digest()
        index, hashes, checkpoint = parsed(entry["proof"])
        size, root = opened(checkpoint, vkey)
        assert index == entry["index"]
        verify_inclusion(index, size, leaf_hash(data), hashes, root)
        sizes[size] = root
    assert opened((await world.get("/keys/v1/checkpoint", None)).text, vkey) == (10, sizes[10])


async def test_any_entry_is_proven_later_from_what_is_stored(world: World) -> None:
    await some_history(world, 13)

    def prove(connection: Connection) -> None:
        head = log.check(connection)
        for index, commitment in connection.execute(select(log_leaves.c.entry_index, log_leaves.c.commitment)):
            proof = log.stored_inclusion_proof(connection, index, head.size)
            verify_inclusion(index, head.size, leaf_hash(bytes(commitment)), proof, head.root)

    await in_database(world, prove)


async def test_tiles_can_be_cut_from_what_is_stored(sqlite_world: World) -> None:
    """c2sp.org/tlog-tiles: a tile is a range of leaf hashes, or of the nodes of a level; every complete subtree is there."""
    await some_history(sqlite_world, 22)

    def check(connection: Connection) -> None:
        commitments = connection.scalars(select(log_leaves.c.commitment).order_by(log_leaves.c.entry_index))
        row = [leaf_hash(bytes(value)) for value in commitments]
        for level in range(1, 6):
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)]
            stored = select(log_nodes.c.hash).where(log_nodes.c.level == level).order_by(log_nodes.c.position)
            assert [bytes(value) for value in connection.scalars(stored)] == row

    await in_database(sqlite_world, check)


FORBIDDEN: dict[str, Any] = {
    "change a leaf": update(log_leaves).values(event="created"),
    "change when": update(log_leaves).where(log_leaves.c.entry_index == 3).values(time=0),
    "delete a leaf": delete(log_leaves).where(log_leaves.c.entry_index == 3),
    "delete all leaves": delete(log_leaves),
    "change a node": update(log_nodes).values(hash=b"x" * 32),
    "delete a node": delete(log_nodes),
    "change who": update(log_people).values(name="Nobody"),
    "change for whom": update(log_audience).values(institution="other"),
    "delete for whom": delete(log_audience),
    "erase without an entry": delete(log_people).where(log_people.c.entry_index == 3),
    "erase by an entry about something else": insert(log_erasures).values(entry_index=3, erased_by=4),
    "erase by no entry": insert(log_erasures).values(entry_index=3, erased_by=None),
    "shrink the tree": update(log_head).values(size=5),
    "keep the size, change the tree": update(log_head).values(frontier=b""),
    "delete the head": delete(log_head),
    "a second head": insert(log_head).values(id=2, size=0, frontier=b""),
    "the same entry twice": insert(log_leaves).from_select(log_leaves.columns.keys(), select(log_leaves)),
}


async def test_the_database_refuses_to(world: World, subtests: pytest.Subtests) -> None:
    await some_history(world)
    for case, attempt in FORBIDDEN.items():
        with subtests.test(case):
            with pytest.raises(DBAPIError):
                await in_database(world, methodcaller("execute", attempt))
            await in_database(world, recompute)


SQLITE_FORBIDDEN = {
    "replace a leaf": "INSERT OR REPLACE INTO log_leaves SELECT * FROM log_leaves WHERE entry_index = 3",
    "replace a node": "INSERT OR REPLACE INTO log_nodes SELECT * FROM log_nodes",
    "replace the head": "INSERT OR REPLACE INTO log_head SELECT 1, 0, x''",
}


@pytest.mark.parametrize("attempt", SQLITE_FORBIDDEN.values(), ids=SQLITE_FORBIDDEN.keys())
async def test_sqlite_refuses_to(sqlite_world: World, attempt: str) -> None:
    await some_history(sqlite_world)
    with pytest.raises(DBAPIError, match="append-only"):
        await in_database(sqlite_world, lambda connection: connection.exec_driver_sql(attempt))


@pytest.mark.postgres
async def test_postgresql_refuses_to_truncate(
    lent_postgres_url: str, tmp_path: Path, clock: MovableClock, users: UserServers, subtests: pytest.Subtests
) -> None:
    async with key_server(tmp_path, clock, users, keys_database=lent_postgres_url) as world:
        await some_history(world)
        for table in ("log_leaves", "log_nodes", "log_audience", "log_head", "log_people", "log_erasures"):
            truncate = methodcaller("exec_driver_sql", f"TRUNCATE {table} CASCADE")
            with subtests.test(table=table), pytest.raises(DBAPIError, match="append-only"):
                await in_database(world, truncate)


def unguarded(connection: Connection) -> None:
    """What somebody with the database in their hands does first."""
    triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    for name in triggers:
        connection.execute(text(f"DROP TRIGGER {name}"))


def _swap_leaves(connection: Connection) -> None:
    one, other = (
        connection.execute(select(log_leaves.c.commitment).where(log_leaves.c.entry_index == index)).scalar_one()
        for index in (9, 10)
    )
    for index, value in ((9, other), (10, one)):
        connection.execute(update(log_leaves).where(log_leaves.c.entry_index == index).values(commitment=value))


def _drop_newest(connection: Connection) -> None:
    for table in (log_people, log_audience, log_leaves):
        connection.execute(delete(table).where(table.c.entry_index == 10))


def _add_one_beside_the_tree(connection: Connection) -> None:
    row = dict(connection.execute(select(log_leaves).where(log_leaves.c.entry_index == 10)).mappings().one())
    connection.execute(insert(log_leaves), [row | {"entry_index": 11}])


DAMAGE: dict[str, Callable[[Connection], object]] = {
    "the newest entry is gone": _drop_newest,
    "an entry nobody appended": _add_one_beside_the_tree,
    "the newest two changed places": _swap_leaves,
    "the newest entry was changed": lambda connection: connection.execute(
        update(log_leaves).where(log_leaves.c.entry_index == 10).values(commitment=b"x" * 32)
    ),
    "an older head": lambda connection: connection.execute(
        update(log_head).values(size=8, frontier=log.read_head(connection).frontier[0])
    ),
    "a head of another tree": lambda connection: connection.execute(update(log_head).values(frontier=b"x" * 96)),
    "a frontier too short": lambda connection: connection.execute(update(log_head).values(frontier=b"x" * 32)),
    "no head": lambda connection: connection.execute(delete(log_head)),
    "no nodes": lambda connection: connection.execute(delete(log_nodes)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
async def test_a_server_does_not_serve_when(
    tmp_path: Path, clock: MovableClock, users: UserServers, damage: Callable[[Connection], object]
) -> None:
    async with key_server(tmp_path, clock, users) as world:
        await some_history(world)
        await in_database(world, unguarded)
        await in_database(world, damage)
    async with key_server(tmp_path, clock, users) as world:
        ready = await world.get("/ready", None)
        assert (ready.status_code, ready.json()["roles"]) == (503, {"keys": "not ready"})
        for answer in (await world.create(Someone("Ada"), "a" * 26), await world.get("/keys/v1/checkpoint", None)):
            assert (answer.status_code, code(answer)) == (503, "log_unavailable")


HIDDEN: dict[str, Callable[[Connection], object]] = {
    "when": lambda connection: connection.execute(
        update(log_leaves).where(log_leaves.c.entry_index == 3).values(time=0)
    ),
    "what": lambda connection: connection.execute(
        update(log_leaves).where(log_leaves.c.entry_index == 3).values(event="refused")
    ),
    "which key": lambda connection: connection.execute(
        update(log_leaves).where(log_leaves.c.entry_index == 3).values(key_id="other")
    ),
    "who": lambda connection: connection.execute(
        update(log_people).where(log_people.c.entry_index == 3).values(name="Somebody else")
    ),
    "from where": lambda connection: connection.execute(
        update(log_people).where(log_people.c.entry_index == 3).values(address="10.0.0.1")
    ),
    "a node inside the tree": lambda connection: connection.execute(
        update(log_nodes).where(log_nodes.c.level == 1, log_nodes.c.position == 0).values(hash=b"x" * 32)
    ),
    "a leaf, consistently": lambda connection: connection.execute(
        update(log_leaves).where(log_leaves.c.entry_index == 3).values(commitment=b"x" * 32)
    ),
    "who, to nobody, without an entry": lambda connection: connection.execute(
        delete(log_people).where(log_people.c.entry_index == 3)
    ),
    "who, to nobody, as if it had been long ago": lambda connection: (
        connection.execute(insert(log_erasures).values(entry_index=3)),
        connection.execute(delete(log_people).where(log_people.c.entry_index == 3)),
    ),
    "one node more": lambda connection: connection.execute(insert(log_nodes).values(level=9, position=9, hash=b"x")),
}


@pytest.mark.parametrize("change", HIDDEN.values(), ids=HIDDEN.keys())
async def test_checking_the_whole_log_finds_a_change_of(
    sqlite_world: World, change: Callable[[Connection], object]
) -> None:
    await some_history(sqlite_world)
    await in_database(sqlite_world, unguarded)
    await in_database(sqlite_world, recompute)
    await in_database(sqlite_world, change)
    with pytest.raises(LogDamaged):
        await in_database(sqlite_world, recompute)
