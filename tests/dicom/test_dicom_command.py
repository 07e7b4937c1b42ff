"""`picsafe open --dicom`: DICOM files beside the photos that fit, and nothing decoded for the others."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
from pathlib import Path
from typing import Any

import pydicom
import pytest
from harness.dicom_files import jpeg_of, verdict
from harness.report_factory import KEY_SERVER, MadeFile, MadeReport, made_report
from PIL import Image

from picsafe_cli.commands import open as command
from picsafe_cli.receive.save_report import save_report
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import BytesSource
from picsafe_protocol.format.opening import GivenKey, Opened, open_report
from picsafe_protocol.format.package import Header


def photo(orientation: int = 1, **settings: Any) -> bytes:
    image = Image.linear_gradient("L").convert("RGB")
    exif = image.getexif()
    exif[0x0112] = orientation
    written = io.BytesIO()
    image.save(written, "JPEG", **({"exif": exif} if orientation != 1 else {}), **settings)
    return written.getvalue()


PLAIN = photo()
FILES = [
    MadeFile("image/jpeg", PLAIN),
    MadeFile("image/jpeg", photo(orientation=6)),
    MadeFile("audio/mp4", b"voice" * 200),
    MadeFile("image/jpeg", photo(progressive=True)),
    MadeFile("image/heic", b"not a picture at all"),
]


async def opened_of(made: MadeReport) -> Opened[bytes]:
    async def release(_header: Header) -> GivenKey:
        return GivenKey(made.key)

    async def digest() -> Any:
        return hashlib.sha256()

    return await open_report(
        BytesSource(made.package),
        AesGcm(),
        allowed_key_servers=[KEY_SERVER],
        release=release,
        expected=None,
        new_digest=digest,
    )


def saved(made: MadeReport, folder: Path, *, dicom: bool = True) -> list[Path]:
    async def save() -> list[Path]:
        return await save_report(await opened_of(made), folder, dicom=dicom)

    return asyncio.run(save())


def test_photos_that_fit_have_a_dicom_file_beside_them(tmp_path: Path) -> None:
    made = made_report(FILES)
    written = saved(made, tmp_path)
    assert [path.name for path in written if path.suffix == ".dcm"] == ["2026-11-22_left-forearm_1.dcm"]
    assert sorted(tmp_path.iterdir()) == sorted(written), "every photo is there as it was sent, and nothing else"
    assert verdict(written[-1]).errors == []
    assert jpeg_of(pydicom.dcmread(written[-1]), len(PLAIN)) == PLAIN


def test_without_being_asked_there_is_none(tmp_path: Path) -> None:
    assert not [path for path in saved(made_report(FILES), tmp_path, dicom=False) if path.suffix == ".dcm"]


def test_a_second_time_replaces_nothing_and_gives_the_same(tmp_path: Path) -> None:
    made = made_report(FILES[:1])
    first, second = (
        [path for path in saved(made, tmp_path) if path.suffix == ".dcm"],
        [path for path in saved(made, tmp_path) if path.suffix == ".dcm"],
    )
    assert first != second
    assert first[0].read_bytes() == second[0].read_bytes()


@pytest.mark.parametrize(("files", "said"), [(FILES, "3 of 4 photos have no DICOM file"), (FILES[:1], "")])
def test_the_command_says_which_have_none(
    files: list[MadeFile], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = argparse.Namespace(output=tmp_path / "out", patient_name_in_file_names=False, dicom=True)

    async def run() -> None:
        await command._save(await opened_of(made_report(files)), options)

    asyncio.run(run())
    captured = capsys.readouterr()
    assert "2026-11-22_left-forearm_1.dcm" in captured.out
    assert said in captured.err
    assert ("have no DICOM file" in captured.err) == bool(said)


def test_s9_a_photo_of_other_pixels_than_described_is_saved_with_a_warning_and_has_no_dicom_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is decoded here, but anybody who opens a DICOM file trusts its rows and columns."""
    frame = PLAIN.index(b"\xff\xc0") + 5
    bomb = PLAIN[:frame] + (20_000).to_bytes(2, "big") * 2 + PLAIN[frame + 4 :]
    files = [
        MadeFile("image/jpeg", bomb, width=20_000, height=20_000),
        MadeFile("image/jpeg", bomb, width=256, height=256),
        MadeFile("image/jpeg", PLAIN, width=512, height=256),
        MadeFile("image/jpeg", PLAIN, width=256, height=256),
    ]
    written = saved(made_report(files), tmp_path)
    assert [path.name for path in written if path.suffix == ".dcm"] == ["2026-11-22_left-forearm_4.dcm"]
    assert [path.read_bytes() for path in written if path.suffix == ".jpg"] == [each.content for each in files]
    assert [record.args[0] for record in caplog.records] == ["media/001.jpg", "media/002.jpg", "media/003.jpg"]  # type: ignore[index]
