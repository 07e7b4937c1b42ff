"""The progress bar of `picsafe send` and `picsafe open`."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm


class ProgressBar:
    """A bar on standard error; nothing where that is not a terminal, or when it shall be quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._off = quiet or not sys.stderr.isatty()
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def phase(self, name: str, total: int) -> None:
        """A new phase begins, of `total` bytes."""
        self._close()
        self._bar = tqdm(total=total, desc=name, unit="B", unit_scale=True, unit_divisor=1024, disable=self._off)

    def advance(self, count: int) -> None:
        """`count` further bytes are done."""
        if self._bar is not None:
            self._bar.update(count)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
