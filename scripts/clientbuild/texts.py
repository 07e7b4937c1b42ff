"""The texts of client/texts/ in the built page: compiled into one JSON file, and filled into index.html and js/i18n.js."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scripts.clientbuild.toolchain import BuildFailed

TRANSLATIONS: Final = Path("picsafe_client", "i18n", "translations")
"""The package that reads client/texts/ in a clone. In the page a module of the same name has what it would read."""

_MODULE: Final = '''"""The texts of client/texts/, compiled by scripts/clientbuild/texts.py."""

import json
from pathlib import Path

TEXTS = json.loads(Path(__file__).with_suffix(".json").read_bytes())
'''
"""JSON, because compiling as many literals would leave 2 MB of the compiler's memory in the snapshot."""


def compiled_texts(client: Path) -> dict[Path, str]:
    """The files of that module. Raises `BuildFailed` with all faults of the texts, each by its file and key."""
    with _client_importable(client):
        from picsafe_client.i18n.translations.checks import faults
        from picsafe_client.i18n.translations.reader import texts_of
    if found := faults(client / "texts"):
        raise BuildFailed("\n".join(["client/texts/ has faults.", *found]))
    texts = json.dumps(texts_of(client / "texts"), separators=(",", ":"))
    return {TRANSLATIONS.with_suffix(".py"): _MODULE, TRANSLATIONS.with_suffix(".json"): texts}


def words_script(client: Path, script: str) -> bytes:
    """`script`, which js/i18n.js became, after the words of index.html and js/sign-in.js in every language."""
    with _client_importable(client):
        from picsafe_client.i18n import template
    page = (client / "index.html").read_text("utf-8")
    return template.words_script(page, script).encode("utf-8")


def filled_with_texts(client: Path, page: str) -> str:
    """index.html with its English words; a page without any stays as it is."""
    if "{{text" not in page:
        return page
    with _client_importable(client):
        from picsafe_client.i18n import template
    return template.fill_template(page)


@contextmanager
def _client_importable(client: Path) -> Iterator[None]:
    """The client's own modules can be imported within. Raises `BuildFailed` when its texts cannot be read."""
    sys.path.insert(0, str(client / "py"))
    try:
        yield
    except ValueError as error:
        raise BuildFailed(f"client/texts/ cannot be read.\n{error}") from error
    finally:
        sys.path.pop(0)
