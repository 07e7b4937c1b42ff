"""The browsers that the end-to-end tests are run in, and how a test says that one of them cannot do its part."""

from __future__ import annotations

import pytest

CHROMIUM, FIREFOX, WEBKIT = "chromium", "firefox", "webkit"

ENGINES = (CHROMIUM, FIREFOX, WEBKIT)


def not_in(engine: str, because: str) -> pytest.MarkDecorator:
    """Marks a test that this engine, or the way in which it is driven here, cannot run. The reason is printed with `-rs`."""
    if engine not in ENGINES:
        raise ValueError(f"there is no engine {engine!r}")
    return pytest.mark.not_in(engine, because)


def refuses(node: pytest.Item, engine: str) -> str | None:
    """Why this engine does not run this test; `None` when it does."""
    for mark in node.iter_markers("not_in"):
        named, because = mark.args
        if named == engine:
            return str(because)
    return None
