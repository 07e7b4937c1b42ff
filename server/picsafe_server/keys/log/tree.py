"""The structure of the log: an RFC 6962 tree that grows leaf by leaf, as arithmetic on positions. Nothing is stored
here.

Node (level, position) is the root of the complete subtree over leaves `position * 2^level` up to the next one's first;
level 0 are the leaf hashes. Every complete subtree is kept permanently, so a proof reads at most one node a level, and
a C2SP tlog-tiles tile (level L, number N) is the 256 nodes of level 8·L from position 256·N. The frontier of a tree are
the roots of the complete subtrees that make it up, largest first: one for each bit that is set in its size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from picsafe_protocol.crypto.merkle import EMPTY_ROOT, node_hash

Coordinate = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Head:
    """A tree of `size` leaves, as its frontier."""

    size: int
    frontier: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        """The tree's root hash, RFC 6962 section 2.1."""
        return root_of(self.frontier) if self.frontier else EMPTY_ROOT

    def nodes(self) -> dict[Coordinate, bytes]:
        """The frontier's hashes by where they stand."""
        return dict(zip(frontier_of(0, self.size), self.frontier, strict=True))


def frontier_of(start: int, size: int) -> Iterator[Coordinate]:
    """The complete subtrees, largest first, that together are leaves `start` to `size`; `start` begins one of them."""
    while start < size:
        level = (size - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def root_of(hashes: tuple[bytes, ...] | list[bytes]) -> bytes:
    """The root over neighbouring complete subtrees, largest first."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_plan(index: int, size: int) -> list[list[Coordinate]]:
    """The parts of an inclusion proof of leaf `index` in a tree of `size`: for each hash of the proof, from the leaf's
    sibling upwards, the complete subtrees that `root_of` combines into it.
    """
    plan: list[list[Coordinate]] = []
    level, position = 0, index
    while (1 << level) < size:
        sibling = position ^ 1
        start, end = sibling << level, (sibling + 1) << level
        if end <= size:
            plan.append([(level, sibling)])
        elif start < size:
            plan.append(list(frontier_of(start, size)))
        level, position = level + 1, position >> 1
    return plan


def inclusion_proof(index: int, size: int, nodes: Mapping[Coordinate, bytes]) -> list[bytes]:
    """The hashes of RFC 6962 section 2.1.1, from the leaf's sibling upwards."""
    return [
        nodes[part[0]] if len(part) == 1 else root_of([nodes[coordinate] for coordinate in part])
        for part in inclusion_plan(index, size)
    ]


def consistency_plan(old: int, new: int) -> list[list[Coordinate]]:
    """The parts of a proof that the tree of `new` leaves begins with that of `old` (RFC 6962 section 2.1.2): for each
    hash of the proof, the complete subtrees that `root_of` combines into it.
    """
    plan: list[list[Coordinate]] = []
    start, end, is_whole = 0, new, True
    while old != end:
        half = 1 << ((end - start - 1).bit_length() - 1)  # the largest power of two below the number of leaves
        if old - start <= half:
            plan.append(list(frontier_of(start + half, end)))
            end = start + half
        else:
            plan.append(list(frontier_of(start, start + half)))
            start, is_whole = start + half, False
    if not is_whole:
        plan.append(list(frontier_of(start, end)))
    return plan[::-1]


class TreeBuilder:
    """A tree during one transaction: collects the leaves added to `head` and the new nodes for storage."""

    def __init__(self, head: Head) -> None:
        self.size = head.size
        self.nodes = head.nodes()
        """The old frontier and everything new: enough for the inclusion proof of every leaf added here, because what
        lies left of them is in the old frontier.
        """
        self.complete: list[tuple[int, int, bytes]] = []
        """Complete subtrees above the leaves that came into being: level, position, hash."""

    def add(self, leaf: bytes) -> int:
        """Add a leaf hash; its index."""
        index = position = self.size
        level, root = 0, leaf
        self.nodes[0, position] = root
        while position & 1:
            root = node_hash(self.nodes[level, position - 1], root)
            level, position = level + 1, position >> 1
            self.nodes[level, position] = root
            self.complete.append((level, position, root))
        self.size += 1
        return index

    @property
    def head(self) -> Head:
        """The tree as it now is."""
        return Head(self.size, tuple(self.nodes[coordinate] for coordinate in frontier_of(0, self.size)))

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The proof, in the tree as it now is, of a leaf that was added here."""
        return inclusion_proof(index, self.size, self.nodes)
