"""That the log has only grown can be proved between any two of its sizes."""

from __future__ import annotations

import base64

import pytest
from harness.key_server import Someone, World, code
from sqlalchemy import Connection, select

from picsafe_protocol.crypto.merkle import leaf_hash, root_from_hashes, verify_consistency
from picsafe_server.keys.db.models import log_leaves
from picsafe_server.keys.log.tree import Head, TreeBuilder, consistency_plan, root_of

pytestmark = pytest.mark.anyio


def test_the_plan_is_a_proof_for_all_sizes() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(40)]
    growth = TreeBuilder(Head(0, ()))
    for leaf in leaves:
        growth.add(leaf)
    roots = [root_from_hashes(leaves[:size]) for size in range(41)]
    for new in range(1, 41):
        for old in range(1, new + 1):
            proof = [root_of([growth.nodes[place] for place in part]) for part in consistency_plan(old, new)]
            verify_consistency(old, new, proof, roots[old], roots[new])


async def test_the_key_server_proves_it_to_anybody(world: World, ada: Someone) -> None:
    sent = await world.send(ada)
    for _ in range(10):
        await world.open(ada, sent)

    def roots(connection: Connection) -> list[bytes]:
        stored = connection.scalars(select(log_leaves.c.commitment).order_by(log_leaves.c.entry_index))
        leaves = [leaf_hash(bytes(value)) for value in stored]
        return [root_from_hashes(leaves[:size]) for size in range(12)]

    async with world.role.services.database.snapshot() as now:
        known = await now.run_sync(roots)
    for old, new in ((1, 11), (6, 9), (8, 11), (7, 7), (4, 8)):
        answer = (await world.get("/keys/v1/consistency", None, **{"from": old, "to": new})).json()
        assert (answer["from"], answer["to"]) == (old, new)
        verify_consistency(old, new, [base64.b64decode(text) for text in answer["proof"]], known[old], known[new])


async def test_sizes_that_the_log_has_not_are_refused(
    sqlite_world: World, ada: Someone, subtests: pytest.Subtests
) -> None:
    sent = await sqlite_world.send(ada)
    await sqlite_world.open(ada, sent)
    for old, new in [(0, 1), (2, 1), (1, 3), (-1, 1), ("x", 1), (1, 2**60)]:
        with subtests.test(old=old, new=new):
            answer = await sqlite_world.get("/keys/v1/consistency", None, **{"from": old, "to": new})
            assert (answer.status_code, code(answer)) == (400, "invalid_request")
