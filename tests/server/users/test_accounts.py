"""One's own account: name and password; and what makes an account."""

from __future__ import annotations

import pytest
from harness.user_server import PASSWORD, World, on_each_database, on_sqlite, problem

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import Conflict, InvalidRequest, LimitExceeded
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users import provisioning

pytestmark = pytest.mark.anyio

NEW = "another long password"


async def test_the_name_can_be_changed(world: World) -> None:
    ada = await world.person("Ada")
    assert (await ada.patch("/v1/me", {"name": "  Dr  Ada Lovelace "})).json()["name"] == "Dr Ada Lovelace"
    assert (await ada.get("/v1/me")).json()["name"] == "Dr Ada Lovelace"
    assert (await ada.patch("/v1/me", {})).json()["name"] == "Dr Ada Lovelace"


@on_sqlite
async def test_what_is_no_name_is_refused(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    for name, status in [
        ("", 400),
        ("   ", 400),
        ("A\x00da", 400),
        ("A\nda", 400),
        ("A\u2028da", 400),
        ("\u202eadA", 400),
        ("\u2066Ada\u2069", 400),
        ("A\u200bda", 400),
        ("A\u00adda", 400),
        ("\ufeffAda", 400),
        ("\u3164", 400),
        ("Ada\u2800", 400),
        ("Ada\U000e0041", 400),
        ("A" * (limits.NAME_CHARACTERS + 1), 413),
        ("A" * 1000, 400),
        (7, 400),
        (None, 400),
    ]:
        with subtests.test(name=name, status=status):
            assert (await ada.patch("/v1/me", {"name": name})).status_code == status
            assert (await ada.get("/v1/me")).json()["name"] == "Ada"


async def test_the_longest_name(world: World) -> None:
    ada = await world.person("Ada")
    longest = "Å" * limits.NAME_CHARACTERS
    assert (await ada.patch("/v1/me", {"name": longest})).json()["name"] == longest


async def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    ada = await world.person("Ada")
    elsewhere = await world.sign_in(ada.email)
    assert (await ada.post("/v1/me/password", {"current": PASSWORD, "new": NEW})).status_code == 204
    assert (await ada.get("/v1/me")).status_code == 200
    assert problem(await elsewhere.get("/v1/me")) == (401, "not_signed_in")
    assert (await world.sign_in(ada.email, NEW)).id == ada.id


@on_sqlite
async def test_a_password_is_not_changed_by(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    elsewhere = await world.sign_in(ada.email)
    for body, expected in [
        ({"current": "wrong horse battery", "new": NEW}, (401, "wrong_password")),
        ({"current": "", "new": NEW}, (401, "wrong_password")),
        ({"current": PASSWORD, "new": "short"}, (400, "invalid_request")),
        ({"current": PASSWORD, "new": "x" * (limits.PASSWORD_CHARACTERS_MAX + 1)}, (400, "invalid_request")),
        ({"current": PASSWORD}, (400, "invalid_request")),
        ({"new": NEW}, (400, "invalid_request")),
        ({"current": PASSWORD, "new": NEW, "email": "x@example.org"}, (400, "invalid_request")),
    ]:
        with subtests.test(body=body, expected=expected):
            assert problem(await ada.post("/v1/me/password", body)) == expected
            assert (await elsewhere.get("/v1/me")).status_code == 200
            await world.sign_in(ada.email, PASSWORD)


@on_each_database
async def test_one_address_is_one_account(world: World) -> None:
    await world.account("Ada")
    with pytest.raises(Conflict):
        await provisioning.create_account(world.users, " ADA@example.org", "Impostor", "AU", PASSWORD)


@on_sqlite
async def test_what_makes_no_account(world: World, subtests: pytest.Subtests) -> None:
    for email, name, country, role, error in [
        ("", "Ada", "AU", None, InvalidRequest),
        ("ada", "Ada", "AU", None, InvalidRequest),
        ("ada@", "Ada", "AU", None, InvalidRequest),
        ("@example.org", "Ada", "AU", None, InvalidRequest),
        ("a b@example.org", "Ada", "AU", None, InvalidRequest),
        ("a@b@example.org", "Ada", "AU", None, InvalidRequest),
        ("a\x00@example.org", "Ada", "AU", None, InvalidRequest),
        ("Ada <ada@example.org>", "Ada", "AU", None, InvalidRequest),
        ("a\u200bda@example.org", "Ada", "AU", None, InvalidRequest),
        ("ada@exam\u200bple.org", "Ada", "AU", None, InvalidRequest),
        ("\u202eada@example.org", "Ada", "AU", None, InvalidRequest),
        ("\u0430da@example.org", "Ada", "AU", None, InvalidRequest),
        ("zoë@example.org", "Ada", "AU", None, InvalidRequest),
        ("ada@example..org", "Ada", "AU", None, InvalidRequest),
        ("ada@-example.org", "Ada", "AU", None, InvalidRequest),
        ("ada@example.org.", "Ada", "AU", None, InvalidRequest),
        ("ada", "A\u200bda", "AU", None, InvalidRequest),
        ("a" * 65 + "@example.org", "Ada", "AU", None, InvalidRequest),
        ("a@" + "b" * 253, "Ada", "AU", None, InvalidRequest),
        ("ada@example.org", "", "AU", None, InvalidRequest),
        ("ada@example.org", "A" * 201, "AU", None, LimitExceeded),
        ("ada@example.org", "Ada", "", None, InvalidRequest),
        ("ada@example.org", "Ada", "XX", None, InvalidRequest),
        ("ada@example.org", "Ada", "AUS", None, InvalidRequest),
        ("ada@example.org", "Ada", "AU", Role.MEMBER, InvalidRequest),
        ("ada@example.org", "Ada", "AU", Role.SERVICE, InvalidRequest),
    ]:
        with subtests.test(email=email, name=name, country=country, role=role), pytest.raises(error):
            await provisioning.create_account(world.users, email, name, country, PASSWORD, role=role)


@on_sqlite
@pytest.mark.parametrize(
    ("country", "region"),
    [("AU", "au"), ("nz", "au"), ("CA", "ca"), ("FR", "de"), ("IE", "ie"), ("GB", "uk"), ("JP", "us")],
)
async def test_the_country_decides_the_region(world: World, country: str, region: str) -> None:
    ada, bo = await world.person("Ada", country), await world.person("Bo", "US")
    assert (await ada.get("/v1/me")).json()["region"] == region
    begun = (await ada.post("/v1/reports", {"recipients": [bo.email]})).json()
    assert begun["region"] == region
    assert begun["cloud"]["url"] == f"http://localhost:8000/cloud/{region}"
