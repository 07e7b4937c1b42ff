"""Makes the demo's data folder: an institution, its people, and one sample report that went the real way."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from demo import pictures
from picsafe_cli.api.client import Api
from picsafe_cli.send.media_preparation import prepare
from picsafe_cli.send.send_report import send
from picsafe_protocol.contracts.tokens import Role
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.consent import ConsentRecord, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.format.report import Laterality, Patient
from picsafe_protocol.json.timestamps import utc_text
from picsafe_server.app import create_app
from picsafe_server.settings import Settings
from picsafe_server.users import provisioning

INSTITUTION = "Harbour Street Clinic"
CLIP = Path(__file__).with_name("clip.mp4")


@dataclass(frozen=True)
class Person:
    """Somebody of the demo. The password is random, and known here only."""

    email: str
    name: str
    country: str
    role: Role
    password: str


@dataclass(frozen=True)
class Demo:
    """What is printed once."""

    people: tuple[Person, ...]
    service_token: str


async def provision(settings: Settings) -> Demo:
    """Make `settings.data`, which must not exist. It appears whole or, after a crash, not at all."""
    work = settings.data.with_name(settings.data.name + ".new")
    shutil.rmtree(work, ignore_errors=True)
    demo = await _people(replace(settings, data=work))
    await _sample(replace(settings, data=work), demo.people)
    work.rename(settings.data)
    return demo


async def _people(settings: Settings) -> Demo:
    people = (
        Person("ana@demo.example", "Dr Ana Rossi", "AU", Role.MEMBER, _password()),
        Person("ben@demo.example", "Dr Ben Vogel", "DE", Role.MEMBER, _password()),
        Person("clare@demo.example", "Clare Doyle", "IE", Role.ADMINISTRATOR, _password()),
    )
    async with provisioning.users_role(settings) as users:
        institution = await provisioning.create_institution(users, INSTITUTION, domains=["demo.example"])
        for person in people:
            await provisioning.create_account(
                users, person.email, person.name, person.country, person.password, institution, person.role
            )
        token = await provisioning.create_service_account(users, "Record system", institution)
    return Demo(people, token)


async def _sample(settings: Settings, people: Sequence[Person]) -> None:
    """Sends the sample from the first person to the others: prepared, encrypted, uploaded and receipted like any other."""
    sender, *recipients = people
    app = create_app(replace(settings, roles=("users", "cloud", "keys")))
    with tempfile.TemporaryDirectory() as name:
        files = _files(Path(name))
        async with app.lifespan():
            transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
            async with Api(settings.public_url, transport=transport) as api:
                body = {"email": sender.email, "password": sender.password, "device": "demo", "transport": "token"}
                answer = await api.users("POST", "/v1/sessions", body)
            async with Api(settings.public_url, answer["token"], transport=httpx.ASGITransport(app)) as api:  # type: ignore[arg-type]
                await send(api, prepare(files), _facts(), [person.email for person in recipients], _Silent())
                await api.users("DELETE", "/v1/sessions/current")


def _files(folder: Path) -> list[Path]:
    made = {
        "1.jpg": pictures.photo("light", 7),
        "2.jpg": pictures.photo("light", 7, closer=True),
        "3.mp4": CLIP.read_bytes(),
        "4.wav": pictures.voice_note(),
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in made]


def _facts() -> ReportDetails:
    now = datetime.now(UTC)
    return ReportDetails(
        patient=Patient("Sample Patient", "1961-04-17", "DEMO-0001"),
        body_site="Forearm",
        laterality=Laterality.LEFT,
        notes="Pigmented spot, noticed six weeks ago. Scale in millimetres.\nThis is a drawing: no real patient is in it.",
        consent=(
            ConsentRecord(
                recorded_at=utc_text(now),
                status=Status.GIVEN,
                giver=Giver(GiverRole.PATIENT),
                method=Method.VERBAL,
                purposes=frozenset({Purpose.TREATMENT, Purpose.EDUCATION}),
            ),
        ),
    )


class _Silent:
    def phase(self, name: str, total: int) -> None:
        """Nobody is watching."""

    def advance(self, count: int) -> None:
        """Nobody is watching."""


def _password() -> str:
    """Four groups that can be read out and typed: 80 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
