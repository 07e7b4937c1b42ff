"""Large files: they go through the browser in pieces, and Python never holds them."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.conftest import Enter
from harness.browser.send_page import SendScreen, film
from harness.clinic import Clinic
from harness.delivered_reports import newest
from playwright.sync_api import expect

from picsafe_protocol.contracts.limits import MIB

HEAP = """async () => {
    const link = document.querySelector('link[rel=modulepreload][href*="/pyodide-loader."]');
    return (await (await import(link.href)).start())._module.HEAPU8.length;
}"""
STEPS = """() => {
    globalThis.steps = new Set();
    const look = () => {
        const bar = document.querySelector(".send-bar");
        if (bar) steps.add(`${bar.max} ${bar.value}`);
        requestAnimationFrame(look);
    };
    look();
}"""


@pytest.mark.long
def test_a_film_of_200_mb_goes_without_entering_the_memory_of_python_and_the_page_lives_on(
    enter: Enter, clinic: Clinic, tmp_path: Path
) -> None:
    sender = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    reader = clinic.person("Dr Jon Keller", "jon.keller@clinic.example")
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(film(200, MIB))
    visit = enter(sender)
    screen = SendScreen(visit).begin()
    before = visit.page.evaluate(HEAP)
    screen.choose(clip)
    screen.describe([reader])
    visit.page.evaluate(STEPS)
    screen.send()
    screen.has_arrived()
    assert visit.page.evaluate(HEAP) - before < 8 * MIB
    shown = visit.page.evaluate("() => steps.size")
    assert shown > 20, f"the page was painted with only {shown} states of the progress"
    parts = clinic.network.asked("/parts/")
    assert len(parts) == len(set(parts)) == 26, "every part of 8 MiB went once"
    (medium,) = newest(clinic, reader).report.media
    assert (medium.kind, medium.width, medium.height, medium.duration) == ("video", 640, 480, 8.0)
    expect(screen.page.locator(".send-people")).to_contain_text("Dr Jon Keller")
    visit.nothing_was_refused()
