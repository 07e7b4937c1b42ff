"""DICOM files as others see them: what the checkers of the field say, and the JPEG inside."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from pydicom.encaps import generate_frames


@dataclass(frozen=True)
class Verdict:
    """What `dciodvfy` found."""

    errors: list[str]
    warnings: list[str]


def verdict(path: Path) -> Verdict:
    """`dciodvfy` on a file; skips the calling test, saying so, where it is not installed."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not here: install Debian's dicom3tools (make setup-test)")
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert any("VLPhotographicImage" in line for line in said), said
    return Verdict(
        [line for line in said if line.startswith("Error")], [line for line in said if line.startswith("Warning")]
    )


def dumped(path: Path) -> str:
    """What `dcmdump` reads of a file; skips the calling test where it is not installed."""
    if shutil.which("dcmdump") is None:
        pytest.skip("dcmdump is not here: install Debian's dcmtk (make setup-test)")
    done = subprocess.run(["dcmdump", "+U8", str(path)], capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


def jpeg_of(data: pydicom.Dataset, length: int | None = None) -> bytes:
    """The one JPEG in a data set; what fills it up to an even length is taken off where its own `length` is known."""
    (jpeg,) = generate_frames(data.PixelData, number_of_frames=1)
    if length is not None:
        assert len(jpeg) == length + length % 2
        assert jpeg[length:] in {b"", b"\0"}
    return jpeg[:length]
