"""Modules and style sheets joined into the files that a browser starts with, so that cutting a subject adds no request.

esbuild joins them. Of the style sheets there are two files, one for the first paint and one for what comes after sign-in.
Of the scripts: the language of the page, which has to be a classic script because modules run after the first paint;
sign-in; the notice for browsers without modules; and the service worker, since not every browser takes a module as one. The modules that start Python stay as they
are: PyScript imports one of them by its address, and the page asks for all of them early (`page.boot_tags`).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from scripts.clientbuild.toolchain import node, run

JOINED: Final = ("js/sign-in.js", "js/old-browser.js", "css/page.css", "css/screens.css")
"""Assets that are joined; `bundle.client_files` does so for i18n, with the words, and for the service worker."""

_OPTIONS: Final = ("--bundle", "--charset=utf8", "--legal-comments=none", "--log-level=warning")
_SCRIPT: Final = "--format=iife"
_TARGETS: Final = {"js/old-browser.js": "es5"}
"""The oldest language that has to read an asset; what that does not have is refused. Elsewhere it is the current one."""


def joined(client: Path, modules: Path, entry: str) -> str:
    """One classic script, or style sheet, of `entry` in the folder `client` and of all that it imports, not minified.

    `modules` holds esbuild. Raises `BuildFailed` with what esbuild says of an import that does not exist, or of language
    that is too new for this asset.
    """
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "joined"
        options = [*_OPTIONS, f"--outfile={whole}", f"--target={_TARGETS.get(entry, 'esnext')}"]
        options += [_SCRIPT] if entry.endswith(".js") else []
        command = [node(), str(modules / "esbuild" / "bin" / "esbuild"), entry, *options]
        run("esbuild", command, cwd=client, environment={"PATH": os.defpath})
        return whole.read_text("utf-8")
