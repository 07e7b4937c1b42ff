"""The checks of the browser's own languages, by tools that client/package.json pins: `make check` runs them all.

usage: python -m scripts.web_check {types,javascript,styles}

* types: TypeScript reads the JavaScript of client/js and the types in its JSDoc; it writes nothing.
* javascript: Biome finds faults and what is not formatted; `biome.json` has its rules.
* styles: Stylelint does so for client/css; `stylelint.config.mjs` has its rules.

The tools are installed once for each lock, into build/downloads, and run with the Node of requirements/run.lock.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from scripts.clientbuild.toolchain import BuildFailed, node, npm_modules

ROOT = Path(__file__).resolve().parents[1]

_CHECKS: Final = {
    "types": (
        ("typescript/bin/tsc", "-p", "client/js"),
        ("typescript/bin/tsc", "-p", "client/js/worker"),
        ("typescript/bin/tsc", "-p", "client/js/heic"),
    ),
    "javascript": (("@biomejs/biome/bin/biome", "ci", "--error-on-warnings"),),
    "styles": (("stylelint/bin/stylelint.mjs", "--config-basedir", "{modules}", "client/css/**/*.css"),),
}
"""Commands by name of the check; each begins with a script of an installed package. `{modules}` is where packages are."""


def main() -> int:
    """The command; 0 when nothing was found."""
    parser = argparse.ArgumentParser(description="Check the JavaScript and the styles of the browser client.")
    parser.add_argument("check", choices=[*_CHECKS])
    chosen = parser.parse_args()
    try:
        modules = npm_modules(ROOT / "client", ROOT / "build" / "downloads", development=True)
    except BuildFailed as error:
        print(f"web_check: {error}", file=sys.stderr)
        return 1
    commands = [
        [node(), str(modules / script), *(each.replace("{modules}", str(modules.parent)) for each in arguments)]
        for script, *arguments in _CHECKS[chosen.check]
    ]
    codes = [subprocess.run(command, cwd=ROOT, check=False).returncode for command in commands]  # noqa: S603 pinned tools
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
