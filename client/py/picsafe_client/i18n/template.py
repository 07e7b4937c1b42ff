"""Fills in the texts that are needed before Python runs: index.html and js/sign-in.js. Used by build.py; never runs in
the browser.

index.html names its words where they stand: ``<h1>{{text:sign_in.title}}</h1>``, ``title="{{text:frame.sign_out}}"``.
It is built with the English ones, and with the key beside each of them, by which js/i18n.js puts the person's language
in their place while the page is being parsed. ``{{every:key}}`` is a paragraph for each language, for where no script
runs.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from picsafe_client.i18n.catalogue import CATALOGUE, LANGUAGES, Text

ATTRIBUTES: Final = ("aria-label", "content", "title")
"""Attributes of index.html that hold words; js/i18n.js looks for no others."""

SAID: Final = ("shell.", "frame.page_title")
"""The texts that sign-in.js uses on its own: keys, and the beginnings of keys that end with a dot."""

REFUSALS: Final = (
    "error.error",
    "error.invalid_request",
    "error.limit_exceeded",
    "error.not_permitted",
    "error.service",
    "error.storage_full",
    "error.too_many_requests",
    "error.too_many_requests.wait",
    "error.unexpected",
    "error.unreachable",
    "error.wrong_password",
)
"""With what the user server may refuse a sign-in; anything else is ``shell.refused``."""

_KEY: Final = r"\{\{text:([a-z_.-]+)\}\}"
_ATTRIBUTE: Final = re.compile(rf'(?<=\s)([a-z-]+)="{_KEY}"')
_CONTENT: Final = re.compile(rf">{_KEY}</")
_EVERY: Final = re.compile(r"\{\{every:([a-z_.-]+)\}\}")
_LEFT: Final = re.compile(r"\{\{(?:text|every):[^}]*\}\}")


def fill_template(page: str) -> str:
    """index.html with its English words and the keys of all of them. `ValueError` for words that stand elsewhere than
    as the whole content of an element or as one of `ATTRIBUTES`; `KeyError` for a key that does not exist.
    """

    def attribute(match: re.Match[str]) -> str:
        name, key = match.groups()
        if name not in ATTRIBUTES:
            raise ValueError(f"{match[0]}: js/i18n.js does not look for words in {name}")
        return f'{name}="{_escaped(CATALOGUE[key])}" data-text-{name}="{key}"'

    def content(match: re.Match[str]) -> str:
        return f' data-text="{match[1]}">{_escaped(CATALOGUE[match[1]])}</'

    def every(match: re.Match[str]) -> str:
        said = ((code, language.texts[match[1]]) for code, language in LANGUAGES.items())
        return "".join(f'<p lang="{code}">{_escaped(text)}</p>' for code, text in said)

    page = _EVERY.sub(every, _CONTENT.sub(content, _ATTRIBUTE.sub(attribute, page)))
    if left := _LEFT.search(page):
        raise ValueError(f"{left[0]} is not the whole content of an element")
    return page


def words_script(page: str, script: str) -> str:
    """js/i18n.js with the words of the unfilled `page`, and of sign-in.js, in every language before it."""
    keys = sorted(_keys(re.findall(_KEY, page)))
    facts: Mapping[str, Any] = {
        "attributes": ATTRIBUTES,
        "locales": {code: language.locale for code, language in LANGUAGES.items()},
        "texts": {code: {key: language.texts[key] for key in keys} for code, language in LANGUAGES.items()},
    }
    return f"globalThis.picsafe = {{ catalogue: {json.dumps(facts, ensure_ascii=False)} }};\n{script}"


def _keys(shown: Iterable[str]) -> set[str]:
    said = {key for key in CATALOGUE if key in SAID or any(key.startswith(each) for each in SAID if each.endswith("."))}
    return said | {*shown, *REFUSALS, *(f"{key}.advice" for key in REFUSALS)}


def _escaped(text: Text) -> str:
    if not isinstance(text, str):
        raise TypeError("index.html cannot choose between plural forms")
    return html.escape(text)
