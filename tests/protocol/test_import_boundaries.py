"""Dependencies point inward: everybody imports the protocol package, it imports nobody, and roles never each other."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "picsafe_protocol": ROOT / "shared" / "protocol" / "picsafe_protocol",
    "picsafe_media": ROOT / "shared" / "media" / "picsafe_media",
    "picsafe_dicom": ROOT / "shared" / "dicom" / "picsafe_dicom",
    "picsafe_client": ROOT / "client" / "py" / "picsafe_client",
    "picsafe_server": ROOT / "server" / "picsafe_server",
    "picsafe_cli": ROOT / "cli" / "picsafe_cli",
}
ROLES = ("users", "cloud", "keys")
PROTOCOL_USES = {
    *(
        "abc",
        "array",
        "base64",
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "hashlib",
        "hmac",
    ),
    *("io", "itertools", "json", "math", "re", "secrets", "struct", "types", "typing", "unicodedata", "zlib"),
    "__future__",
}
"""Of the standard library: nothing that opens files, sockets, processes or threads."""


def imports(folder: Path) -> Iterator[tuple[Path, str, bool]]:
    """Every import below `folder`: the file, the full name of what is imported, and whether the module itself imports it."""
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"), str(file))
        at_top = {node for statement in tree.body for node in _run_on_import(statement)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((file, alias.name, node in at_top) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file} imports relatively, which hides what it depends on"
                assert node.module is not None
                yield file, node.module, node in at_top
                yield from ((file, f"{node.module}.{alias.name}", node in at_top) for alias in node.names)


def _run_on_import(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported: neither the insides of functions nor what is for type checkers."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    if isinstance(statement, ast.If) and isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING":
        return
    yield statement
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield from _run_on_import(child)


def crossings(package: str, forbidden: tuple[str, ...]) -> list[str]:
    """The imports in `package` of anything in `forbidden`."""
    return [
        f"{file.relative_to(ROOT)} imports {name}"
        for file, name, _ in imports(PACKAGES[package])
        if any(name == wall or name.startswith(f"{wall}.") for wall in forbidden)
    ]


def test_the_protocol_uses_the_standard_library_and_lazily_cryptography() -> None:
    for file, name, at_top in imports(PACKAGES["picsafe_protocol"]):
        top = name.partition(".")[0]
        if top == "cryptography":
            assert not at_top, f"{file} imports cryptography when it is imported, so no browser can import it"
        else:
            assert top == "picsafe_protocol" or top in PROTOCOL_USES, f"{file} imports {name}"


def test_the_protocol_opens_no_file() -> None:
    for file in sorted(PACKAGES["picsafe_protocol"].rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"open", "exec", "eval", "__import__", "print", "input"}, file


SHARED: dict[str, set[str]] = {
    "picsafe_protocol": set(),
    "picsafe_media": {"picsafe_protocol"},
    "picsafe_dicom": {"picsafe_protocol", "picsafe_media"},
    "picsafe_server": {"picsafe_protocol"},
}
"""What may be imported; everybody else may import all shared packages."""


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_share_nothing_but_the_shared_packages(package: str) -> None:
    allowed = {package} | SHARED.get(package, {"picsafe_protocol", "picsafe_media", "picsafe_dicom"})
    assert crossings(package, tuple(name for name in PACKAGES if name not in allowed)) == []


@pytest.mark.parametrize("package", ["picsafe_client", "picsafe_cli"])
def test_dicom_is_imported_only_when_it_is_used(package: str) -> None:
    early = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file, name, at_top in imports(PACKAGES[package])
        if at_top and name.partition(".")[0] in {"picsafe_dicom", "pydicom"}
    ]
    assert early == []


def test_only_the_data_set_needs_pydicom() -> None:
    using = {file.name for file, name, _ in imports(PACKAGES["picsafe_dicom"]) if name.startswith("pydicom")}
    assert using == {"instance.py"}


@pytest.mark.parametrize("role", ROLES)
def test_roles_never_import_each_other(role: str) -> None:
    others = tuple(f"picsafe_server.{other}" for other in ROLES if other != role)
    folder = PACKAGES["picsafe_server"] / role
    found = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file, name, _ in imports(folder)
        if any(name == other or name.startswith(f"{other}.") for other in others)
    ]
    assert found == []


def test_the_kernel_of_the_server_knows_roles_only_where_it_composes_them() -> None:
    composing = {"app.py", "cli.py", "migrate.py"}
    roles = tuple(f"picsafe_server.{role}" for role in ROLES)
    for file, name, at_top in imports(PACKAGES["picsafe_server"]):
        if file.parent == PACKAGES["picsafe_server"] and name.startswith(roles):
            assert file.name in composing, f"{file.name} imports {name}"
            assert not at_top, f"{file.name} imports {name} even where that role does not run"


BARE = """
import sys
for missing in ("cryptography", "ssl", "_ssl", "_hashlib", "threading", "socket", "sqlite3", "multiprocessing"):
    sys.modules[missing] = None
import pkgutil, importlib, picsafe_protocol
for module in pkgutil.walk_packages(picsafe_protocol.__path__, "picsafe_protocol."):
    importlib.import_module(module.name)
from picsafe_protocol.crypto.chunked import derive
assert derive(bytes(32), bytes(24), b"").key.hex() == sys.argv[1]
"""


def test_it_can_be_imported_where_there_is_neither_openssl_nor_a_thread() -> None:
    from picsafe_protocol.crypto.chunked import derive

    key = derive(bytes(32), bytes(24), b"").key.hex()
    done = subprocess.run([sys.executable, "-c", BARE, key], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
