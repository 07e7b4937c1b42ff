"""Cells that no spreadsheet takes for formulas."""

from __future__ import annotations

import pytest

from picsafe_protocol.json.csv_safe import escape_formula


@pytest.mark.parametrize("text", ["", "Ana Reyes", "ana@clinic.example", "2026-11-22", "a=b", " a", "'quoted'"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert escape_formula(text) == text


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "＋1", "－1", "＠x"]
)
def test_what_begins_like_a_formula_gets_a_quotation_mark(text: str) -> None:
    assert escape_formula(text) == "'" + text
