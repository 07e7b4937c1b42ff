"""Hooks of mkdocs.yml that make the documentation site a picture of the repository.

The pages at the top of the repository join those of docs/, the decisions join the navigation, and links between
all of them, which are written for the repository, are made relative to the site. A link to any other file of the
repository, such as deploy/compose.yaml, leads to a copy of that file.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
TOP_PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
LINK = re.compile(r"(?<=\]\()([^)#\s]+)")


def repository_path(site_path: str) -> str:
    """Where the source of a page lies, from the top of the repository."""
    return site_path if site_path in TOP_PAGES else f"docs/{site_path}"


def target_path(page: str, link: str) -> str | None:
    """The path within the site that `link`, on the page with this path within the site, leads to.

    None for an address on another host and for a link that is no file of the repository; mkdocs reports the latter.
    """
    if "://" in link or link.startswith("mailto:"):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(repository_path(page)), link))
    if not (ROOT / target).exists():
        return None
    return target.removeprefix("docs/")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lists the decisions in the navigation, in the order of their numbers."""
    pages = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    config.nav = [
        {"Decisions": ["decisions/README.md", *(f"decisions/{name}" for name in pages)]}
        if "Decisions" in entry
        else entry
        for entry in config.nav
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages at the top of the repository, and every other file that a page links to."""
    for name in TOP_PAGES:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    for page in list(files.documentation_pages()):
        for link in LINK.findall(page.content_string):
            target = target_path(page.src_uri, link)
            if target and files.get_file_from_path(target) is None and (ROOT / target).is_file():
                files.append(File.generated(config, target, abs_src_path=str(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Makes the links of a page relative to the site instead of the repository."""
    source = page.file.src_uri

    def relative(match: re.Match[str]) -> str:
        target = target_path(source, match[1])
        return match[1] if target is None else posixpath.relpath(target, posixpath.dirname(source) or ".")

    return LINK.sub(relative, markdown)
