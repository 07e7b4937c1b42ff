"""Every error that can reach a person has words of the catalogue's own; what a server says beside its code is never shown."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from picsafe_client.i18n.catalogue import CATALOGUE, LANGUAGES
from picsafe_client.i18n.error_messages import error_code_message, error_message, localized_error, sentence
from picsafe_client.i18n.template import REFUSALS
from picsafe_client.sending.media_preparation import with_file_name
from picsafe_media.core.model import Notice, Removal
from picsafe_media.unsupported_formats import UNSUPPORTED_SIGNATURES as KINDS
from picsafe_protocol.contracts import errors

CLIENT = Path(__file__).resolve().parents[2] / "client" / "py" / "picsafe_client"
FOREIGN = "Call 555-0199 to get your report back."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(errors.BY_CODE))
def test_every_code_has_words_in_every_language(code: str, language: str) -> None:
    texts = LANGUAGES[language].texts
    assert isinstance(texts[f"error.{code}"], str)
    assert isinstance(texts[f"error.{code}.advice"], str)


@pytest.mark.parametrize("kind", errors.BY_CODE.values(), ids=lambda kind: kind.code)
def test_what_a_server_says_is_not_shown(kind: type[errors.PicSafeError]) -> None:
    error = errors.from_problem(
        {"code": kind.code, "detail": FOREIGN, "advice": FOREIGN, "incident": FOREIGN, "field": FOREIGN}
    )
    assert FOREIGN not in sentence(error)
    assert sentence(error) == f"{CATALOGUE[f'error.{kind.code}']} {CATALOGUE[f'error.{kind.code}.advice']}"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ({"code": "too_many_requests", "retry_after": 61}, "Wait 2 minutes"),
        ({"code": "too_many_requests", "retry_after": "61"}, "Too many attempts."),
        ({"code": "invalid_request", "field": "password"}, "A password has 12 to 256 characters."),
        ({"code": "limit_exceeded", "limit": "service_accounts", "maximum": 20}, "at most 20 service accounts"),
        (
            {"code": "limit_exceeded", "limit": "service_accounts", "maximum": FOREIGN},
            "This is more than PicSafe accepts.",
        ),
        ({"code": "unexpected", "incident": "4f0c2a91"}, "(incident 4f0c2a91)"),
        ({"code": "not_as_sent", "what": "key_server"}, "may have answered with another file"),
        ({"code": "not_as_sent", "what": "sender"}, "Ask the sender whether it is theirs"),
        ({"code": "not_as_sent", "what": "file"}, "Open the report from your inbox instead"),
        ({"code": "not_as_sent", "what": "piece"}, "something between you and the cloud may have changed it"),
        ({"code": "what nobody knows", "detail": FOREIGN}, "Something went wrong on the server."),
    ],
)
def test_what_travels_with_an_error_is_said_where_it_is_what_it_should_be(problem: dict[str, Any], words: str) -> None:
    said = sentence(errors.from_problem(problem))
    assert words in said
    assert FOREIGN not in said


def test_a_screen_may_know_better_what_the_server_means() -> None:
    assert error_message(errors.Conflict(FOREIGN), "email")[0] == "This email address already has an account."
    assert error_message(errors.TokenRefused(FOREIGN), "invitation_nonsense")[0] == CATALOGUE["error.token_refused"]


def test_files_are_named() -> None:
    assert error_message(with_file_name(errors.EmptyMedium(), "arm.jpg"))[0] == "arm.jpg is empty."
    assert error_message(with_file_name(errors.UnsupportedMedium(FOREIGN), "arm.jpg"))[0].startswith(
        "arm.jpg is not a kind of file"
    )
    unreadable = with_file_name(localized_error(errors.UnsupportedMedium, "unreadable"), "arm.jpg")
    assert error_message(unreadable)[0] == "arm.jpg: It can no longer be read from this device."
    assert unreadable.name == "arm.jpg"


@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS.values()])
def test_files_that_are_something_else_are_called_what_they_are(kind: str) -> None:
    what, advice = error_message(with_file_name(errors.UnsupportedMedium(FOREIGN, kind=kind), "arm"))
    assert what.startswith("arm is a" if kind not in {"riff", "database"} else "arm is not a kind of file")
    assert "nothing was sent" in advice


def test_the_kind_of_a_file_is_never_taken_from_what_a_server_says() -> None:
    said = sentence(errors.UnsupportedMedium(FOREIGN, kind=FOREIGN, name="arm.jpg"))
    assert said.startswith("arm.jpg is not a kind of file")
    assert FOREIGN not in said


def test_the_access_log_says_why_a_key_was_refused() -> None:
    assert error_code_message("not_permitted") == "You are not allowed to do this."
    assert error_code_message("something_newer") == "something_newer"


def test_what_cleaning_tells_has_words() -> None:
    assert {f"removed.{each.value}" for each in Removal} | {
        f"caution.{each.value}" for each in Notice
    } <= CATALOGUE.keys()
    assert all(CATALOGUE[f"removed.{each.value}"] == each.sentence for each in Removal)
    assert all(CATALOGUE[f"caution.{each.value}"] == each.sentence for each in Notice)


def raised() -> list[tuple[str, str, str]]:
    """Every `localized_error(Kind, "case", …)` of the client: file, kind, case."""
    return [
        (path.name, node.args[0].id, str(node.args[1].value))
        for path in sorted(CLIENT.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "localized_error"
        if isinstance(node.args[0], ast.Name) and isinstance(node.args[1], ast.Constant)
    ]


@pytest.mark.parametrize(("file", "kind", "case"), raised())
def test_every_case_that_the_page_raises_has_words(file: str, kind: str, case: str) -> None:
    key = f"error.{getattr(errors, kind).code}.{case}"
    assert {key, f"{key}.advice"} <= CATALOGUE.keys(), file


def test_no_case_is_left_over() -> None:
    by_the_page = {f"error.{getattr(errors, kind).code}.{case}" for _, kind, case in raised()}
    source = (CLIENT / "i18n" / "error_messages.py").read_text("utf-8")
    for key in CATALOGUE:
        parts = key.removesuffix(".advice").split(".")
        if parts[0] == "error" and len(parts) == 3 and ".".join(parts) not in by_the_page:
            known = {"invitation_unknown", "invitation_used", "invitation_expired", "email"}
            assert f'"{parts[2]}"' in source or parts[2] in known, key


@pytest.mark.parametrize("key", REFUSALS)
def test_the_sign_in_form_knows_what_the_server_answers(key: str) -> None:
    assert {key, f"{key}.advice"} <= CATALOGUE.keys()
