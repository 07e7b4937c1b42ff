"""No words for people stand outside client/texts/: not in the Python, not in the JavaScript, not in index.html."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from picsafe_client.i18n.catalogue import LANGUAGES

CLIENT = Path(__file__).resolve().parents[2] / "client"
PYTHON = [path for path in sorted((CLIENT / "py").rglob("*.py")) if "translations" not in path.parts]
"""Without the reader of the texts, whose messages are for translators and which is not in the page."""
JAVASCRIPT = sorted((CLIENT / "js").rglob("*.js"))
NAMES_OF_LANGUAGES = {each.name for each in LANGUAGES.values()}
"""Their own names for themselves, which are never translated."""

PROSE = re.compile(
    r"[A-ZÀ-Ý][\w’']*[a-zà-ÿ][\w’']* [a-zà-ÿ]\w|\w{2,} \w{2,}.*[.?!…]\s*$|^[A-Z][a-z]+[.?!…:]?$", re.DOTALL
)
"""A sentence, its beginning, or a word with a capital letter."""

FOR_DEVELOPERS = {"RuntimeError", "ValueError", "TypeError", "LookupError", "AssertionError", "KeyError"}
"""Errors that say that the program is wrong, never that the world is."""

NAMES = re.compile(
    r"Accept|Authorization|Range|Digest|Location|Bearer|Escape|Enter|(Home|End|Arrow.*|Delete|Shift|Tab)$|Matroska|Ogg|Web|Quick|(Flash|Radiance|Musepack)$"
    r"|Files|Unknown|.*Error$|.*Format$|.*Names$|Collator"
)
"""Beginnings of headers, keys, formats and classes of the browser's that look like words."""


def is_prose(text: str) -> bool:
    """Whether a person might be meant to read this."""
    return bool(PROSE.search(text)) and not NAMES.match(text)


def left_out(tree: ast.AST) -> set[int]:
    """Docstrings, types, what is said to developers, and Python source: not for people."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(id(node.value))
        name = node.func if isinstance(node, ast.Call) else None
        called = name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else ""
        if called in FOR_DEVELOPERS | {"warn", "add_note", "TypeVar", "compile"}:
            found |= {id(each) for each in ast.walk(node)}
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            found |= {id(each) for each in ast.walk(node)}
        if isinstance(node, ast.Dict):
            found |= {id(each) for each in node.keys if each is not None}
        if isinstance(node, ast.AnnAssign):
            found |= {id(each) for each in ast.walk(node.annotation)}
    return found


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.stem)
def test_python(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    skipped = left_out(tree)
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
    ]
    assert [text for text in texts if is_prose(text) and text not in NAMES_OF_LANGUAGES] == []


SAID_TO_DEVELOPERS = re.compile(r"(?:new \w*Error|console\.\w+)\((?:[^()]|\([^()]*\))*\)")
COMMENT = re.compile(r"^\s*//.*$|/\*.*?\*/|(?<=[;{,}]) // .*$", re.MULTILINE | re.DOTALL)
LITERAL = re.compile(r'"([^"\n]*)"|`([^`]*)`')
PROGRAMS = {"Edge", "Firefox", "Chrome", "Safari", "Android", "Windows", "Linux"}


@pytest.mark.parametrize("path", JAVASCRIPT, ids=lambda path: path.stem)
def test_javascript(path: Path) -> None:
    source = SAID_TO_DEVELOPERS.sub("", COMMENT.sub("", path.read_text("utf-8")))
    texts = [double or template for double, template in LITERAL.findall(source)]
    internals = {"wasm instantiation failed!", "import pyscript as _pyscript"}
    assert [text for text in texts if is_prose(text) and text not in PROGRAMS | internals] == []


class Words(HTMLParser):
    """What a person reads in a page: its text, and the attributes that are shown or spoken."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        technical = tag == "meta" and dict(attrs).get("name") != "description"
        shown = {"title", "aria-label", "placeholder", "alt", "content", "aria-description"}
        self.found += [value or "" for name, value in attrs if name in shown and not technical]

    def handle_data(self, data: str) -> None:
        self.found += [data.strip()]


def test_index_html() -> None:
    found = Words((CLIENT / "index.html").read_text("utf-8")).found
    stray = re.compile(r"[^\W\d_]")
    assert [text for text in found if stray.search(re.sub(r"\{\{[^}]+\}\}", "", text))] == []


def words_in_style() -> Iterator[str]:
    """Every text that a style sheet writes into the page."""
    for path in sorted((CLIENT / "css").rglob("*.css")):
        yield from re.findall(r"""[{;\s]content:\s*(["'][^"']*[^\W\d_][^"']*["'])""", path.read_text("utf-8"))


def test_style_sheets() -> None:
    assert list(words_in_style()) == []


@pytest.mark.parametrize("text", ["Try again", "Sent", "Nothing was sent.", "is no longer there."])
def test_what_is_taken_for_words(text: str) -> None:
    assert is_prose(text)


@pytest.mark.parametrize(
    "text", ["notice notice-danger", "report.title", "#/inbox", "application/json", "en-GB", "%-d %b %Y"]
)
def test_what_is_not(text: str) -> None:
    assert not is_prose(text)
