"""Beginning a report: recipients, region, retention, and the two grants that come with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import idna
import pytest
from harness.user_server import Caller, World, on_each_database, on_sqlite, problem

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import GRANT_TYPE, Role
from picsafe_server.auth.tokens import Verifier

pytestmark = pytest.mark.anyio


async def claims_of(world: World, token: str, audience: str) -> dict[str, Any]:
    """The claims of a grant, verified as the other servers do it: by the published keys."""
    verifier = Verifier([world.settings.users_base], world.http, world.clock)
    return dict(await verifier.verify(token, GRANT_TYPE, audience))


async def test_a_report_begins_with_everything_that_sending_needs(world: World) -> None:
    ada = await world.person("Ada", "NZ", "Royal", Role.ADMINISTRATOR)
    bo, cy = await world.person("Bo", "DE", "Charité"), await world.person("Cy", "US")
    answer = await ada.post("/v1/reports", {"recipients": [bo.email, cy.email]})
    assert answer.status_code == 201
    begun = answer.json()
    assert begun["region"] == "au"
    assert [person["name"] for person in begun["recipients"]] == ["Bo", "Cy"]
    expires = datetime.fromisoformat(begun["expires_at"])
    assert timedelta(days=7, seconds=-10) < expires - world.clock.now() <= timedelta(days=7)

    upload = await claims_of(world, begun["cloud"]["grant"], "http://localhost:8000/cloud/au")
    assert upload.pop("exp") - upload.pop("iat") == limits.GRANT_SECONDS
    assert len(upload.pop("jti")) == 26
    assert upload == {
        "iss": "http://localhost:8000/users",
        "aud": "http://localhost:8000/cloud/au",
        "sub": ada.id,
        "act": "package.upload",
        "rid": begun["report_id"],
        "until": int(expires.timestamp()),
        "size": limits.UNDECLARED_BYTES,
    }

    create = await claims_of(world, begun["keyserver"]["grant"], "http://localhost:8000/keys")
    institutions = [{"id": id_, "roles": ["service"]} for id_ in sorted(world.institutions.values())]
    assert isinstance(create["access"].pop("begun"), float)  # membership counts from joining
    assert create["access"] == {"owner": ada.id, "recipients": [bo.id, cy.id], "institutions": institutions}
    assert (create["act"], create["name"], create["email"]) == ("key.create", "Ada", ada.email)
    assert create["until"] == upload["until"]


async def test_every_grant_is_over_as_soon_as_a_user_token(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.report(ada, bo)
    draft = await world.draft(ada, bo)
    for caller, id_, action, server in (
        (bo, report_id, "package.download", "cloud/au"),
        (ada, draft, "package.upload", "cloud/au"),
        (ada, draft, "key.create", "keys"),
    ):
        answer = (await caller.post(f"/v1/reports/{id_}/grants", {"action": action})).json()
        grant = await claims_of(world, answer["grant"], f"http://localhost:8000/{server}")
        assert grant["exp"] - grant["iat"] <= limits.USER_TOKEN_SECONDS == 300, action
        assert datetime.fromisoformat(answer["expires_at"]).timestamp() == grant["exp"]


async def test_members_get_keys_where_the_policy_lets_them(world: World) -> None:
    await world.institution("Open", members_may_open="members")
    ada, bo = await world.person("Ada", institution="Open"), await world.person("Bo", institution="Closed")
    begun = (await ada.post("/v1/reports", {"recipients": [bo.email]})).json()
    access = (await claims_of(world, begun["keyserver"]["grant"], "http://localhost:8000/keys"))["access"]
    roles = {entry["id"]: entry["roles"] for entry in access["institutions"]}
    assert roles == {
        world.institutions["Open"]: ["service", "member", "administrator"],
        world.institutions["Closed"]: ["service"],
    }


async def test_the_policy_is_the_one_of_the_beginning(world: World) -> None:
    ada = await world.person("Ada", institution="Royal", role=Role.ADMINISTRATOR)
    report_id = await world.draft(ada, ada)
    await ada.patch("/v1/institution", {"members_may_open": "members"})
    grant = (await ada.post(f"/v1/reports/{report_id}/grants", {"action": "key.create"})).json()["grant"]
    access = (await claims_of(world, grant, "http://localhost:8000/keys"))["access"]
    assert access["institutions"] == [{"id": world.institutions["Royal"], "roles": ["service"]}]


@on_each_database
async def test_recipients_are_found_in_any_case_and_taken_once(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    begun = await ada.post("/v1/reports", {"recipients": [bo.email.upper(), " bo@example.org", ada.email, bo.email]})
    assert [person["id"] for person in begun.json()["recipients"]] == [bo.id, ada.id]


async def test_unknown_recipients_are_listed(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    answer = await ada.post("/v1/reports", {"recipients": ["x@example.org", bo.email, "Nobody", "Y@example.org"]})
    assert problem(answer) == (400, "unknown_recipient")
    assert answer.json()["recipients"] == ["x@example.org", "nobody", "y@example.org"]


async def test_disabled_and_removed_people_are_unknown(world: World) -> None:
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    bo, cy = await world.person("Bo", institution="Royal"), await world.person("Cy", institution="Royal")
    await admin.patch(f"/v1/institution/members/{bo.id}", {"disabled": True})
    await admin.delete(f"/v1/institution/members/{cy.id}")
    answer = await admin.post("/v1/reports", {"recipients": [bo.email, cy.email]})
    assert answer.json()["recipients"] == [bo.email, cy.email]


async def test_somebody_invited_can_be_written_to(world: World) -> None:
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    body = {"email": "new@example.org", "name": "New", "country": "AU"}
    assert (await admin.post("/v1/institution/members", body)).status_code == 201
    assert (await admin.post("/v1/reports", {"recipients": ["new@example.org"]})).status_code == 201


@on_sqlite
async def test_what_begins_no_report(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    await world.person("Bo")
    for body in [
        {},
        {"recipients": []},
        {"recipients": "bo@example.org"},
        {"recipients": [7]},
        {"recipients": [None]},
        {"recipients": ["a" * (limits.EMAIL_CHARACTERS + 1)]},
        {"recipients": ["bo@example.org"], "patient": "Jane Doe"},
        {"recipients": ["bo@example.org"] * 1001},
    ]:
        with subtests.test(body=body):
            assert problem(await ada.post("/v1/reports", body)) == (400, "invalid_request")


async def test_fifty_recipients_and_not_one_more(world: World) -> None:
    everybody = [await world.account(f"N{number}") for number in range(limits.RECIPIENTS + 1)]
    ada = await world.sign_in(everybody[0].email)
    emails = [account.email for account in everybody]
    assert (await ada.post("/v1/reports", {"recipients": emails[: limits.RECIPIENTS]})).status_code == 201
    answer = await ada.post("/v1/reports", {"recipients": emails})
    assert problem(answer) == (413, "limit_exceeded")
    assert (answer.json()["limit"], answer.json()["actual"]) == ("recipients", limits.RECIPIENTS + 1)


@pytest.mark.parametrize(("days", "own", "expected"), [(7, 7, 7), (7, 2, 2), (3, 7, 3), (3, 1, 1), (1, 7, 1)])
@on_sqlite
async def test_retention_is_the_shorter_of_operator_and_institution(
    world: World, days: int, own: int, expected: int
) -> None:
    object.__setattr__(world.settings, "report_days", days)
    await world.institution("Royal", retention_days=own)
    ada = await world.person("Ada", institution="Royal")
    begun = (await ada.post("/v1/reports", {"recipients": [ada.email]})).json()
    left = datetime.fromisoformat(begun["expires_at"]) - world.clock.now()
    assert timedelta(days=expected, seconds=-60) < left <= timedelta(days=expected)


async def test_the_recipients_institution_does_not_shorten_it(world: World) -> None:
    await world.institution("Brief", retention_days=1)
    ada, bo = await world.person("Ada", institution="Long"), await world.person("Bo", institution="Brief")
    begun = (await ada.post("/v1/reports", {"recipients": [bo.email]})).json()
    assert datetime.fromisoformat(begun["expires_at"]) - datetime.now(UTC) > timedelta(days=6)


@on_sqlite
async def test_a_runaway_program_stops_after_a_hundred_drafts(world: World) -> None:
    ada = await world.person("Ada")
    last = [await world.draft(ada, ada) for _ in range(limits.OPEN_DRAFTS)][-1]
    assert problem(await ada.post("/v1/reports", {"recipients": [ada.email]})) == (429, "too_many_requests")
    await world.deliver(ada, last)
    await world.draft(ada, ada)
    assert problem(await ada.post("/v1/reports", {"recipients": [ada.email]})) == (429, "too_many_requests")
    world.clock.move(timedelta(hours=limits.UPLOAD_HOURS))
    ada = await world.sign_in(ada.email)
    await world.draft(ada, ada)


async def test_a_draft_is_known_to_its_sender_alone(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    assert (await ada.get(f"/v1/reports/{report_id}")).json()["state"] == "draft"
    assert problem(await bo.get(f"/v1/reports/{report_id}")) == (404, "not_found")
    assert (await ada.get("/v1/reports", box="sent")).json()["reports"] == []


async def grants(caller: Caller, report_id: str) -> list[int]:
    """The status of asking for each kind of grant: upload, download, key."""
    actions = ("package.upload", "package.download", "key.create")
    return [
        (await caller.post(f"/v1/reports/{report_id}/grants", {"action": action})).status_code for action in actions
    ]


async def test_grants_follow_the_life_of_a_report(world: World) -> None:
    ada, bo, eve = await world.person("Ada"), await world.person("Bo"), await world.person("Eve")
    draft, available, withdrawn = [await world.draft(ada, bo) for _ in range(3)]
    await world.deliver(ada, available)
    await world.deliver(ada, withdrawn)
    await ada.delete(f"/v1/reports/{withdrawn}")
    assert await grants(ada, draft) == [200, 409, 200]
    assert await grants(bo, draft) == [404, 404, 404]
    assert await grants(ada, available) == [409, 200, 409]
    assert await grants(bo, available) == [403, 200, 403]
    assert await grants(eve, available) == [404, 404, 404]
    assert await grants(ada, withdrawn) == [410, 410, 410]
    assert await grants(bo, withdrawn) == [410, 410, 410]
    world.clock.move(timedelta(days=7))
    ada, bo = await world.sign_in(ada.email), await world.sign_in(bo.email)
    assert await grants(ada, available) == [410, 410, 410]
    assert await grants(bo, available) == [410, 410, 410]
    assert await grants(ada, draft) == [410, 410, 410]


@on_sqlite
async def test_there_is_no_grant_for_anything_else(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    report_id = await world.draft(ada, ada)
    for action in ["package.delete", "key.revoke", "", "PACKAGE.DOWNLOAD", None, 7]:
        with subtests.test(action=action):
            answer = await ada.post(f"/v1/reports/{report_id}/grants", {"action": action})
            assert problem(answer) == (400, "invalid_request")


async def test_a_thousand_addresses_are_counted_before_a_domain_is_encoded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await world.person("Ada")
    encoded: list[str] = []
    monkeypatch.setattr(idna, "encode", lambda domain, uts46: encoded.append(domain))
    many = [f"a@{'ü' * 60}{number}.example" for number in range(1000)]
    for path in ("/v1/reports", "/v1/reports/readers"):
        assert problem(await ada.post(path, {"recipients": many})) == (413, "limit_exceeded")
    assert encoded == []
