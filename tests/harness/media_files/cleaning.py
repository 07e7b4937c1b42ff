"""What every container's test does: clean, compose, and look at the result with other eyes than the cleaner's."""

from __future__ import annotations

import io

from picsafe_media import Cleaned, Keep, Notice, Removal, clean_file, cleaned_chunks
from picsafe_protocol.contracts.errors import EmptyMedium, UnsupportedMedium

_SAID_ONCE = {Notice.FIRST_IMAGE_ONLY, Notice.CUT_SHORT}
"""Of the original only: the copy has one picture, and lengths that are true."""


def cleaned(data: bytes) -> tuple[Cleaned, bytes]:
    """The plan for `data` and the copy that it makes; cleaning that copy again must change nothing."""
    plan, copy = _clean_once(data)
    again, same = _clean_once(copy)
    assert again.removed == (), again.removed
    assert again.segments == (Keep(0, len(copy)),)
    assert same == copy
    assert set(again.warnings) - _SAID_ONCE == set(plan.warnings) - _SAID_ONCE
    assert set(again.warnings) <= set(plan.warnings)
    before, after = plan.description, again.description
    assert (after.kind, after.media_type, after.width, after.height) == (
        before.kind,
        before.media_type,
        before.width,
        before.height,
    )
    assert after.orientation == before.orientation
    assert after.duration == before.duration
    assert after.captured_at is None
    return plan, copy


def survives(data: bytes) -> bool:
    """Whether `data` is accepted; the only other answer to a damaged file is the typed refusal."""
    try:
        plan, copy = _clean_once(data)
    except (UnsupportedMedium, EmptyMedium):
        return False
    assert plan.size == len(copy)
    return True


def survives_and_settles(data: bytes) -> None:
    """A damaged file is refused, or its copy is clean for good: cleaning that again finds nothing."""
    try:
        _, copy = _clean_once(data)
    except (UnsupportedMedium, EmptyMedium):
        return
    again, _ = _clean_once(copy)
    assert again.removed == (), again.removed
    assert again.segments == (Keep(0, len(copy)),)


def assert_all_truncations_are_refused(data: bytes, allowed_from: int | None = None) -> None:
    """No cut-off copy of `data` passes for whole; from `allowed_from` on only what does not matter is missing."""
    accepted = [length for length in range(len(data)) if survives(data[:length])]
    assert [length for length in accepted if length < (allowed_from or len(data))] == []


def assert_no_truncation_passes_in_silence(data: bytes, allowed_from: int | None = None) -> None:
    """A cut-off copy of `data` is refused, or sent with a warning; from `allowed_from` on only what does not matter is missing."""
    silent = []
    for length in range(allowed_from or len(data)):
        try:
            plan, _ = _clean_once(data[:length])
        except (UnsupportedMedium, EmptyMedium):
            continue
        if Notice.CUT_SHORT not in plan.warnings:
            silent.append(length)
    assert silent == []


def removed(data: bytes) -> set[Removal]:
    """What cleaning `data` takes away."""
    return set(cleaned(data)[0].removed)


def _clean_once(data: bytes) -> tuple[Cleaned, bytes]:
    file = io.BytesIO(data)
    plan = clean_file(file)
    copy = b"".join(cleaned_chunks(file, plan))
    assert len(copy) == plan.size
    return plan, copy
