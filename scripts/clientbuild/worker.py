"""worker.js: the service worker with the files of its release, one script under an address that never changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

NAME: Final = "worker.js"
PAGE: Final = "index.html"
SOURCE: Final = "js/worker/worker.js"


def worker_script(script: str, release: str, manifest: Mapping[str, str]) -> bytes:
    """`script`, which `SOURCE` became, after the facts of its release.

    `manifest` has the SHA-256 of every file of the release, except the worker, by its path.
    """
    files = {"/" if name == PAGE else f"/{name}": digest for name, digest in sorted(manifest.items())}
    facts = f"const RELEASE = {json.dumps({'id': release, 'files': files}, indent=1)};\n"
    return f'"use strict";\n{facts}{script}'.encode()
