"""Names that carry the hash of what is behind them, and the references between assets rewritten to such names.

An asset is known by where its source lies: ``css/page.css`` and ``js/boot.js`` under client/, ``npm/<package>/…`` in what
npm installed, ``python/…`` for what this build made. In JavaScript a quoted relative path, in CSS a ``url()``, may name
another asset; the file that holds it is hashed after it. Files that find each other by name at run time (Pyodide's and
PyScript's) keep their names in one folder that carries the hash of them all. Files from npm are never changed.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scripts.clientbuild.toolchain import BuildFailed

URL: Final = "/assets/"
_HASH: Final = 16
"""Hex digits of SHA-256 in a name: 64 bits, against accidents; the manifest has all of it."""

_JS_REFERENCE = re.compile(r"""(?P<before>["'])(?P<path>\.{1,2}/[^"'\s]+)(?P<after>["'])""")
_CSS_REFERENCE = re.compile(r"""(?P<before>url\(\s*["']?)(?P<path>\.{1,2}/[^"')\s]+)(?P<after>["']?\s*\))""")
_REFERENCES = {".js": _JS_REFERENCE, ".mjs": _JS_REFERENCE, ".css": _CSS_REFERENCE}

FOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "npm/pyodide": ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"),
    "npm/@pyscript/core/dist": ("core.js", "core-*.js", "error-*.js"),
}
"""What is taken of packages whose files refer to each other by name. PyScript's other plugins are switched off."""


class Assets:
    """The assets that were asked for, by URL, in `files`."""

    def __init__(self, client: Path, modules: Path, made: Mapping[str, Path | bytes]) -> None:
        """`made`: what the build itself made, by asset path: a file or its content."""
        self._client = client
        self._modules = modules
        self._made = made
        self._urls: dict[str, str] = {}
        self._rewriting: list[str] = []
        self.files: dict[str, bytes] = {}
        for folder, patterns in FOLDERS.items():
            self._add_folder(folder, patterns)

    def url(self, path: str) -> str:
        """The URL of the asset at `path`. Raises `BuildFailed` when there is none."""
        if path not in self._urls:
            if path in self._rewriting:
                circle = " -> ".join([*self._rewriting, path])
                raise BuildFailed(
                    f"These assets refer to each other in a circle, so none can be hashed first: {circle}"
                )
            self._rewriting.append(path)
            content = self._rewritten(path, self._source(path))
            self._rewriting.pop()
            stem, suffix = posixpath.splitext(posixpath.basename(path))
            self._urls[path] = f"{URL}{stem}.{_hash(content)}{suffix}"
            self.files[self._urls[path]] = content
        return self._urls[path]

    def urls_in(self, folder: str) -> list[str]:
        """The URLs of all files of one of `FOLDERS`, in its order."""
        return [url for path, url in self._urls.items() if path.startswith(folder + "/")]

    def _add_folder(self, folder: str, patterns: tuple[str, ...]) -> None:
        home = self._modules / folder.removeprefix("npm/")
        contents: dict[str, bytes] = {}
        for pattern in patterns:
            found = sorted(home.glob(pattern))
            if not found:
                raise BuildFailed(f"{folder} has no {pattern}: look at FOLDERS in assets.py after an update.")
            contents |= {path.name: path.read_bytes() for path in found}
        whole = b"".join(name.encode() + b"\0" + hashlib.sha256(data).digest() for name, data in contents.items())
        name = next(part.lstrip("@") for part in folder.split("/") if part != "npm")
        for file, data in contents.items():
            self._urls[f"{folder}/{file}"] = url = f"{URL}{name}-{_hash(whole)}/{file}"
            self.files[url] = data

    def _source(self, path: str) -> bytes:
        made = self._made.get(path)
        if made is not None:
            return made if isinstance(made, bytes) else made.read_bytes()
        source = self._modules / path.removeprefix("npm/") if path.startswith("npm/") else self._client / path
        if not source.is_file():
            named_by = f" (named in {self._rewriting[-2]})" if len(self._rewriting) > 1 else ""
            raise BuildFailed(f"There is no asset {path}{named_by}.")
        return source.read_bytes()

    def _rewritten(self, path: str, content: bytes) -> bytes:
        pattern = _REFERENCES.get(posixpath.splitext(path)[1])
        if pattern is None or path.startswith("npm/"):
            return content

        def rewrite(match: re.Match[str]) -> str:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match["path"]))
            return match["before"] + self.url(target) + match["after"]

        return pattern.sub(rewrite, content.decode("utf-8")).encode("utf-8")


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_HASH]
