"""The 35 vectors and the chunk kernel in a real browser's Pyodide: the protocol package over WebCrypto."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from harness import cobblestone_vectors
from harness.browser.client_server import serve
from harness.browser.page_driver import ClientPage, opened
from harness.cobblestone_vectors import NAME, vectors_of
from harness.shared_files import vectors
from playwright.async_api import Browser

from picsafe_protocol.crypto import chunked
from picsafe_protocol.crypto.aes_gcm import open_chunks, seal_chunks

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]

KEY = bytes(range(32))
SALT = bytes(range(24))
MESSAGE_KEY = chunked.derive(KEY, SALT, b"")

_SETUP = """
import sys, types
module = types.ModuleType("cobblestone_vectors")
sys.modules["cobblestone_vectors"] = module
exec(compile(source, "cobblestone_vectors.py", "exec", dont_inherit=True), module.__dict__)
"""

_CIPHER = """
from picsafe_client.crypto.webcrypto import WebCryptoCipher
from picsafe_protocol.crypto import chunked
from picsafe_protocol.contracts.errors import DecryptionError
cipher = WebCryptoCipher()
message_key = chunked.derive(bytes(range(32)), bytes(range(24)), b"")
"""


@pytest.fixture(scope="module")
async def working(chromium: Browser, built_client: Path) -> AsyncIterator[ClientPage]:
    """One page for all tests of this module, with the vectors' code loaded into its Python."""
    with serve(built_client) as site:
        async with opened(chromium, site.url) as opened_page:
            assert (await opened_page.boot())["state"] == "ready"
            await opened_page.python(_SETUP, source=Path(cobblestone_vectors.__file__).read_text("utf-8"))
            yield opened_page


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((vectors() / "cobblestone" / NAME).read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("number", range(1, 36))
async def test_vector(working: ClientPage, document: dict[str, Any], number: int) -> None:
    """Whole, by ranges, streamed and, for the valid ones, written again."""
    vector = vectors_of(document)[number - 1]
    source = """
import json
from cobblestone_vectors import check
from picsafe_client.crypto.webcrypto import WebCryptoCipher
await check(json.loads(vector), WebCryptoCipher())
"checked"
"""
    assert await working.python(source, vector=json.dumps(vector)) == "checked"


@pytest.mark.parametrize(
    "length", [0, 1, 16383, 16384, 16385, 16 * 16384 - 1, 16 * 16384, 17 * 16384 + 5, 300 * 16384 + 77]
)
@pytest.mark.parametrize("first", [0, 1, 255, 2**32 - 1, 2**32, 2**40 + 3])
async def test_the_kernel_and_cpython_seal_the_same_bytes(working: ClientPage, length: int, first: int) -> None:
    plaintext = hashlib.shake_128(b"%d" % length).digest(length)
    source = (
        _CIPHER
        + """
import hashlib
data = cipher.from_bytes(hashlib.shake_128(b"%d" % length).digest(length))
sealed = await cipher.seal(message_key, first, data)
opened = cipher.to_bytes(await cipher.open(message_key, first, sealed))
[hashlib.sha256(cipher.to_bytes(sealed)).hexdigest(), hashlib.sha256(opened).hexdigest()]
"""
    )
    sealed = seal_chunks(MESSAGE_KEY, first, plaintext)
    assert await working.python(source, length=length, first=first) == [
        hashlib.sha256(sealed).hexdigest(),
        hashlib.sha256(plaintext).hexdigest(),
    ]
    assert open_chunks(MESSAGE_KEY, first, sealed) == plaintext


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("sealed[0] ^= 1", "Tampered"),
        ("sealed[16399] ^= 0x80", "Tampered"),
        ("sealed[50 * 16400] ^= 1", "Tampered"),
        ("sealed[-1] ^= 1", "Tampered"),
        ("del sealed[-1]", "Tampered"),
        ("del sealed[0]", "Tampered"),
        ("del sealed[-100:]", "Tampered"),
        ("sealed[:16400], sealed[16400:32800] = sealed[16400:32800], sealed[:16400]", "Tampered"),
        ("sealed[16400:16400] = sealed[:16400]", "Tampered"),
        ("del sealed[:16400]", "Tampered"),
        ("sealed += bytes(16)", "Tampered"),
        ("del sealed[-101:]", "Truncated"),
        ("del sealed[-116 + 15:]", "Truncated"),
        ("del sealed[15:]", "Truncated"),
        ("sealed.clear()", "Truncated"),
    ],
)
async def test_changed_chunks_are_refused_by_name(working: ClientPage, change: str, refusal: str) -> None:
    source = (
        _CIPHER
        + """
sealed = bytearray(cipher.to_bytes(await cipher.seal(message_key, 0, cipher.from_bytes(bytes(100 * 16384 + 100)))))
exec(change)
try:
    await cipher.open(message_key, 0, cipher.from_bytes(bytes(sealed)))
    outcome = "opened"
except DecryptionError as error:
    outcome = type(error).__name__
outcome
"""
    )
    assert await working.python(source, change=change) == refusal


@pytest.mark.parametrize("wrong", ["key", "nonce", "chunk number"])
async def test_chunks_open_only_as_what_they_are(working: ClientPage, wrong: str) -> None:
    source = (
        _CIPHER
        + """
sealed = await cipher.seal(message_key, 7, cipher.from_bytes(b"photo"))
other = {
    "key": chunked.MessageKey(bytes(32), message_key.base_nonce, message_key.commitment),
    "nonce": chunked.MessageKey(message_key.key, bytes(12), message_key.commitment),
    "chunk number": message_key,
}[wrong]
try:
    await cipher.open(other, 8 if wrong == "chunk number" else 7, sealed)
    outcome = "opened"
except DecryptionError as error:
    outcome = type(error).__name__
outcome
"""
    )
    assert await working.python(source, wrong=wrong) == "Tampered"


async def test_the_key_cannot_be_read_back_and_its_bytes_are_wiped(working: ClientPage) -> None:
    script = """async () => {
      const raw = crypto.getRandomValues(new Uint8Array(32));
      const key = await picsafe.kernel.importKey(raw);
      const exported = await crypto.subtle.exportKey("raw", key).then(() => "exported", (error) => error.name);
      return [key.extractable, exported, raw.every((byte) => byte === 0)];
    }"""
    assert await working.page.evaluate(script) == [False, "InvalidAccessError", True]


@pytest.mark.parametrize("length", [0, 15, 31, 33, 64])
async def test_a_key_of_another_length_is_refused(working: ClientPage, length: int) -> None:
    source = (
        _CIPHER
        + """
from picsafe_protocol.contracts.errors import InvalidKey
class Source:
    size = 72
    async def read(self, start, stop):
        return cipher.from_bytes(bytes(stop - start))
try:
    await chunked.Reader.open(Source(), bytes(length), b"", cipher)
    outcome = "opened"
except InvalidKey as error:
    outcome = "InvalidKey"
outcome
"""
    )
    assert await working.python(source, length=length) == "InvalidKey"


@pytest.mark.parametrize("pieces", [[], [0], [1], [100, 0, 1], [65536] * 40])
async def test_digests_of_streams_are_those_of_python(working: ClientPage, pieces: list[int]) -> None:
    source = """
import js
from pyodide.ffi import to_js
kernel = js.picsafe.kernel
digest, checksum = await kernel.createDigest(), await kernel.createCrc32()
for number, length in enumerate(pieces):
    piece = to_js(bytes([number % 251]) * length)
    digest.update(piece)
    checksum.update(piece)
whole = to_js(b"".join(bytes([number % 251]) * length for number, length in enumerate(pieces)))
[digest.hex(), await kernel.sha256(whole), checksum.value(), await kernel.crc32(whole)]
"""
    whole = b"".join(bytes([number % 251]) * length for number, length in enumerate(pieces))
    sha256, crc32 = hashlib.sha256(whole).hexdigest(), zlib.crc32(whole)
    assert await working.python(source, pieces=pieces) == [sha256, sha256, crc32, crc32]


_STREAMED = """
class Source:
    def __init__(self, buffer):
        self.buffer, self.size = buffer, cipher.length(buffer)
    async def read(self, start, stop):
        return cipher.part(self.buffer, start, stop)

writer = chunked.Writer(bytes(range(32)), b"", cipher)
sealed = [await writer.update(cipher.from_bytes(data)), await writer.finish()]
source = Source(cipher.join([cipher.from_bytes(writer.header), *sealed]))
reader = await chunked.Reader.open(source, bytes(range(32)), b"", cipher)
"""


@pytest.mark.parametrize("overwriting", [False, True])
async def test_pieces_of_a_stream_take_the_place_of_one_another_only_when_asked_for(
    working: ClientPage, overwriting: bool
) -> None:
    source = (
        _CIPHER
        + "import hashlib\ndata = hashlib.shake_128(b'a film').digest(70 * 16384 + 9)\n"
        + _STREAMED
        + """
seen, kept = b"", []
async for piece in reader.stream(100, None, 16 * 16384, overwriting=overwriting):
    seen += cipher.to_bytes(piece)
    kept.append(piece)
[hashlib.sha256(seen).hexdigest(), b"".join(map(cipher.to_bytes, kept)) == seen, cipher.to_bytes(await reader.read(0, 5)) == data[:5]]
"""
    )
    data = hashlib.shake_128(b"a film").digest(70 * 16384 + 9)
    expected = [hashlib.sha256(data[100:]).hexdigest(), not overwriting, True]
    assert await working.python(source, overwriting=overwriting) == expected


async def test_what_was_handed_on_is_not_written_over(working: ClientPage) -> None:
    source = (
        _CIPHER
        + "data = bytes(64 * 16384)\n"
        + _STREAMED
        + """
import js
from picsafe_client.interop import js_object
from pyodide.ffi import to_js
moved = []
async for piece in reader.stream(0, None, 16 * 16384, overwriting=True):
    moved.append(js.structuredClone(piece, js_object({"transfer": to_js([piece.buffer])})))
b"".join(map(cipher.to_bytes, moved)) == data
"""
    )
    assert await working.python(source) is True


async def test_large_buffers_never_enter_pythons_memory(working: ClientPage) -> None:
    source = (
        _CIPHER
        + """
import js
import pyodide_js
buffer = js.Uint8Array.new(64 * 1024 * 1024)
before = pyodide_js._module.HEAP8.length
sealed = await cipher.seal(message_key, 0, buffer)
opened = await cipher.open(message_key, 0, sealed)
part = cipher.part(opened, 1, 2**20)
[cipher.length(opened) == 2**26, pyodide_js._module.HEAP8.length - before, part.buffer.byteLength == 2**26]
"""
    )
    assert await working.python(source) == [True, 0, True]
