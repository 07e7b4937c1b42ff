"""No request to any other origin, ever: none is made in any task on any screen, and the page's policy alone would stop one."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from e2e.conftest import Enter
from harness.browser.engines import FIREFOX, WEBKIT, not_in
from harness.browser.send_page import SendScreen, file
from harness.browser.session import READY, Visit
from harness.browser.third_party_proxy import Elsewhere, elsewhere
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from harness.shared_files import samples
from playwright.sync_api import Request, expect

from picsafe_protocol.contracts.tokens import Role

SERVICE_WORKERS = "allow"

pytestmark = [
    not_in(FIREFOX, "it is not driven through a proxy of its own here"),
    not_in(WEBKIT, "it is not driven through a proxy of its own here"),
]

OTHER = "http://elsewhere.example"

ATTEMPTS = {
    "fetch": "fetch(url, { mode: 'no-cors' }).catch(() => {})",
    "post": "fetch(url, { method: 'POST', mode: 'no-cors', body: 'x' }).catch(() => {})",
    "request": "{ const asking = new XMLHttpRequest(); asking.open('GET', url); asking.send(); }",
    "beacon": "navigator.sendBeacon(url, 'x')",
    "event-stream": "new EventSource(url)",
    "socket": "new WebSocket(url.replace('http', 'ws'))",
    "image": "new Image().src = url",
    "drawing": "put('img', { srcset: `${url} 2x` })",
    "background": "document.body.style.backgroundImage = `url(${url})`",
    "script": "put('script', { src: url })",
    "module": "import(url).catch(() => {})",
    "style": "put('link', { rel: 'stylesheet', href: url })",
    "font": "new FontFace('x', `url(${url})`).load().catch(() => {})",
    "frame": "put('iframe', { src: url })",
    "object": "put('object', { data: url, type: 'text/html' })",
    "embed": "put('embed', { src: url, type: 'text/html' })",
    "video": "put('video', { src: url })",
    "sound": "new Audio(url)",
    "form": "put('form', { action: url, method: 'post', target: put('iframe', { name: 'hidden-frame' }).name }).submit()",
    "prefetch": "put('link', { rel: 'prefetch', href: url })",
    "preload": "put('link', { rel: 'preload', as: 'image', href: url })",
    "module-preload": "put('link', { rel: 'modulepreload', href: url })",
    "manifest": "put('link', { rel: 'manifest', href: url })",
    "worker": "new Worker(url)",
    "service-worker": "navigator.serviceWorker.register(url)",
}
"""Ways in which a page could make its browser ask somebody: one for each directive of the policy, and the less known ones."""
NEVER_ALLOWED = {"worker", "service-worker", "manifest"}
"""Browsers refuse other origins for the first two without any policy, and fetch the third only to install a page."""

TRY = """async (url) => {
  const put = (tag, attributes) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node[name] = value;
    document.body.append(node);
    return node;
  };
  const stopped = new Promise((seen) => addEventListener("securitypolicyviolation", seen, { once: true }));
  try {
    await (async () => { %s; })();
  } catch (error) {
    return error.name; // refused at once: Trusted Types, or the browser's own rule
  }
  const patience = new Promise((late) => setTimeout(late, 3000));
  return (await Promise.race([stopped, patience]))?.effectiveDirective ?? "";
}"""


@pytest.fixture(scope="module")
def beyond() -> Iterator[Elsewhere]:
    with elsewhere() as found:
        yield found


@pytest.fixture(scope="module")
def chief(clinic: Clinic) -> Person:
    institution = clinic.institution("Royal Teaching Hospital")
    return clinic.person("Ada Chief", "ada@hospital.example", "GB", institution, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def reports(clinic: Clinic, chief: Person) -> list[MadeReport]:
    photo = drawn_photo(640, 480, "olive")
    film = (samples() / "browser-vp9.webm").read_bytes()
    files = [
        MadeFile("image/jpeg", photo, small_picture(photo), width=640, height=480),
        MadeFile("video/webm", film, duration=5.0, width=640, height=360),
    ]
    other = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    return [clinic.send(other, [chief], each) for each in (files, files[:1])]


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """The addresses of all requests of all windows and workers."""
    return []


@pytest.fixture(scope="module")
def visit(enter: Enter, chief: Person, reports: list[MadeReport], beyond: Elsewhere, asked: list[str]) -> Visit:
    """A window whose way to the rest of the network leads to `beyond`; from the sign-in page on, everything is heard."""
    visit = enter(chief, proxy={"server": beyond.address, "bypass": "localhost"})

    def note(request: Request) -> None:
        asked.append(request.url)

    visit.page.context.on("request", note)
    visit.page.context.on("page", lambda page: page.on("websocket", lambda socket: asked.append(socket.url)))
    visit.page.on("websocket", lambda socket: asked.append(socket.url))
    visit.page.goto("about:blank")
    visit.page.goto(visit.clinic.url)
    expect(visit.page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=READY)
    return visit


def reading(visit: Visit, reports: list[MadeReport]) -> None:
    visit.to_inbox()
    visit.open_report(reports[0].header.report_id)
    visit.press("+", "r", "0", "c", "c", "?", "Escape")
    for choice in ("This JPEG photo", "All 2 files", "This photo as DICOM", "The encrypted file"):
        visit.saved(choice)
    visit.press("Control+c", "Escape", "p", "Enter", "b")
    visit.page.locator("dialog .choice").first.click()
    expect(visit.page.locator(".pane")).to_have_count(2)
    visit.press("b", "ArrowRight")
    expect(visit.page.locator("video")).to_be_visible()
    visit.press("Space")
    visit.to_inbox()
    visit.open_file("report.picsafe", reports[0].package)
    visit.sees_medium()
    visit.press("l")
    visit.enter_password()
    visit.to_inbox()


def sending(visit: Visit) -> None:
    screen = SendScreen(visit).begin()
    screen.choose(file("IMG_1.jpg", drawn_photo(640, 480, "peru")))
    screen.describe(["ruth.abara@clinic.example"], body_site="Forearm")
    screen.send()
    screen.has_arrived(where="British")
    screen.go("sent")
    visit.page.locator("summary").first.click()
    visit.page.get_by_role("button", name="Withdraw").click()
    visit.page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(visit.page.locator(".row-over")).to_be_visible()


def administering(visit: Visit) -> None:
    for place, sign in (
        ("account", ".device"),
        ("institution", "#institution-name"),
        ("institution/members", "tbody tr"),
        ("institution/machines", ".section"),
        ("institution/log", "tbody tr"),
        ("institution/changes", "tbody tr"),
        ("invitation/something", ".invitation .notice"),
        ("nonsense", "#main-content .button"),
    ):
        visit.page.evaluate("(place) => { location.hash = `#/${place}`; }", place)
        expect(visit.page.locator(sign).first).to_be_visible()
    visit.page.goto(f"{visit.clinic.url}/#/account")
    visit.page.select_option("#account-language", "fr")
    expect(visit.page.get_by_role("heading", name="Compte")).to_be_visible()
    visit.page.select_option("#account-language", "")


def starting_without_a_network(visit: Visit) -> None:
    visit.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    visit.page.context.set_offline(True)
    visit.page.reload()
    expect(visit.page.locator("html[data-python=ready]")).to_be_attached(timeout=READY)
    expect(visit.page.locator("#sign-in-problem")).to_be_visible()
    visit.page.context.set_offline(False)
    visit.page.reload()
    expect(visit.page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=READY)
    visit.page.click("#sign-out-button")
    expect(visit.page.locator("#sign-in-title")).to_have_text("You are signed out")
    visit.enter_password()


def test_in_all_of_its_tasks_the_page_asks_only_its_own_servers(
    visit: Visit, reports: list[MadeReport], asked: list[str], beyond: Elsewhere
) -> None:
    reading(visit, reports)
    sending(visit)
    administering(visit)
    starting_without_a_network(visit)
    visit.nothing_was_refused()
    origins = {f"{each.scheme}://{each.netloc}" for each in map(urlsplit, asked) if each.scheme not in ("blob", "data")}
    assert origins == {visit.clinic.url}
    assert len(asked) > 100
    assert beyond.asked == []


def test_the_policy_alone_would_stop_a_request(visit: Visit, beyond: Elsewhere) -> None:
    stopped_by = {kind: visit.page.evaluate(TRY % how, f"{OTHER}/{kind}") for kind, how in ATTEMPTS.items()}
    assert [kind for kind, rule in stopped_by.items() if not rule and kind not in NEVER_ALLOWED] == []
    [worker] = visit.page.context.service_workers
    asking = f"() => fetch('{OTHER}/from-worker', {{ mode: 'no-cors' }}).then(() => 'went', () => 'stopped')"
    assert worker.evaluate(asking) == "stopped"
    assert beyond.asked == []


def test_without_the_policy_these_attempts_would_arrive(enter: Enter, chief: Person, beyond: Elsewhere) -> None:
    beyond.asked.clear()
    free = enter(
        chief, bypass_csp=True, service_workers="block", proxy={"server": beyond.address, "bypass": "localhost"}
    )
    wanted = {kind: how for kind, how in ATTEMPTS.items() if kind not in NEVER_ALLOWED}
    for kind, how in wanted.items():
        free.page.evaluate((TRY % how).replace("3000", "300"), f"{OTHER}/{kind}")
    missing = [kind for kind in wanted if not any(kind in each for each in beyond.asked) and kind != "socket"]
    assert missing == []
    assert any("elsewhere.example:80" in each for each in beyond.asked), "the socket's tunnel"
