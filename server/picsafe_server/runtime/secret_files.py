"""Writes files that hold secrets: readable by this user only, complete or absent."""

from __future__ import annotations

import os
from pathlib import Path

from picsafe_protocol.contracts.identifiers import new_identifier


def write_secret(path: Path, content: bytes) -> None:
    """Write `content` to a new file that only this user can read; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{path.name}.{new_identifier()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike rename, never replaces a key that somebody else just made
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
