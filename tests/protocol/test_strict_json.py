"""JSON of which there is only one reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsafe_protocol.contracts.limits import JSON_NESTING
from picsafe_protocol.json.strict_json import NotStrictJson, dump, parse

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
)  # fmt: skip


@given(values)
def test_every_value_round_trips(value: Any) -> None:
    assert parse(dump(value)) == value


def test_it_is_written_compactly_and_in_order() -> None:
    assert dump({"b": "ä", "a": [1, None]}) == '{"b":"ä","a":[1,null]}'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":1,"a":1}',
        b'{"x":{"a":1,"a":2}}',
        b'[{"a":1,"\\u0061":2}]',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b"-1e400",
        b"9" * 5000,
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud800":1}',
        b'"a\nb"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-32"),
        b"[" * (JSON_NESTING + 1) + b"]" * (JSON_NESTING + 1),
        b'["]' * 10 + b"[" * 17,
        b'["\\"[[[", ' + b"[" * 16 + b"]" * 17,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"01",
        b"+1",
        b"0x1",
        b"// comment\n{}",
        b"True",
        b"undefined",
    ],
    ids=lambda data: repr(data)[:30],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(NotStrictJson):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * JSON_NESTING + b"]" * JSON_NESTING,
        b'{"a":' * JSON_NESTING + b"1" + b"}" * JSON_NESTING,
        b"[" + b"[]," * 1000 + b"[]]",
        b'["' + b"[{" * 1000 + b'"]',
        b'["' + b'\\"[' * 1000 + b'"]',
        b'{"' + b"[" * 100 + b'\\\\": ["]"]}',
    ],
    ids=lambda data: repr(data)[:30],
)
def test_as_deep_as_allowed_and_brackets_in_text_do_not_count(data: bytes) -> None:
    parse(data)


def test_a_text_of_quotes_and_backslashes_takes_no_longer_than_its_length() -> None:
    for data in (b'"' + b'\\"' * 500_000, b'\\"' * 500_000, b'"' * 1_000_001, b"[]" * 500_000):
        with pytest.raises(NotStrictJson):
            parse(data)


@given(st.binary(max_size=100))
def test_nothing_crashes(data: bytes) -> None:
    try:
        parse(data)
    except NotStrictJson:
        return
