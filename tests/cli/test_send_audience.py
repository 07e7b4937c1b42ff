"""`picsafe send` says who else can open a report before anything is encrypted."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.command_line import World, jpeg

from picsafe_cli.commands.send import _tell_readers
from picsafe_cli.send.media_preparation import prepare
from picsafe_cli.send.send_report import send
from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.reports import GrantAt, InstitutionReaders, Recipient, ReportBegun
from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.report import Patient

pytestmark = pytest.mark.anyio


class Silent:
    """Nobody is watching."""

    def phase(self, name: str, total: int) -> None:
        """Nothing is shown."""

    def advance(self, count: int) -> None:
        """Nothing is shown."""


class Refused(PicSafeError):
    """What somebody raises who does not like it."""


async def test_it_is_known_before_a_key_is_asked_for(world: World, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg())
    await world.person("ben", world.institution)
    told: list[ReportBegun] = []

    def begun(draft: ReportBegun) -> None:
        assert not world.network.asked("/keys/v1")
        told.append(draft)
        raise Refused("Not to all of them.")

    async with world.api(await world.person("ana")) as api:
        with pytest.raises(Refused):
            await send(
                api,
                prepare([photo]),
                ReportDetails(patient=Patient("P")),
                ["ben@clinic.example"],
                Silent(),
                begun=begun,
            )
        (draft,) = told
        report = await api.users("GET", f"/v1/reports/{draft.report_id}")
    (recipient,) = draft.recipients
    assert (recipient.email, recipient.name, recipient.institution) == (
        "ben@clinic.example",
        "Dr Ben",
        "Harbour Clinic",
    )
    assert draft.institutions == [InstitutionReaders("Harbour Clinic", members=False, record_systems=True)]
    assert report["state"] == "withdrawn"
    assert not world.network.asked("/keys/v1/keys")


@pytest.mark.parametrize("quiet", [False, True])
def test_the_command_says_so_however_quiet_it_shall_be(capsys: pytest.CaptureFixture[str], quiet: bool) -> None:
    nowhere = GrantAt("", "")
    recipients = [
        Recipient("b", "ben@clinic.example", "Dr Ben", "Harbour\x1b[2J Clinic"),
        Recipient("c", "cy@x.example", "Cy", None),
    ]
    readers = [InstitutionReaders("Harbour Clinic", True, True), InstitutionReaders("Mater", False, True)]
    _tell_readers(quiet, ReportBegun("a" * 26, "au", "", nowhere, nowhere, recipients, readers, takes_label=False))
    said = capsys.readouterr().err.splitlines()
    assert said[:-3] == ([] if quiet else ["To Dr Ben <ben@clinic.example>, Harbour[2J Clinic", "To Cy <cy@x.example>"])
    assert said[-3:] == [
        "Every member of Harbour Clinic can open it too.",
        "The record system of Harbour Clinic gets it too.",
        "The record system of Mater gets it too.",
    ]


async def test_a_long_upload_renews_its_grant_before_it_is_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GRANT_RENEWAL_SECONDS", 0)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg())
    await world.person("ben", world.institution)
    async with world.api(await world.person("ana")) as api:
        await send(api, prepare([photo]), ReportDetails(patient=Patient("P")), ["ben@clinic.example"], Silent())
    assert len(world.network.asked("/grants")) == len(world.network.asked("/v1/uploads/"))
