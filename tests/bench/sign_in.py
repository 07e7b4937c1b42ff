"""What Lighthouse gives the sign-in page, out of 100, as a phone on a slow line and as a desktop.

Of three audits the one in the middle, as its authors advise: it reckons with a slow line from what it saw on a fast one, and
on two cores a request that ends before the first paint by chance counts as if the paint had waited for it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from bench.ratios import Ratio
from harness.browser.lighthouse import FORMS, audit
from harness.clinic import ROOT, running_clinic

AUDITS: Final = 3
BUDGETS: Final = {"performance": 0.95, "accessibility": 1.0, "best-practices": 1.0}


def run() -> list[Ratio]:
    """Audit; points."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    found = []
    with tempfile.TemporaryDirectory() as folder, running_clinic(Path(folder)) as clinic:
        for form in FORMS:
            audits = [audit(clinic.url, form, list(BUDGETS)).points for _ in range(AUDITS)]
            for name, budget in BUDGETS.items():
                points = median(each[name] for each in audits)
                found.append(Ratio(f"Sign-in page, {form}: {name}", points, 100, points / 100, budget, "points"))
    return found
