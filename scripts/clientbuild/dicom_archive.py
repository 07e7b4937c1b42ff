"""The Python that writes DICOM as one zip: pydicom's modules and picsafe_dicom. The page loads it when it is first used.

Python imports from the zip itself. Members are stored, not compressed, because the zip has compressed siblings as all assets do.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

from scripts.clientbuild.fingerprint import files_under
from scripts.clientbuild.toolchain import BuildFailed, browser_wheels

_ZIP_TIME: Final = (2026, 1, 1, 0, 0, 0)
_LEFT_OUT: Final = ("pydicom/cli/", "pydicom/data/test_files/", "pydicom/data/charset_files/", "pydicom/sr/")
"""Of pydicom: commands, pictures for its own tests, and 3 MB of codes for structured reports."""
_EXAMPLES: Final = "pydicom/examples/__init__.py"
"""Looks for those pictures when pydicom is imported, so it is left empty."""


def dicom_archive(root: Path, downloads: Path, target: Path) -> None:
    """Write the zip to `target`, the same bytes each time. Raises `BuildFailed` when the wheel is not as expected."""
    members: dict[str, bytes] = {}
    with zipfile.ZipFile(browser_wheels(root / "requirements" / "browser.lock", downloads)["pydicom"]) as wheel:
        for name in wheel.namelist():
            is_about = ".dist-info/" in name and name.endswith(("METADATA", "LICENSE"))  # it looks up its own version
            if is_about or (name.endswith(".py") and not name.startswith(_LEFT_OUT)):
                members[name] = wheel.read(name)
    members[_EXAMPLES] = b""
    if not any(name.endswith("LICENSE") for name in members):
        raise BuildFailed("The wheel of pydicom has no LICENSE, which has to come with it.")
    for path in files_under(root / "shared" / "dicom" / "picsafe_dicom"):
        members[path.relative_to(root / "shared" / "dicom").as_posix()] = path.read_bytes()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in sorted(members.items()):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_STORED)
