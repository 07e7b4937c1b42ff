"""The browsers that the end-to-end tests are run in, and how a test says that one of them cannot do its part."""

from __future__ import annotations

import pytest

CHROMIUM, FIREFOX, WEBKIT = "chromium", "firefox", "webkit"

ENGINES = (CHROMIUM, FIREFOX, WEBKIT)


NOT_TRIED_YET = {
    WEBKIT: frozenset(
        {
            "test_every_byte",
            "test_language_choice",
            "test_languages",
            "test_own_key_server",
            "test_report_accessibility",
            "test_report_beside",
            "test_report_copying",
            "test_report_dicom",
            "test_report_figure",
            "test_report_files",
            "test_report_playing",
            "test_report_to_disk",
            "test_report_troubles",
            "test_send",
            "test_send_accessibility",
            "test_send_large",
            "test_send_troubles",
            "test_shell_accessibility",
            "test_shell_account",
            "test_shell_institution",
            "test_shell_lock",
            "test_shell_offline",
            "test_whole",
        }
    ),
}
"""Modules that an engine does not run because nobody has gone through them there yet: neither good nor bad is known."""


def not_in(engine: str, because: str) -> pytest.MarkDecorator:
    """Marks a test that this engine, or the way in which it is driven here, cannot run. The reason is printed with `-rs`."""
    if engine not in ENGINES:
        raise ValueError(f"there is no engine {engine!r}")
    return pytest.mark.not_in(engine, because)


def untried(node: pytest.Item) -> str | None:
    """Why the engine that a test is about to be run in does not run its module; `None` when it does."""
    chosen = getattr(node, "callspec", None)
    engine = str(chosen.params.get("browser_name")) if chosen else ""
    if node.path.stem in NOT_TRIED_YET.get(engine, ()):
        return f"{node.path.stem} has not been tried in {engine} yet"
    return None


def refuses(node: pytest.Item, engine: str) -> str | None:
    """Why this engine does not run this test; `None` when it does."""
    for mark in node.iter_markers("not_in"):
        named, because = mark.args
        if named == engine:
            return str(because)
    return None
