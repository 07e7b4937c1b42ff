"""The states of a report that is being looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from harness.heic_files import damaged
from harness.report_factory import MadeFile
from harness.shared_files import samples
from playwright.sync_api import expect
from screens.stage import Stage, State

from demo import pictures

SEEN: Final = """(node) => node.readyState > 1 ||
  new Promise((seen) => node.addEventListener("loadeddata", () => seen(true)))"""

SCROLLED_TO_READERS: Final = """() => {
  const readers = document.querySelector(".facts-panel .reader-name"); // drawn anew whenever the log is asked again
  readers?.scrollIntoView({ block: "nearest" });
  return readers !== null;
}"""


def _keys(*keys: str, then: str) -> Callable[[Stage], None]:
    def reach(stage: Stage) -> None:
        stage.report().press(*keys)
        expect(stage.page.locator(then).first).to_be_visible()

    return reach


def _medium(name: str, media_type: str, sign: str) -> Callable[[Stage], None]:
    """A report of one of the sample files, opened."""

    def reach(stage: Stage) -> None:
        content = (samples() / name).read_bytes()
        if sign == ".pane-message":
            content = damaged(content)
        photo = MadeFile("image/jpeg", pictures.photo("light", 7), caption="Overview")
        made = stage.clinic.send(stage.people.ana, [stage.people.ben], [MadeFile(media_type, content), photo])
        visit = stage.enter()
        visit.row(made.header.report_id).click()
        expect(stage.page.locator(sign).first).to_be_visible()
        if sign == "video":
            stage.page.locator(sign).evaluate(SEEN)

    return reach


def _some(stage: Stage) -> None:
    stage.report().press("s")
    stage.page.get_by_role("button", name="Some of the files").click()
    stage.page.get_by_role("checkbox", name="Photo 2 of 3").check()


def _facts(stage: Stage) -> None:
    stage.report()
    facts = stage.page.locator(".facts-panel")
    if not facts.is_visible():
        stage.page.keyboard.press("i")
    expect(facts).to_be_visible()
    stage.page.wait_for_function(SCROLLED_TO_READERS)


def _coming(stage: Stage) -> None:
    stage.clinic.network.gates["/v1/packages/"] = asyncio.Event()
    stage.enter().row(stage.people.report_id).click()
    expect(stage.page.get_by_role("button", name="Cancel").first).to_be_visible()


def _beside(which: int) -> Callable[[Stage], None]:
    def reach(stage: Stage) -> None:
        stage.report().press("b")
        stage.page.locator(f"dialog .choice[data-id='{stage.people.others[which]}']").click()
        expect(stage.page.locator(".pane").nth(1).locator(".pane-picture[alt]:not([alt=''])")).to_be_visible()

    return reach


def _withdrawn(stage: Stage) -> None:
    visit = stage.enter()
    stage.clinic.withdraw(stage.people.ana, stage.people.report_id)
    stage.page.evaluate("id => { location.hash = `#/report/${id}`; }", stage.people.report_id)
    expect(visit.trouble).to_be_visible()


def _no_key_server(stage: Stage) -> None:
    stage.clinic.network.refusals["/release"] = (503, {"code": "log_unavailable", "detail": "Not now."})
    visit = stage.enter()
    visit.row(stage.people.report_id).click()
    expect(visit.trouble).to_be_visible()


def _changed_file(stage: Stage) -> None:
    photo = MadeFile("image/jpeg", pictures.photo("light", 7))
    made = stage.clinic.send(stage.people.ana, [stage.people.ben], [photo])
    changed = bytearray(made.package)
    changed[len(changed) // 2] ^= 1
    visit = stage.enter()
    visit.open_file("from-an-e-mail.picsafe", bytes(changed))
    expect(visit.trouble.or_(stage.page.locator(".pane-message")).first).to_be_visible()


def _no_report_file(stage: Stage) -> None:
    visit = stage.enter()
    visit.open_file("discharge letter.picsafe", b"%PDF-1.7\n" + bytes(4000))
    expect(visit.trouble).to_be_visible()


REPORT_STATES: Final = (
    State("report-opening", "A report on its way", "What it is waiting for, and a way to stop.", _coming),
    State(
        "report",
        "A report",
        "Thumbnails, the photo, the facts with consent and recipients.",
        lambda stage: stage.report(),
    ),
    State(
        "report-facts",
        "Its facts",
        "Consent in words, and the recipients. Who has opened it, only its sender sees.",
        _facts,
    ),
    State(
        "report-zoomed",
        "Looking closely",
        "Wheel, pinch, double tap or keys; the photo never leaves its frame.",
        _keys("+", "+", "+", then=".pane-picture"),
    ),
    State(
        "report-compare",
        "Two photos side by side",
        "Each with its own zoom and turn.",
        _keys("c", then=".stage-two"),
    ),
    State("report-beside", "Two reports side by side", "Above each whose it is and when it was taken.", _beside(0)),
    State("report-beside-other", "Two patients side by side", "They are not mistaken for one.", _beside(1)),
    State(
        "report-video",
        "A video",
        "Plays in place while it is fetched and decrypted.",
        _medium("browser-vp9.webm", "video/webm", "video"),
    ),
    State("report-sound", "A recording", "Plays in place, with seeking.", _medium("voice.ogg", "audio/ogg", "audio")),
    State(
        "report-heic",
        "A photo that this browser cannot show",
        "Damaged before it was sent, or of a form that no decoder knows: it can still be saved.",
        _medium("phone.heic", "image/heic", ".pane-message"),
    ),
    State(
        "report-save",
        "Saving",
        "One file, all as a zip, the encrypted package as it came, or DICOM.",
        _keys("s", then="dialog"),
    ),
    State("report-save-some", "Saving some", "Which files; their names are those of a zip of all.", _some),
    State(
        "report-copy", "Copying", "The first time the page says what the clipboard means.", _keys("k", then="dialog")
    ),
    State(
        "report-print",
        "Printing",
        "One photo a page with its facts, or the whole report with a page of facts first.",
        _keys("p", then="dialog"),
    ),
    State("report-keys", "The keys", "Everything by keyboard.", _keys("?", then="dialog")),
    State("report-withdrawn", "A report that its sender took back", "What happened and what to do.", _withdrawn),
    State("report-no-key", "A key server that cannot log", "Then it gives no key.", _no_key_server),
    State("file-changed", "A file that was changed", "Not a byte of it is shown.", _changed_file),
    State("file-foreign", "A file that is no report", "It is said, and nothing is asked of anybody.", _no_report_file),
)
