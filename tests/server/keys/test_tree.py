"""The tree grows as RFC 6962 says, and every proof it gives holds by the protocol's own verification."""

from __future__ import annotations

import base64
import json

from harness.shared_files import vectors
from hypothesis import given
from hypothesis import strategies as st

from picsafe_protocol.crypto.merkle import leaf_hash, node_hash, verify_inclusion
from picsafe_server.keys.log.tree import Head, TreeBuilder, frontier_of, inclusion_plan, inclusion_proof

EMPTY = Head(0, ())
REFERENCE = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The eight leaves of Certificate Transparency's reference tree, which the vectors prove."""


def grown(leaves: list[bytes]) -> TreeBuilder:
    growth = TreeBuilder(EMPTY)
    for leaf in leaves:
        growth.add(leaf_hash(leaf))
    return growth


def by_definition(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(by_definition(hashes[:split]), by_definition(hashes[split:]))


def test_grows_into_the_reference_tree() -> None:
    checked = 0
    for path in sorted((vectors() / "merkle" / "inclusion").glob("*/happy-path.json")):
        vector = json.loads(path.read_text())
        growth = grown(REFERENCE[: vector["treeSize"]])
        assert base64.b64encode(growth.head.root).decode() == vector["root"]
        proof = [base64.b64encode(value).decode() for value in growth.inclusion_proof(vector["leafIdx"])]
        assert proof == (vector["proof"] or [])
        checked += 1
    assert checked >= 5


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert EMPTY.root.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_growing_in_any_portions_gives_the_tree_of_the_definition(portions: list[int]) -> None:
    head, nodes, hashes = EMPTY, {}, []
    for portion in portions:
        growth = TreeBuilder(head)
        for number in range(portion):
            hashes.append(leaf_hash(b"%d %d" % (growth.size, number)))
            index = growth.add(hashes[-1])
            nodes[0, index] = hashes[-1]
        nodes |= {(level, position): value for level, position, value in growth.complete}
        for index in range(head.size, growth.size):
            verify_inclusion(index, growth.size, hashes[index], growth.inclusion_proof(index), growth.head.root)
        head = growth.head
    assert head.root == by_definition(hashes)
    assert len(nodes) - len(hashes) == head.size - head.size.bit_count()


@given(st.integers(1, 300), st.data())
def test_any_leaf_is_proven_from_stored_nodes(size: int, data: st.DataObject) -> None:
    growth = grown([b"%d" % number for number in range(size)])
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, growth.nodes)
    verify_inclusion(index, size, leaf_hash(b"%d" % index), proof, growth.head.root)


@given(st.integers(1, 2**40), st.data())
def test_a_proof_of_a_huge_tree_reads_few_nodes(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    parts = inclusion_plan(index, size)
    assert len(parts) <= size.bit_length()
    assert sum(len(part) for part in parts) <= 2 * size.bit_length()


@given(st.integers(0, 2**40))
def test_the_frontier_covers_every_leaf_once(size: int) -> None:
    covered = 0
    for level, position in frontier_of(0, size):
        assert position << level == covered
        covered += 1 << level
    assert covered == size
