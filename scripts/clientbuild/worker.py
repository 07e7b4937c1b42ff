"""worker.js: the service worker with the files of its release, one script under an address that never changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAME: Final = "worker.js"
PAGE: Final = "index.html"
_PARTS: Final = ("cache.js", "streams.js", "worker.js")


def worker_script(client: Path, release: str, manifest: Mapping[str, str]) -> bytes:
    """The script. `manifest` has the SHA-256 of every file of the release, the worker apart, by its path."""
    files = {"/" if name == PAGE else f"/{name}": digest for name, digest in sorted(manifest.items())}
    parts = [(client / "js" / "worker" / part).read_text("utf-8") for part in _PARTS]
    facts = f"const RELEASE = {json.dumps({'id': release, 'files': files}, indent=1)};\n"
    return "\n".join(['"use strict";', facts, *parts]).encode("utf-8")
