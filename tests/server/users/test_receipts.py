"""The cloud's receipt makes a report available: the right cloud's, for this report, and once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from harness.user_server import (
    DIGEST,
    SHA256,
    SIZE,
    Caller,
    World,
    handed_in,
    ids,
    on_each_database,
    on_sqlite,
    problem,
    somebody,
)

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import GRANT_TYPE, RECEIPT_TYPE
from picsafe_server.auth import tokens
from picsafe_server.auth.tokens import Signer
from picsafe_server.users.db.models import Report

pytestmark = pytest.mark.anyio


async def hand_in(caller: Caller, report_id: str, receipt: str, **package: Any) -> tuple[int, str]:
    answer = await caller.post(f"/v1/reports/{report_id}/receipt", handed_in(receipt, **package))
    return (200, answer.json()["state"]) if answer.status_code == 200 else problem(answer)


async def test_the_receipt_makes_the_report_available(world: World) -> None:
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    view = (await world.deliver(ada, report_id)).json()
    assert view.pop("available_at") >= view.pop("created_at")
    assert view.pop("expires_at")
    assert view == {
        "id": report_id,
        "state": "available",
        "box": "sent",
        "sender": {"id": ada.id, "name": "Ada", "email": ada.email, "institution": "Royal"},
        "recipients": [{"id": bo.id, "name": "Bo", "email": bo.email, "opened_at": None}],
        "region": "au",
        "size": SIZE,
        "digest": DIGEST,
        "unread": False,
        "opened_at": None,
        "collected_at": None,
        "cloud_url": "http://localhost:8000/cloud/au",
        "keyserver_url": "http://localhost:8000/keys",
        "labelled": False,
        "withdrawn_at": None,
        "done_at": None,
        "filed": [],
    }
    (received,) = (await bo.get("/v1/reports")).json()["reports"]
    assert (received["box"], received["unread"]) == ("inbox", True)


@on_each_database
async def test_the_same_receipt_again_changes_nothing(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    receipt = world.fake_servers.receipt(report_id)
    path = f"/v1/reports/{report_id}/receipt"
    first, again = await ada.post(path, handed_in(receipt)), await ada.post(path, handed_in(receipt))
    later = await ada.post(path, handed_in(world.fake_servers.receipt(report_id)))
    assert first.json() == again.json() == later.json()
    assert ids(await bo.get("/v1/reports/new")) == [report_id]


@on_each_database
async def test_many_at_once_make_it_available_once(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    receipt = world.fake_servers.receipt(report_id)
    assert set(await asyncio.gather(*(hand_in(ada, report_id, receipt) for _ in range(10)))) == {(200, "available")}
    assert ids(await bo.get("/v1/reports/new")) == [report_id]


OTHER = [{"size": SIZE + 1}, {"sha256": "cd" * 32}, {"digest": "cd" * 32}]


@pytest.mark.parametrize("other", OTHER, ids=lambda other: next(iter(other)))
async def test_a_cloud_that_stored_something_else_contradicts_its_sender(world: World, other: dict[str, Any]) -> None:
    """The sender's word is what readers are given, and the cloud's has to agree: before, and once it is available."""
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    for _ in range(2):
        assert await hand_in(ada, report_id, world.fake_servers.receipt(report_id, **other)) == (409, "conflict")
        assert await hand_in(ada, report_id, world.fake_servers.receipt(report_id), **other) == (409, "conflict")
        assert (await bo.get("/v1/reports")).json()["reports"] == []
    assert await hand_in(ada, report_id, world.fake_servers.receipt(report_id)) == (200, "available")
    assert await hand_in(ada, report_id, world.fake_servers.receipt(report_id, **other), **other) == (409, "conflict")
    (row,) = (await bo.get("/v1/reports")).json()["reports"]
    assert (row["size"], row["digest"]) == (SIZE, DIGEST)


async def test_a_cloud_s_word_alone_makes_nothing_available(world: World) -> None:
    """Who leaves the digest out, or a cloud that signs none, would take it away from readers."""
    ada = await world.person("Ada")
    report_id = await world.draft(ada, ada)
    receipt = {"receipt": world.fake_servers.receipt(report_id)}
    assert problem(await ada.post(f"/v1/reports/{report_id}/receipt", receipt)) == (400, "invalid_request")
    without = world.fake_servers.receipt(report_id, digest=None)
    assert await hand_in(ada, report_id, without) == (409, "conflict")
    assert (await ada.get(f"/v1/reports/{report_id}")).json()["state"] == "draft"


async def test_a_report_that_was_begun_before_there_were_digests_is_still_completed(world: World) -> None:
    """Its sender's page was loaded before the server was updated, and has been uploading for a while."""
    ada = await world.person("Ada")
    report_id = await world.draft(ada, ada)
    async with world.users.services.database.writing() as session:
        (await session.get_one(Report, report_id)).digest_due = False
    receipt = {"receipt": world.fake_servers.receipt(report_id, digest=None)}
    for _ in range(2):
        row = (await ada.post(f"/v1/reports/{report_id}/receipt", receipt)).json()
        assert (row["state"], row["digest"]) == ("available", None)


@on_sqlite
async def test_a_receipt_that_does_not_fit_is_refused(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    report_id = await world.draft(ada, ada)
    misfits: list[dict[str, Any]] = [
        {"rid": somebody()},
        {"rid": None},
        {"size": 0},
        {"size": -1},
        {"size": "12345"},
        {"size": 1.5},
        {"size": True},
        {"size": None},
        {"size": limits.PACKAGE_BYTES + 1},
        {"sha256": ""},
        {"sha256": SHA256.upper()},
        {"sha256": SHA256 + "00"},
        {"sha256": "zz" * 32},
        {"sha256": None},
        {"iat": 99999999999},
    ]
    for claims in misfits:
        with subtests.test(claims=claims):
            assert await hand_in(ada, report_id, world.fake_servers.receipt(report_id, **claims)) == (
                401,
                "token_refused",
            )
            assert (await ada.get(f"/v1/reports/{report_id}")).json()["state"] == "draft"


@on_each_database
async def test_the_largest_package_there_can_be(world: World) -> None:
    ada = await world.person("Ada")
    report_id = await world.draft(ada, ada)
    receipt = world.fake_servers.receipt(report_id, size=limits.PACKAGE_BYTES)
    assert await hand_in(ada, report_id, receipt, size=limits.PACKAGE_BYTES) == (200, "available")


@on_sqlite
async def test_receipts_that_nobody_trusts(world: World) -> None:
    ada = await world.person("Ada")
    report_id = await world.draft(ada, ada)
    keys, clock, here = Ed25519PrivateKey.generate, world.clock, world.settings.users_base
    said = {"rid": report_id, "size": SIZE, "sha256": SHA256}
    genuine = world.fake_servers.signers["au"]
    head, body, signature = world.fake_servers.receipt(report_id).split(".")
    forged = {
        "another region's cloud": world.fake_servers.receipt(report_id, "de"),
        "an unknown cloud": Signer("http://localhost:8000/cloud/xx", keys(), clock).sign(
            RECEIPT_TYPE, here, None, **said
        ),
        "an unknown key": Signer(genuine.issuer, keys(), clock).sign(RECEIPT_TYPE, here, None, **said),
        "the user server itself": world.users.services.signer.sign(RECEIPT_TYPE, here, None, **said),
        "another audience": genuine.sign(RECEIPT_TYPE, "http://localhost:8000/keys", None, **said),
        "another kind of token": genuine.sign(GRANT_TYPE, here, None, **said),
        "an expired token": genuine.sign(RECEIPT_TYPE, here, -3600, **said),
        "no signature": f"{head}.{body}.",
        "another body": f"{head}.{body[:-4]}AAAA.{signature}",
        "nothing": "",
        "noise": "a.b.c",
    }
    for what, receipt in forged.items():
        assert await hand_in(ada, report_id, receipt) == (401, "token_refused"), what
    assert (await ada.get(f"/v1/reports/{report_id}")).json()["state"] == "draft"


async def test_only_the_sender_hands_it_in(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    assert await hand_in(bo, report_id, world.fake_servers.receipt(report_id)) == (404, "not_found")
    assert await hand_in(ada, somebody(), world.fake_servers.receipt(report_id)) == (404, "not_found")
    assert await hand_in(ada, "nonsense", world.fake_servers.receipt(report_id)) == (404, "not_found")


async def test_a_withdrawn_draft_stays_withdrawn(world: World) -> None:
    ada = await world.person("Ada")
    report_id = await world.draft(ada, ada)
    assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    assert await hand_in(ada, report_id, world.fake_servers.receipt(report_id)) == (410, "key_revoked")


@pytest.mark.parametrize("swept", [False, True])
async def test_a_draft_whose_time_is_over_stays_over(world: World, swept: bool) -> None:
    ada = await world.person("Ada")
    report_id = await world.draft(ada, ada)
    world.clock.move(timedelta(days=7))
    if swept:
        assert (await world.users.sweep())["reports expired"] == 1
    ada = await world.sign_in(ada.email)
    assert await hand_in(ada, report_id, world.fake_servers.receipt(report_id)) == (410, "report_expired")


async def test_a_cloud_that_is_away_is_nobody_s_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "JWKS_FIRST_SECONDS", 0)
    ada = await world.person("Ada")
    report_id = await world.draft(ada, ada)
    receipt = world.fake_servers.receipt(report_id)
    world.fake_servers.are_away = True
    assert await hand_in(ada, report_id, receipt) == (503, "service")
    world.fake_servers.are_away = False
    assert await hand_in(ada, report_id, receipt) == (200, "available")
