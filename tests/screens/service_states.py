"""The states of the account and of the institution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from playwright.sync_api import expect
from screens.stage import Stage, State


def _at(hash_: str, sign: str, person: str = "ben") -> Callable[[Stage], None]:
    def reach(stage: Stage) -> None:
        stage.enter(getattr(stage.people, person), at=hash_)
        expect(stage.page.locator(sign).first).to_be_visible()

    return reach


def _section(name: str) -> Callable[[Stage], None]:
    """A section of the institution's page."""

    def reach(stage: Stage) -> None:
        stage.enter(stage.people.clare, at="#/institution")
        section = stage.page.get_by_role("navigation", name="Sections").get_by_role("link", name=name)
        section.click()
        expect(section).to_have_attribute("aria-current", "page")
        expect(stage.page.locator("main [aria-busy=true], main [class*=skeleton]")).to_have_count(0)

    return reach


def _token(stage: Stage) -> None:
    _section("Service accounts")(stage)
    stage.page.get_by_role("button", name="New service account").click()
    stage.page.locator("dialog").get_by_label("Name").fill("PACS bridge")
    stage.page.keyboard.press("Enter")
    expect(stage.page.locator("dialog #secret")).to_be_visible()


SERVICE_STATES: Final = (
    State("account", "The account", "Password, language, devices and sessions.", _at("#/account", ".account-screen")),
    State("institution", "The institution", "Members and their roles.", _section("Members")),
    State("institution-machines", "Service accounts", "For scripts that fetch reports.", _section("Service accounts")),
    State("institution-token", "A token", "Shown once, with what to do with it.", _token),
    State("institution-rules", "Policies", "How long reports stay, when screens lock.", _section("Policies")),
    State(
        "institution-log", "The access log", "Who asked for which key, and what was answered.", _section("Access log")
    ),
    State("institution-changes", "Changes", "What administrators changed, for good.", _section("Changes")),
    State(
        "not-an-administrator",
        "For administrators",
        "Others see a message.",
        _at("#/institution", "#main-content h1"),
    ),
)
