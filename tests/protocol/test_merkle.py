"""RFC 6962 trees: outside vectors, and growth compared with the definition."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from harness.shared_files import vectors
from hypothesis import given
from hypothesis import strategies as st

from picsafe_protocol.contracts.errors import ProofInvalid
from picsafe_protocol.crypto.merkle import (
    EMPTY_ROOT,
    HASH,
    CompactRange,
    leaf_hash,
    node_hash,
    root_from_hashes,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]


def defined_root(leaves: list[bytes]) -> bytes:
    """The root by RFC 6962's own words."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


def inclusion_proof(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*inclusion_proof(index, leaves[:split]), defined_root(leaves[split:])]
    return [*inclusion_proof(index - split, leaves[split:]), defined_root(leaves[:split])]


def consistency_proof(old: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF of RFC 6962, section 2.1.2."""
    if old == len(leaves):
        return [] if whole else [defined_root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        return [*consistency_proof(old, leaves[:split], whole=whole), defined_root(leaves[split:])]
    return [*consistency_proof(old - split, leaves[split:], whole=False), defined_root(leaves[:split])]


# Outside vectors

KNOWN_FIELDS = {
    "inclusion": {"leafIdx", "treeSize", "root", "leafHash", "proof", "desc", "wantErr"},
    "consistency": {"size1", "size2", "root1", "root2", "proof", "desc", "wantErr"},
}


def load(file: Path, kind: str) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads(file.read_text())
    assert set(vector) == KNOWN_FIELDS[kind], f"{file.name} has fields that are not known here"
    return vector


def hashes(vector: dict[str, Any], *names: str) -> list[bytes]:
    return [base64.b64decode(vector[name] or "") for name in names]


def proof_of(vector: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(item or "") for item in vector["proof"] or []]


@pytest.mark.parametrize(("kind", "count"), [("inclusion", 98), ("consistency", 98)])
def test_outside_vectors(kind: str, count: int) -> None:
    files = sorted((vectors() / "merkle" / kind).rglob("*.json"))
    wrong = []
    for file in files:
        vector = load(file, kind)
        proof = proof_of(vector)
        try:
            if kind == "inclusion":
                leaf, root = hashes(vector, "leafHash", "root")
                verify_inclusion(vector["leafIdx"], vector["treeSize"], leaf, proof, root)
            else:
                old_root, new_root = hashes(vector, "root1", "root2")
                verify_consistency(vector["size1"], vector["size2"], proof, old_root, new_root)
            refused = False
        except ProofInvalid:
            refused = True
        if refused != vector["wantErr"]:
            wrong.append(file.name)
    assert wrong == []
    assert len(files) == count


# The tree


def test_leaves_and_nodes_cannot_be_taken_for_one_another() -> None:
    assert leaf_hash(b"") == hashlib.sha256(b"\x00").digest()
    assert node_hash(LEAVES[0], LEAVES[1]) == hashlib.sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_a_growing_tree_has_the_root_of_the_definition() -> None:
    for size in range(70):
        tree = CompactRange()
        for leaf in LEAVES[:size]:
            tree.append(leaf)
        assert tree.root() == root_from_hashes(LEAVES[:size]) == defined_root(LEAVES[:size])
        assert tree.size == size
        assert len(tree.hashes) == size.bit_count()
        again = CompactRange(tree.size, tree.hashes)
        again.append(LEAVES[0])
        assert again.root() == defined_root([*LEAVES[:size], LEAVES[0]])
        assert tree.root() == defined_root(LEAVES[:size])


def test_the_empty_tree_has_a_root() -> None:
    assert CompactRange().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(
    ("size", "edge"), [(-1, []), (1, []), (0, [bytes(HASH)]), (3, [bytes(HASH)]), (1, [bytes(31)])]
)
def test_an_edge_that_does_not_fit_its_size_is_refused(size: int, edge: list[bytes]) -> None:
    with pytest.raises(ValueError, match="right edge"):
        CompactRange(size, edge)


@given(st.data())
def test_every_leaf_is_proved_and_no_other(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    proof, root = inclusion_proof(index, leaves), defined_root(leaves)
    verify_inclusion(index, size, leaves[index], proof, root)
    for other in set(range(size)) - {index}:
        with pytest.raises(ProofInvalid):
            verify_inclusion(other, size, leaves[index], proof, root)
    for forged in ([*proof, bytes(HASH)], proof[:-1] if proof else [bytes(HASH)], [bytes(HASH), *proof]):
        with pytest.raises(ProofInvalid):
            verify_inclusion(index, size, leaves[index], forged, root)


@given(st.data())
def test_every_growth_is_proved_and_no_rewriting(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(old, LEAVES[:new])
    old_root, new_root = defined_root(LEAVES[:old]), defined_root(LEAVES[:new])
    verify_consistency(old, new, proof, old_root, new_root)
    rewritten = [leaf_hash(b"forged"), *LEAVES[1:new]]
    with pytest.raises(ProofInvalid):
        verify_consistency(old, new, consistency_proof(old, rewritten), old_root, defined_root(rewritten))
    if proof:
        for forged in (proof[:-1], [*proof, bytes(HASH)], [bytes(HASH), *proof[1:]]):
            with pytest.raises(ProofInvalid):
                verify_consistency(old, new, forged, old_root, new_root)


@pytest.mark.parametrize(
    ("index", "size", "leaf", "proof"),
    [
        (-1, 1, LEAVES[0], []),
        (1, 1, LEAVES[0], []),
        (0, 0, LEAVES[0], []),
        (0, 1, LEAVES[0][:31], []),
        (0, 2, LEAVES[0], [b""]),
        (0, 2, LEAVES[0], [LEAVES[1] + b"\x00"]),
    ],
)
def test_a_proof_of_the_wrong_shape_is_refused(index: int, size: int, leaf: bytes, proof: list[bytes]) -> None:
    with pytest.raises(ProofInvalid):
        verify_inclusion(index, size, leaf, proof, LEAVES[0])
