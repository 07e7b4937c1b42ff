"""Runs mutations over the corpus and prints the counts: `python -m tests.media_corpus [jpeg png …] [--mutations 100000]`.

Without names, all kinds of files. `--write FOLDER --number N` writes one mutated file, to look at. 1 when there are faults.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]


def main() -> int:
    """Prints a line per kind of file, then the first faults."""
    sys.path[:0] = [str(_TESTS), str(_TESTS.parent)]  # as pytest does
    from media_corpus.containers import CONTAINERS
    from media_corpus.measure import mutation, run
    from media_corpus.store import samples_of

    parser = argparse.ArgumentParser(prog="python -m tests.media_corpus", description=__doc__)
    parser.add_argument("containers", nargs="*", metavar="KIND", help=f"one of {', '.join(CONTAINERS)}")
    parser.add_argument("--mutations", type=int, default=100_000, help="for each kind (default: %(default)s)")
    parser.add_argument(
        "--first", type=int, default=0, help="the number to begin at, so that several runs share the work"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, help="only the mutation with this number")
    parser.add_argument("--write", type=Path, help="write that mutation into this folder instead")
    wanted = parser.parse_args()
    failed = False
    for name in wanted.containers or CONTAINERS:
        if name not in CONTAINERS:
            parser.error(f"there is no kind called {name}")
        container = CONTAINERS[name]
        samples = samples_of(container)
        if wanted.write is not None and wanted.number is not None:
            sample, data = mutation(container, samples, wanted.number, wanted.seed)
            path = wanted.write / f"{name}-{wanted.number}-{sample.writer}--{sample.name}"
            path.write_bytes(data)
            print(path)
            continue
        some = range(wanted.first, wanted.first + wanted.mutations)
        numbers = some if wanted.number is None else [wanted.number]
        tally = run(container, samples, numbers, wanted.seed)
        writers = len({sample.writer for sample in samples})
        print(f"{name}: {len(samples)} files of {writers} writers; {tally}", flush=True)
        for fault in tally.faults[:20]:
            print("   ", fault)
        failed = failed or bool(tally.faults) or tally.accepted == 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
