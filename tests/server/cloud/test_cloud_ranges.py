"""Which bytes a `Range` header asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsafe_protocol.contracts.errors import RangeNotSatisfiable
from picsafe_server.cloud.api.range_header import wanted

ETAG = '"abc"'
SIZE = 1000

ASKED = {
    "bytes=0-0": (0, 1),
    "bytes=0-999": (0, 1000),
    "bytes=0-1000": (0, 1000),
    "bytes=0-": (0, 1000),
    "bytes=999-": (999, 1000),
    "bytes=999-999": (999, 1000),
    "bytes=500-499999999999999999": (500, 1000),
    "bytes=-1": (999, 1000),
    "bytes=-1000": (0, 1000),
    "bytes=-5000": (0, 1000),
    "bytes=00010-00019": (10, 20),
    "BYTES=1-2": (1, 3),
    "  bytes=1-2  ": (1, 3),
    "bytes= 1-2\t": (1, 3),
}
PASSED_OVER = [
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=--1",
    "bytes=a-b",
    "bytes=1",
    "bytes=5-4",
    "bytes=1-2,4-5",
    "bytes=0-0,-1",
    "bytes=1-2,",
    "bytes 1-2",
    "bytes=1 -2",
    "bytes=+1-2",
    "bytes=1-2x",
    "bytes=0x1-0x2",
    "bytes=١-٢",
    "octets=1-2",
    "items=0-5",
    "bytes=1-" + "9" * 20,
    "bytes=" + "9" * 5000 + "-",
]
OUTSIDE = ["bytes=1000-", "bytes=1000-1000", "bytes=5000-6000", "bytes=-0", "bytes=9999999999999999999-"]


@pytest.mark.parametrize(("header", "expected"), ASKED.items())
def test_single_ranges(header: str, expected: tuple[int, int]) -> None:
    assert wanted(header, None, ETAG, SIZE) == expected


@pytest.mark.parametrize("header", [None, *PASSED_OVER])
def test_the_whole_is_given_where_no_single_range_is_asked_for(header: str | None) -> None:
    assert wanted(header, None, ETAG, SIZE) is None


@pytest.mark.parametrize("header", OUTSIDE)
def test_ranges_outside_are_refused(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as refusal:
        wanted(header, None, ETAG, SIZE)
    assert refusal.value.size == SIZE


@pytest.mark.parametrize(
    "if_range", ['"abd"', 'W/"abc"', "abc", "", "*", "Sun, 22 Nov 2026 10:15:00 GMT", '"abc", "abd"']
)
def test_a_range_of_something_else_gives_the_whole(if_range: str) -> None:
    assert wanted("bytes=0-0", if_range, ETAG, SIZE) is None
    assert wanted("bytes=5000-", if_range, ETAG, SIZE) is None


def test_a_range_of_the_same_package_is_given() -> None:
    assert wanted("bytes=1-2", ETAG, ETAG, SIZE) == (1, 3)


@given(header=st.text(max_size=60), size=st.integers(1, 2**32))
def test_no_header_breaks_it(header: str, size: int) -> None:
    for text in (header, "bytes=" + header):
        try:
            found = wanted(text, None, ETAG, size)
        except RangeNotSatisfiable:
            continue
        assert found is None or 0 <= found[0] < found[1] <= size


@given(first=st.integers(0, 2000), last=st.integers(0, 2000))
def test_it_is_what_slicing_gives(first: int, last: int) -> None:
    content = bytes(range(250)) * 4
    try:
        found = wanted(f"bytes={first}-{last}", None, ETAG, len(content))
    except RangeNotSatisfiable:
        assert first >= len(content)
        return
    if last < first:
        assert found is None
    elif found is not None:
        assert content[found[0] : found[1]] == content[first : last + 1]
