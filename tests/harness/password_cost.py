"""What hashing a password costs in tests: almost nothing, but for tests of the hashes themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import pytest

from picsafe_server.users.accounts import passwords

CHEAP: Final = {"MEMORY_KIB": 8, "TIME_COST": 1, "LANES": 1}
REAL: Final = {name: getattr(passwords, name) for name in CHEAP}


@contextmanager
def passwords_cost(work: Mapping[str, int]) -> Iterator[None]:
    """Until the end of the block passwords cost `work`; afterwards what they did before."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in work.items():
            patch.setattr(passwords, name, value)
        yield
