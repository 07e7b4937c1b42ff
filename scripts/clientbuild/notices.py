"""What comes with libheif: its licence and where its source is. The LGPL asks for both, and that it can be replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from scripts.clientbuild.toolchain import BuildFailed

PATH: Final = "legal/libheif.txt"
"""The asset, to which index.html and the account screen lead."""

_HEAD: Final = """\
My PicSafe decodes HEIC photos with libheif, which contains libde265.

libheif and libde265: Copyright (C) Dirk Farin and struktur AG, and contributors
Both are licensed under the GNU Lesser General Public License, version 3 or later, without warranty.
The text of the licence, and that of the GNU General Public License to which it refers, follow.

They are used unchanged, as the npm package libheif-js {version} publishes them. Their source:
  https://github.com/strukturag/libheif
  https://github.com/strukturag/libde265
  https://github.com/catdad-experiments/libheif-js (how they are built for browsers)
  https://www.npmjs.com/package/libheif-js/v/{version}

They are two files of their own among those that the page loads, libheif.*.js and libheif.*.wasm, and can be replaced:
put another build of the same interface in their place, or name it in client/package.json, and run `python build.py`.

"""


def libheif_notice(modules: Path) -> bytes:
    """The notice. Raises `BuildFailed` when the package does not hold the licence."""
    package = modules / "libheif-js"
    licence = (package / "libheif-wasm" / "LICENSE").read_text("utf-8")
    if "GNU LESSER GENERAL PUBLIC LICENSE" not in licence or "GNU GENERAL PUBLIC LICENSE" not in licence:
        raise BuildFailed("libheif-js no longer holds the text of its licence, which has to come with it.")
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    return (_HEAD.format(version=version) + licence).encode()
