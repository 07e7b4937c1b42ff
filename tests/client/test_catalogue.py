"""Every text that the page asks for exists, is used, and can be filled in."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from picsafe_client.i18n.catalogue import CATALOGUE
from picsafe_client.i18n.template import REFUSALS, fill_template, words_script
from picsafe_client.i18n.texts import t

CLIENT = Path(__file__).resolve().parents[2] / "client"


def sources() -> list[Path]:
    folder = CLIENT / "py" / "picsafe_client"
    return [path for path in sorted(folder.rglob("*.py")) if "translations" not in path.parts]


def pattern_of(node: ast.expr) -> str | None:
    """A written-out text as a regular expression; what an f-string fills in may be anything."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = node.values
        return "".join(
            re.escape(str(each.value)) if isinstance(each, ast.Constant) else "[a-z0-9_.-]+" for each in parts
        )
    return None


def literals(tree: ast.AST) -> Iterator[str]:
    """Every text that is written out in a source."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and id(node) not in inside and (pattern := pattern_of(node)) is not None:
            yield pattern


def asked_for() -> dict[str, str]:
    """What stands first in a call of `t`, where it is written out: pattern to the file it is in."""
    found = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                pattern = pattern_of(node.args[0])
                if pattern is not None:
                    found[pattern] = path.name
    return found


def in_page() -> set[str]:
    page = (CLIENT / "index.html").read_text("utf-8")
    return set(re.findall(r"\{\{(?:text|every):([a-z_.-]+)\}\}", page))


@pytest.mark.parametrize(("pattern", "file"), sorted(asked_for().items()))
def test_every_text_that_python_asks_for_exists(pattern: str, file: str) -> None:
    assert any(re.fullmatch(pattern, key) for key in CATALOGUE), f"{file} asks for {pattern}"


@pytest.mark.parametrize("key", sorted(in_page()))
def test_every_text_of_the_page_exists(key: str) -> None:
    assert isinstance(CATALOGUE.get(key), str)


def test_every_text_that_the_shell_says_exists() -> None:
    script = "\n".join((CLIENT / "js" / name).read_text("utf-8") for name in ("sign-in.js", "python-start.js"))
    said = set(re.findall(r'(?<!i18n\.)(?:say|fieldError)\([^;]*?"([a-z_]+)"', script))
    said |= set(re.findall(r'i18n\.put\([^;]*?"shell\.([a-z_]+)"', script))
    assert {"unreachable", "ready", "not_ended", "email_missing"} <= said
    assert {key for key in said if f"shell.{key}" not in CATALOGUE} == set()


def test_no_text_is_left_over() -> None:
    everything = {pattern for path in sources() for pattern in literals(ast.parse(path.read_text("utf-8")))}
    patterns = [re.compile(pattern) for pattern in everything if "\\." in pattern]
    unused = [
        key
        for key in CATALOGUE
        if key not in in_page() and not key.startswith("shell.") and not any(each.fullmatch(key) for each in patterns)
    ]
    assert unused == []


def test_a_text_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        t("no.such_text")


def test_the_page_is_filled_in_safely() -> None:
    filled = fill_template('<p title="{{text:sign_in.show}}">{{text:frame.product}}</p>')
    assert filled == '<p title="Show" data-text-title="sign_in.show" data-text="frame.product">My PicSafe</p>'
    assert "&lt;" not in fill_template("<b>{{every:sign_in.no_script}}</b>")


@pytest.mark.parametrize("page", ["<p>Hello, {{text:frame.product}}</p>", '<p data-x="{{text:frame.product}}"></p>'])
def test_words_that_the_page_could_not_replace_are_refused(page: str) -> None:
    with pytest.raises(ValueError, match=r"words in|whole content"):
        fill_template(page)


def test_the_shell_has_the_words_that_it_shows_and_says_in_every_language() -> None:
    script = words_script("<p>{{text:frame.skip}}</p>", "start();")
    assert script.endswith("start();")
    catalogue = json.loads(script[script.index("catalogue: ") + len("catalogue: ") : script.index(" };\n")])
    said = {"frame.skip", "frame.page_title", "shell.ready", *REFUSALS}
    assert all(said <= texts.keys() for texts in catalogue["texts"].values())
    assert catalogue["locales"] == {"en": "en-GB", "de": "de-DE", "fr": "fr-FR"}


def test_plural_forms_are_chosen_by_count() -> None:
    assert t("inbox.count", count=1) == "1 report"
    assert t("inbox.count", count=0) == "0 reports"
