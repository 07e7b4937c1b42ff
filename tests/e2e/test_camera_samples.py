"""Real files of cameras and phones, from the sender's disk to the file that the recipient saves."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from e2e.conftest import Enter
from harness import shared_files
from harness.browser.engines import WEBKIT, not_in
from harness.browser.send_page import SendScreen
from harness.browser.session import Visit
from harness.clinic import Clinic
from harness.delivered_reports import Parcel, cleaned, inbox, opened
from PIL import Image, ImageOps
from playwright.sync_api import expect

from picsafe_protocol.format.report import Medium


@dataclass(frozen=True)
class Sample:
    """What is known of a file beforehand. `size` is that of the picture as it is displayed, in pixels."""

    kind: str
    size: tuple[int, int] | None = None
    orientation: int = 1
    warning: str = ""


SAMPLES = {
    "browser-vp9.webm": Sample("video", (640, 360)),
    "camera-10mp-rotated-gps.jpg": Sample("photo", (2736, 3648), orientation=6),
    "camera-canon-xmp.jpg": Sample("photo", (2000, 1072)),
    "camera-nokia-iptc.jpg": Sample("photo", (640, 480)),
    "camera-powershot.jpg": Sample("photo", (480, 360)),
    "cmyk.jpg": Sample("photo", (100, 100)),
    "junk-before-header.jpg": Sample("photo", (1024, 768)),
    "orientation-5.jpg": Sample("photo", (128, 128), orientation=5),
    "phone-h264-faststart.mp4": Sample("video", (1280, 720)),
    "phone-h264.mp4": Sample("video", (1280, 720)),
    "phone.heic": Sample("photo", (1600, 858)),
    "photo.avif": Sample("photo", (512, 512)),
    "progressive.jpg": Sample("photo", (256, 160)),
    "stereo.mpo": Sample("photo", (640, 480), warning="This file holds several pictures; only the first is sent."),
    "voice.m4a": Sample("audio"),
    "voice.ogg": Sample("audio"),
}
NUMBERS = {name: number for number, name in enumerate(SAMPLES, 1)}
LATE = not_in(WEBKIT, "GStreamer sometimes does not learn how long an Ogg recording is before it is played")
PICTURES = [name for name, sample in SAMPLES.items() if sample.kind == "photo"]
PLAYED = [name for name, sample in SAMPLES.items() if sample.kind != "photo"]
OF_HEIF = {"primary", "bit_depth", "metadata", "thumbnails", "depth_images", "aux", "chroma", "icc_profile_type", "original_orientation"}  # fmt: skip
KEPT_BY_PILLOW = OF_HEIF | {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "icc_profile", "adobe", "adobe_transform", "progressive", "progression", "exif"}  # fmt: skip
"""What Pillow may find in a cleaned picture beside its pixels: how to show them. Of Exif only the orientation, see below."""

GRID = 8
LOOK = f"""async (node) => {{
    // By halves, each of which is an average everywhere: one step from large to small is not, in WebKit.
    let [picture, width, height] = [node, node.naturalWidth, node.naturalHeight];
    let context;
    do {{
        [width, height] = [width, height].map((each) => Math.max({GRID}, Math.ceil(each / 2)));
        context = Object.assign(document.createElement("canvas"), {{ width, height }}).getContext("2d");
        context.drawImage(picture, 0, 0, width, height);
        picture = context.canvas;
    }} while (width > {GRID} || height > {GRID});
    return [...context.getImageData(0, 0, {GRID}, {GRID}).data];
}}"""
DECODE = """async ([kind, ...files]) => {
    const digest = async (data) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", data))].join();
    const sound = async (bytes) => {
        const heard = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(bytes.buffer);
        const channels = Array.from({ length: heard.numberOfChannels }, (_, index) => heard.getChannelData(index));
        return [heard.length, ...await Promise.all(channels.map(digest))];
    };
    const film = async (bytes) => {
        const url = URL.createObjectURL(new Blob([bytes]));
        const video = Object.assign(document.createElement("video"), { muted: true, preload: "auto", src: url });
        await new Promise((resolve, reject) => { video.onloadeddata = resolve; video.onerror = reject; });
        const seen = [video.videoWidth, video.videoHeight, video.duration];
        for (const time of [0.5, 2]) {
            // "seeked" alone may come before the picture there can be drawn.
            const drawable = new Promise((resolve) => {
                const look = (_, { mediaTime }) => (Math.abs(mediaTime - time) < 0.2 ? resolve(mediaTime) : video.requestVideoFrameCallback(look));
                video.requestVideoFrameCallback(look);
            });
            await new Promise((resolve) => { video.onseeked = resolve; video.currentTime = time; });
            seen.push(await drawable);
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = seen;
            const context = canvas.getContext("2d");
            context.drawImage(video, 0, 0);
            seen.push(await digest(context.getImageData(0, 0, canvas.width, canvas.height).data));
        }
        video.removeAttribute("src");
        URL.revokeObjectURL(url);
        return seen;
    };
    const found = [];
    for (const file of files) {
        const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
        found.push(kind === "audio" ? await sound(bytes) : await film(bytes));
    }
    return found;
}"""


@dataclass(frozen=True)
class Sent:
    """All samples, sent together: what the sender was told, what arrived, and what the recipient saved."""

    window: Visit
    told: str
    parcel: Parcel
    saved: dict[str, bytes]


@pytest.fixture(scope="module")
def folder() -> Path:
    return shared_files.samples()


@pytest.fixture(scope="module")
def sent(folder: Path, clinic: Clinic, enter: Enter) -> Iterator[Sent]:
    sender = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    reader = clinic.person("Dr Jon Keller", "jon.keller@clinic.example", "GB")
    screen = SendScreen(enter(sender)).begin()
    screen.choose(*[folder / name for name in SAMPLES])
    screen.describe([reader])
    screen.check()
    told = screen.summary.inner_text()
    screen.send_button.click()
    screen.has_arrived()
    screen.visit.nothing_was_refused()
    report_id = inbox(clinic, reader)[0]
    window = enter(reader)
    window.open_report(report_id)
    _, content = window.saved(f"All {len(SAMPLES)} files")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        numbered = {int(found[1]): name for name in archive.namelist() if (found := re.search(r"_(\d+)\.\w+$", name))}
        saved = {name: archive.read(numbered[number]) for name, number in NUMBERS.items()}
    yield Sent(window, told, opened(clinic, reader, report_id), saved)
    window.nothing_was_refused()


def medium(sent: Sent, name: str) -> Medium:
    """What the report says of a sample."""
    return sent.parcel.report.media[NUMBERS[name] - 1]


def test_no_sample_is_left_out(folder: Path) -> None:
    assert {path.name for path in folder.iterdir() if path.suffix != ".md"} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_saved_is_what_was_cleaned(sent: Sent, folder: Path, name: str) -> None:
    saved = sent.saved[name]
    assert saved == sent.parcel.files[NUMBERS[name] - 1] == cleaned(folder / name)
    assert medium(sent, name).sha256 == hashlib.sha256(saved).hexdigest()
    assert medium(sent, name).size == len(saved)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_report_says_what_it_is(sent: Sent, name: str) -> None:
    facts, sample = medium(sent, name), SAMPLES[name]
    assert facts.kind == sample.kind
    assert ((facts.width, facts.height) if facts.width else None) == sample.size
    assert (facts.duration is not None) == (sample.kind != "photo")
    assert (facts.thumbnail is not None) == (sample.kind != "audio")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_review_before_sending_shows_what_changed(sent: Sent, name: str) -> None:
    warning = SAMPLES[name].warning
    about = [line for line in sent.told.splitlines() if line.startswith(f"{name}:") and "compared" not in line]
    assert len(about) == (1 if warning else 0)
    assert all(line.startswith(f"{name}: {warning}") for line in about)


@pytest.mark.parametrize("name", PICTURES)
def test_metadata_are_gone_and_pixels_are_not(sent: Sent, folder: Path, name: str) -> None:
    before, after = _picture((folder / name).read_bytes()), _picture(sent.saved[name])
    orientation = SAMPLES[name].orientation
    assert dict(after.getexif()) == ({0x0112: orientation} if orientation != 1 else {})
    assert set(after.info) <= KEPT_BY_PILLOW
    assert not after.info.get("metadata")
    assert after.mode == before.mode
    assert after.tobytes() == before.tobytes()
    assert after.info.get("icc_profile") == before.info.get("icc_profile")


@pytest.mark.parametrize("name", PLAYED)
def test_recordings_have_lost_their_tags_and_nothing_that_is_seen_or_heard(sent: Sent, folder: Path, name: str) -> None:
    original, saved = (folder / name).read_bytes(), sent.saved[name]
    assert b"Lavf" not in saved
    files = [base64.b64encode(each).decode() for each in (original, saved)]
    before, after = sent.window.page.evaluate(DECODE, [SAMPLES[name].kind, *files])
    assert before == after


def test_a_photo_that_is_shown_in_another_form_is_saved_as_it_is(sent: Sent, folder: Path) -> None:
    _show(sent.window, "phone.heic")
    _, content = sent.window.saved("This HEIC photo")
    assert content == (folder / "phone.heic").read_bytes(), "it holds no metadata, so it is as it was"


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_shown_upright(sent: Sent, folder: Path, name: str) -> None:
    _show(sent.window, name)
    photo = sent.window.photo
    size = SAMPLES[name].size
    assert size is not None
    expect(photo).to_have_js_property("naturalWidth", size[0])
    expect(photo).to_have_js_property("naturalHeight", size[1])
    seen = photo.evaluate(LOOK)
    wanted = _grid(ImageOps.exif_transpose(_picture((folder / name).read_bytes())))
    differences = [abs(one - other) for one, other in zip(seen, wanted, strict=True)]
    assert sum(differences) / len(differences) < 12, "the same picture, the same way up"


@pytest.mark.parametrize("name", [pytest.param(name, marks=LATE) if name == "voice.ogg" else name for name in PLAYED])
def test_recordings_play_in_place(sent: Sent, name: str) -> None:
    _show(sent.window, name)
    player = sent.window.page.locator(
        "video.pane-player, audio.pane-player, .pane-player video, .pane-player audio"
    ).first
    expect(player).to_have_js_property("error", None)
    player.evaluate("node => node.readyState >= 1 || new Promise((done) => { node.onloadedmetadata = done; })")
    assert player.evaluate("node => node.duration") == pytest.approx(medium(sent, name).duration, abs=0.1)


def _show(window: Visit, name: str) -> None:
    window.page.locator(".thumb").nth(NUMBERS[name] - 1).click()
    window.is_at(NUMBERS[name], len(SAMPLES))
    window.sees_medium()


def _picture(content: bytes) -> Image.Image:
    pillow_heif.register_heif_opener()
    return Image.open(io.BytesIO(content))


def _grid(image: Any) -> list[int]:
    small = (
        image.convert("RGBA" if "A" in image.mode else "RGB")
        .convert("RGBA")
        .resize((GRID, GRID), Image.Resampling.LANCZOS)
    )
    return list(small.tobytes())
