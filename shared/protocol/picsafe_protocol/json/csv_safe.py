"""Makes text safe for CSV files that somebody may open in a spreadsheet, which takes some beginnings for formulas."""

from __future__ import annotations

from typing import Final

__all__ = ["escape_formula"]

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_formula(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula: a quotation mark before it, OWASP's advice."""
    return "'" + text if text.lstrip(" \u00a0").startswith(_FORMULA_STARTS) else text
