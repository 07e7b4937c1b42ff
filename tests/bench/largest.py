"""The largest report that the format allows, 4 GiB: sent by the command, opened in the browser, its last film played from near its end.

The reference for time is a report of 5 MB that begins with the same photo; for memory, what the renderers had in the inbox. One turn:
to send this much takes a minute or two, and what is asked is whether it opens on a laptop at all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench import memory, windows
from bench.first_photo import HEIGHT, QUALITY, SMALL, WIDTH, opened_after
from bench.ratios import Ratio
from bench.smoothness import soft_photo
from harness.clinic import Clinic, Person
from harness.films import repeated_mp4
from harness.photos import small_picture
from harness.report_factory import MadeFile
from harness.shared_files import samples

from picsafe_protocol.contracts.limits import MIB, PACKAGE_BYTES

FILMS: Final = 7
ROOM: Final = 24 * MIB
"""What the encryption adds, the photo and the index of each film, and something to spare."""
PLAYED: Final = """async (node) => {
  const came = (event) => new Promise((resolve) => node.addEventListener(event, resolve, { once: true }));
  const begin = performance.now();
  node.muted = true;
  if (node.readyState === 0) await came("loadedmetadata");
  node.currentTime = node.duration * 0.95;
  await node.play();
  const until = node.currentTime + 1;
  while (node.currentTime < until) await came("timeupdate");
  node.pause();
  return performance.now() - begin;
}"""
"""Milliseconds until a second of the film has been played there."""


def run() -> list[Ratio]:
    """Measure; milliseconds and MB."""
    with (
        windows.running() as (clinic, chromium),
        windows.kept_profile(chromium, memory.COLLECTS) as (context, profile),
        tempfile.TemporaryDirectory() as folder,
    ):
        sender, reader = windows.people(clinic)
        photo = soft_photo(WIDTH, HEIGHT, QUALITY)
        small = _small(clinic, sender, reader, photo)
        large = _sent(clinic, sender, reader, photo, Path(folder))
        visit = windows.entered(clinic, context.pages[0], reader)
        process = memory.process_with(profile)
        opened_after(visit, small)  # does not count
        quick = opened_after(visit, small)
        windows.settled(visit.page)
        before = memory.of(process)
        with memory.watched(process) as watched:
            first = opened_after(visit, large, leaves=False)
            visit.page.wait_for_load_state("networkidle")
            visit.press("End")
            visit.is_at(FILMS + 1, FILMS + 1)
            played = float(visit.page.locator(".pane-player video").evaluate(PLAYED))
    most = watched.peak.above(before)
    return [
        Ratio("first photo of 4 GiB, against 5 MB", first, quick, first / quick, None, "ms", is_ceiling=True),
        Ratio("a second played near its end, against 5 MB opened", played, quick, played / quick, None, "ms", is_ceiling=True),
        Ratio("4 GiB opened and played: renderer, most", watched.peak.renderers, before.renderers, most.renderers, None, "MB above", is_ceiling=True),
    ]  # fmt: skip


def _small(clinic: Clinic, sender: Person, reader: Person, photo: bytes) -> str:
    made = MadeFile("image/jpeg", photo, small_picture(photo), width=WIDTH, height=HEIGHT)
    return clinic.send(sender, [reader], [made] * round(SMALL / len(photo))).header.report_id


def _sent(clinic: Clinic, sender: Person, reader: Person, photo: bytes, folder: Path) -> str:
    """A photo and so many films that hardly anything more would go into the package."""
    (folder / "photo.jpg").write_bytes(photo)
    short = (samples() / "phone-h264-faststart.mp4").read_bytes()
    (folder / "film.mp4").write_bytes(repeated_mp4(short, (PACKAGE_BYTES - ROOM) // FILMS // len(short)))
    with clinic.client_of(sender) as http:
        token = http.headers["Authorization"].removeprefix("Bearer ")
    files = [folder / "photo.jpg", *[folder / "film.mp4"] * FILMS]
    done = subprocess.run(
        [Path(sys.executable).with_name("picsafe"), "send", *files, "--to", reader.email, "--quiet"],
        env={**os.environ, "PICSAFE_URL": clinic.url, "PICSAFE_TOKEN": token, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    with clinic.client_of(reader) as http:
        newest = http.get("/users/v1/reports").json()["reports"][0]
    if newest["size"] < PACKAGE_BYTES - 2 * ROOM:
        raise RuntimeError(f"only {newest['size']} bytes were sent")
    return str(newest["id"])
