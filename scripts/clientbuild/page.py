"""index.html: its words, the URLs of its assets, and the tags that start Python."""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path
from typing import Final

from scripts.clientbuild.assets import Assets
from scripts.clientbuild.texts import filled_with_texts
from scripts.clientbuild.toolchain import BuildFailed

_ASSET = re.compile(r"\{\{asset:([^}]+)\}\}")
_RELEASE = re.compile(r'<meta name="picsafe-release" content="([0-9a-f]{16})">')
_LEFT_OVER = re.compile(r"\{\{[^}]*\}\}")

ENTRY: Final = "from picsafe_client.bootstrap import wake\nwake()"
"""What PyScript runs; everything else is in the snapshot."""

_MODULES: Final = (
    "js/boot.js",
    "js/pyodide-loader.js",
    "js/kernel.js",
    "js/service-worker-client.js",
    "js/sealed-drafts.js",
    "js/outbox.js",
    "js/sealed-store.js",
    "js/lazy-blob.js",
    "python/facts.js",
    "npm/hash-wasm/dist/sha256.umd.min.js",
    "npm/hash-wasm/dist/crc32.umd.min.js",
    "npm/pyodide/pyodide.mjs",
    "npm/pyodide/pyodide.asm.mjs",
)


def index_page(client: Path, assets: Assets) -> bytes:
    """client/index.html with every ``{{…}}`` filled in. Raises `BuildFailed` for one that nobody knows."""
    template = (client / "index.html").read_text("utf-8")
    if template.count("{{boot}}") != 1:
        raise BuildFailed("client/index.html must hold {{boot}} exactly once.")
    page = filled_with_texts(client, template)
    page = page.replace("{{boot}}", boot_tags(assets))
    page = _ASSET.sub(lambda match: html.escape(assets.url(match[1])), page)
    page = page.replace("{{release}}", _release(page, assets))
    left_over = _LEFT_OVER.search(page)
    if left_over:
        raise BuildFailed(f"client/index.html holds {left_over[0]}, which means nothing.")
    return page.encode("utf-8")


def release_of(page: bytes) -> str:
    """The name of the release that a built page belongs to. Raises `BuildFailed` when it names none."""
    found = _RELEASE.search(page.decode("utf-8"))
    if found is None:
        raise BuildFailed('client/index.html must hold <meta name="picsafe-release" content="{{release}}">.')
    return found[1]


def _release(page: str, assets: Assets) -> str:
    """A name for this page together with all assets, those included that it does not name itself."""
    return hashlib.sha256("\n".join([page, *sorted(assets.files)]).encode()).hexdigest()[:16]


def boot_tags(assets: Assets) -> str:
    """Early requests for all that the start needs, in the order in which it is needed; then the start itself.

    None of it is needed for the first paint, and together it is twenty times as much as what is: on a slow line it has to
    let the styles pass.
    """
    modules = [assets.url(path) for path in _MODULES] + assets.urls_in("npm/@pyscript/core/dist")
    lines = [f'<script type="module" async fetchpriority="low" src="{assets.url("js/preload.js")}"></script>']
    lines += [f'<link rel="modulepreload" fetchpriority="low" href="{url}">' for url in modules]
    lines.append(f'<script type="module" fetchpriority="low" src="{assets.url("js/boot.js")}"></script>')
    lines.append(f'<script type="py">{ENTRY}</script>')
    return "\n  ".join(lines)
