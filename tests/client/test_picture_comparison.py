"""What counts as proof that a copy looks like its original, and what is no evidence."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from types import SimpleNamespace

import pytest

from picsafe_client.sending.copy_comparison import Differs, NoPicture, Small, compare
from picsafe_media.comparison import TOLERANCE, Comparison, same_pixels

pytestmark = pytest.mark.anyio

PICTURE = bytes(range(200, 240)) * 4
CHANGED = bytes([PICTURE[0] - TOLERANCE - 1]) + PICTURE[1:]
Shown = Small | None | type[Exception]


def small(pixels: bytes = PICTURE, size: tuple[int, int] = (800, 200), *, steady: bool = True, way: str = "") -> Small:
    return Small(pixels, size, steady, way)


class Decoder:
    """Decodes the original and the copy as a test says: what it gives first, then what it gives when it is asked again."""

    def __init__(self, original: Sequence[Shown | bool], copy: Sequence[Shown | bool]) -> None:
        self.given = {"original": list(original), "copy": list(copy)}

    async def photo(self, blob: str, way: str = "") -> Small | None:
        return self._next(blob)

    async def film(self, blob: str) -> Small | None:
        return self._next(blob)

    async def plays(self, blob: str) -> bool:
        return self._next(blob) is not None

    def _next(self, blob: str) -> Small | None:
        given = self.given[blob]
        found = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(found, type):
            raise found
        return found  # type: ignore[return-value]


async def outcome(
    kind: str, original: Sequence[Shown | bool], copy: Sequence[Shown | bool], *, unchanged: bool = False
) -> Comparison | None:
    """How they compare; None for a difference, which is a refusal."""
    try:
        found, _ = await compare(Decoder(original, copy), kind, "original", "copy", lambda: None, unchanged=unchanged)
    except Differs:
        return None
    return found


def test_pixels_are_the_same_to_within_what_rounding_does() -> None:
    assert same_pixels(PICTURE, bytes(each - TOLERANCE for each in PICTURE))
    assert not same_pixels(PICTURE, CHANGED)
    assert not same_pixels(PICTURE, PICTURE[:-4])


@pytest.mark.parametrize(
    ("original", "copy", "wanted"),
    [
        ([small()], [small()], Comparison.SAME),
        ([small()], [small(CHANGED)], None),
        ([small()], [small(size=(200, 800))], None),
        ([small()], [None], None),
        ([None], [small()], Comparison.UNDECODABLE),
        ([None], [None], Comparison.UNDECODABLE),
        ([small(steady=False)], [small(CHANGED, steady=False)], Comparison.UNSTEADY),
        ([small()], [small(CHANGED, steady=False)], Comparison.UNSTEADY),
        ([small(steady=False)], [small(steady=False)], Comparison.UNSTEADY),
        ([small()], [None, small()], Comparison.SAME),
        ([small(way="bitmap"), small(CHANGED, way="image")], [small(CHANGED, way="image")], Comparison.SAME),
    ],
    ids=["same", "other pixels", "turned", "copy refused by the decoder", "original refused", "both refused", "noise",
         "noise in one", "noise that hides nothing", "memory was short once", "decoded in two ways"],
)  # fmt: skip
async def test_photos(original: list[Shown], copy: list[Shown], wanted: Comparison | None) -> None:
    assert await outcome("photo", original, copy) == wanted


@pytest.mark.parametrize(
    ("original", "copy", "wanted"),
    [
        ([small()], [small()], Comparison.FIRST_PICTURE),
        ([small()], [small(CHANGED)], None),
        ([small()], [None], None),
        ([small()], [small(CHANGED), small()], Comparison.UNSTEADY),
        ([small(), small(CHANGED)], [small(CHANGED)], Comparison.UNSTEADY),
        ([small()], [None, small()], Comparison.UNSTEADY),
        ([None], [small()], Comparison.UNDECODABLE),
        ([small()], [NoPicture], Comparison.NO_PICTURE),
        ([small()], [TimeoutError], Comparison.UNDECODABLE),
        ([TimeoutError], [small()], Comparison.UNDECODABLE),
    ],
    ids=["same", "other pixels", "copy refused by the player", "another picture once", "the original moved",
         "the player failed once", "original refused", "only sound", "copy too slow", "original too slow"],
)  # fmt: skip
async def test_films(original: list[Shown], copy: list[Shown], wanted: Comparison | None) -> None:
    assert await outcome("video", original, copy) == wanted


@pytest.mark.parametrize(
    ("original", "copy", "wanted"),
    [
        ([True], [True], Comparison.SOUND),
        ([True], [None], None),
        ([None], [None], Comparison.UNDECODABLE),
        ([True], [TimeoutError], Comparison.UNDECODABLE),
    ],
)
async def test_recordings(original: list[bool], copy: list[bool], wanted: Comparison | None) -> None:
    assert await outcome("audio", original, copy) == wanted


@pytest.mark.parametrize("kind", ["photo", "video"])
async def test_a_file_that_cleaning_does_not_change_is_drawn_once(kind: str) -> None:
    assert await outcome(kind, [], [small()], unchanged=True) is Comparison.SAME
    assert await outcome(kind, [], [None], unchanged=True) is Comparison.UNDECODABLE


async def test_nobody_waits_for_the_outcome_of_a_file_that_was_taken_away() -> None:
    class TakenAway(Exception):
        pass

    def look() -> None:
        raise TakenAway

    with pytest.raises(TakenAway):
        await compare(Decoder([], [small()]), "photo", "original", "copy", look, unchanged=False)


@pytest.mark.parametrize("copy", [PICTURE, CHANGED], ids=["same", "differs"])
async def test_the_pictures_that_nobody_needs_are_emptied(copy: bytes) -> None:
    """Five hundred photos are prepared one after the other; of each only the thumbnail's canvas may stay."""
    canvases = [SimpleNamespace(width=320, height=240) for _ in range(2)]
    original, small_copy = (
        Small(each, (800, 200), True, "", canvas) for each, canvas in zip((PICTURE, copy), canvases, strict=True)
    )
    with suppress(Differs):
        await compare(Decoder([original], [small_copy]), "photo", "original", "copy", lambda: None, unchanged=False)
    assert [each.width for each in canvases] == [0, 320 if copy == PICTURE else 0]
