"""The migrations of each role form one line: two that were written at the same time must not share a number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from picsafe_server.cloud import role as cloud
from picsafe_server.keys import role as keys
from picsafe_server.users import role as users


def numbers(path: Path) -> tuple[str, str | None]:
    """A migration's own number and that of the one before it."""
    text = path.read_text("utf-8")
    own, before = (
        re.search(rf'^{name} = (?:"(\d+)"|None)', text, re.MULTILINE) for name in ("revision", "down_revision")
    )
    assert own is not None
    assert before is not None
    return own[1], before[1]


@pytest.mark.parametrize(
    "folder", [users.MIGRATIONS, cloud.MIGRATIONS, keys.MIGRATIONS], ids=["users", "cloud", "keys"]
)
def test_every_migration_follows_the_one_before(folder: Path) -> None:
    paths = sorted((folder / "versions").glob("*.py"))
    found = [numbers(path) for path in paths]
    assert [own for own, _ in found] == [f"{number:04}" for number in range(1, len(paths) + 1)]
    assert [before for _, before in found] == [None, *(own for own, _ in found[:-1])]
    assert [path.name[:4] for path in paths] == [own for own, _ in found]
