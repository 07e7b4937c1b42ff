"""Runs in Pyodide before its memory is frozen: imports what My PicSafe and PyScript will import in the browser.

Not part of any package: freeze.mjs runs its text with `pyscript_sources` (JSON: path to source) among the globals.
"""

# ruff: noqa: F401
# mypy: ignore-errors
import asyncio
import base64
import collections
import functools
import gc
import html
import importlib
import inspect
import io
import json
import pkgutil
import sys
from pathlib import Path


def import_everything(package_name):
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


importlib.invalidate_caches()  # with the clock standing still, site-packages does not look changed
import_everything("picsafe_protocol")
import_everything("picsafe_client")
gc.collect()
