"""The Python half of the bundle: wheels into site-packages by micropip, and the memory of a Python that imported it all."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from scripts.clientbuild.cache import use
from scripts.clientbuild.dicom_archive import dicom_archive
from scripts.clientbuild.fingerprint import files_under, fingerprint
from scripts.clientbuild.sparse import sparse
from scripts.clientbuild.texts import TRANSLATIONS, compiled_texts
from scripts.clientbuild.toolchain import browser_wheels, npm_modules, run, run_node

_SCRIPTS = Path(__file__).resolve().parent
_ZIP_TIME = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class PythonSide:
    """What Python needs in the browser besides Pyodide itself."""

    facts: Path
    """A JavaScript module: what Pyodide's lock file says about Pyodide itself (its 300 packages are not needed), and where
    in the memory the parts of the snapshot belong."""
    site_packages: Path
    """A zip of the Python files, for a start without the snapshot."""
    snapshot: Path
    """The memory of a Python that has imported everything, 30 MB without its zeros (sparse.py)."""
    dicom: Path
    """A zip of the Python that writes DICOM: too large, and too seldom needed, to be in the snapshot."""


def python_side(root: Path, cache: Path, downloads: Path) -> PythonSide:
    """Make both, or take them from `cache` when neither the Python sources nor the tools changed."""
    modules = npm_modules(root / "client", downloads)
    sources = [
        *files_under(root / "client" / "py"),
        *files_under(root / "client" / "texts"),
        *files_under(root / "shared"),
        *(path for path in files_under(root / "scripts" / "clientbuild")),
        root / "client" / "package-lock.json",
        root / "requirements" / "browser.lock",
    ]
    home = cache / f"python-{fingerprint(root, sources)[:16]}"
    made = PythonSide(home / "facts.js", home / "site-packages.zip", home / "snapshot.bin", home / "dicom.zip")
    if not (home / "complete").is_file():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        with tempfile.TemporaryDirectory() as scratch:
            tree = Path(scratch) / "site-packages"
            _install(root, downloads, modules, Path(scratch), tree)
            _zip(tree, made.site_packages)
        dicom_archive(root, downloads, made.dicom)
        (home / "pyscript.json").write_text(json.dumps(pyscript_sources(modules)), "utf-8")
        task = {
            "pyodide": (modules / "pyodide" / "pyodide.mjs").as_uri(),
            "sitePackages": str(made.site_packages),
            "prepare": str(_SCRIPTS / "prepare.py"),
            "pyscript": str(home / "pyscript.json"),
            "output": str(made.snapshot),
        }
        run_node(_SCRIPTS / "freeze.mjs", task)
        frozen = sparse(made.snapshot.read_bytes())
        made.snapshot.write_bytes(frozen.content)
        info = json.loads((modules / "pyodide" / "pyodide-lock.json").read_text("utf-8"))["info"]
        snapshot = {"head": frozen.head, "memory": frozen.memory, "stretches": frozen.stretches}
        facts = {"lockInfo": info, "snapshot": snapshot}
        lines = [f"export const {name} = {json.dumps(value)};\n" for name, value in facts.items()]
        made.facts.write_text("".join(lines), "utf-8")
        (home / "complete").touch()
    use(home)
    return made


def pyscript_sources(modules: Path) -> dict[str, str]:
    """PyScript's own Python modules by path, which it writes and imports at every start."""
    module = (modules / "@pyscript" / "core" / "src" / "stdlib" / "pyscript.js").read_text("utf-8")
    tree = json.loads(module.partition("export default")[2].strip().rstrip(";"))
    return {f"pyscript/{name}": source for name, source in tree["pyscript"].items()}


def _install(root: Path, downloads: Path, modules: Path, scratch: Path, tree: Path) -> None:
    wheels = browser_wheels(root / "requirements" / "browser.lock", downloads)
    micropip = wheels.pop("micropip")
    wheels.pop("pydicom")  # in an archive of its own
    own = scratch / "wheels"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(own)]
    for package in ("protocol", "media"):
        run("hatchling", command, cwd=root / "shared" / package)
    task = {
        "pyodide": (modules / "pyodide" / "pyodide.mjs").as_uri(),
        "micropip": str(micropip),
        "wheels": [str(wheel) for wheel in [*sorted(own.glob("*.whl")), *wheels.values()]],
        "output": str(tree),
    }
    run_node(_SCRIPTS / "install.mjs", task)
    client = root / "client" / "py"
    for path in files_under(client):
        if client / TRANSLATIONS in path.parents:
            continue
        target = tree / path.relative_to(client)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for path, content in compiled_texts(root / "client").items():
        (tree / path).write_text(content, "utf-8")


def _zip(tree: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for path in files_under(tree):
            entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), _ZIP_TIME)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
