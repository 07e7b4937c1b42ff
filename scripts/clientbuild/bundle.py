"""The whole build: from the sources to a folder of hashed files, their compressed siblings and a manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from scripts.clientbuild.assets import Assets
from scripts.clientbuild.cache import trim
from scripts.clientbuild.compress import compressed
from scripts.clientbuild.joining import JOINED, joined
from scripts.clientbuild.notices import PATH as LIBHEIF
from scripts.clientbuild.notices import libheif_notice
from scripts.clientbuild.page import index_page, release_of
from scripts.clientbuild.python_side import python_side
from scripts.clientbuild.texts import words_script
from scripts.clientbuild.toolchain import npm_modules
from scripts.clientbuild.worker import NAME as WORKER
from scripts.clientbuild.worker import PAGE, SOURCE, worker_script


def build(root: Path, target: Path, cache: Path, downloads: Path) -> None:
    """Build the client of the repository at `root` into the folder `target`, which is replaced at the end, whole.

    `cache` keeps what this build made for later ones, `downloads` what came from npm and PyPI.
    """
    files = client_files(root, cache, downloads)
    staging = target.with_name(target.name + ".new")
    shutil.rmtree(staging, ignore_errors=True)
    for name, content in files.items():
        path = staging / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    previous = target.with_name(target.name + ".old")
    shutil.rmtree(previous, ignore_errors=True)
    if target.exists():
        target.rename(previous)
    staging.rename(target)
    shutil.rmtree(previous, ignore_errors=True)
    trim(cache)


def client_files(root: Path, cache: Path, downloads: Path) -> dict[str, bytes]:
    """Every file of the built client by its path: index.html, worker.js, assets, their siblings, and manifest.json."""
    client = root / "client"
    modules = npm_modules(client, downloads)
    made = python_side(root, cache, downloads)
    assets = Assets(
        client,
        modules,
        {
            "python/facts.js": made.facts,
            "python/snapshot.bin": made.snapshot,
            "python/site-packages.zip": made.site_packages,
            "js/i18n.js": words_script(client, joined(client, modules, "js/i18n.js")),
            **{path: joined(client, modules, path).encode() for path in JOINED},
            "python/dicom.zip": made.dicom,
            LIBHEIF: libheif_notice(modules),
        },
    )
    files = {PAGE: index_page(client, assets)}
    files |= {url.lstrip("/"): content for url, content in sorted(assets.files.items())}
    release = release_of(files[PAGE])
    files[WORKER] = worker_script(joined(client, modules, SOURCE), release, _manifest(files))
    manifest = _manifest(files)
    files |= compressed(files, cache / "compressed")
    files["manifest.json"] = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    return files


def _manifest(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
