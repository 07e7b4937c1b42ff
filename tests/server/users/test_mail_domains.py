"""An address says truly which institution somebody belongs to: members are added within the domains that the operator approved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import httpx
import pytest
from harness.user_server import PASSWORD, Caller, World, on_each_database, on_sqlite, problem
from sqlalchemy import text
from sqlalchemy.engine import Connection

from picsafe_protocol.contracts.errors import Conflict, DomainNotApproved, InvalidRequest
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.runtime.database import Database
from picsafe_server.users import provisioning
from picsafe_server.users.role import MIGRATIONS

pytestmark = pytest.mark.anyio


async def administrator(world: World, institution: str = "Royal") -> Caller:
    return await world.person(f"Admin {institution}".replace(" ", ""), institution=institution, role=Role.ADMINISTRATOR)


async def add(admin: Caller, email: str, **more: Any) -> httpx.Response:
    return await admin.post("/v1/institution/members", {"email": email, "name": "New", "country": "GB"} | more)


async def test_an_address_of_another_domain_is_refused_and_says_what_to_do(world: World) -> None:
    admin = await administrator(world)
    answer = await add(admin, "surgeon@royal-hospital.example")
    assert problem(answer) == (400, "domain_not_approved")
    body = answer.json()
    assert (body["field"], body["domain"], body["domains"]) == ("email", "royal-hospital.example", ["example.org"])
    assert "operator" in body["advice"]
    assert len((await admin.get("/v1/institution/members")).json()["members"]) == 1


@on_sqlite
async def test_only_the_domain_itself_counts(world: World, subtests: pytest.Subtests) -> None:
    admin = await administrator(world)
    for email in [
        "a@sub.example.org",
        "a@notexample.org",
        "a@example.org.evil.example",
        "a@org",
        "example.org@evil.example",
        "a@ex\u0430mple.org",
    ]:
        with subtests.test(email=email):
            assert problem(await add(admin, email)) == (400, "domain_not_approved")


@on_sqlite
async def test_addresses_that_look_like_another_are_refused(world: World, subtests: pytest.Subtests) -> None:
    admin = await administrator(world)
    for email in [
        "b\u200ben@example.org",
        "\u202eben@example.org",
        "b\u0435n@example.org",
        "ben@exam\u00adple.org",
        "ben\u3164@example.org",
    ]:
        with subtests.test(email=email):
            assert problem(await add(admin, email)) == (400, "invalid_request")


async def test_a_domain_in_other_letters_is_one_domain_however_it_is_written(world: World) -> None:
    admin = await administrator(world)
    await provisioning.add_domain(world.users, world.institutions["Royal"], "Klinik-K\u00f6ln.example")
    assert (await admin.get("/v1/institution")).json()["domains"] == ["example.org", "xn--klinik-kln-lcb.example"]
    invited = (await add(admin, "Ben@KLINIK-K\u00d6LN.example")).json()
    assert invited["email"] == "ben@xn--klinik-kln-lcb.example"
    await world.http.post("/users/v1/invitations", json={"token": invited["invitation_token"], "password": PASSWORD})
    assert (await world.sign_in("ben@klinik-ko\u0308ln.example")).id == invited["id"]
    assert problem(await add(admin, "ben@xn--klinik-kln-lcb.example")) == (409, "conflict")


@on_each_database
async def test_a_domain_belongs_to_one_institution_only(world: World) -> None:
    await world.institution("Royal")
    with pytest.raises(Conflict):
        await provisioning.create_institution(world.users, "Evil", domains=["evil.example", "EXAMPLE.org"])
    other = await world.institution("Other")
    with pytest.raises(Conflict):
        await provisioning.add_domain(world.users, other, "example.org")
    await provisioning.add_domain(world.users, other, "evil.example")  # the refusal above wrote nothing at all
    await provisioning.add_domain(world.users, other, "evil.example")


@on_sqlite
async def test_what_is_no_domain(world: World, subtests: pytest.Subtests) -> None:
    for domain in [
        "",
        "@",
        "a@example.org",
        "a b.example",
        "exam\u200bple.org",
        "-a.example",
        "a..example",
        "example.org.",
    ]:
        with subtests.test(domain=domain), pytest.raises(InvalidRequest):
            await provisioning.add_domain(world.users, await world.institution("Royal"), domain)


async def test_the_operator_keeps_to_the_domains_too(world: World) -> None:
    royal = await world.institution("Royal")
    with pytest.raises(DomainNotApproved):
        await provisioning.create_account(world.users, "ada@evil.example", "Ada", "AU", PASSWORD, royal)
    await provisioning.create_account(world.users, "ada@evil.example", "Ada", "AU", PASSWORD)


async def test_the_address_of_a_removed_member_stays_with_the_institution(world: World) -> None:
    admin, other = await administrator(world), await administrator(world, "Other")
    bo = await world.account("Bo", institution="Royal")
    await admin.delete(f"/v1/institution/members/{bo.id}")
    async with world.users.services.database.writing() as session:  # the operator gave the domain to somebody else
        await session.execute(
            text("UPDATE institution_domains SET institution_id = :other WHERE domain = 'example.org'"),
            {"other": world.institutions["Other"]},
        )
    assert problem(await add(other, bo.email)) == (409, "conflict")
    with pytest.raises(Conflict):
        await provisioning.create_account(world.users, bo.email, "Bo", "AU", PASSWORD)
    await provisioning.add_domain(world.users, world.institutions["Other"], "example.org")
    async with world.users.services.database.writing() as session:
        await session.execute(
            text("UPDATE institution_domains SET institution_id = :royal WHERE domain = 'example.org'"),
            {"royal": world.institutions["Royal"]},
        )
    assert (await add(admin, bo.email)).status_code == 201


def _upgrade(connection: Connection, revision: str) -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)


_PEOPLE: list[tuple[str, str, str | None, str | None]] = [
    ("a", "ada@royal.example", "r", None),
    ("b", "bo@k\u00f6ln.example", "r", None),
    ("c", "cy@shared.example", "r", None),
    ("d", "dee@shared.example", "o", None),
    ("e", "eve@left.example", "o", "2026-01-01 00:00:00"),
    ("f", "flo@alone.example", None, None),
]


async def test_institutions_that_exist_get_the_domains_of_their_present_members(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/users.sqlite", MIGRATIONS)
    moment = "2026-01-01 00:00:00"
    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade, "0004")
        for id_ in ("r", "o"):
            row = {"id": id_, "at": moment}
            await connection.execute(
                text("INSERT INTO institutions VALUES (:id, :id, 7, 10, 'recipients', '[]', :at)"), row
            )
        for id_, email, institution, removed in _PEOPLE:
            person: dict[str, str | None] = {
                "id": id_,
                "email": email,
                "inst": institution,
                "at": moment,
                "gone": removed,
            }
            await connection.execute(
                text(
                    "INSERT INTO accounts (id, email, name, search, country, institution_id, created_at, removed_at)"
                    " VALUES (:id, :email, 'Some One', 'some one ' || :email, 'DE', :inst, :at, :gone)"
                ),
                person,
            )
    await database.migrate()
    async with database.reading() as session:
        domains = await session.execute(text("SELECT domain, institution_id FROM institution_domains ORDER BY domain"))
        assert [tuple(row) for row in domains] == [("royal.example", "r"), ("xn--kln-sna.example", "r")]
        bo = (await session.execute(text("SELECT email, search FROM accounts WHERE id = 'b'"))).one()
        assert tuple(bo) == ("bo@xn--kln-sna.example", "some one bo@xn--kln-sna.example")
    await database.close()
