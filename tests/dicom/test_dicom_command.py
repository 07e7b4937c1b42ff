"""`picsafe open --dicom`: DICOM files beside the photos that fit, and those of HEIC; nothing decoded for the others."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from harness.dicom_files import jpeg_of, verdict
from harness.heic_files import damaged, encoded, scene, tiled
from harness.report_factory import KEY_SERVER, MadeFile, MadeReport, made_report
from harness.shared_files import samples
from PIL import Image, ImageChops, ImageStat

from picsafe_cli.commands import open as command
from picsafe_cli.receive import heic_decoding
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


def heic_in_dicom(heic: bytes, folder: Path) -> list[Path]:
    written = saved(made_report([MadeFile("image/heic", heic)]), folder)
    [original] = [path for path in written if path.suffix == ".heic"]
    assert original.read_bytes() == heic, "it is as it was sent"
    return [path for path in written if path.suffix == ".dcm"]


@pytest.mark.parametrize(
    ("heic", "size"),
    [
        (lambda: tiled(scene(700, 500), turn=1), (500, 700)),
        (lambda: encoded(scene(300, 200, "RGBA")), (300, 200)),
        (lambda: encoded(scene(300, 200, "L")), (300, 200)),
        (lambda: (samples() / "phone.heic").read_bytes(), (1600, 858)),
    ],
)
def test_a_heic_photo_is_decoded_upright_and_says_that_it_was(
    heic: Callable[[], bytes], size: tuple[int, int], tmp_path: Path
) -> None:
    photo = heic()
    [path] = heic_in_dicom(photo, tmp_path)
    assert verdict(path).errors == []
    data = pydicom.dcmread(path)
    assert (data.Columns, data.Rows) == size
    assert list(data.ImageType) == ["DERIVED", "PRIMARY"]
    assert data.LossyImageCompression == "01"
    assert "another image format" in data.DerivationDescription
    found = Image.open(io.BytesIO(jpeg_of(data)))
    assert not found.getexif()
    assert "icc_profile" not in found.info
    wanted = Image.open(io.BytesIO(photo))
    ground = Image.new("RGBA", wanted.size, "white")
    ground.alpha_composite(wanted.convert("RGBA"))
    difference = ImageStat.Stat(ImageChops.difference(found.convert("RGB"), ground.convert("RGB")))
    assert max(difference.mean) < (12 if "icc_profile" in wanted.info else 4), "colours move from the profile to sRGB"


@pytest.mark.parametrize("fault", ["damaged", "slow", "crashing"])
def test_a_heic_photo_that_cannot_be_decoded_has_no_dicom_file(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = encoded(scene(300, 200))
    if fault == "slow":
        monkeypatch.setattr(heic_decoding, "SECONDS", 0)
    if fault == "crashing":
        monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert heic_in_dicom(damaged(photo) if fault == "damaged" else photo, tmp_path) == []


def test_a_heic_photo_of_more_pixels_than_described_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heic_decoding, "_from_process", lambda _photo: pytest.fail("it was decoded"))
    heic = MadeFile("image/heic", encoded(scene(300, 200)), width=30, height=20)
    assert not [path for path in saved(made_report([heic]), tmp_path) if path.suffix == ".dcm"]
