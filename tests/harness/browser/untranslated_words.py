"""Finds English words of the catalogue on a page that should be in another language."""

from __future__ import annotations

import re
import string
from functools import cache

from playwright.sync_api import Page

from picsafe_client.i18n.catalogue import CATALOGUE, LANGUAGES, Text

_VISIBLE = """() => {
  const seen = (element) => element?.checkVisibility({ visibilityProperty: true });
  const found = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode())
    if (seen(walker.currentNode.parentElement) && !walker.currentNode.parentElement.closest("[lang]:not(html)"))
      found.push(walker.currentNode.data);
  for (const element of document.body.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
    if (seen(element))
      for (const name of ["aria-label", "title", "placeholder", "alt"]) found.push(element.getAttribute(name) ?? "");
  for (const option of document.querySelectorAll("option:not([lang])"))
    found.push(option.label, option.closest("datalist") ? option.value : "");
  return found.map((text) => text.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""
"""What is read or read out: text, labels, hints, the choices of lists; but for what is marked as another language."""

_VALUE = r"(?:(?!\. ).)+"
"""What may be filled in: no more than a sentence, or what somebody has written in English would be taken for ours."""


def english_left(page: Page, language: str) -> list[str]:
    """The texts on the page that are English ones of the catalogue and have another wording in `language`."""
    texts: list[str] = page.evaluate(_VISIBLE)
    assert texts
    return sorted({text for text in texts if any(pattern.fullmatch(text) for pattern in _patterns(language))})


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], ...]:
    own = {_plain(form) for text in LANGUAGES[language].texts.values() for form in _forms(text)}
    vocabulary = {word for form in own for word in _words(form)}
    english = {_plain(form) for text in CATALOGUE.values() for form in _forms(text)}
    return tuple(re.compile(_pattern(form)) for form in sorted(english - own) if _words(form) - vocabulary)


def _forms(text: Text) -> list[str]:
    return text.split("|") if isinstance(text, str) else list(text.values())


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _pattern(form: str) -> str:
    parts = string.Formatter().parse(form)
    return "".join(re.escape(words) + (_VALUE if name is not None else "") for words, name, _, _ in parts)


def _words(form: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{2,}", re.sub(r"\{\w+\}", " ", form).lower()))
