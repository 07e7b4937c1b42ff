"""Which language somebody gets: the browser's, or the one that was chosen in it; and English never first."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from harness.browser.engines import WEBKIT, not_in
from harness.browser.session import WATCH, Visit
from harness.browser.untranslated_words import english_left
from harness.clinic import PASSWORD, Clinic, Person
from playwright.sync_api import Browser, Page, Route, expect

from picsafe_client.i18n.catalogue import LANGUAGES


@pytest.fixture(scope="module")
def sender(clinic: Clinic) -> Person:
    return clinic.person("Dr Ruth Abara", "ruth@klinik.example", "DE")


@pytest.fixture
def window(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window of nobody yet, whose browser has this language."""
    profile = browser.new_context(locale=request.param)
    profile.add_init_script(WATCH)
    yield profile.new_page()
    profile.close()


@pytest.mark.parametrize(
    ("window", "lang", "title"),
    [
        ("de-AT", "de-AT", "Anmelden"),
        ("de", "de-DE", "Anmelden"),
        ("fr-CA", "fr-CA", "Connexion"),
        ("en-AU", "en-AU", "Sign in"),
        ("nl-NL", "en-GB", "Sign in"),
    ],
    indirect=["window"],
)
def test_the_browser_decides(clinic: Clinic, window: Page, lang: str, title: str) -> None:
    window.goto(clinic.url)
    expect(window.locator("html")).to_have_attribute("lang", lang)
    expect(window.locator("#sign-in-title")).to_have_text(title)


NOTE_WHAT_IS_PAINTED = """() => {
  globalThis.painted = [];
  const note = () => {
    const title = document.getElementById("sign-in-title");
    if (title?.textContent) painted.push(title.textContent);
    requestAnimationFrame(note);
  };
  note();
}"""


@pytest.mark.parametrize("window", ["de-DE"], indirect=True)
def test_english_is_never_painted_even_while_the_rest_still_loads(clinic: Clinic, window: Page) -> None:
    held: list[Route] = []
    window.add_init_script(f"({NOTE_WHAT_IS_PAINTED})()")
    window.route(re.compile(r"/sign-in\.[0-9a-f]+\.js|\.wasm"), lambda route: held.append(route))
    window.goto(clinic.url, wait_until="commit")
    expect(window.locator("#boot-text")).to_have_text(str(LANGUAGES["de"].texts["sign_in.loading"]))
    assert english_left(window, "de") == []
    assert set(window.evaluate("() => painted")) == {"Anmelden"}
    for route in held:
        route.continue_()


@pytest.mark.parametrize("window", ["de-DE"], indirect=True)
def test_a_language_is_chosen_in_the_account_and_kept_in_this_browser(
    clinic: Clinic, window: Page, sender: Person
) -> None:
    visit = Visit(clinic, window, sender)
    visit.sign_in(at="#/account")
    expect(window.locator(".device").first).to_be_visible()
    window.select_option("#account-language", "fr")
    expect(window.get_by_role("heading", name="Compte")).to_be_visible()
    expect(window.locator("#account-language")).to_be_focused()
    assert english_left(window, "fr") == []
    assert window.evaluate("() => [document.documentElement.lang, document.title]") == ["fr-FR", "Compte – My PicSafe"]
    expect(window.locator("#sign-out-button")).to_have_attribute("title", "Se déconnecter")
    visit.press("Tab", "l")
    expect(window.locator("#sign-in-title")).to_have_text("Verrouillé")
    window.reload()
    expect(window.locator("#sign-in-title")).to_have_text("Connexion")
    assert window.evaluate("() => localStorage.getItem('picsafe.language')") == "fr"
    visit.enter_password()
    window.select_option("#account-language", "")
    expect(window.get_by_role("heading", name="Konto")).to_be_visible()
    visit.nothing_was_refused()


@pytest.mark.parametrize("window", ["de-DE"], indirect=True)
@pytest.mark.parametrize("kept", ["xx", "__proto__", "<b>"])
def test_a_choice_that_nobody_can_have_made_is_not_believed(clinic: Clinic, window: Page, kept: str) -> None:
    window.goto(clinic.url)
    window.evaluate("(kept) => localStorage.setItem('picsafe.language', kept)", kept)
    window.reload()
    expect(window.locator("#sign-in-title")).to_have_text("Anmelden")


@pytest.mark.parametrize("window", ["fr-FR"], indirect=True)
def test_what_a_server_writes_is_not_shown_at_the_sign_in(clinic: Clinic, window: Page, sender: Person) -> None:
    foreign = "Call 555-0199"
    problem = {"code": "too_many_requests", "detail": foreign, "advice": foreign, "retry_after": 170}
    clinic.network.refusals["/v1/sessions"] = (429, problem)
    window.goto(clinic.url)
    window.fill("#email", sender.email)
    window.fill("#password", PASSWORD)
    window.keyboard.press("Enter")
    expect(window.locator("#sign-in-problem")).to_contain_text("Attendez 3\u00a0minutes")
    expect(window.locator("#sign-in-problem")).not_to_contain_text(foreign)


def as_without_modules(route: Route) -> None:
    """The page as a browser without modules takes it: it runs none of them, and cannot read the other scripts."""
    answer = route.fetch()
    page = re.sub(r'<script (defer )?src="[^"]*"></script>', "", answer.text())
    route.fulfill(response=answer, body=page.replace(' type="module"', ' type="unknown"').replace(" nomodule", ""))


@pytest.mark.parametrize("window", ["de-DE"], indirect=True)
def test_a_browser_without_modules_says_in_every_language_that_it_is_too_old(clinic: Clinic, window: Page) -> None:
    window.route(f"{clinic.url}/", as_without_modules)
    window.goto(clinic.url)
    for code, language in LANGUAGES.items():
        expect(window.locator(f"#old-browser p[lang={code}]")).to_have_text(str(language.texts["sign_in.old_browser"]))
    expect(window.locator("#sign-in-form")).to_be_hidden()
    expect(window.locator("#boot-status")).to_be_hidden()
    window.unroute_all()
    window.reload()
    expect(window.locator("#sign-in-form")).to_be_visible()
    expect(window.locator("#old-browser")).to_be_hidden()


def without_scripts(route: Route) -> None:
    """The page in a box that runs no scripts: not every driver can switch them off."""
    answer = route.fetch()
    route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": "sandbox allow-same-origin"})


@not_in(WEBKIT, "a page without scripts cannot tell the driver that it is there")
def test_without_scripts_the_page_says_so_in_every_language(clinic: Clinic, browser: Browser) -> None:
    profile = browser.new_context()
    page = profile.new_page()
    page.route(f"{clinic.url}/", without_scripts)
    page.goto(clinic.url)
    for code, language in LANGUAGES.items():
        expect(page.locator(f"noscript p[lang={code}]")).to_have_text(str(language.texts["sign_in.no_script"]))
    profile.close()
