"""The frozen memory without its zeros: everything else stays, in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.clientbuild.sparse import Sparse, sparse

HEAD = 64
ZEROS = bytes(16384)


def snapshot(memory: bytes) -> bytes:
    """As Pyodide's `makeMemorySnapshot` writes it: a head with its own length in the second word."""
    return b"pyod" + HEAD.to_bytes(4, "little") + bytes(range(HEAD - 8)) + memory


def restored(made: Sparse) -> bytes:
    """What js/pyodide-loader.js does with it."""
    memory, at = bytearray(made.memory), made.head
    for start, length in made.stretches:
        memory[start : start + length] = made.content[at : at + length]
        at += length
    assert at == len(made.content)
    return made.content[: made.head] + bytes(memory)


def test_long_stretches_of_zeros_are_left_out() -> None:
    made = sparse(snapshot(ZEROS * 3 + b"a" + ZEROS[1:] + b"b" * 20000 + ZEROS * 2))
    assert (made.head, made.memory, made.stretches) == (HEAD, 6 * 16384 + 20000, [(49152, 49152)])
    assert len(made.content) == HEAD + 49152


@pytest.mark.parametrize("memory", [b"", ZEROS, ZEROS * 2 + b"\1", b"\1" + ZEROS * 2, ZEROS[1:] + b"\1" + ZEROS])
def test_nothing_else_is(memory: bytes) -> None:
    assert restored(sparse(snapshot(memory))) == snapshot(memory)


@given(st.lists(st.tuples(st.binary(max_size=3), st.integers(0, 40000)), max_size=6))
def test_whatever_the_memory_holds(parts: list[tuple[bytes, int]]) -> None:
    memory = b"".join(some + bytes(zeros) for some, zeros in parts)
    assert restored(sparse(snapshot(memory))) == snapshot(memory)
