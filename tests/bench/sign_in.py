"""What Lighthouse gives the sign-in page, out of 100, as a phone on a slow line and as a desktop."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.ratios import Ratio
from e2e.audits import FORMS, audit
from e2e.clinic import ROOT, running_clinic

BUDGETS: Final = {"performance": 0.95, "accessibility": 1.0, "best-practices": 1.0}


def run() -> list[Ratio]:
    """Audit; points."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    found = []
    with tempfile.TemporaryDirectory() as folder, running_clinic(Path(folder)) as clinic:
        for form in FORMS:
            points = audit(clinic.url, form, list(BUDGETS)).points
            found += [
                Ratio(f"Sign-in page, {form}: {name}", points[name], 100, points[name] / 100, budget, "points")
                for name, budget in BUDGETS.items()
            ]
    return found
