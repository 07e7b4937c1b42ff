"""Pages in which libraries that others use decrypt, for `decrypt`: openpgp.js and libsodium, from npm, pinned in peers/."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.browser.client_server import Site, serve
from playwright.async_api import Browser, Page

from scripts.clientbuild.toolchain import npm_modules

_FOLDER: Final = Path(__file__).resolve().parent / "peers"
_DOWNLOADS: Final = _FOLDER.parents[2] / "build" / "downloads"
_NAMES: Final = {"openpgp": "openpgp.js", "libsodium-wrappers-sumo": "libsodium secretstream"}
_IMPORTS: Final = {
    "openpgp": "/npm/openpgp/dist/openpgp.min.mjs",
    "libsodium-sumo": "/npm/libsodium-sumo/dist/modules-sumo-esm/libsodium-sumo.mjs",
    "libsodium-wrappers-sumo": "/npm/libsodium-wrappers-sumo/dist/modules-sumo-esm/libsodium-wrappers.mjs",
}
_SCRIPTS: Final = {"openpgp": "openpgp.js", "libsodium-wrappers-sumo": "sodium.js"}

_PREPARE: Final = """async ([script, size, way]) => {
  const peer = await import(script);
  let plaintext = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(plaintext.subarray(at, Math.min(at + 65536, size)));
  await peer.prepare(plaintext, way);
}"""
_DECRYPT: Final = """async ([script, size, way]) => {
  const peer = await import(script);
  const begin = performance.now();
  const total = await peer.decrypt(way);
  const took = performance.now() - begin;
  if (total !== size) throw new Error(`${total} bytes came out instead of ${size}`);
  return took;
}"""


@dataclass(frozen=True)
class Peer:
    """A library: `name` says its version as well."""

    name: str
    script: str


@dataclass
class PeerPage:
    """A page in which a peer decrypts `size` bytes in one of its ways."""

    page: Page
    peer: Peer
    size: int
    way: str = ""

    async def ways(self) -> list[str]:
        """The settings that it has."""
        found: list[str] = await self.page.evaluate("async (script) => (await import(script)).ways", self.peer.script)
        return found

    async def prepare(self, way: str) -> None:
        """Encrypts what will be decrypted."""
        self.way = way
        await self.page.evaluate(_PREPARE, [self.peer.script, self.size, way])

    async def decrypt(self) -> float:
        """Milliseconds that decrypting all of it takes."""
        return float(await self.page.evaluate(_DECRYPT, [self.peer.script, self.size, self.way]))

    async def prepare_fastest(self) -> None:
        """Tries all ways, each twice since the first warms up, and prepares the fastest."""
        times: dict[str, float] = {}
        for way in await self.ways():
            await self.prepare(way)
            await self.decrypt()
            times[way] = await self.decrypt()
        await self.prepare(min(times, key=lambda way: times[way]))


@contextmanager
def serving() -> Iterator[tuple[Site, list[Peer]]]:
    """The pages of the peers, with no policy in their way."""
    modules = npm_modules(_FOLDER, _DOWNLOADS)
    locked = json.loads((_FOLDER / "package-lock.json").read_text("utf-8"))["packages"]
    with serve(_FOLDER, policy=None) as site:
        site.extra["/"] = ("text/html; charset=utf-8", _page())
        for path in _IMPORTS.values():
            site.extra[path] = ("text/javascript", (modules / path.removeprefix("/npm/")).read_bytes())
        yield (
            site,
            [
                Peer(f"{_NAMES[package]} {locked[f'node_modules/{package}']['version']}", f"/{script}")
                for package, script in _SCRIPTS.items()
            ],
        )


@asynccontextmanager
async def opened(browser: Browser, site: Site, peer: Peer, size: int) -> AsyncIterator[PeerPage]:
    """A page of a profile of its own."""
    profile = await browser.new_context()
    try:
        page = await profile.new_page()
        await page.goto(site.url)
        yield PeerPage(page, peer, size)
    finally:
        await profile.close()


def _page() -> bytes:
    imports = json.dumps({"imports": _IMPORTS})
    return f'<!doctype html><meta charset=utf-8><title>peer</title><script type="importmap">{imports}</script>'.encode()
