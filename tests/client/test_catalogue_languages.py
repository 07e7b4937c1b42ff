"""Every language says everything that English says, by the rules of its own grammar and typography.

What fails is named by file and key: de/inbox.toml: inbox.title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from picsafe_client.i18n import texts
from picsafe_client.i18n.catalogue import CATALOGUE, LANGUAGES, Language, Text
from picsafe_client.i18n.translations import FOLDER
from picsafe_client.i18n.translations.checks import faults
from picsafe_client.i18n.translations.reader import read_texts

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
ENTRIES = read_texts(FOLDER)
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
    "key.copy",
    "key.escape",
    "list.comma",
    "machines.name",
    "machines.token",
    "members.actions",
    "members.name",
    "invitation.by",
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
    "patients.photos",
}
"""Texts that may be the same in another language as in English; any other that is, somebody has forgotten."""


def forms(text: Text) -> Mapping[str, str]:
    """A text by plural category."""
    return {"other": text} if isinstance(text, str) else text


def place(language: Language, key: str) -> str:
    """Where a translator finds a text: de/inbox.toml: inbox.title."""
    return f"{ENTRIES[language.code][key].file}: {key}"


def every_form(language: Language) -> Iterator[tuple[str, str, str]]:
    """Every place with its key and each of its forms."""
    for key, text in language.texts.items():
        for form in forms(text).values():
            yield place(language, key), key, form


@pytest.fixture
def speaking(monkeypatch: pytest.MonkeyPatch, language: Language) -> Language:
    """The page in this language, but for what only a browser knows."""
    monkeypatch.setattr(texts, "locale", lambda: language.locale)
    return language


def test_the_files_have_the_same_keys_values_and_plural_forms_in_every_language() -> None:
    """test_translations.py shows that every such fault is found."""
    assert faults(FOLDER) == []


def test_a_form_that_stands_for_several_numbers_says_which() -> None:
    """French takes its "one" for 0 as well: "1 rapport" would be wrong for none. Words that never meet 0 need no number."""
    never_none = {"time.days_ago", "sent.opened", "sent.opened_all", "save.all", "save.saving_all", "print.all"}
    french = LANGUAGES["fr"]
    wrong = [
        place(french, key)
        for key, text in french.texts.items()
        if not isinstance(text, str) and "{count}" in text["other"] and key not in never_none
        if "{count}" not in text["one"]
    ]
    assert wrong == []


@TRANSLATED
def test_nothing_was_forgotten(language: Language) -> None:
    same = {key for key, text in language.texts.items() if text == CATALOGUE[key]}
    assert [place(language, key) for key in same - SAME] == []


@ALL
def test_texts_have_no_stray_space(language: Language) -> None:
    ends_in_space = {"inbox.unread", "list.comma"}
    for where, key, form in every_form(language):
        assert "  " not in form, where
        assert form == form.strip() or key in ends_in_space, where


def test_french_typography() -> None:
    for where, _, form in every_form(LANGUAGES["fr"]):
        words = re.sub(r"https?://\S*", "", form)
        assert not re.search(r"(?<!\u202f)[;:?!»]", words), where
        assert not re.search(r"«(?!\u202f)", words), where
        assert "'" not in words, where


def test_german_addresses_people_formally_and_quotes_as_german_does() -> None:
    for where, _, form in every_form(LANGUAGES["de"]):
        assert not re.search(r"\b([Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir)\b", form), where
        assert form.count("„") == form.count("“"), where
        assert not set(form) & set('"”'), where


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
        (LANGUAGES["de"], ["gestern", "vor 5\u00a0Min.", "noch 7\u00a0Tage", "1\u00a0Byte"]),
        (LANGUAGES["fr"], ["hier", "il y a 5\u00a0min", "encore 7\u00a0jours", "1\u00a0octet"]),
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
