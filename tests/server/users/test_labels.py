"""Sealed labels: handed in once with the receipt, given to those who can open the report, gone with it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import timedelta
from typing import Any

import httpx
import pytest
from harness.user_server import Caller, World, handed_in, ids, on_sqlite, problem, somebody
from sqlalchemy import func, select

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import Role
from picsafe_protocol.format.label import SEALED_LABEL_SIZES
from picsafe_server.users.db.models import ReportLabel

pytestmark = pytest.mark.anyio

LABEL = bytes(range(256)) * 3
LABEL = LABEL[: SEALED_LABEL_SIZES[0]]
OTHER_LABEL = LABEL[::-1]


async def hand_in(world: World, sender: Caller, report_id: str, label: Any) -> httpx.Response:
    """The receipt with a label, bytes or what stands for them in JSON."""
    text = b64encode(label).decode() if isinstance(label, bytes) else label
    receipt = world.fake_servers.receipt(report_id)
    return await sender.post(f"/v1/reports/{report_id}/receipt", handed_in(receipt) | {"label": text})


async def labelled(world: World, sender: Caller, *recipients: Caller, label: bytes = LABEL) -> str:
    report_id = await world.draft(sender, *recipients)
    answer = await hand_in(world, sender, report_id, label)
    assert answer.status_code == 200, answer.text
    return report_id


async def labels(who: Caller, *report_ids: str) -> dict[str, bytes]:
    answer = await who.post("/v1/reports/labels", {"report_ids": list(report_ids)})
    assert answer.status_code == 200, answer.text
    return {each["report_id"]: b64decode(each["label"]) for each in answer.json()["labels"]}


async def stored(world: World) -> int:
    async with world.users.services.database.reading() as session:
        return (await session.scalars(select(func.count()).select_from(ReportLabel))).one()


async def test_sender_and_recipients_get_the_labels_of_many_reports(world: World) -> None:
    ada, bo, cy = await world.person("Ada"), await world.person("Bo"), await world.person("Cy")
    mine = [await labelled(world, ada, bo, label=label) for label in (LABEL, OTHER_LABEL)]
    older = await world.report(ada, bo)  # a program of an earlier release sent it
    for who in (ada, bo):
        assert await labels(who, *mine, older, somebody()) == dict(zip(mine, (LABEL, OTHER_LABEL), strict=True))
    assert await labels(cy, *mine) == {}
    rows = {row["id"]: row["labelled"] for row in (await bo.get("/v1/reports")).json()["reports"]}
    assert rows == {mine[0]: True, mine[1]: True, older: False}
    assert (await bo.get(f"/v1/reports/{mine[0]}")).json()["unread"], "a label is no opening"


async def test_a_label_is_handed_in_once_and_never_changed(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id, without = await labelled(world, ada, bo), await world.report(ada, bo)
    assert (await hand_in(world, ada, report_id, LABEL)).status_code == 200
    assert problem(await hand_in(world, ada, report_id, OTHER_LABEL)) == (409, "conflict")
    assert problem(await world.deliver(ada, report_id)) == (409, "conflict")
    assert (await hand_in(world, ada, without, LABEL)).status_code == 200, "the same receipt again changes nothing"
    assert problem(await hand_in(world, bo, report_id, OTHER_LABEL)) == (404, "not_found")
    assert await labels(bo, report_id, without) == {report_id: LABEL}


@on_sqlite
@pytest.mark.parametrize("size", [size + more for size in SEALED_LABEL_SIZES for more in (-1, 0, 1)] + [0, 100_000])
async def test_a_label_has_one_of_a_few_sizes(world: World, size: int) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    answer = await hand_in(world, ada, report_id, bytes(size))
    if size in SEALED_LABEL_SIZES:
        assert answer.status_code == 200
    else:
        assert problem(answer) == (400, "invalid_request")
        assert answer.json()["field"] == "label"
        assert (await ada.get(f"/v1/reports/{report_id}")).json()["state"] == "draft"


@on_sqlite
@pytest.mark.parametrize("label", ["A" * 779 + "*", 7, ["AAAA"], None, "Ä" * 780])
async def test_a_label_is_base64(world: World, label: Any) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    assert problem(await hand_in(world, ada, report_id, label)) == (400, "invalid_request")


@on_sqlite
async def test_a_label_of_a_megabyte_is_not_read(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    assert problem(await hand_in(world, ada, report_id, bytes(1_000_000))) == (413, "limit_exceeded")


async def test_the_label_of_a_withdrawn_report_is_deleted(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    withdrawn, kept = await labelled(world, ada, bo), await labelled(world, ada, bo)
    assert (await ada.delete(f"/v1/reports/{withdrawn}")).status_code == 204
    assert await stored(world) == 1
    for who in (ada, bo):
        assert await labels(who, withdrawn, kept) == {kept: LABEL}
    assert not (await ada.get(f"/v1/reports/{withdrawn}")).json()["labelled"]


async def test_the_label_ends_with_the_report_and_the_sweep_deletes_it(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await labelled(world, ada, bo)
    world.clock.move(timedelta(days=limits.REPORT_DAYS))
    ada = await world.sign_in(ada.email)
    assert await labels(ada, report_id) == {}  # by the clock, before any sweep
    assert not (await ada.get(f"/v1/reports/{report_id}")).json()["labelled"]
    assert await stored(world) == 1
    assert await world.users.services.expiry.expire() == 1
    assert await stored(world) == 0


async def test_members_get_labels_of_what_they_may_open(world: World) -> None:
    await world.institution("Open", members_may_open="members")
    ada = await world.person("Ada", institution="Open")
    bo = await world.person("Bo")
    before = await labelled(world, ada, bo)
    world.clock.move(timedelta(seconds=1))
    mia = await world.person("Mia", institution="Open", role=Role.MEMBER)
    after = await labelled(world, ada, bo)
    assert await labels(mia, before, after) == {after: LABEL}


async def test_attack_an_administrator_who_resets_a_password_reads_no_earlier_label(world: World) -> None:
    admin = await world.person("Ann", institution="Royal", role=Role.ADMINISTRATOR)
    ada, bo = await world.person("Ada"), await world.person("Bo", institution="Royal")
    received, sent = await labelled(world, ada, bo), await labelled(world, bo, ada)
    world.clock.move(timedelta(seconds=1))
    invitation = (await admin.post(f"/v1/institution/members/{bo.id}/invitation")).json()["invitation_token"]
    accepted = await world.http.post("/users/v1/invitations", json={"token": invitation, "password": "a new password"})
    assert accepted.status_code == 201
    as_bo = await world.sign_in(bo.email, "a new password")
    assert ids(await as_bo.get("/v1/reports")) == []
    assert await labels(as_bo, received, sent) == {}


async def test_attack_a_label_of_a_draft_is_given_to_nobody(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    draft = await world.draft(ada, bo)
    assert await labels(ada, draft) == await labels(bo, draft) == {}


@on_sqlite
async def test_as_many_labels_as_one_request_takes_and_one_more(world: World) -> None:
    ada = await world.person("Ada")
    many = [somebody() for _ in range(limits.LABELS_AT_ONCE)]
    assert await labels(ada, *many) == {}
    answer = await ada.post("/v1/reports/labels", {"report_ids": [*many, somebody()]})
    assert problem(answer) == (400, "invalid_request")
    answer = await world.http.post("/users/v1/reports/labels", json={"report_ids": many})
    assert problem(answer) == (401, "not_signed_in")


async def test_an_institution_can_do_without_labels(world: World) -> None:
    admin = await world.person("Ann", institution="Royal", role=Role.ADMINISTRATOR)
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo")
    begun = (await ada.post("/v1/reports", {"recipients": [bo.email]})).json()
    assert begun["takes_label"]
    assert (await admin.get("/v1/institution")).json()["labels"] == "sealed"
    changed = await admin.patch("/v1/institution", {"labels": "none"})
    assert (changed.status_code, changed.json()["labels"]) == (200, "none")
    assert not (await ada.post("/v1/reports", {"recipients": [bo.email]})).json()["takes_label"]
    for _ in range(2):  # begun before the rule, and sent after it
        assert (await hand_in(world, ada, begun["report_id"], LABEL)).status_code == 200
    assert await labels(bo, begun["report_id"]) == {}
    assert await stored(world) == 0
    elsewhere = await labelled(world, bo, ada)
    assert await labels(ada, elsewhere) == {elsewhere: LABEL}, "the rule is that of the sender's institution"
    acts = (await admin.get("/v1/institution/changes")).json()["changes"]
    assert (acts[0]["act"], acts[0]["before"], acts[0]["after"]) == ("labels_changed", "sealed", "none")
    assert problem(await admin.patch("/v1/institution", {"labels": "open"})) == (400, "invalid_request")
