"""What Lighthouse says about a page, in Debian's Chromium."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from harness.clinic import ROOT
from scripts.clientbuild.toolchain import node, npm_modules

CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = "--headless=new --no-sandbox --disable-background-networking --lang=en-GB"
SECONDS: Final = 300
"""An audit that takes longer hangs."""

Form = Literal["mobile", "desktop"]
FORMS: Final[tuple[Form, ...]] = ("mobile", "desktop")


@dataclass(frozen=True)
class Audit:
    """Points from 0 to 100 by category, and in words what costs points."""

    points: dict[str, int]
    faults: dict[str, list[str]]


def audit(url: str, form: Form, categories: Sequence[str]) -> Audit:
    """Loads the page in a fresh profile, as a phone on a slow line or as a desktop does, and looks at it."""
    program = npm_modules(ROOT / "tests" / "e2e" / "lighthouse", ROOT / "build" / "downloads") / "lighthouse" / "cli"
    command = [node(), str(program / "index.js"), url, "--quiet", "--output=json", f"--chrome-flags={FLAGS}"]
    command += [f"--only-categories={','.join(categories)}", "--no-enable-error-reporting"]
    if form == "desktop":
        command.append("--preset=desktop")
    done = subprocess.run(
        command,
        env={**os.environ, "CHROME_PATH": CHROMIUM},
        capture_output=True,
        check=True,
        text=True,
        timeout=SECONDS,
    )
    return _read(json.loads(done.stdout))


def _read(report: dict[str, Any]) -> Audit:
    found, audits = report["categories"], report["audits"]
    faults = {
        name: [
            f"{audits[each['id']]['title']}: {_details(audits[each['id']])}"
            for each in category["auditRefs"]
            if each["weight"] and (audits[each["id"]]["score"] or 0) < 1 and audits[each["id"]]["score"] is not None
        ]
        for name, category in found.items()
    }
    return Audit({name: round(100 * category["score"]) for name, category in found.items()}, faults)


def _details(audit: dict[str, Any]) -> str:
    items = audit.get("details", {}).get("items", [])
    return str(audit.get("displayValue") or items[:3])
