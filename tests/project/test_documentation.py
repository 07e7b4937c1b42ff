"""Documentation that cannot go stale: every command, option, setting and target that exists is described, and the reverse."""

from __future__ import annotations

import argparse
import ast
import io
import itertools
import re
import subprocess
import tokenize
import tomllib
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


@pytest.mark.parametrize(
    "page",
    [
        "CONTRIBUTING.md",
        "README.md",
        "SECURITY.md",
        "docs/architecture.md",
        "docs/access-log.md",
        "docs/media.md",
        "docs/threat-model.md",
        "shared/media/README.md",
    ],
)
def test_files_that_a_page_names_exist(page: str) -> None:
    """By their path from the top of the repository, or by its end."""
    named = re.findall(r"`(?:[^`\n]* )?([\w./-]+\.(?:py|md|sh|js|toml|yaml|conf))`", (ROOT / page).read_text("utf-8"))
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    missing = [name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in listed)]
    assert missing == []


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


def prose(words: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Every text that people read, with where it is: documents, texts of the page, docstrings, comments, names of tests."""
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "client" / "texts" / "en").glob("*.toml")]:
        yield str(page.relative_to(ROOT)), page.read_text("utf-8")
    for folder in ("client/py", "shared", "server", "cli", "scripts", "demo", "tests"):
        for module in (ROOT / folder).rglob("*.py"):
            if words.search(module.read_text("utf-8")):  # parsing every module would take long
                yield str(module.relative_to(ROOT)), "\n".join(explanations(module))
    for folder, kind in itertools.product(("client/js", "client/css"), ("*.js", "*.css")):
        for source in (ROOT / folder).rglob(kind):
            comments = re.findall(r"/\*.*?\*/|^\s*//.*$", source.read_text("utf-8"), re.DOTALL | re.MULTILINE)
            yield str(source.relative_to(ROOT)), "\n".join(comments)
    for module in (ROOT / "tests").rglob("test_*.py"):
        names = re.findall(r"^(?:async )?def (test_\w+)", module.read_text("utf-8"), re.MULTILINE)
        yield str(module.relative_to(ROOT)), "\n".join(name.replace("_", " ") for name in [module.stem, *names])


def explanations(module: Path) -> Iterator[str]:
    """Docstrings, other strings that stand alone, and comments."""
    text = module.read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def test_prose_uses_words_of_the_vocabulary() -> None:
    vocabulary = tomllib.loads((Path(__file__).parent / "vocabulary.toml").read_text("utf-8"))
    alternatives = (r"\b(" + word.replace(" ", r"[\s#]+") + r")\b" for word in vocabulary)
    words = re.compile("|".join(alternatives), re.IGNORECASE)
    instead = list(vocabulary.values())
    found = [
        f"{place}: “{hit[0]}”: write instead: {instead[(hit.lastindex or 1) - 1]}"
        for place, text in prose(words)
        for hit in words.finditer(text)
    ]
    assert found == []
