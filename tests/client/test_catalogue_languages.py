"""Every language of the catalogue says everything that English says, by the rules of its own grammar and typography."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from picsafe_client.i18n import texts
from picsafe_client.i18n.catalogue import CATALOGUE, LANGUAGES, Language, Text

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
TRANSLATIONS = [each for each in LANGUAGES.values() if each.code != "en"]
ALL = pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda each: each.code)
TRANSLATED = pytest.mark.parametrize("language", TRANSLATIONS, ids=lambda each: each.code)

SAME = {
    "changes.person",
    "reset.person",
    "account.name",
    "figure.hand",
    "frame.page_title",
    "frame.product",
    "key.escape",
    "list.comma",
    "machines.name",
    "machines.token",
    "members.actions",
    "members.name",
    "report.giver_named",
    "report.name",
    "report.notes",
    "report.purpose_audit",
    "report.purpose_named_publication",
    "role.administrator",
    "send.about_file",
    "send.kind.photo",
    "send.notes",
    "send.patient",
    "send.patient_name",
    "send.pause",
    "send.readers_person",
    "send.purpose.audit",
    "send.suggestions",
    "send.summary_amount",
    "send.summary_notes",
    "send.summary_patient",
    "inbox.column_patient",
    "region.ca",
    "report.patient",
    "report.pixels",
    "send.kind.video",
}
"""Texts that may be the same in another language as in English; any other that is, somebody has forgotten."""


def forms(text: Text) -> Mapping[str, str]:
    """A text by plural category."""
    return {"other": text} if isinstance(text, str) else text


def every_form(language: Language) -> Iterator[tuple[str, str]]:
    """Every key with each of its forms."""
    for key, text in language.texts.items():
        for form in forms(text).values():
            yield key, form


def places(form: str) -> set[str]:
    """What a text has filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(form) if name}


@pytest.fixture
def speaking(monkeypatch: pytest.MonkeyPatch, language: Language) -> Language:
    """The page in this language, but for what only a browser knows."""
    monkeypatch.setattr(texts, "locale", lambda: language.locale)
    return language


@TRANSLATED
def test_every_language_has_the_same_keys(language: Language) -> None:
    assert language.texts.keys() == CATALOGUE.keys()


@ALL
def test_texts_that_depend_on_a_number_have_the_forms_that_the_language_needs(language: Language) -> None:
    for key, text in language.texts.items():
        assert isinstance(text, str) == isinstance(CATALOGUE[key], str), key
        if not isinstance(text, str):
            assert tuple(text) == language.categories, key


@ALL
def test_every_form_fills_in_the_same_values(language: Language) -> None:
    for key, text in language.texts.items():
        wanted = places(forms(CATALOGUE[key])["other"])
        assert places(forms(text)["other"]) == wanted, key
        assert all(
            places(form) <= wanted and wanted - places(form) <= {"count", "opened"} for form in forms(text).values()
        )


def test_a_form_that_stands_for_several_numbers_says_which() -> None:
    """French takes its "one" for 0 as well: "1 rapport" would be wrong for none. Words that never meet 0 need no number."""
    never_none = {"time.days_ago", "sent.opened", "sent.opened_all", "save.all", "save.saving_all", "print.all"}
    for key, text in LANGUAGES["fr"].texts.items():
        if not isinstance(text, str) and "{count}" in text["other"] and key not in never_none:
            assert "{count}" in text["one"], key


@TRANSLATED
def test_nothing_was_forgotten(language: Language) -> None:
    assert {key for key, text in language.texts.items() if text == CATALOGUE[key]} <= SAME


@ALL
def test_texts_have_no_stray_space(language: Language) -> None:
    ends_in_space = {"inbox.unread", "list.comma"}
    for key, form in every_form(language):
        assert "  " not in form, key
        assert form == form.strip() or key in ends_in_space, key


def test_french_typography() -> None:
    for key, form in every_form(LANGUAGES["fr"]):
        words = re.sub(r"https?://\S*", "", form)
        assert not re.search(r"(?<!\u202f)[;:?!»]", words), key
        assert not re.search(r"«(?!\u202f)", words), key
        assert "'" not in words, key


def test_german_addresses_people_formally_and_quotes_as_german_does() -> None:
    for key, form in every_form(LANGUAGES["de"]):
        assert not re.search(r"\b([Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir)\b", form), key
        assert form.count("„") == form.count("“"), key
        assert not set(form) & set('"”'), key


@pytest.mark.parametrize("language", [LANGUAGES["fr"]], ids=["fr"])
@pytest.mark.parametrize(("count", "words"), [(0, "0 rapport"), (1, "1 rapport"), (2, "2 rapports")])
def test_french_counts(speaking: Language, count: int, words: str) -> None:
    assert texts.t("inbox.count", count=count) == words


@pytest.mark.parametrize(
    ("language", "sentence"),
    [(LANGUAGES["de"], "A, B und C"), (LANGUAGES["fr"], "A, B et C")],
    ids=["de", "fr"],
)
def test_lists(speaking: Language, sentence: str) -> None:
    assert texts.join_words(["A", "B", "C"]) == sentence


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (LANGUAGES["de"], ["gestern", "vor 5\u00a0Min.", "noch 6\u00a0Tage", "1\u00a0Byte"]),
        (LANGUAGES["fr"], ["hier", "il y a 5\u00a0min", "encore 6\u00a0jours", "1\u00a0octet"]),
    ],
    ids=["de", "fr"],
)
def test_times_and_sizes(speaking: Language, words: list[str]) -> None:
    days, minutes = timedelta(days=1), timedelta(minutes=5)
    assert words == [
        texts.ago(NOW - days, NOW),
        texts.ago(NOW - minutes, NOW),
        texts.remaining(NOW + 7 * days - minutes, NOW),
        texts.size(1),
    ]


@pytest.mark.parametrize(
    ("language", "word"), [(LANGUAGES["de"], "Behandlung"), (LANGUAGES["fr"], "soins")], ids=["de", "fr"]
)
def test_nouns_within_a_sentence(speaking: Language, word: str) -> None:
    assert texts.noun(texts.t("report.purpose_treatment")) == word


@ALL
def test_the_body_sites_are_as_many_in_every_language(language: Language) -> None:
    sites = str(language.texts["send.body_sites"]).split("|")
    assert len(set(sites)) == len(sites) == len(str(CATALOGUE["send.body_sites"]).split("|"))
    assert all(site and len(site) <= 20 for site in sites)
