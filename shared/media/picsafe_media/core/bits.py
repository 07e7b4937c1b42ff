"""Numbers of some bits, as the headers of coded pictures have them."""

from __future__ import annotations

from picsafe_media.core.source import damaged

__all__ = ["Bits"]


class Bits:
    """Reads bits, the highest first. Raises `UnsupportedMedium` where there are too few."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """The number in the next `count` bits."""
        if count > self._left:
            raise damaged("a part of its structure is too short")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def exponential(self) -> int:
        """A number that is preceded by as many zeros as it has bits: Exp-Golomb, and AV1's `uvlc`."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)
