"""The states that are shown, in the order of `docs/screens.md`."""

from __future__ import annotations

import asyncio
from typing import Final

from harness.browser.send_page import SendScreen, file
from harness.clinic import PASSWORD
from playwright.sync_api import expect
from screens.report_states import REPORT_STATES
from screens.service_states import SERVICE_STATES
from screens.stage import Stage, State

from demo import pictures
from picsafe_protocol.contracts.tokens import Role


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


def _inbox_patients(stage: Stage) -> None:
    _inbox(stage)
    stage.page.get_by_role("button", name="Show patients").click()
    expect(stage.page.locator(".row-patient-name")).to_have_count(3)


def _empty(stage: Stage) -> None:
    stage.enter(stage.clinic.person("Dr Mia Chen", "mia@clinic.example"))
    expect(stage.page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(stage.page.locator(".nothing")).to_be_visible()


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


def _locked(stage: Stage) -> None:
    stage.report().press("l")
    expect(stage.page.locator("#password")).to_be_visible()


def _starting(stage: Stage) -> None:
    stage.clinic.network.gates["pyodide"] = asyncio.Event()
    stage.page.goto(stage.clinic.url, wait_until="commit")
    stage.page.fill("#email", stage.people.ben.email)
    stage.page.fill("#password", PASSWORD)
    stage.page.click("#sign-in-button")


def _inbox_coming(stage: Stage) -> None:
    stage.clinic.network.gates["/users/v1/reports"] = asyncio.Event()
    stage.enter()
    expect(stage.page.get_by_role("heading", name="Inbox")).to_be_visible()


def _invitation(stage: Stage) -> None:
    with stage.clinic.client_of(stage.people.clare) as http:
        member = {"email": "new@clinic.example", "name": "Nia New", "country": "IE", "role": Role.MEMBER.value}
        token = http.post("/users/v1/institution/members", json=member).json()["invitation_token"]
    stage.page.goto(f"{stage.clinic.url}/#/invitation/{token}")
    expect(stage.page.get_by_label("New password")).to_be_visible(timeout=30_000)


def _refused(stage: Stage) -> None:
    screen = SendScreen(stage.enter(stage.people.ana)).begin()
    letter, scan = file("letter.pdf", b"%PDF-1.7\n" + bytes(3000)), file("scan.tif", b"II*\0" + bytes(3000))
    screen.choose(file("IMG_2041.jpg", pictures.photo("light", 41)), letter, scan, ready=1)
    screen.check()
    expect(screen.problems).to_have_count(2)


def _under_way(stage: Stage) -> None:
    stage.clinic.network.gates["/parts/"] = asyncio.Event()
    screen = _form(stage)
    screen.send()
    expect(screen.progress).to_be_visible()


def _draft_kept(stage: Stage) -> None:
    _form(stage)
    line = stage.page.locator(".draft-line")
    expect(line).to_contain_text("A draft is kept on this computer")
    line.scroll_into_view_if_needed()


def _draft_found(stage: Stage) -> None:
    _draft_kept(stage)
    stage.page.reload()
    expect(stage.page.locator("#drafts .notice")).to_be_visible(timeout=30_000)
    stage.page.evaluate("() => { location.hash = '#/inbox'; }")
    expect(stage.page.locator(".inbox-screen")).to_be_visible()


def _outbox(stage: Stage) -> None:
    _under_way(stage)
    expect(stage.page.locator("#outbox-chip")).to_be_visible()
    stage.page.evaluate("() => { location.hash = '#/sent'; }")
    expect(stage.page.locator(".outbox-row")).to_be_visible()


def _outbox_signed_out(stage: Stage) -> None:
    _under_way(stage)
    expect(stage.page.locator("#outbox-chip")).to_be_visible()
    expect(stage.page.locator("#send-progress")).to_contain_text("kept in this browser")
    stage.page.locator("#sign-out-button").click()
    expect(stage.page.locator("#outbox-status")).to_be_visible()


def _counted_down(stage: Stage) -> None:
    stage.enter(stage.people.ana)
    stage.page.evaluate("""() => {
      const later = Date.now() + 545_000, began = performance.now();
      Date.now = () => Math.round(later + performance.now() - began);
    }""")
    expect(stage.page.locator("#idle")).to_be_visible()


def _no_connection(stage: Stage) -> None:
    screen = _form(stage)
    stage.page.context.set_offline(True)
    screen.send()
    expect(screen.progress.or_(screen.failure).first).to_be_visible()


def _sent(stage: Stage) -> None:
    stage.enter(stage.people.ana, at="#/sent")
    expect(stage.page.locator(".row").first).to_be_visible()


STATES: Final = (
    State("starting", "Starting", "People who sign in before Python is there do not wait twice.", _starting),
    State("sign-in", "Signing in", "Works while Python is still loading; what is typed is never lost.", _signed_out),
    State("wrong-password", "A wrong password", "Says what happened; what was typed stays.", _wrong_password),
    State("invitation", "An invitation", "The new member chooses a password.", _invitation),
    State("inbox-coming", "The inbox on its way", "Grey rows of the right height.", _inbox_coming),
    State(
        "inbox",
        "The inbox",
        "One row a report: patient, once that was read, sender, size, region, days left. New ones are bold.",
        _inbox,
    ),
    State(
        "inbox-patients",
        "The inbox with its patients",
        "After *Show patients*: whose report each one is.",
        _inbox_patients,
    ),
    State("inbox-empty", "An inbox without reports", "How the first report comes.", _empty),
    *REPORT_STATES,
    State("send", "Sending", "Files, patient, body site, consent, recipients.", _form),
    State(
        "draft-kept",
        "A draft is kept",
        "Encrypted, for a day; the line says what is kept and for how long.",
        _draft_kept,
    ),
    State(
        "draft-found",
        "A draft is found",
        "After signing in again, above every screen: go on, or discard.",
        _draft_found,
    ),
    State("send-refused", "Files that cannot be sent", "What each is instead, and what to do with it.", _refused),
    State("send-offline", "Sending without a connection", "Nothing is lost.", _no_connection),
    State("send-summary", "The last look", "Before anything is encrypted or sent.", _summary),
    State("send-under-way", "Under way", "How far it is; it can be paused and stopped.", _under_way),
    State("outbox", "The outbox", "What is on its way stands above what was sent; a mark says so everywhere.", _outbox),
    State(
        "outbox-signed-out",
        "Delivered without anybody",
        "The page says that something is still on its way, not whose.",
        _outbox_signed_out,
    ),
    State("idle", "Before it locks", "The last minute is counted down.", _counted_down),
    State("send-arrived", "Arrived", "In which cloud, open until when, opened by whom.", _arrived),
    State("sent", "Sent reports", "And who has opened them.", _sent),
    *SERVICE_STATES,
    State("locked", "Locked", "Nothing of the report is left on the screen.", _locked),
    State("report-de", "In German", "Chosen by the browser's languages.", lambda s: s.report(), {"locale": "de-AT"}),
    State("report-fr", "In French", "Likewise.", lambda s: s.report(), {"locale": "fr-CA"}),
    State(
        "forced", "In forced colours", "The person's own colours.", lambda s: s.report(), {"forced_colors": "active"}
    ),
)
