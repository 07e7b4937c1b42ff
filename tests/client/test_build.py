"""build.py: hashed names, references, compression, the manifest, and the same bytes every time."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest

from scripts.clientbuild.assets import FOLDERS, Assets
from scripts.clientbuild.cache import trim, use
from scripts.clientbuild.compress import compressed
from scripts.clientbuild.fingerprint import fingerprint, source_files
from scripts.clientbuild.joining import joined
from scripts.clientbuild.page import boot_tags, index_page
from scripts.clientbuild.reproducible import check, copy_sources
from scripts.clientbuild.toolchain import BuildFailed, browser_wheels, node, npm_modules, run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """A small client folder, with what npm would have installed beside it."""
    files = {
        "client/index.html": "<link href='{{asset:css/page.css}}'>{{boot}}",
        "client/css/page.css": "p { background: url('../img/dot.svg') url(../img/dot.svg) url(data:,x) }",
        "client/img/dot.svg": "<svg/>",
        "client/js/boot.js": "import './pyodide-loader.js'; import './kernel.js'; import('../npm/pyodide/pyodide.mjs');",
        "client/js/pyodide-loader.js": 'import lock from "../python/facts.js"; const none = "./"; // it\'s not a path',
        "client/js/service-worker-client.js": "",
        "client/js/sealed-drafts.js": "",
        "client/js/outbox.js": "",
        "client/js/sealed-store.js": "",
        "client/js/lazy-blob.js": "",
        "client/js/preload.js": "const files = ['../npm/pyodide/pyodide.asm.wasm', '../python/snapshot.bin'];",
        "client/js/kernel.js": "import '../npm/hash-wasm/dist/sha256.umd.min.js';",
        "modules/hash-wasm/dist/sha256.umd.min.js": "import './never-rewritten.js';",
        "modules/hash-wasm/dist/crc32.umd.min.js": "",
        "facts.js": "export default {};",
        "snapshot.bin": "memory",
    }
    for folder, patterns in FOLDERS.items():
        for pattern in patterns:
            name = pattern.replace("*", "1")
            files[f"modules/{folder.removeprefix('npm/')}/{name}"] = f"content of {name}"
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "client"


def assets_of(client: Path) -> Assets:
    made = {f"python/{name}": client.parent / name for name in ("facts.js", "snapshot.bin")}
    return Assets(client, client.parent / "modules", made)


def test_names_carry_the_hash_of_the_content(client: Path) -> None:
    assets = assets_of(client)
    digest = hashlib.sha256(b"<svg/>").hexdigest()
    assert assets.url("img/dot.svg") == f"/assets/dot.{digest[:16]}.svg"
    assert assets.files[assets.url("img/dot.svg")] == b"<svg/>"


def test_references_are_rewritten_and_nothing_else(client: Path) -> None:
    assets = assets_of(client)
    dot = assets.url("img/dot.svg")
    css = assets.files[assets.url("css/page.css")].decode()
    assert css == f"p {{ background: url('{dot}') url({dot}) url(data:,x) }}"
    loader = assets.files[assets.url("js/pyodide-loader.js")].decode()
    assert loader == f'import lock from "{assets.url("python/facts.js")}"; const none = "./"; // it\'s not a path'


def test_a_change_reaches_the_names_of_all_that_refer_to_it(client: Path) -> None:
    changed = ["python/facts.js", "js/pyodide-loader.js", "js/boot.js"]
    same = ["js/kernel.js", "css/page.css", "npm/pyodide/pyodide.mjs"]
    before = assets_of(client)
    names = {path: before.url(path) for path in changed + same}
    (client.parent / "facts.js").write_text("export default {new: 1};")
    after = assets_of(client)
    assert [path for path in names if after.url(path) != names[path]] == changed


def test_files_from_npm_keep_their_bytes_and_those_that_belong_together_their_names(client: Path) -> None:
    assets = assets_of(client)
    assert assets.files[assets.url("npm/hash-wasm/dist/sha256.umd.min.js")] == b"import './never-rewritten.js';"
    urls = assets.urls_in("npm/pyodide")
    assert [url.rpartition("/")[2] for url in urls] == list(FOLDERS["npm/pyodide"])
    assert len({url.rpartition("/")[0] for url in urls}) == 1


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("js/boot.js", "import './gone.js';", r"no asset js/gone.js \(named in js/boot.js\)"),
        ("js/boot.js", "import '../npm/unknown/index.js';", "no asset npm/unknown/index.js"),
        ("js/boot.js", "import '../../secret.js';", r"no asset \.\./secret.js"),
        ("js/kernel.js", "import './boot.js';", r"circle.*js/boot.js -> js/kernel.js -> js/boot.js"),
        ("js/boot.js", "import './boot.js';", "circle"),
        ("css/page.css", "p { background: url('../img/gone.png') }", "no asset img/gone.png"),
        ("index.html", "{{asset:css/gone.css}}{{boot}}", "no asset css/gone.css"),
        ("index.html", "no boot", "exactly once"),
        ("index.html", "{{boot}}{{boot}}", "exactly once"),
        ("index.html", "{{boot}} {{asset: css/page.css}}", "no asset"),
        ("index.html", "{{boot}} {{wheel}}", "{{wheel}}, which means nothing"),
        ("index.html", "{{boot}} {{text2:x}}", "which means nothing"),
    ],
)
def test_a_mistake_in_the_sources_is_named(client: Path, file: str, content: str, complaint: str) -> None:
    (client / file).write_text(content)
    with pytest.raises(BuildFailed, match=complaint):
        index_page(client, assets_of(client))


def test_an_update_that_moves_a_file_is_noticed(client: Path) -> None:
    (client.parent / "modules" / "pyodide" / "pyodide.asm.wasm").unlink()
    with pytest.raises(BuildFailed, match=r"npm/pyodide has no pyodide.asm.wasm"):
        assets_of(client)


def test_the_page_asks_early_for_all_that_the_start_needs(client: Path) -> None:
    assets = assets_of(client)
    tags = boot_tags(assets)
    for path in ("js/boot.js", "js/kernel.js", "python/facts.js"):
        assert f'href="{assets.url(path)}"' in tags
    assert f'<script type="module" async fetchpriority="low" src="{assets.url("js/preload.js")}">' in tags
    preload = assets.files[assets.url("js/preload.js")].decode()
    for path in ("python/snapshot.bin", "npm/pyodide/pyodide.asm.wasm"):
        assert f"'{assets.url(path)}'" in preload
    assert f'<script type="module" fetchpriority="low" src="{assets.url("js/boot.js")}">' in tags
    assert index_page(client, assets).decode().endswith("</script>")


def test_modules_become_one_script(tmp_path: Path) -> None:
    (tmp_path / "entry.js").write_text('import { greeting } from "./more.js";\nglobalThis.said = greeting;\n')
    (tmp_path / "more.js").write_text('export const greeting = "Grüezi";\nexport const unused = 1;\n')
    script = joined(tmp_path, npm_modules(ROOT / "client", ROOT / "build" / "downloads"), "entry.js")
    assert "Grüezi" in script
    assert not re.search(r"\b(import|export)\b", script)
    program = f"{script}; if (said !== 'Grüezi' || typeof greeting !== 'undefined') throw said"
    subprocess.run([node(), "-e", program], check=True)


def test_what_an_old_browser_cannot_read_is_refused(tmp_path: Path) -> None:
    entry = tmp_path / "js" / "old-browser.js"
    entry.parent.mkdir()
    entry.write_text("const said = 1;\nglobalThis.said = said;\n")
    with pytest.raises(BuildFailed, match=r"(?s)esbuild failed.*const"):
        joined(tmp_path, npm_modules(ROOT / "client", ROOT / "build" / "downloads"), "js/old-browser.js")


def test_an_import_of_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "entry.js").write_text('import "./gone.js";\n')
    with pytest.raises(BuildFailed, match=r"(?s)esbuild failed.*gone\.js"):
        joined(tmp_path, npm_modules(ROOT / "client", ROOT / "build" / "downloads"), "entry.js")


def test_the_page_starts_with_as_few_scripts_as_before_they_were_modules(built_client: Path) -> None:
    """Neither sign-in nor the service worker loads another file: what they import is in them."""
    page = (built_client / "index.html").read_text("utf-8")
    (sign_in,) = re.findall(r'<script defer src="/(assets/sign-in\.[0-9a-f]+\.js)"></script>', page)
    (i18n,) = re.findall(r'<script src="/(assets/i18n\.[0-9a-f]+\.js)"></script>', page)
    for name in (sign_in, i18n, "worker.js"):
        assert not re.search(r"^\s*(import|export)\b", (built_client / name).read_text("utf-8"), re.MULTILINE), name
    parts = {"session", "python-start", "elements"}
    assert not [each for each in (built_client / "assets").iterdir() if each.name.split(".")[0] in parts]


def test_only_what_gains_is_compressed_and_it_comes_back(tmp_path: Path) -> None:
    text, noise, small = b"words " * 1000, hashlib.shake_128(b"").digest(5000), b"a" * 511
    found = compressed({"text": text, "noise": noise, "small": small}, tmp_path / "cache")
    assert list(found) == ["text.br", "text.gz"]
    assert brotli.decompress(found["text.br"]) == text
    assert gzip.decompress(found["text.gz"]) == text
    assert compressed({"text": text}, tmp_path / "cache") == found


def test_the_cache_forgets_what_was_not_used_for_longest(tmp_path: Path) -> None:
    (tmp_path / "compressed").mkdir()
    for age, name in enumerate(
        ["python-1/snapshot.bin", "compressed/a.br", "python-2/snapshot.bin", "compressed/b.br"]
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(100))
        entry = path if path.parent.name == "compressed" else path.parent
        os.utime(entry, (0, 1000 - age))
    use(tmp_path / "compressed" / "b.br")
    trim(tmp_path, limit=250)
    assert sorted(path.name for path in tmp_path.glob("python-*")) == ["python-1"]
    assert [path.name for path in (tmp_path / "compressed").iterdir()] == ["b.br"]
    trim(tmp_path, limit=0)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("change", ["content", "name", "more", "fewer"])
def test_the_fingerprint_changes_with_every_input(tmp_path: Path, change: str) -> None:
    files = [tmp_path / name for name in ("a", "b")]
    for path in files:
        path.write_text("content")
    before = fingerprint(tmp_path, files)
    assert before == fingerprint(tmp_path, files)
    if change == "content":
        files[0].write_text("contenu")
    elif change == "name":
        files[0] = files[0].rename(tmp_path / "c")
    elif change == "more":
        shutil.copy(files[0], tmp_path / "c")
        files.append(tmp_path / "c")
    else:
        files.pop()
    assert fingerprint(tmp_path, files) != before


def test_nothing_that_tools_leave_behind_is_an_input() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in source_files(ROOT)}
    assert {"build.py", "client/package-lock.json", "client/js/boot.js", "requirements/browser.lock"} <= names
    assert not [name for name in names if "__pycache__" in name or "node_modules" in name]


def test_a_tool_that_fails_is_named_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match=r"(?s)the tool failed.*no such luck"):
        run("the tool", [sys.executable, "-c", "import sys; sys.exit('no such luck')"], cwd=tmp_path)


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "browser.lock"
    lock.write_text((ROOT / "requirements" / "browser.lock").read_text().replace("sha256:", "sha256:0000")[:200])
    with pytest.raises(BuildFailed, match="pip download failed"):
        browser_wheels(lock, tmp_path)


def test_the_npm_lock_pins_everything_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "client" / "package-lock.json").read_text())
    package = json.loads((ROOT / "client" / "package.json").read_text())
    wanted = package["dependencies"] | package["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
    for name, locked in lock["packages"].items():
        assert "resolved" not in locked, name
        assert name == "" or locked["integrity"].startswith("sha512-"), name


def test_the_manifest_lists_every_file_with_its_hash(built_client: Path) -> None:
    manifest = json.loads((built_client / "manifest.json").read_text())
    there = {path.relative_to(built_client).as_posix() for path in built_client.rglob("*") if path.is_file()}
    siblings = {name for name in there if name.endswith((".br", ".gz", ".zst"))}
    assert there - siblings == {*manifest, "manifest.json"}
    assert {Path(name).suffixes[-2] for name in siblings if name.endswith(".zst")} == {".bin", ".mjs", ".wasm", ".zip"}
    for name, digest in manifest.items():
        content = (built_client / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name
        if f"{name}.br" in siblings:
            assert brotli.decompress((built_client / f"{name}.br").read_bytes()) == content
        if f"{name}.gz" in siblings:
            assert gzip.decompress((built_client / f"{name}.gz").read_bytes()) == content


def test_the_archive_for_dicom_is_enough_to_write_it(built_client: Path) -> None:
    (archive,) = built_client.glob("assets/dicom.*.zip")
    bare = [sys.executable, "-S", "-E", "-c", "import picsafe_dicom.instance, pydicom; print(pydicom.__file__)"]
    path = f"import sys; sys.path[:0] = {[str(archive), *(str(ROOT / 'shared' / each) for each in ('protocol', 'media'))]}; "
    done = subprocess.run([*bare[:-1], path + bare[-1]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(archive))


def test_the_page_names_no_other_origin_and_holds_no_inline_script(built_client: Path) -> None:
    page = (built_client / "index.html").read_text("utf-8")
    assert "://" not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "<script>" not in page
    assert " on" + "click=" not in page


@pytest.mark.usefixtures("built_client")
def test_nothing_is_done_when_nothing_has_changed(tmp_path: Path) -> None:
    copy_sources(ROOT, tmp_path, ROOT / "build" / "downloads")
    (tmp_path / "build" / "cache").symlink_to(ROOT / "build" / "cache")
    command, manifest = [sys.executable, "build.py"], tmp_path / "build" / "client" / "manifest.json"
    first = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    before = manifest.stat()
    second = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "built the client" in first.stdout
    assert (second.stdout, manifest.stat()) == ("", before)


@pytest.mark.timeout(1800)
def test_two_builds_give_the_same_bytes(built_client: Path) -> None:
    """Slow: a second whole build, in another place, time zone and language."""
    assert check(ROOT, ROOT / "build" / "downloads").startswith("Two builds gave the same")
