"""The Merkle tree of the access log: RFC 6962, section 2.1, with SHA-256.

::

    leaf_hash(entry) = SHA-256(0x00 || entry)        node_hash(left, right) = SHA-256(0x01 || left || right)

A tree of `n` leaves is the left-most perfect tree of the largest power of two below `n`, and to its right the tree of
the rest. Proofs are lists of hashes from the leaf upwards. The verifying functions return for a good proof and raise
`ProofInvalid` for every other; they never look at anything but their arguments.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Final

from picsafe_protocol.contracts.errors import ProofInvalid

__all__ = [
    "EMPTY_ROOT",
    "HASH",
    "CompactRange",
    "leaf_hash",
    "node_hash",
    "root_from_hashes",
    "verify_consistency",
    "verify_inclusion",
]

HASH: Final = 32
"""Bytes of a hash."""

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The right edge of a growing tree: enough to append leaves and to know the root, in a few hundred bytes.

    `hashes` are the roots of the perfect subtrees that make up the tree, the largest first: one for each bit set in
    `size`.
    """

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """Continue a tree of `size` leaves. Raises `ValueError` when `hashes` do not fit `size`."""
        if size < 0 or size.bit_count() != len(hashes) or any(len(item) != HASH for item in hashes):
            raise ValueError("these hashes are not the right edge of a tree of this size")
        self.size = size
        self.hashes = list(hashes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf, given by its hash."""
        # Each perfect subtree that is as large as the new one joins it: as many as `size` has ones at its end.
        size = self.size
        while size & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            size >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_from_hashes(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree with these leaves, given by their hashes."""
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash `leaf` is number `index` (from 0) of the tree of `size` leaves with this root.

    RFC 9162, section 2.1.3.2. Raises `ProofInvalid`.
    """
    if not 0 <= index < size:
        raise ProofInvalid("The proof is for an entry that the log does not have.")
    _check_lengths([leaf, *proof])
    node, last = index, size - 1
    computed = leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("The proof is too long.")
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("The proof is too short.")
    _check_root(computed, root)


def verify_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of `new_size` leaves begins with the tree of `old_size` leaves, which must not be empty.

    RFC 9162, section 2.1.4.2. Raises `ProofInvalid`.
    """
    if not 0 < old_size <= new_size:
        raise ProofInvalid("A log does not shrink, and nothing can be said of an empty one.")
    _check_lengths(proof)
    if old_size == new_size:
        if proof:
            raise ProofInvalid("The proof is too long.")
        _check_root(old_root, new_root)
        return
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofInvalid("The proof is too short.")
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_computed = new_computed = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofInvalid("The proof is too long.")
        if node & 1 or node == last:
            old_computed = node_hash(sibling, old_computed)
            new_computed = node_hash(sibling, new_computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_computed = node_hash(new_computed, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("The proof is too short.")
    _check_root(old_computed, old_root)
    _check_root(new_computed, new_root)


def _check_lengths(hashes: Sequence[bytes]) -> None:
    if any(len(item) != HASH for item in hashes):
        raise ProofInvalid("A hash in the proof has the wrong length.")


def _check_root(computed: bytes, root: bytes) -> None:
    if not hmac.compare_digest(computed, root):
        raise ProofInvalid
