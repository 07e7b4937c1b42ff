"""The send screen as a person uses it, and files to send."""

from __future__ import annotations

import io
import re
import struct
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from playwright.sync_api import Locator, Page, expect

from harness.browser.session import Visit
from harness.clinic import Person

File: TypeAlias = Path | dict[str, Any]
"""What Playwright puts into a file input: a file on this machine, or one that exists only for the page."""

ARRIVAL = 60_000
"""Milliseconds for a report to be prepared, encrypted and uploaded on a busy machine."""


def file(name: str, content: bytes, media_type: str = "") -> File:
    """A file that exists only for the page."""
    return {"name": name, "mimeType": media_type, "buffer": content}


def recording(size: int, seed: int = 1) -> bytes:
    """A WAVE file of noise with about `size` bytes: large files without the work of encoding a picture."""
    noise = bytes((index * (2 * seed + 1) * 2_654_435_761 >> 11) & 255 for index in range(65_521))
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes((noise * (size // len(noise) + 1))[: size // 4 * 4])
    return written.getvalue()


def film(frames: int, size: int) -> bytes:
    """An MP4 whose index is right and whose pictures are noise: `frames` samples of `size` bytes each."""
    chunk_at = 0

    def box(kind: bytes, *parts: bytes) -> bytes:
        content = b"".join(parts)
        return struct.pack(">I", 8 + len(content)) + kind + content

    def full(kind: bytes, *parts: bytes) -> bytes:
        return box(kind, bytes(4), *parts)

    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    duration = frames * 40

    def moov() -> bytes:
        entry = box(
            b"avc1", bytes(6), struct.pack(">H", 1), bytes(16), struct.pack(">HH", 640, 480), bytes(50),
            box(b"avcC", b"\x01\x42\x00\x1e\xff\xe0\x00"),
        )  # fmt: skip
        table = box(
            b"stbl",
            full(b"stsd", struct.pack(">I", 1), entry),
            full(b"stts", struct.pack(">III", 1, frames, 40)),
            full(b"stsc", struct.pack(">IIII", 1, 1, frames, 1)),
            full(b"stsz", struct.pack(">II", size, frames)),
            full(b"stco", struct.pack(">II", 1, chunk_at)),
        )
        reference = box(b"dinf", full(b"dref", struct.pack(">I", 1), struct.pack(">I4sI", 12, b"url ", 1)))
        media = box(
            b"mdia",
            full(b"mdhd", struct.pack(">IIIIHH", 0, 0, 1000, duration, 0x55C4, 0)),
            full(b"hdlr", bytes(4), b"vide", bytes(13)),
            box(b"minf", box(b"vmhd", struct.pack(">I", 1), bytes(8)), reference, table),
        )
        header = full(b"mvhd", struct.pack(">IIIII", 0, 0, 1000, duration, 0x10000), b"\x01\0", bytes(10), matrix, bytes(24), struct.pack(">I", 2))  # fmt: skip
        track = full(b"tkhd", struct.pack(">IIIII", 0, 0, 1, 0, duration), bytes(16), matrix, struct.pack(">II", 640 << 16, 480 << 16))  # fmt: skip
        return box(b"moov", header, box(b"trak", track, media))

    head = box(b"ftyp", b"isom", bytes(4), b"isomavc1")
    chunk_at = len(head) + len(moov()) + 8
    noise = bytes((index * 2_654_435_761 >> 9) & 255 for index in range(65_521))
    data = (noise * (frames * size // len(noise) + 1))[: frames * size]
    return head + moov() + box(b"mdat", data)


@dataclass
class SendScreen:
    """The send screen of one visit."""

    visit: Visit

    @property
    def page(self) -> Page:
        """The page that it is on."""
        return self.visit.page

    def begin(self) -> SendScreen:
        """An empty form, whatever was there before."""
        if self.page.locator("html[data-state=signed-out]").count():
            self.visit.enter_password()
        self.go("inbox")
        expect(self.page.locator(".inbox-screen")).to_be_visible()
        self.go("send")
        expect(self.files_input.or_(self.progress).or_(self.failure).first).to_be_attached()
        if self.progress.count():
            self.stop()  # what an earlier test left behind
        expect(self.files_input).to_be_attached()
        return self

    def go(self, screen: str) -> None:
        """To another screen, leaving behind what has been entered."""
        self.page.evaluate("name => { location.hash = `#/${name}`; }", screen)
        leave = self.page.get_by_role("button", name="Leave", exact=True)
        expect(self.page.locator(f".{screen}-screen").or_(leave).first).to_be_visible()
        if leave.is_visible():
            leave.click()
            expect(self.page.locator(f".{screen}-screen")).to_be_visible()

    # -- the form

    @property
    def files_input(self) -> Locator:
        """Where files are chosen."""
        return self.page.locator("#send-files")

    @property
    def rows(self) -> Locator:
        """The files that are ready."""
        return self.page.locator(".tray-row:not([aria-busy])")

    @property
    def problems(self) -> Locator:
        """Files that cannot be sent, and why."""
        return self.page.locator(".tray-problems .notice")

    @property
    def limit(self) -> Locator:
        """What is wrong with the number of files."""
        return self.page.locator("#send-files-error")

    def choose(self, *files: File, ready: int | None = None) -> None:
        """Chooses files and waits until so many are ready (all of them)."""
        self.files_input.set_input_files(list(files))  # type: ignore[arg-type]
        self.has(len(files) if ready is None else ready)

    def has(self, ready: int, *, within: int = ARRIVAL) -> None:
        """So many files are ready, and none is being prepared any more, in so many milliseconds."""
        expect(self.page.locator(".tray-row[aria-busy]")).to_have_count(0, timeout=within)
        expect(self.rows).to_have_count(ready)

    def describe(self, recipients: Sequence[Person | str], *, patient: str = "Edda Lindqvist", **facts: str) -> None:
        """Fills in the patient, further facts by the ids of their fields, and the recipients."""
        self.page.fill("#send-patient-name", patient)
        for name, value in facts.items():
            self.page.fill(f"#send-{name.replace('_', '-')}", value)
        for each in recipients:
            self.page.fill("#send-recipient", each if isinstance(each, str) else each.email)
            self.page.get_by_role("button", name="Add", exact=True).click()

    def check(self) -> None:
        """Asks for the last look before sending."""
        self.page.get_by_role("button", name="Check before sending").click()

    @property
    def summary(self) -> Locator:
        """The last look."""
        return self.page.locator("#send-summary")

    @property
    def send_button(self) -> Locator:
        """The button that sends."""
        return self.page.get_by_role("button", name="Send", exact=True)

    # -- on its way

    @property
    def progress(self) -> Locator:
        """How far it is."""
        return self.page.locator("#send-progress")

    @property
    def failure(self) -> Locator:
        """Why it was not sent."""
        return self.page.locator("#main-content .notice-danger")

    def button(self, name: str) -> Locator:
        """A button by its words."""
        return self.page.get_by_role("button", name=name, exact=True)

    def send(self) -> None:
        """Takes the last look, and sends."""
        self.check()
        expect(self.summary).to_be_visible(timeout=ARRIVAL)
        self.send_button.click()

    def has_arrived(self, *, where: str = "Australian") -> None:
        """The page says that it has arrived, and where."""
        notice = self.page.locator("#main-content .notice-good")
        expect(notice).to_contain_text(
            re.compile(rf"Sent to .+\. It can be opened until \d+ \w+ \d+\. .* in the {where} cloud\."), timeout=ARRIVAL
        )
        expect(self.page.locator("#banner .notice-good")).to_have_count(0)  # it is said once

    def was_delivered(self) -> None:
        """Another screen, or the one that the sender has come back to, says that it has arrived."""
        notice = self.page.locator("#banner .notice-good")
        expect(notice).to_contain_text(re.compile(r"Sent to .+\. It can be opened until"), timeout=ARRIVAL)

    def stop(self) -> None:
        """Stops what is on its way, and says yes when asked."""
        self.button("Stop").click()
        self.page.locator("dialog").get_by_role("button", name="Stop").click()
