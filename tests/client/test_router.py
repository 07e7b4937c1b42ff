"""Addresses of screens."""

from __future__ import annotations

import pytest

from picsafe_client.routing.router import Route, address, parse


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("", Route("inbox")),
        ("#", Route("inbox")),
        ("#/", Route("inbox")),
        ("#/inbox", Route("inbox")),
        ("#/sent", Route("sent")),
        ("#/report/abc", Route("report", {"id": "abc"})),
        ("#/report/abc/", Route("report", {"id": "abc"})),
        ("#/institution", Route("institution")),
        ("#/institution/members", Route("institution", {"section": "members"})),
        ("#/invitation/a%2Fb", Route("invitation", {"token": "a/b"})),
        ("#/send?to=a%40b.org", Route("send", {"to": "a@b.org"})),
    ],
)
def test_addresses_lead_to_screens(text: str, route: Route) -> None:
    assert parse(text) == route


@pytest.mark.parametrize(
    "text",
    [
        "#/nonsense",
        "#/report",
        "#/report/",
        "#/report/abc/def",
        "#/invitation",
        "#/inbox/abc",
        "#/__init__",
        "#/../inbox",
        "#javascript:alert(1)",
        "#/report%2Fabc",
    ],
)
def test_what_fits_no_screen_has_none(text: str) -> None:
    assert parse(text).screen == ""


def test_what_the_address_says_last_cannot_replace_the_path() -> None:
    assert parse("#/report/abc?id=other").params == {"id": "abc"}


@pytest.mark.parametrize("part", ["abc", "a/b", "a?b#c", "ä ö", "100%"])
def test_addresses_survive_the_journey(part: str) -> None:
    assert parse(address("report", part)) == Route("report", {"id": part})


def test_only_the_invitation_is_public() -> None:
    assert parse("#/invitation/x").is_public
    assert not any(parse(each).is_public for each in ("", "#/inbox", "#/report/x", "#/institution", "#/x"))
