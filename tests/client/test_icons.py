"""Every icon that is asked for by name is drawn in the page: one that is not would leave a gap."""

from __future__ import annotations

import re
from pathlib import Path

CLIENT = Path(__file__).resolve().parents[2] / "client"
ASKED = re.compile(r'\bicon\("([a-z-]+)"|icon_name="([a-z-]+)"|#icon-([a-z-]+)')


def test_every_icon_that_is_named_is_there() -> None:
    page = (CLIENT / "index.html").read_text()
    drawn = set(re.findall(r'id="icon-([a-z-]+)"', page))
    sources = [page, *(path.read_text() for path in (CLIENT / "py").rglob("*.py"))]
    asked = {name for source in sources for found in ASKED.findall(source) for name in found if name}
    assert len(asked) > 20
    assert asked - drawn == set()
