"""Compares each file with its cleaned copy before sending: the browser draws both at a small size, and they must look
the same.

One file at a time, and one picture after the other: what is held is one decoded picture, then a few hundred kilobytes.
What this browser cannot decode, or reads with noise, is no evidence, and refuses nothing; the sender is shown that it
was not compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from picsafe_media.comparison import Comparison, same_pixels

SECONDS: Final = 10
"""A browser that has not shown a film's first picture, or begun a recording, by then is not going to."""


class Differs(Exception):
    """The copy looks otherwise than the original, or cannot be decoded while the original can."""


class NoPicture(Exception):
    """A film of which this browser decodes only the sound."""


@dataclass(frozen=True)
class Small:
    """A medium's picture as the browser draws it, small.

    `pixels`: RGBA. `size`: width and height of the whole picture. `is_steady`: reading the pixels twice gave the same,
    and known colours came back. `way`: how it was decoded; two ways may scale differently. `canvas` holds it for a
    thumbnail.
    """

    pixels: bytes = field(repr=False)
    size: tuple[int, int]
    is_steady: bool
    way: str = ""
    canvas: Any = field(default=None, repr=False)

    def is_like(self, other: Small) -> bool:
        """Whether nobody could tell one from the other."""
        return self.size == other.size and same_pixels(self.pixels, other.pixels)

    def drop(self) -> None:
        """Empties the canvas, which browsers otherwise keep for a while."""
        if self.canvas is not None:
            self.canvas.width = self.canvas.height = 0


class Decoder(Protocol):
    """What decodes Blobs: `preview_decoding.BrowserDecoder`. A medium that it does not decode is None, or False."""

    async def photo(self, blob: Any, way: str = "") -> Small | None:
        """The (first) picture of a photo, decoded in this way, or in the one that suits this browser best."""
        ...

    async def film(self, blob: Any) -> Small | None:
        """A picture near the beginning of a film. Raises `NoPicture`, and `TimeoutError` when nothing happens."""
        ...

    async def plays(self, blob: Any) -> bool:
        """Whether a recording can be played. Raises `TimeoutError` when nothing happens."""
        ...


async def compare(
    decoder: Decoder, kind: str, original: Any, copy: Any, look: Callable[[], None], *, unchanged: bool
) -> tuple[Comparison, Small | None]:
    """How a copy compares with its original, both Blobs of this `kind` of medium, and the copy's picture if there is
    one.

    `unchanged`: the copy is the original, and only drawn. `look` is called between the steps and raises when nobody
    wants the outcome any more. Raises `Differs`.
    """
    counting = _Counting(decoder)
    shown: Small | None = None
    try:
        if kind == "photo":
            found, shown = await _photo(counting, original, copy, look, unchanged=unchanged)
        elif kind == "video":
            found, shown = await _film(counting, original, copy, look, unchanged=unchanged)
        else:
            found = await _recording(counting, original, copy, unchanged=unchanged)
    except NoPicture:
        return Comparison.NO_PICTURE, None
    except TimeoutError:
        return Comparison.UNDECODABLE, None
    finally:
        for each in counting.made:
            if each is not shown:
                each.drop()
    return found, shown


class _Counting:
    """A decoder that remembers the pictures that it made."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self.made: list[Small] = []

    async def photo(self, blob: Any, way: str = "") -> Small | None:
        return self._remember(await self._decoder.photo(blob, way))

    async def film(self, blob: Any) -> Small | None:
        return self._remember(await self._decoder.film(blob))

    async def plays(self, blob: Any) -> bool:
        return await self._decoder.plays(blob)

    def _remember(self, small: Small | None) -> Small | None:
        if small is not None:
            self.made.append(small)
        return small


async def _photo(
    decoder: Decoder, original: Any, copy: Any, look: Callable[[], None], *, unchanged: bool
) -> tuple[Comparison, Small | None]:
    seen = await decoder.photo(copy)
    look()
    if unchanged:
        return (Comparison.SAME if seen else Comparison.UNDECODABLE), seen
    wanted = await decoder.photo(original)
    look()
    if wanted is None:
        return Comparison.UNDECODABLE, seen
    if seen is None or seen.way != wanted.way:
        # Memory may have been short, or one of the two was decoded in another way: decode both again, in the same way.
        wanted, seen = await decoder.photo(original, "image"), await decoder.photo(copy, "image")
        look()
    if wanted is None:
        return Comparison.UNDECODABLE, seen
    return _outcome(wanted, seen), seen


async def _film(
    decoder: Decoder, original: Any, copy: Any, look: Callable[[], None], *, unchanged: bool
) -> tuple[Comparison, Small | None]:
    seen = await decoder.film(copy)
    look()
    if unchanged:
        return (Comparison.SAME if seen else Comparison.UNDECODABLE), seen
    wanted = await decoder.film(original)
    look()
    if wanted is None:
        return Comparison.UNDECODABLE, seen
    if seen is None or not seen.is_like(wanted):
        # Players may stop at another picture of the film: only a difference that stays the same is one.
        again = await decoder.film(copy), await decoder.film(original)
        if again[1] is None or not again[1].is_like(wanted):
            return Comparison.UNSTEADY, seen
        if (again[0] is None) != (seen is None) or (again[0] and seen and not again[0].is_like(seen)):
            return Comparison.UNSTEADY, seen
    found = _outcome(wanted, seen)
    return (Comparison.FIRST_PICTURE if found is Comparison.SAME else found), seen


async def _recording(decoder: Decoder, original: Any, copy: Any, *, unchanged: bool) -> Comparison:
    if not unchanged and not await decoder.plays(copy):
        if await decoder.plays(original):
            raise Differs
        return Comparison.UNDECODABLE
    return Comparison.SAME if unchanged else Comparison.SOUND


def _outcome(wanted: Small, seen: Small | None) -> Comparison:
    """Raises `Differs` where there is evidence for it."""
    if seen is None:
        raise Differs
    if not (wanted.is_steady and seen.is_steady):
        return Comparison.UNSTEADY
    if not seen.is_like(wanted):
        raise Differs
    return Comparison.SAME
