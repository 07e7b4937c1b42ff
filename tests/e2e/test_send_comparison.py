"""Before a file may be sent, the browser draws it and its cleaned copy, and they have to look the same."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from harness.browser.engines import FIREFOX, WEBKIT, not_in
from harness.browser.send_page import SendScreen, file, recording
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.delivered_reports import newest
from harness.heic_files import damaged
from harness.media_files.pictures import animated_gif, exif_with, gif_extension, gif_with
from harness.photos import drawn_photo
from harness.shared_files import cases, samples
from PIL import Image
from playwright.sync_api import expect

NOISE = """() => {
  const read = CanvasRenderingContext2D.prototype.getImageData;
  CanvasRenderingContext2D.prototype.getImageData = function (...place) {
    const found = read.apply(this, place);
    for (let at = 0; at < found.data.length; at += 97) found.data[at] ^= Math.random() * 8;
    return found;
  };
  globalThis.quiet = () => { CanvasRenderingContext2D.prototype.getImageData = read; };
}"""
BREAK = """
from pyodide.ffi import to_js
from picsafe_client.sending import media_preparation as preparing
if not hasattr(preparing, "sound_composed"):
    preparing.sound_composed = preparing.composed
preparing.composed = lambda file, cleaned: preparing.new_blob([to_js({copy!r})], cleaned.description.media_type)
"""
MEND = """
from picsafe_client.sending import media_preparation as preparing
preparing.composed = getattr(preparing, "sound_composed", preparing.composed)
"""
SAME = "Each file that is sent looks the same as the original."
DIFFERS = "IMG_2041.jpg would not look the same once its metadata are removed."


def camera_photo(colour: str = "firebrick", orientation: int = 6) -> bytes:
    """A photo with everything in it that goes, lying on its side."""
    written = io.BytesIO()
    Image.open(io.BytesIO(drawn_photo(640, 480, colour))).save(written, "JPEG", exif=exif_with(orientation))
    return written.getvalue()


PHOTO = camera_photo()


@pytest.fixture(scope="module")
def window(enter: Enter, sender: Person) -> Visit:
    return enter(sender)


@pytest.fixture
def screen(window: Visit, clinic: Clinic) -> Iterator[SendScreen]:
    """An empty form; afterwards the page is as it was, and nothing has broken its policy."""
    yield SendScreen(window).begin()
    window.python(MEND)
    window.page.evaluate("() => globalThis.quiet?.()")
    window.nothing_was_refused()


def compared(screen: SendScreen, reader: Person) -> str:
    """What the last look says of the comparison."""
    screen.describe([reader], patient="Edda Lindqvist")
    screen.check()
    expect(screen.summary).to_be_visible()
    return str(screen.summary.locator("dt:has-text('Compared with the original') + dd").inner_text())


def test_photos_of_all_kinds_look_the_same_and_are_sent(screen: SendScreen, reader: Person, clinic: Clinic) -> None:
    png = io.BytesIO()
    Image.open(io.BytesIO(PHOTO)).convert("RGBA").save(png, "PNG", exif=exif_with(3))
    webp = io.BytesIO()
    Image.open(io.BytesIO(PHOTO)).save(webp, "WEBP", exif=exif_with(8))
    screen.choose(file("IMG_2041.jpg", PHOTO), file("drawing.png", png.getvalue()), file("photo.webp", webp.getvalue()))
    assert compared(screen, reader) == SAME
    screen.send_button.click()
    screen.has_arrived()
    assert [each.media_type for each in newest(clinic, reader).report.media] == [
        "image/jpeg",
        "image/png",
        "image/webp",
    ]


@pytest.mark.parametrize(
    "copy",
    [
        camera_photo("olive"),
        camera_photo(orientation=1),
        PHOTO[:-3000] + b"\xff\xd9",
        PHOTO[:700] + bytes(len(PHOTO) - 700),
    ],
    ids=["another picture", "not turned", "cut", "cannot be decoded"],
)
def test_a_copy_that_would_look_otherwise_is_refused(screen: SendScreen, copy: bytes) -> None:
    """As if cleaning had a fault: nothing of it goes out, and the other files go on."""
    screen.visit.python(BREAK.format(copy=copy))
    screen.choose(file("IMG_2041.jpg", PHOTO), ready=0)
    expect(screen.problems).to_contain_text(DIFFERS)
    expect(screen.problems).to_contain_text("Nothing was sent.")
    screen.visit.python(MEND)
    screen.choose(file("IMG_2042.jpg", PHOTO))


def test_a_browser_that_adds_noise_to_what_is_read_is_no_evidence(screen: SendScreen, reader: Person) -> None:
    screen.page.evaluate(NOISE)
    screen.visit.python(BREAK.format(copy=camera_photo("olive")))
    screen.choose(file("IMG_2041.jpg", PHOTO))
    said = compared(screen, reader)
    assert said.startswith("IMG_2041.jpg: It was not compared with the original")
    assert "does not let the page read pictures reliably" in said


def test_what_could_not_be_compared_is_named_with_the_reason(screen: SendScreen, reader: Person) -> None:
    moving = gif_with(gif_extension(0xFE, b"Jane Doe"), base=animated_gif())
    screen.choose(file("IMG_2041.jpg", PHOTO), file("moving.gif", moving), file("voice.wav", recording(9000) + b"LIST"))
    said = compared(screen, reader).splitlines()
    assert said[0] == "1 file looks the same as the original."
    assert said[1] == "moving.gif: Only its first picture was compared with the original; it looks the same."
    assert len(said) == 3
    assert said[2].startswith("voice.wav: ")


def test_a_heic_photo_is_compared_and_gets_a_thumbnail(screen: SendScreen, reader: Person) -> None:
    screen.choose(samples() / "phone.heic")
    expect(screen.rows.locator("img")).to_have_js_property("naturalWidth", 320)
    assert compared(screen, reader) == SAME


def test_a_photo_that_nothing_here_can_decode_is_sent_and_said_not_to_be_compared(
    screen: SendScreen, reader: Person
) -> None:
    screen.choose(file("phone.heic", damaged((samples() / "phone.heic").read_bytes())))
    assert "phone.heic: It was not compared with the original, because this browser cannot decode it." in compared(
        screen, reader
    )


@not_in(FIREFOX, "it does not say which part of a film it cannot decode")
@not_in(WEBKIT, "GStreamer decodes HEVC where libav is installed")
def test_a_film_whose_picture_cannot_be_shown_says_so_before_it_is_sent(screen: SendScreen, reader: Person) -> None:
    screen.choose(cases() / "media" / "iphone_hevc.mov")
    words = "This browser cannot show the picture of this film, only play its sound."
    expect(screen.rows.locator(".tray-warning")).to_contain_text(words)
    assert words in compared(screen, reader)


def test_a_film_is_compared_by_its_first_picture(screen: SendScreen, reader: Person) -> None:
    screen.choose(samples() / "phone-h264.mp4")
    assert "Only its first picture was compared" in compared(screen, reader)


def test_a_film_that_would_look_otherwise_is_refused(screen: SendScreen) -> None:
    screen.visit.python(BREAK.format(copy=(samples() / "browser-vp9.webm").read_bytes()))
    screen.choose(samples() / "phone-h264.mp4", ready=0)
    expect(screen.problems).to_contain_text("phone-h264.mp4 would not look the same", timeout=30_000)


def test_a_photo_of_too_many_pixels_is_not_decoded_and_its_sender_is_warned(screen: SendScreen, reader: Person) -> None:
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1501)) for _ in range(12_000)) + rows.flush()
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 12_000, 12_000, 1, 0, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    screen.choose(file("mosaic.png", png))
    words = "it has too many pixels. My PicSafe does not show it either: recipients can only save it."
    expect(screen.rows.locator(".tray-warning")).to_contain_text(words)
    expect(screen.rows.locator("img")).to_have_count(0)
    assert words in compared(screen, reader)


def test_what_is_taken_of_the_cases_looks_the_same(screen: SendScreen, reader: Person) -> None:
    """Files that a cleaner once cut, turned or made undecodable: each is refused with a reason, or proved to look the same."""
    pictures = sorted(each for each in (cases() / "media").iterdir() if each.suffix in {".jpg", ".png", ".avif"})
    screen.files_input.set_input_files(pictures)
    expect(screen.page.locator(".tray-row[aria-busy]")).to_have_count(0, timeout=60_000)
    taken = screen.rows.locator(".tray-name").all_inner_texts()
    assert "icc_display_serial.png" in taken
    said = compared(screen, reader)
    unproved = [name for name in taken if name in said and "Only its first picture" not in said]
    assert [name for name in unproved if "cannot decode it" not in said] == []
    # Firefox tells the page's console what is wrong with a damaged picture that it is given.
    screen.visit.errors[:] = [each for each in screen.visit.errors if "Image corrupt or truncated" not in each]
