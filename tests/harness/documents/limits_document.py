"""Writes `docs/limits.md` from the limits themselves: `.venv/bin/python tests/harness/documents/limits_document.py`."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
DOCUMENT: Final = ROOT / "docs" / "limits.md"
MODULES: Final = {
    "picsafe_protocol.contracts.limits": "What senders, servers and readers agree on",
    "picsafe_media.core.bounds": "How much of a photo, video or sound is looked at before it is sent",
}
UNITS: Final = {"KIB", "MIB"}

BEGINNING: Final = """# Limits

Every limit, its value and its reason. This page is written from the code by `tests/harness/documents/limits_document.py`; a test
fails when the two differ. What lies at a limit is accepted, what lies one past it is refused with `limit_exceeded`, or by
the rule of the format that holds it; a refusal names the limit and says that nothing was half-written.

The unit is in the name: `BYTES`, `CHARACTERS` (Unicode code points), `SECONDS`, `MINUTES`, `HOURS`, `DAYS`; others are counts.
"""


def limits_of(module: ModuleType) -> list[tuple[list[str], str]]:
    """The names of a module that are explained together, with their explanation."""
    found: list[tuple[list[str], str]] = []
    names: list[str] = []
    for statement in ast.parse(Path(module.__file__ or "").read_text("utf-8")).body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            if statement.target.id.isupper() and statement.target.id not in UNITS:
                names.append(statement.target.id)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and names:
            found.append((names, " ".join(str(statement.value.value).split())))
            names = []
    if names:
        raise ValueError(f"{module.__name__} does not explain {', '.join(names)}")
    return found


def readable(name: str, value: int) -> str:
    """`1 048 576 (1 MiB)`."""
    text = f"{value:,}".replace(",", "\u202f")
    if "BYTES" in name:
        for unit, size in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
            if value >= size and value % size == 0:
                return f"{text} ({value // size} {unit})"
    return text


def document() -> str:
    """The whole page."""
    parts = [BEGINNING]
    for name, title in MODULES.items():
        module = importlib.import_module(name)
        parts.append(f"\n## {title}\n\n`{name}`\n\n| limit | value | what, and why |\n|---|---|---|\n")
        for names, reason in limits_of(module):
            cells = "<br>".join(f"`{item}`" for item in names)
            values = "<br>".join(readable(item, getattr(module, item)) for item in names)
            parts.append(f"| {cells} | {values} | {reason} |\n")
    return "".join(parts)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
