"""The files of the corpus: written once, then read from `build/media_corpus`."""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import sys
import tempfile
from pathlib import Path

from media_corpus.model import Container, Sample

__all__ = ["samples_of"]

_FOLDER = Path(__file__).resolve().parents[2] / "build" / "media_corpus"


def samples_of(container: Container) -> list[Sample]:
    """The files of all writers, in the order of their names; made now where they are missing or their recipe changed."""
    folder = _FOLDER / f"{container.name}-{_recipe(container)}"
    if not folder.is_dir():
        _make(container, folder)
    found = []
    for path in sorted(folder.iterdir()):
        writer, _, name = path.stem.partition("--")
        found.append(Sample(writer, name, path.read_bytes()))
    return found


def _recipe(container: Container) -> str:
    """Changes with the module that writes the files."""
    module = sys.modules[container.write.__module__]
    return hashlib.sha256(inspect.getsource(module).encode()).hexdigest()[:12]


def _make(container: Container, folder: Path) -> None:
    """Complete or not at all, also when several test processes want the same files at once."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f"{container.name}-", dir=_FOLDER))
    try:
        container.write(made)
        os.rename(made, folder)  # noqa: PTH104 -- Path.rename would do the same, but its error is caught here
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
