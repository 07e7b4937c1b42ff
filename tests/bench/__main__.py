"""Runs every benchmark of this folder, or those named, and prints the ratios: `python -m tests.bench [boot …]`.

A benchmark is a module with ``run() -> list[Ratio]``. Each measures its reference in the same run, since only ratios can be
compared between machines. Nothing fails here: these are measurements, not tests.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
_NOT_BENCHMARKS = {"__main__", "memory", "peer_pages", "ratios", "windows"}


def main(chosen: list[str]) -> int:
    """Run the benchmarks and print a table; 1 for a name that does not exist."""
    sys.path[:0] = [str(_FOLDER.parent), str(_FOLDER.parent.parent)]  # as pytest does
    names = sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem not in _NOT_BENCHMARKS)
    unknown = set(chosen) - set(names)
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names)}", file=sys.stderr)
        return 1
    print(f"{'':64}{'measured':>12}{'reference':>12}{'':12}{'ratio':>8}  budget")
    for name in chosen or names:
        module = importlib.import_module(f"bench.{name}")
        for ratio in module.run():
            bound = (
                "" if ratio.budget is None else f"{'at most' if _is_ceiling(ratio) else 'at least'} {ratio.budget:g}"
            )
            values = f"{ratio.measured:12,.4g}{ratio.reference:12,.4g} {ratio.unit:<11}{ratio.ratio:8.2f}"
            print(f"{ratio.name:64}{values}  {bound}", flush=True)
    return 0


def _is_ceiling(ratio: object) -> bool:
    return bool(getattr(ratio, "is_ceiling", False))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
