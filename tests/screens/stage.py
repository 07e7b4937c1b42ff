"""A clinic on an ordinary morning, a window in it, and what one picture of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import small_picture
from harness.report_factory import MadeFile
from playwright.sync_api import Page, expect

from demo import pictures
from picsafe_protocol.contracts.tokens import Role
from picsafe_protocol.format.report import Author, Patient


@dataclass(frozen=True)
class People:
    """Who is there, and the report that was sent first."""

    ana: Person
    ben: Person
    clare: Person
    report_id: str
    others: tuple[str, str]
    """The reports that were sent before it, the older one first."""


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
    browser: dict[str, Any] = field(default_factory=dict)
    """What the browser window is like where it is not as usual: options of Playwright's `new_context`."""


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
    by_ana, by_clare = (Author(each.name, each.email, "Harbour Clinic") for each in (ana, clare))
    oldest = clinic.send(ana, [ben], photos[:1], author=by_ana)
    clinic.clock.move(timedelta(days=6, hours=4))
    nils = Patient("Nils Åkesson", "1981-02-03", "MRN 00777")
    older = clinic.send(clare, [ben, ana], photos[1:], patient=nils, author=by_clare)
    clinic.clock.move(timedelta(hours=2))
    first = clinic.send(ana, [ben], photos, author=by_ana)
    return People(ana, ben, clare, first.header.report_id, (oldest.header.report_id, older.header.report_id))
