"""What senders send, readers decode: the size in a copy's header is the one that its report says, for files of many writers."""

from __future__ import annotations

from collections import Counter

import pytest

from media_corpus.containers import CONTAINERS
from media_corpus.measure import clean_copy
from media_corpus.store import samples_of
from picsafe_media import FileSource
from picsafe_media.pixel_limits import check_picture
from picsafe_protocol.contracts.errors import PictureRefused
from picsafe_protocol.format.composing import medium_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif", "heic", "avif"])
async def test_no_reader_refuses_what_a_sender_measured(name: str) -> None:
    """A refusal here would be a photo that arrives and is not shown."""
    refused: Counter[str] = Counter()
    for sample in samples_of(CONTAINERS[name]):
        plan, copy = clean_copy(sample.data)
        medium = medium_of(plan, 1, "0" * 64, None)
        try:
            await check_picture(FileSource.of(copy), medium)
        except PictureRefused as error:
            refused[f"{sample.writer} {sample.name}: {error.rule}, said to be {medium.width} by {medium.height}"] += 1
    assert not refused
