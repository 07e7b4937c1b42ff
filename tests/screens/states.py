"""The states that are shown, and how a person gets there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from e2e.clinic import PASSWORD, Clinic, Person
from e2e.pictures import small_picture
from e2e.senders import SendScreen, file
from e2e.visits import Visit
from made_reports import MadeFile
from playwright.sync_api import Page, expect

from demo import pictures
from picsafe_protocol.tokens import Role


@dataclass(frozen=True)
class People:
    """Who is there, and the report that was sent first."""

    ana: Person
    ben: Person
    clare: Person
    report_id: str


@dataclass(frozen=True)
class Stage:
    """A clinic and an empty window in it."""

    clinic: Clinic
    page: Page
    people: People

    def enter(self, person: Person | None = None, at: str = "") -> Visit:
        """Somebody signs in: Ben, when nobody is named."""
        visit = Visit(self.clinic, self.page, person or self.people.ben)
        visit.sign_in(at=at)
        return visit

    def report(self) -> Visit:
        """Ben has opened the report, and its first photo is there."""
        visit = self.enter()
        visit.open_report(self.people.report_id)
        expect(self.page.locator(".thumb-picture")).to_have_count(3)
        return visit


@dataclass(frozen=True)
class State:
    """One picture of the page."""

    name: str
    title: str
    text: str
    reach: Callable[[Stage], object]


def opening_scene(clinic: Clinic) -> People:
    """A clinic on an ordinary morning: some reports, one of them about to end."""
    institution = clinic.institution("Harbour Clinic")
    ana = clinic.person("Dr Ana Rossi", "ana@clinic.example", "AU", institution, Role.MEMBER)
    ben = clinic.person("Dr Ben Vogel", "ben@clinic.example", "DE", institution, Role.MEMBER)
    clare = clinic.person("Clare Doyle", "clare@clinic.example", "IE", institution, Role.ADMINISTRATOR)
    photos = [
        MadeFile("image/jpeg", photo, small_picture(photo), caption)
        for photo, caption in (
            (pictures.photo("light", 7), "Overview"),
            (pictures.photo("light", 7, closer=True), "Close-up"),
            (pictures.photo("deep", 11), ""),
        )
    ]
    clinic.send(ana, [ben], photos[:1])
    clinic.clock.move(timedelta(days=6, hours=4))
    clinic.send(clare, [ben, ana], photos[1:])
    clinic.clock.move(timedelta(hours=2))
    first = clinic.send(ana, [ben], photos)
    return People(ana, ben, clare, first.header.report_id)


def _signed_out(stage: Stage) -> None:
    stage.page.goto(stage.clinic.url)
    expect(stage.page.locator("html[data-python=ready]")).to_be_attached(timeout=30_000)


def _wrong_password(stage: Stage) -> None:
    _signed_out(stage)
    stage.page.fill("#email", stage.people.ben.email)
    stage.page.fill("#password", PASSWORD + "?")
    stage.page.click("#sign-in-button")
    expect(stage.page.locator("#sign-in-problem")).not_to_be_empty()


def _inbox(stage: Stage) -> None:
    stage.enter()
    expect(stage.page.locator(".row")).to_have_count(3)


def _empty(stage: Stage) -> None:
    stage.enter(stage.clinic.person("Dr Mia Chen", "mia@clinic.example"))
    expect(stage.page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(stage.page.locator(".nothing")).to_be_visible()


def _keys(*keys: str, then: str) -> Callable[[Stage], None]:
    def reach(stage: Stage) -> None:
        stage.report().press(*keys)
        expect(stage.page.locator(then).first).to_be_visible()

    return reach


def _withdrawn(stage: Stage) -> None:
    visit = stage.enter()
    stage.clinic.withdraw(stage.people.ana, stage.people.report_id)
    stage.page.evaluate("id => { location.hash = `#/report/${id}`; }", stage.people.report_id)
    expect(visit.trouble).to_be_visible()


def _no_key_server(stage: Stage) -> None:
    stage.clinic.weather.refusals["/release"] = (503, {"code": "log_unavailable", "detail": "Not now."})
    visit = stage.enter()
    visit.row(stage.people.report_id).click()
    expect(visit.trouble).to_be_visible()


def _form(stage: Stage) -> SendScreen:
    screen = SendScreen(stage.enter(stage.people.ana)).begin()
    screen.choose(*[file(f"IMG_20{n}.jpg", pictures.photo("light", n)) for n in (41, 42)])
    screen.describe([stage.people.ben], body_site="Forearm", notes="Noticed six weeks ago.")
    return screen


def _summary(stage: Stage) -> None:
    screen = _form(stage)
    screen.check()
    expect(screen.summary).to_be_visible()


def _arrived(stage: Stage) -> None:
    screen = _form(stage)
    screen.send()
    screen.has_arrived()


def _at(hash_: str, sign: str, person: str = "ben") -> Callable[[Stage], None]:
    def reach(stage: Stage) -> None:
        stage.enter(getattr(stage.people, person), at=hash_)
        expect(stage.page.locator(sign).first).to_be_visible()

    return reach


def _locked(stage: Stage) -> None:
    stage.report().press("l")
    expect(stage.page.locator("#password")).to_be_visible()


STATES: Final = (
    State("sign-in", "Signing in", "Works while Python is still loading; what is typed is never lost.", _signed_out),
    State("wrong-password", "A wrong password", "Says what happened; what was typed stays.", _wrong_password),
    State("inbox", "The inbox", "One row a report: sender, when, size, region, days left. New ones are bold.", _inbox),
    State("inbox-empty", "An inbox without reports", "How the first report comes.", _empty),
    State(
        "report",
        "A report",
        "Thumbnails, the photo, the facts with consent and who has opened it.",
        lambda s: s.report(),
    ),
    State(
        "report-compare", "Two photos side by side", "Each with its own zoom and turn.", _keys("c", then=".stage-two")
    ),
    State(
        "report-save",
        "Saving",
        "One file, all as a zip, or the encrypted package as it came.",
        _keys("s", then="dialog"),
    ),
    State("report-print", "Printing", "One photo a page with its facts.", _keys("p", then="dialog")),
    State("report-keys", "The keys", "Everything by keyboard.", _keys("?", then="dialog")),
    State("report-withdrawn", "A report that its sender took back", "What happened and what to do.", _withdrawn),
    State("report-no-key", "A key server that cannot log", "Then it gives no key.", _no_key_server),
    State("send", "Sending", "Files, patient, body site, consent, recipients.", _form),
    State("send-summary", "The last look", "Before anything is encrypted or sent.", _summary),
    State("send-arrived", "Arrived", "In which cloud, open until when, opened by whom.", _arrived),
    State("sent", "Sent reports", "And who has opened them.", _at("#/sent", ".row", "ana")),
    State("account", "The account", "Password, language, devices and sessions.", _at("#/account", ".account-screen")),
    State(
        "institution",
        "The institution",
        "Members, service accounts, rules.",
        _at("#/institution", ".institution-screen", "clare"),
    ),
    State("locked", "Locked", "Nothing of the report is left on the screen.", _locked),
)
