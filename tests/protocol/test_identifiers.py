"""Identifiers say nothing and cannot be guessed."""

from __future__ import annotations

import pytest

from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_protocol.contracts.identifiers import checked_identifier, is_identifier, new_identifier


def test_new_ones_are_new_and_have_the_shape() -> None:
    made = {new_identifier() for _ in range(1000)}
    assert len(made) == 1000
    assert all(is_identifier(item) and checked_identifier(item) == item for item in made)


@pytest.mark.parametrize(
    "text",
    ["", "a" * 25, "a" * 27, "A" * 26, "a" * 25 + "1", "a" * 26 + "\n", " " + "a" * 25, "ä" * 26, None, 7, b"a" * 26],
)
def test_anything_else_is_refused_by_the_name_of_its_field(text: object) -> None:
    assert not is_identifier(text)
    with pytest.raises(InvalidRequest) as refusal:
        checked_identifier(text, "report_id")
    assert refusal.value.field == "report_id"
