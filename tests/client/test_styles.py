"""Colours: all in one file, and readable in both schemes (WCAG 2.2 AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "client" / "css"
SHEETS = sorted(path.relative_to(CSS).as_posix() for path in CSS.rglob("*.css"))
HEX = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")
DECLARATION = re.compile(r"(--[a-z0-9-]+):\s*([^;]+);")

TEXT_ON_GROUND = [
    *(
        (ink, ground)
        for ink in ("ink", "ink-soft", "accent", "danger")
        for ground in ("ground", "surface", "surface-sunk", "surface-hover")
    ),
    *((ink, wash) for ink in ("ink", "ink-soft") for wash in ("plain-wash", "accent-wash")),
    ("ink", "danger-wash"),
    ("danger", "danger-wash"),
    ("amber", "amber-wash"),
    ("good", "good-wash"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-hover"),
    ("danger-ink", "danger"),
    ("danger-ink", "danger-hover"),
    ("stage-ink", "stage"),
    ("stage-ink", "stage-raised"),
    ("stage-ink-soft", "stage"),
    ("stage-ink-soft", "stage-raised"),
]
EDGES = [
    ("line-strong", "surface"),
    ("line-strong", "ground"),
    ("focus", "surface"),
    ("focus", "ground"),
    ("stage-focus", "stage"),
]


def tokens() -> dict[str, dict[str, str]]:
    """The colours of both schemes by name."""
    sheet = (CSS / "tokens.css").read_text("utf-8")
    light, _, rest = sheet.partition("@media (prefers-color-scheme: dark)")
    dark = rest.partition("@media")[0]
    found = dict(DECLARATION.findall(light))
    return {"light": found, "dark": found | dict(DECLARATION.findall(dark))}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON_GROUND)
def test_text_is_readable(scheme: str, ink: str, ground: str) -> None:
    colours = tokens()[scheme]
    assert contrast(colours[f"--{ink}"], colours[f"--{ground}"]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_and_focus_can_be_seen(scheme: str, edge: str, ground: str) -> None:
    colours = tokens()[scheme]
    assert contrast(colours[f"--{edge}"], colours[f"--{ground}"]) >= 3


@pytest.mark.parametrize("sheet", [sheet for sheet in SHEETS if sheet != "tokens.css"])
def test_only_the_tokens_hold_colours(sheet: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (CSS / sheet).read_text("utf-8"), flags=re.DOTALL)
    assert HEX.findall(text) == []


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_token_that_a_sheet_names_exists(sheet: str) -> None:
    text = (CSS / sheet).read_text("utf-8")
    known = tokens()["light"].keys() | {name for name, _ in DECLARATION.findall(text)}
    assert set(re.findall(r"var\((--[a-z0-9-]+)", text)) - known == set()


def test_every_sheet_is_in_one_layer() -> None:
    entries = "\n".join((CSS / name).read_text("utf-8") for name in ("page.css", "screens.css"))
    imported = re.findall(r'^@import "([^"]+)" layer\((\w+)\);$', entries, re.MULTILINE)
    (order,) = re.findall(r"^@layer ([\w, ]+);$", entries, re.MULTILINE)
    assert sorted(sheet for sheet, _ in imported) == [
        each for each in SHEETS if each not in {"page.css", "screens.css"}
    ]
    assert {layer for _, layer in imported} == set(order.split(", "))
