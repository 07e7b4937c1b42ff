"""Runs in Pyodide before its memory is frozen: imports what My PicSafe and PyScript will import in the browser.

Not part of any package: freeze.mjs runs its text with `pyscript_sources` (JSON: path to source) among the globals.
"""

from __future__ import annotations

import gc
import importlib
import json
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import CodeType, ModuleType

PYSCRIPT_USES = ("asyncio", "base64", "collections", "functools", "html", "inspect", "io", "json", "os", "pathlib")
"""What PyScript's library imports of Python's."""


def import_everything(package_name: str) -> None:
    """Import a package and all its modules, so that none of them is read from a file in the browser."""
    package = importlib.import_module(package_name)
    for module in pkgutil.walk_packages(package.__path__, package_name + "."):
        try:
            importlib.import_module(module.name)
        except Exception as error:
            error.add_note(
                f"{module.name} cannot be imported while the snapshot is made: there is no page yet. "
                "Import from `js` inside functions, and keep no JavaScript object at module level."
            )
            raise


class PyScriptLibrary(MetaPathFinder, Loader):
    """Imports PyScript's own Python modules from code that was compiled when the snapshot was made.

    They run only in the browser, as they speak to the page at import. js/pyodide-loader.js has PyScript import them instead of
    writing them to files and compiling them at every start.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._packages = {_module_name(path) for path in sources if path.endswith("/__init__.py")}
        self._code: dict[str, CodeType] = {
            _module_name(path): compile(source, path, "exec", dont_inherit=True) for path, source in sources.items()
        }

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As `importlib.abc.MetaPathFinder` wants it."""
        if name not in self._code:
            return None
        return spec_from_loader(name, self, origin="snapshot", is_package=name in self._packages)

    def create_module(self, spec: ModuleSpec) -> None:
        """As `importlib.abc.Loader` wants it: an ordinary module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        exec(self._code[module.__name__], module.__dict__)  # noqa: S102 this is what importing is


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


importlib.invalidate_caches()  # with the clock standing still, site-packages does not look changed
for used in PYSCRIPT_USES:
    importlib.import_module(used)
import_everything("picsafe_protocol")
import_everything("picsafe_media")
import_everything("picsafe_client")
sys.meta_path.insert(0, PyScriptLibrary(json.loads(globals()["pyscript_sources"])))
gc.collect()
