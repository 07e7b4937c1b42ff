"""Modules joined into the scripts that a browser starts with, so that cutting a subject into modules adds no request.

esbuild joins them: the language of the page, which has to be a classic script because modules run after the first paint;
sign-in; the notice for browsers without modules; and the service worker, since not every browser takes a module as one. The modules that start Python stay as they
are: PyScript imports one of them by its address, and the page asks for all of them early (`page.boot_tags`).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from scripts.clientbuild.toolchain import node, run

_OPTIONS = ("--bundle", "--format=iife", "--charset=utf8", "--legal-comments=none", "--log-level=warning")


def joined(client: Path, modules: Path, entry: str, *, target: str = "esnext") -> str:
    """One classic script of the module `entry` of the folder `client` and of all that it imports, readable as they are.

    `modules` holds esbuild. Raises `BuildFailed` with what esbuild says of an import that does not exist, or of language
    that `target` ("es5") does not have.
    """
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch) / "script.js"
        program = str(modules / "esbuild" / "bin" / "esbuild")
        command = [node(), program, entry, *_OPTIONS, f"--target={target}", f"--outfile={script}"]
        run("esbuild", command, cwd=client, environment={"PATH": os.defpath})
        return script.read_text("utf-8")
