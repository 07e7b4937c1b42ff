"""The documentation site: builds without a warning, has no dead link, and makes no request to another host."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.long


class Links(HTMLParser):
    """The links of a page (`links`), the files that it loads (`loaded`), and its anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and "href" in values:
            self.loaded.append(values["href"])
        elif "src" in values:
            self.loaded.append(values["src"])


def parsed(page: Path) -> Links:
    found = Links()
    found.feed(page.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it: in strict mode, where every warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, f"after `make setup-docs`:\n{built.stderr}"
    return folder


def test_links_of_the_site_lead_somewhere(site: Path) -> None:
    pages = {page: parsed(page) for page in site.rglob("*.html") if page.name != "404.html"}
    assert len(pages) > 40
    dead = []
    for page, found in pages.items():
        for link in found.links + found.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (target in pages and parts.fragment not in {"", *pages[target].anchors}):
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []


def test_pages_load_nothing_from_other_hosts(site: Path) -> None:
    loaded = {link for page in site.rglob("*.html") for link in parsed(page).loaded}
    assert [link for link in loaded if urlsplit(link).netloc] == []
    styles = "".join(style.read_text("utf-8") for style in site.rglob("*.css"))
    assert "url(http" not in styles
    assert "@import" not in styles


def test_search_index_covers_every_page(site: Path) -> None:
    index = (site / "search" / "search_index.json").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f'"{page.stem}/"' in index
