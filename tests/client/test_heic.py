"""HEIC photos in a browser that does not decode them: the workers that do, and what they are given and allowed."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from harness.browser.client_server import Site
from harness.browser.page_driver import ClientPage, opened
from harness.heic_files import damaged, encoded, scene, ten_bits, tiled
from harness.shared_files import samples
from PIL import Image, ImageChops, ImageStat
from playwright.async_api import Browser

from picsafe_server.http import security_headers

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]

PHOTO = scene(1300, 900)
FORMS: dict[str, Callable[[], bytes]] = {
    "in one piece": lambda: encoded(PHOTO),
    "with odd sides": lambda: encoded(scene(331, 207)),
    "in tiles": lambda: tiled(PHOTO),
    "turned once": lambda: tiled(PHOTO, turn=1),
    "turned twice": lambda: tiled(PHOTO, turn=2),
    "turned thrice": lambda: tiled(PHOTO, turn=3),
    "mirrored": lambda: tiled(PHOTO, mirror=1),
    "mirrored the other way": lambda: tiled(PHOTO, mirror=0),
    "turned and mirrored": lambda: tiled(PHOTO, turn=1, mirror=0),
    "in small tiles, turned and mirrored": lambda: tiled(PHOTO, 256, turn=3, mirror=1),
    "cropped": lambda: tiled(PHOTO, crop=(1001, 701)),
    "cropped and turned": lambda: tiled(PHOTO, 256, crop=(600, 400), turn=1),
    "with ten bits": lambda: ten_bits(PHOTO),
    "grey": lambda: encoded(scene(300, 200, "L")),
    "transparent": lambda: encoded(scene(300, 200, "RGBA")),
    "of a phone, with a colour profile": lambda: (samples() / "phone.heic").read_bytes(),
}
OUTCOME = """
globalThis.decoded = async (photos, { quality = 1, signal = new AbortController().signal } = {}) => {
  const heic = await picsafe.heic();
  const text = async (blob) => {
    const url = await new Promise((done) => {
      const reader = Object.assign(new FileReader(), { onload: () => done(reader.result) });
      reader.readAsDataURL(blob);
    });
    return url.slice(url.indexOf(",") + 1);
  };
  const one = async (photo) => {
    const bytes = Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0));
    try {
      return await text(await heic.jpegOf(new Blob([bytes]), quality, signal));
    } catch (error) {
      return { error: error.name };
    }
  };
  return Promise.all(photos.map(one));
};
"""
DECODE = "(photos) => decoded(photos)"


@pytest.fixture
async def page(chromium: Browser, site: Site) -> AsyncIterator[ClientPage]:
    """A page that may decode; Python need not run for it."""
    async with opened(chromium, site.url) as page:
        await page.page.add_init_script(OUTCOME)
        await page.page.goto(site.url)
        await page.page.wait_for_function("() => globalThis.picsafe?.heic")
        yield page


def text(photo: bytes) -> str:
    return base64.b64encode(photo).decode()


def picture(outcome: Any) -> Image.Image:
    assert isinstance(outcome, str), outcome
    return Image.open(io.BytesIO(base64.b64decode(outcome)))


def on_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


async def test_every_form_looks_as_libheif_decodes_it(page: ClientPage) -> None:
    photos = {name: make() for name, make in FORMS.items()}
    outcomes = await page.page.evaluate(DECODE, [text(photo) for photo in photos.values()])
    for (name, photo), outcome in zip(photos.items(), outcomes, strict=True):
        wanted, found = Image.open(io.BytesIO(photo)), picture(outcome)
        assert found.format == "JPEG", name
        assert found.size == wanted.size, name
        assert found.info.get("icc_profile") == wanted.info.get("icc_profile"), name
        assert not found.getexif(), name
        difference = ImageStat.Stat(ImageChops.difference(on_white(found), on_white(wanted)))
        assert max(difference.mean) < 1, name
        assert max(most for _, most in difference.extrema) <= 12, name
    assert await page.violations() == []


async def test_damaged_photos_fail_and_the_next_one_does_not(page: ClientPage) -> None:
    photo = (samples() / "phone.heic").read_bytes()
    huge = photo.replace(struct.pack(">II", 1600, 858), struct.pack(">II", 20_000, 20_000))
    bad = [damaged(photo), photo[: len(photo) // 2], huge, b"", b"\0\0\0\x18ftypheic" + bytes(200), bytes(5000)]
    outcomes = await page.page.evaluate(DECODE, [text(each) for each in [*bad, photo]])
    assert outcomes[:-1] == [{"error": "NotDecoded"}] * len(bad)
    assert picture(outcomes[-1]).size == (1600, 858)


async def test_what_is_cancelled_is_dropped_while_it_is_decoded_and_while_it_waits(page: ClientPage) -> None:
    photos = [text(tiled(scene(3000, 2000)))] * 3 + [text(encoded(scene(3000, 2000)))] * 3
    cancelled = """async (photos) => {
      const stop = new AbortController();
      const all = decoded(photos, { signal: stop.signal });
      while (!(await picsafe.heic()).count()) await new Promise((done) => setTimeout(done, 20));
      stop.abort();
      return [await all, (await picsafe.heic()).count()];
    }"""
    assert await page.page.evaluate(cancelled, photos) == [[{"error": "AbortError"}] * 6, 0]
    assert picture((await page.page.evaluate(DECODE, photos[:1]))[0]).size == (3000, 2000)


async def test_workers_share_the_rows_of_one_photo(page: ClientPage) -> None:
    shared = """async (photos) => {
      const heic = await picsafe.heic();
      let most = 0;
      const watch = setInterval(() => { most = Math.max(most, heic.count()); }, 5);
      const outcomes = await decoded(photos);
      clearInterval(watch);
      return [outcomes[0].error ?? "decoded", most, navigator.hardwareConcurrency];
    }"""
    outcome, most, processors = await page.page.evaluate(shared, [text(tiled(scene(3000, 2000)))])
    assert outcome == "decoded"
    assert most == min(4, processors)


async def test_a_fault_in_one_tile_of_many_ends_the_photo_and_the_worker_that_made_it(page: ClientPage) -> None:
    photo = tiled(scene(3000, 2000))
    bad = photo[:-20_000] + bytes(20_000)
    [outcome] = await page.page.evaluate(DECODE, [text(bad)])
    assert outcome == {"error": "NotDecoded"}
    left = "async () => [(await picsafe.heic()).count(), Math.min(4, navigator.hardwareConcurrency)]"
    count, most = await page.page.evaluate(left)
    assert count < most  # one that had no more rows to help with rests, and has nothing of the photo
    assert picture((await page.page.evaluate(DECODE, [text(photo)]))[0]).size == (3000, 2000)


async def test_locking_ends_every_worker(page: ClientPage) -> None:
    ended = """async (photos) => {
      await decoded(photos.slice(0, 1));
      const heic = await picsafe.heic();
      const before = heic.count();
      const all = decoded(photos);
      await new Promise((done) => setTimeout(done, 0));
      heic.end();
      return [before, await all, heic.count()];
    }"""
    photos = [text(encoded(scene(800, 600)))] * 5
    assert await page.page.evaluate(ended, photos) == [1, [{"error": "AbortError"}] * 5, 0]


async def test_a_photo_that_takes_too_long_is_given_up(page: ClientPage) -> None:
    await page.page.clock.install()
    await page.page.reload()
    await page.page.wait_for_function("() => globalThis.picsafe?.heic")
    begin = "(photos) => { globalThis.outcome = decoded(photos); }"
    await page.page.evaluate(begin, [text(encoded(scene(6000, 4000)))])
    while not page.page.workers:
        await page.page.wait_for_event("worker")
    await page.page.workers[0].evaluate("() => 1")  # it is here; what it was given comes before any answer of its own
    await page.page.clock.fast_forward(400_000)
    assert await page.page.evaluate("() => outcome") in ([{"error": "NotDecoded"}], [{"error": "NotLoaded"}])


async def test_idle_workers_go_with_their_memory(page: ClientPage) -> None:
    await page.page.clock.install()
    await page.page.reload()
    await page.page.wait_for_function("() => globalThis.picsafe?.heic")
    await page.page.evaluate(DECODE, [text(encoded(scene(80, 60)))] * 3)
    count = "async () => (await picsafe.heic()).count()"
    assert await page.page.evaluate(count) >= 1
    await page.page.clock.fast_forward(11_000)
    assert await page.page.evaluate(count) == 0


@pytest.mark.parametrize("missing", ["heic-worker.", "libheif.", "picture."])
async def test_a_decoder_that_cannot_be_fetched_is_said_and_fetched_again(
    page: ClientPage, site: Site, missing: str
) -> None:
    names = [path.name for path in (site.folder / "assets").iterdir() if path.name.startswith(missing)]
    site.extra |= {f"/assets/{name}": 404 for name in names}
    photo = text(encoded(scene(80, 60)))
    assert await page.page.evaluate(DECODE, [photo]) == [{"error": "NotLoaded"}]
    site.extra.clear()
    assert picture((await page.page.evaluate(DECODE, [photo]))[0]).size == (80, 60)


async def test_nothing_of_it_is_fetched_before_a_photo_needs_it(client_page: ClientPage, site: Site) -> None:
    def fetched() -> set[str]:
        return {path.split("/")[2].split(".")[0] for path in site.requests if path.startswith("/assets/")}

    parts = {"heic", "heic-worker", "libheif", "umd", "picture", "jpeg"}
    assert not fetched() & parts
    source = """
import js
from picsafe_client.ui.heic import shown_as
photo, jpeg = js.Uint8Array.new(data), js.Blob.new([])
(await shown_as(jpeg, "image/jpeg")) is jpeg
"""
    assert await client_page.python(source, data=[1]) is True
    assert not fetched() & parts
    await client_page.page.evaluate("async () => (await picsafe.heic()).isNative()")
    assert fetched() & parts == {"heic"}
    await client_page.page.evaluate(
        "async () => (await picsafe.heic()).jpegOf(new Blob([]), 1, new AbortController().signal).catch(() => 0)"
    )
    assert fetched() & parts == parts


async def test_the_worker_has_a_policy_of_its_own_and_reaches_nothing(page: ClientPage, site: Site) -> None:
    await page.page.evaluate(DECODE, [text(encoded(scene(80, 60)))])
    [worker] = page.page.workers
    answer = await page.page.request.get(worker.url)
    assert answer.headers["content-security-policy"] == security_headers.DECODER_POLICY
    assert "default-src 'none'" in security_headers.DECODER_POLICY
    assert "connect-src" not in security_headers.DECODER_POLICY
    assert "unsafe-eval" not in security_headers.DECODER_POLICY.replace("'wasm-unsafe-eval'", "")
    for reach in (f"fetch('{site.url}')", f"new Promise((_, no) => {{ new WebSocket('{site.url}').onerror = no }})"):
        assert await worker.evaluate(f"() => {reach}.then(() => 'reached', () => 'refused')") == "refused"
    assert "picsafe-heic" in security_headers.content_security_policy([])


async def test_trusted_types_give_the_page_that_one_address_of_a_worker(page: ClientPage) -> None:
    await page.page.evaluate(DECODE, [text(encoded(scene(80, 60)))])
    elsewhere = "() => { try { new Worker('/worker.js') } catch (error) { return error.name } }"
    assert await page.page.evaluate(elsewhere) == "TypeError"
    again = """() => {
      try { trustedTypes.createPolicy("picsafe-heic", { createScriptURL: (url) => url }) } catch (error) { return error.name }
    }"""
    assert await page.page.evaluate(again) == "TypeError"
