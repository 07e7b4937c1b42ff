"""Drafts in a real browser's database: what an attacker with the database changes, moves or cuts does not open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from harness.browser.client_server import serve
from harness.browser.page_driver import ClientPage, opened
from playwright.async_api import Browser

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]

SETUP = """() => {
  const { sealedDrafts } = picsafe;
  const secret = (byte) => new Uint8Array(32).fill(byte);
  const size = 2.5 * 1024 * 1024;
  const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 9)) & 255);
  const rows = (store, work, mode = "readwrite") => new Promise((resolve, reject) => {
    const request = indexedDB.open("picsafe-sealed");
    request.onsuccess = () => {
      const running = request.result.transaction([store], mode);
      const asked = work(running.objectStore(store));
      running.oncomplete = () => { request.result.close(); resolve(asked?.result); };
      running.onabort = () => reject(running.error);
    };
  });
  const kept = async (id = "draft", account = "ada", byte = 1) => {
    const draft = await sealedDrafts.begin(id, account, secret(byte));
    await draft.sealFile("photo", new Blob([bytes]), () => true);
    await draft.writeForm("first");
    await draft.writeForm("second");
    draft.close();
    return draft.locator;
  };
  const read = async (draft, file = true) => {
    try {
      const form = await draft.readForm();
      if (!file) return form;
      const found = new Uint8Array(await draft.file("photo", size, "image/jpeg", "a.jpg").arrayBuffer());
      return form + " " + (found.length === size && found.every((byte, index) => byte === bytes[index]));
    } catch (error) {
      return error.name;
    } finally {
      draft.close();
    }
  };
  const find = (id = "draft", account = "ada", byte = 1) => sealedDrafts.find(id, account, secret(byte));
  globalThis.drafts = { sealedDrafts, secret, rows, kept, read, find, bytes, size };
}"""


@pytest.fixture(scope="module")
async def started(chromium: Browser, built_client: Path) -> AsyncIterator[ClientPage]:
    with serve(built_client) as site:
        async with opened(chromium, site.url) as page:
            assert (await page.boot())["state"] == "ready"
            await page.page.evaluate(SETUP)
            yield page


@pytest.fixture
async def page(started: ClientPage) -> AsyncIterator[Any]:
    """The page, with an empty database."""
    yield started.page
    await started.page.evaluate("""async () => {
      for (const store of ["drafts", "pieces"]) await drafts.rows(store, (rows) => void rows.clear());
    }""")
    assert await started.violations() == []


async def test_what_was_sealed_is_found_and_opened_by_its_secret_only(page: Any) -> None:
    found = await page.evaluate("""async () => {
      await drafts.kept();
      const seen = { mine: await drafts.read(await drafts.find()) };
      for (const [name, key] of Object.entries({
        "another secret": ["draft", "ada", 2], "another person": ["draft", "eve", 1], "another draft": ["other", "ada", 1],
      })) seen[name] = (await drafts.find(...key)) === undefined;
      return seen;
    }""")
    assert found == {"mine": "second true", "another secret": True, "another person": True, "another draft": True}


async def test_the_database_holds_no_plaintext_and_says_nothing_about_anybody(page: Any) -> None:
    found = await page.evaluate("""async () => {
      await drafts.kept("an-identifier", "ada-abara");
      const names = [...await drafts.rows("drafts", (rows) => rows.getAll()), ...await drafts.rows("pieces", (rows) => rows.getAllKeys())];
      const pieces = await drafts.rows("pieces", (rows) => rows.getAll());
      const part = drafts.bytes.slice(4096, 4128);
      const holds = pieces.some((piece) => {
        const bytes = new Uint8Array(piece);
        for (let at = bytes.indexOf(part[0]); at >= 0; at = bytes.indexOf(part[0], at + 1))
          if (part.every((byte, index) => bytes[at + index] === byte)) return true;
        return false;
      });
      return [JSON.stringify(names), holds, pieces.length];
    }""")
    assert found[1:] == [False, 3]
    for word in ("ada-abara", "an-identifier", "second", "image"):
        assert word not in found[0]


@pytest.mark.parametrize(
    "attack",
    [
        "piece(0, (bytes) => { bytes[100] ^= 1; return bytes; })",
        "piece(2, (bytes) => bytes.slice(0, -1))",
        "piece(2, () => undefined)",
        "swap(0, 1)",
        "copy(0, 1)",
        "form((row) => ({ ...row, version: row.version - 1 }))",
        "form((row) => { new Uint8Array(row.form)[20] ^= 1; return row; })",
        "foreign()",
    ],
)
async def test_what_was_changed_moved_or_cut_does_not_open(page: Any, attack: str) -> None:
    script = """async () => {
      const locator = await drafts.kept();
      const key = (number, place = locator) => [place, "photo", number];
      const get = (number, place) => drafts.rows("pieces", (rows) => rows.get(key(number, place)));
      const put = (number, value) => drafts.rows("pieces", (rows) => void (value ? rows.put(value, key(number)) : rows.delete(key(number))));
      const piece = async (number, change) => put(number, change(new Uint8Array(await get(number)))?.slice().buffer);
      const copy = async (from, to) => put(to, await get(from));
      const swap = async (one, other) => { const first = await get(one); await copy(other, one); await put(other, first); };
      const form = async (change) => {
        const row = change(await drafts.rows("drafts", (rows) => rows.get(locator)));
        await drafts.rows("drafts", (rows) => void rows.put(row));
      };
      const foreign = async () => put(0, await get(0, await drafts.kept("other", "ada", 1)));
      await ATTACK;
      return drafts.read(await drafts.find());
    }""".replace("ATTACK", attack)
    assert await page.evaluate(script) == "DraftDamaged"


async def test_nothing_is_read_once_the_page_is_locked(page: Any) -> None:
    assert await page.evaluate("""async () => {
      await drafts.kept();
      const draft = await drafts.find();
      const file = draft.file("photo", drafts.size, "image/jpeg", "a.jpg");
      await file.slice(0, 10).arrayBuffer();
      draft.forget();
      const again = await file.slice(0, 10).arrayBuffer().then(() => "read", (error) => error.name);
      const [form, write] = [await draft.readForm().catch(({ name }) => name), await draft.writeForm("x").catch(({ name }) => name)];
      draft.close();
      return [again, form, write];
    }""") == ["DraftClosed", "DraftClosed", "DraftClosed"]


async def test_one_tab_has_it_at_a_time(page: Any) -> None:
    assert await page.evaluate("""async () => {
      await drafts.kept();
      const first = await drafts.find();
      const second = await drafts.find();
      first.close();
      const third = await drafts.find();
      third.close();
      return [second === undefined, third !== undefined];
    }""") == [True, True]


async def test_the_next_start_deletes_what_is_over_and_what_was_left_half_written(page: Any) -> None:
    assert await page.evaluate("""async () => {
      const over = await drafts.kept("over", "ada", 1);
      const row = await drafts.rows("drafts", (rows) => rows.get(over));
      await drafts.rows("drafts", (rows) => void rows.put({ ...row, endsAt: Date.now() - 1 }));
      const gone = (await drafts.find("over", "ada", 1)) === undefined;
      await drafts.kept("alive", "ada", 2);
      const half = await drafts.sealedDrafts.begin("half", "ada", drafts.secret(3));
      await half.sealFile("photo", new Blob([drafts.bytes]), () => true);
      await drafts.sealedDrafts.sweep();
      const while_used = (await drafts.rows("pieces", (rows) => rows.count()));
      half.close();
      await drafts.sealedDrafts.sweep();
      const counts = [await drafts.rows("drafts", (rows) => rows.count()), await drafts.rows("pieces", (rows) => rows.count())];
      return [gone, while_used, counts];
    }""") == [True, 6, [1, 3]]


async def test_what_was_discarded_is_gone_although_more_was_being_sealed(page: Any) -> None:
    assert await page.evaluate("""async () => {
      const draft = await drafts.sealedDrafts.begin("draft", "ada", drafts.secret(1));
      await draft.writeForm("first");
      const sealing = draft.sealFile("photo", new Blob([drafts.bytes]), () => true).catch((error) => error.name);
      await draft.discard();
      return [await sealing, await drafts.rows("drafts", (rows) => rows.count()), await drafts.rows("pieces", (rows) => rows.count())];
    }""") == ["DraftClosed", 0, 0]


async def test_a_file_is_read_as_a_blob_is(page: Any) -> None:
    """Slices of slices, across the pieces that it is sealed in, and a copy that is composed of it and of other bytes."""
    assert (
        await page.evaluate("""async () => {
      await drafts.kept();
      const draft = await drafts.find();
      const real = new Blob([drafts.bytes]);
      const lazy = draft.file("photo", drafts.size, "image/jpeg", "a.jpg");
      const same = async (one, other) => {
        const [a, b] = await Promise.all([one, other].map(async (each) => new Uint8Array(await each.arrayBuffer())));
        return a.length === b.length && a.every((byte, index) => byte === b[index]);
      };
      const mib = 1024 * 1024;
      const spans = [[0, 0], [0, 1], [mib - 1, mib + 1], [10, 2 * mib + 10], [drafts.size - 3, drafts.size + 9], [5, 3]];
      const results = [];
      for (const [start, stop] of spans) results.push(await same(lazy.slice(start, stop), real.slice(start, stop)));
      results.push(await same(lazy.slice(mib - 10, mib + 90).slice(5, 50), real.slice(mib - 10, mib + 90).slice(5, 50)));
      const extra = new Uint8Array([1, 2, 3]);
      const composed = drafts.sealedDrafts.compose([lazy.slice(0, 20), extra, lazy.slice(mib, drafts.size)], "image/png");
      results.push(await same(composed.slice(15, 40), new Blob([real.slice(0, 20), extra, real.slice(mib)]).slice(15, 40)));
      results.push(composed.size === 20 + 3 + drafts.size - mib && composed.type === "image/png");
      draft.close();
      return results;
    }""")
        == [True] * 9
    )
