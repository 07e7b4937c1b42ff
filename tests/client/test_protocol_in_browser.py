"""The protocol package's own tests, run again inside a real browser's Pyodide, against the package in the bundle."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from harness.browser import pytest_in_page as inside_page
from harness.browser.client_server import Site, serve
from harness.browser.page_driver import ClientPage, opened
from harness.report_factory import MadeFile, made_report
from harness.shared_files import samples, vectors
from playwright.async_api import Browser

from picsafe_media import FileSource, clean, cleaned_chunks

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]

TESTS = Path(__file__).resolve().parents[1]
TOOLS = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "py")
"""What the tests need beside the package: all of it pure Python, taken from this environment."""

FILES = [
    "protocol/test_errors.py",
    "protocol/test_filenames.py",
    "protocol/test_identifiers.py",
    "protocol/test_merkle.py",
    "protocol/test_public_names.py",
    "protocol/test_regions.py",
    "protocol/test_report.py",
    "protocol/test_strict_zip.py",
    "protocol/test_strict_json.py",
    "protocol/test_timestamps.py",
]
"""Those that need neither Pillow nor `cryptography`, which the browser does not have; of each, all
but the property tests and the few that need one of these after all."""


@pytest.fixture(scope="module")
async def workbench(chromium: Browser, built_client: Path) -> AsyncIterator[ClientPage]:
    """A page whose Python has pytest, these tests and the vectors in the folder /tests."""
    with serve(built_client) as site:
        site.extra["/test/tools.zip"] = ("application/zip", _tools())
        site.extra["/test/tests.zip"] = ("application/zip", _tests())
        site.extra[_snapshot(built_client)] = 404  # some tests read the package's files, which a snapshot has not got
        async with opened(chromium, site.url) as page:
            assert (await page.boot())["state"] == "ready"
            source = """
import sys, types
from pyodide.http import pyfetch
await (await pyfetch("/test/tools.zip")).unpack_archive(extract_dir="/tools")
await (await pyfetch("/test/tests.zip")).unpack_archive(extract_dir="/tests")
sys.path.append("/tools")
module = types.ModuleType("inside_page")
sys.modules["inside_page"] = module
exec(compile(text, "inside_page.py", "exec", dont_inherit=True), module.__dict__)
"""
            await page.python(source, text=Path(inside_page.__file__).read_text("utf-8"))
            yield page


@pytest.mark.parametrize("file", FILES)
async def test_in_the_browser(workbench: ClientPage, file: str) -> None:
    outcome = await workbench.python("from inside_page import run\nrun('/tests', [file])", file=file)
    assert outcome["failed"] == []
    assert (outcome["ended"], outcome["passed"] > 10 * outcome["skipped"]) == (0, True), outcome


async def test_a_package_made_by_cpython_opens_in_the_browser(client_page: ClientPage) -> None:
    made = made_report(
        [
            MadeFile("image/jpeg", bytes(range(256)) * 2000, thumbnail=b"small", caption="Left forearm"),
            MadeFile("audio/mp4", b"sound" * 40_000, duration=3.5),
        ],
        signature=b"signature",
    )
    source = """
from picsafe_client.crypto import hashing as digests
from picsafe_client.crypto.webcrypto import WebCryptoCipher
from picsafe_protocol.format.package import read_package
from picsafe_protocol.format.payload import Payload
cipher = WebCryptoCipher()
class Source:
    buffer = cipher.from_bytes(bytes.fromhex(package))
    size = cipher.length(buffer)
    async def read(self, start, stop):
        return cipher.part(self.buffer, start, stop)
opened = await read_package(Source(), cipher)
reader = await opened.open(bytes.fromhex(key), cipher)
payload = await Payload.read(reader, opened.header.report_id, digests.sha256)
files = {path: cipher.to_bytes(await payload.file(path)).hex() for path in paths}
[payload.report.patient.name, files]
"""
    name, files = await client_page.python(
        source, package=made.package.hex(), key=made.key.hex(), paths=list(made.files)
    )
    assert name == made.report.patient.name
    assert files == {path: content.hex() for path, content in made.files.items()}


async def test_camera_files_are_cleaned_to_the_same_bytes(client_page: ClientPage, site: Site) -> None:
    files = [path for path in sorted(samples().iterdir()) if path.suffix != ".md"]
    source = """
import hashlib, io
from pyodide.http import pyfetch
from picsafe_media import FileSource, clean, cleaned_chunks
content = await (await pyfetch(url)).bytes()
cleaned = await clean(FileSource.of(content))
digest = hashlib.sha256(b"".join(cleaned_chunks(io.BytesIO(content), cleaned)))
[repr(cleaned.description), digest.hexdigest()]
"""
    for path in files:
        url = f"/test/{path.name}"
        site.extra[url] = ("application/octet-stream", path.read_bytes())
        content = path.read_bytes()
        cleaned = await clean(FileSource.of(content))
        digest = hashlib.sha256(b"".join(cleaned_chunks(io.BytesIO(content), cleaned)))
        assert await client_page.python(source, url=url) == [repr(cleaned.description), digest.hexdigest()], path.name


def _snapshot(folder: Path) -> str:
    [found] = (folder / "assets").glob("snapshot.*.bin")
    return f"/assets/{found.name}"


def _tools() -> bytes:
    folders = []
    for name in TOOLS:
        spec = find_spec(name)
        assert spec is not None, name
        assert spec.origin is not None, name
        folders.append(Path(spec.origin))
    files: dict[str, Path] = {}
    for origin in folders:
        found = origin.parent.rglob("*.py") if origin.name == "__init__.py" else [origin]
        root = origin.parent.parent if origin.name == "__init__.py" else origin.parent
        files |= {path.relative_to(root).as_posix(): path for path in found}
    return _zipped(files)


def _tests() -> bytes:
    folders = ((TESTS / "protocol").rglob("*.py"), (TESTS / "harness").glob("*.py"))
    files = {path.relative_to(TESTS).as_posix(): path for folder in folders for path in folder}
    folder = vectors()
    files |= {f"vectors/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}
    return _zipped(files)


def _zipped(files: dict[str, Path]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, path in sorted(files.items()):
            archive.write(path, name)
    return content.getvalue()
