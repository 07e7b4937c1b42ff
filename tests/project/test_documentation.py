"""Documentation that cannot go stale: every command, option, setting and target that exists is described, and the reverse."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from picsafe_cli import main as sync_cli
from picsafe_server import cli as server_cli
from picsafe_server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def commands(parser: argparse.ArgumentParser, name: str = "") -> Iterator[str]:
    """Every command that can be called, as words: `institution add`."""
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not nested:
        yield name
    for action in nested:
        for word, child in action.choices.items():
            yield from commands(child, f"{name} {word}".strip())


@pytest.mark.parametrize("command", sorted(commands(sync_cli.parser())))
def test_every_picsafe_command_is_documented(command: str) -> None:
    assert f"picsafe {command}" in (DOCS / "integrate.md").read_text("utf-8")


@pytest.mark.parametrize("command", sorted(commands(server_cli.parser())))
def test_every_server_command_is_documented(command: str) -> None:
    assert f"picsafe-server {command}" in (DOCS / "operate.md").read_text("utf-8")


def test_every_setting_is_documented_and_no_other() -> None:
    described = set(re.findall(r"^\| `(PICSAFE_[A-Z0-9_]+)`", (DOCS / "operate.md").read_text("utf-8"), re.MULTILINE))
    assert described == {item.metadata["env"] for item in fields(Settings)}


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert {"run", "test"} <= named <= targets


def test_every_relative_link_of_the_documents_leads_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        targets = re.findall(r"\]\(([^)#]+)", page.read_text("utf-8"))
        missing = [each for each in targets if "://" not in each and not (page.parent / each).exists()]
        broken += [f"{page.relative_to(ROOT)}: {each}" for each in missing]
    assert not broken


def test_every_decision_is_in_the_index() -> None:
    index = (DOCS / "decisions" / "README.md").read_text("utf-8")
    missing = [page.name for page in (DOCS / "decisions").glob("[0-9]*.md") if page.name not in index]
    assert not missing


def test_every_refusal_is_in_the_table_of_final_answers() -> None:
    refusals = re.findall(r"^Refuses with (.*)$", (DOCS / "api.md").read_text("utf-8"), re.MULTILINE)
    codes = {str(code) for line in refusals for code in re.findall(r"`(\w+)`", line)}
    table = (
        (DOCS / "integrate.md").read_text("utf-8").partition("### Which answers are final")[2].partition("\n### ")[0]
    )
    missing = {code for code in codes if f"`{code}`" not in table}
    assert codes
    assert not missing


def test_prose_has_no_foreign_phrases() -> None:
    """Words that a dictionary gives and that no technical writer uses, in documents, docstrings and texts of the page."""
    phrases = re.compile(r"\b(anew|whoever|once more|for ever|all the same)\b", re.IGNORECASE)
    folders = ("docs", "client", "shared", "server", "cli")
    kinds = ("*.md", "*.py", "*.js", "*.css", "*.html")
    pages = [
        *(ROOT.glob("*.md")),
        *(page for folder in folders for kind in kinds for page in (ROOT / folder).rglob(kind)),
    ]
    found = [f"{page.relative_to(ROOT)}: {hit}" for page in pages for hit in phrases.findall(page.read_text("utf-8"))]
    assert found == []
