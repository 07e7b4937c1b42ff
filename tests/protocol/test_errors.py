"""The errors: one tree, drawn as it is, and what crosses HTTP comes back as what it was."""

from __future__ import annotations

import re

import pytest

from picsafe_protocol.contracts import errors
from picsafe_protocol.contracts.errors import BY_CODE, InternalError, PicSafeError, from_problem

KINDS = sorted(BY_CODE.values(), key=lambda kind: kind.__name__)


def drawn() -> list[tuple[int, str]]:
    """The tree at the top of the file: how deep each name stands."""
    found = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^ {4}((?:[│ ] {3})*)(?:[├└]── )?([A-Z]\w+)", line)
        if match:
            deep = len(match[1]) // 4 + ("── " in line)
            found.append((deep, match[2]))
    return found


def real(kind: type[PicSafeError] = PicSafeError, deep: int = 0) -> list[tuple[int, str]]:
    found = [(deep, kind.__name__)]
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:  # a server may have narrower ones of its own, under the same code
            found += real(child, deep + 1)
    return found


def test_the_tree_is_drawn_as_it_is() -> None:
    assert sorted(drawn()) == sorted(real())


def test_every_class_is_public_and_has_a_code_of_its_own() -> None:
    assert sorted(errors.__all__) == sorted(kind.__name__ for kind in KINDS)
    assert len({kind.code for kind in KINDS}) == len(real())


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_is_wrong_and_what_to_do(kind: type[PicSafeError]) -> None:
    error = kind()
    assert str(error).endswith(".")
    assert error.advice.endswith(".")
    assert 400 <= kind.status <= 599
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)


@pytest.mark.parametrize("kind", KINDS)
def test_it_crosses_http(kind: type[PicSafeError]) -> None:
    error = kind("What happened.", advice="What to do.", **dict.fromkeys(kind.extra, 7))
    problem = error.to_problem()
    assert problem["status"] == kind.status
    assert problem["type"] == f"urn:picsafe:problem:{kind.code}"
    again = from_problem(problem, kind.status)
    assert type(again) is kind
    assert (str(again), again.advice, again.details) == (str(error), error.advice, error.details)
    assert all(getattr(again, name) == 7 for name in kind.extra)


@pytest.mark.parametrize("kind", KINDS)
def test_it_takes_only_what_it_names(kind: type[PicSafeError]) -> None:
    with pytest.raises(TypeError):
        kind(patient="Jo Citizen")
    assert not hasattr(kind(), "patient")


@pytest.mark.parametrize(
    "problem",
    [{}, {"code": "no_such_code"}, {"code": 7}, {"code": None, "detail": 7}, {"title": "Not Found", "status": 404}],
)
def test_what_is_unknown_or_malformed_becomes_unexpected(problem: dict[str, object]) -> None:
    error = from_problem(problem, 418)
    assert type(error) is InternalError
    assert "418" in str(error)
