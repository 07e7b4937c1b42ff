"""`picsafe send` seals a label, by which the lists of its recipients show whose report it is."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli.test_send_audience import Silent
from harness.command_line import IMPATIENT, World, jpeg

from picsafe_cli.api.client import Api
from picsafe_cli.send.media_preparation import prepare
from picsafe_cli.send.send_report import send
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import DecryptionError
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.label import Label, open_label
from picsafe_protocol.format.opening import parse_released_key
from picsafe_protocol.format.report import Patient

pytestmark = pytest.mark.anyio


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg())
    return path


async def sent(world: World, photo: Path, name: str) -> ReportView:
    details = ReportDetails(patient=Patient(name, "1970-01-31", "MRN 00412"), notes="Burn, day 2.\nMore of it.")
    async with world.api(await world.person("ana"), IMPATIENT) as api:
        return await send(api, prepare([photo]), details, ["ben@clinic.example"], Silent(), patience=IMPATIENT)


async def read(api: Api, *reports: ReportView) -> tuple[dict[str, bytes], dict[str, Any]]:
    """What the two servers give a recipient: sealed labels, and the answers about their keys."""
    asked = {"report_ids": [report.id for report in reports]}
    sealed = await api.users("POST", "/v1/reports/labels", asked)
    url = reports[0].keyserver_url
    keys = await api.call("POST", f"{url}/v1/labels/release", await api.user_token(url), asked)
    labels = {each["report_id"]: base64.b64decode(each["label"]) for each in sealed["labels"]}
    return labels, {each["report_id"]: each for each in keys["keys"]}


async def opened(sealed: bytes, key: dict[str, Any], **changes: str) -> Label:
    named = key | changes
    raw = parse_released_key(key["key"])
    return await open_label(sealed, raw, named["report_id"], named["key_id"], AesGcm())


async def test_a_recipient_sees_whose_reports_they_are_and_swapped_labels_do_not_open(
    world: World, photo: Path
) -> None:
    ben = await world.person("ben", world.institution)
    edda, jo = await sent(world, photo, "Edda Lindqvist"), await sent(world, photo, "Jo Citizen")
    async with world.api(ben) as api:
        labels, keys = await read(api, edda, jo)
        for report, name in ((edda, "Edda Lindqvist"), (jo, "Jo Citizen")):
            label = await opened(labels[report.id], keys[report.id])
            assert (label.patient, label.notes, label.photos) == (
                Patient(name, "1970-01-31", "MRN 00412"), "Burn, day 2.", 1,
            )  # fmt: skip
        with pytest.raises(DecryptionError):  # the user server gives one report's label for another
            await opened(labels[jo.id], keys[edda.id])
        with pytest.raises(DecryptionError):  # the key server says another key's number
            await opened(labels[edda.id], keys[edda.id], key_id=keys[jo.id]["key_id"])
        with pytest.raises(DecryptionError):
            await opened(labels[edda.id], keys[edda.id], report_id=jo.id)
        row = await api.report(edda.id)
        assert row.unread, "to look at whose it is opens nothing"
        assert row.labelled


async def test_the_same_label_is_handed_in_when_the_answer_was_lost(world: World, photo: Path) -> None:
    ben = await world.person("ben", world.institution)
    lost = [True]

    def rule(request: httpx.Request, _: httpx.Response) -> httpx.Response | None:
        if request.url.path.endswith("/receipt") and lost:
            lost.pop()
            raise httpx.ReadError("the answer was lost", request=request)
        return None

    world.network.rules.append(rule)
    report = await sent(world, photo, "Edda Lindqvist")
    first, second = (json.loads(request.content) for request in world.network.asked("/receipt"))
    assert first["label"] == second["label"]
    async with world.api(ben) as api:
        labels, _ = await read(api, report)
    assert labels[report.id] == base64.b64decode(first["label"])


async def test_an_older_server_is_given_none(world: World, photo: Path) -> None:
    await world.person("ben", world.institution)

    def older(body: bytes) -> bytes:
        draft = json.loads(body)
        draft.pop("takes_label", None)
        return json.dumps(draft).encode()

    world.network.reword("/users/v1/reports", older)
    report = await sent(world, photo, "Edda Lindqvist")
    assert not report.labelled
    (receipt,) = world.network.asked("/receipt")
    assert "label" not in json.loads(receipt.content)
