from __future__ import annotations

from collections.abc import Callable

import pytest
from harness.media_files import sounds as sound
from harness.media_files.cleaning import assert_all_truncations_are_refused, cleaned, survives
from harness.media_files.sounds import JANE
from harness.shared_files import samples

from picsafe_media import Notice, Removal

CODECS: dict[str, tuple[Callable[..., list[bytes]], int, float]] = {
    "Opus": (sound.opus_headers, 48312, 1.0),
    "Vorbis": (sound.vorbis_headers, 44100, 1.0),
    "Speex": (sound.speex_headers, 16000, 1.0),
    "FLAC": (sound.ogg_flac_headers, 44100, 1.0),
    "Theora": (sound.theora_headers, 20 << 6 | 5, 1.0),
}
LONG_COMMENT = b"METADATA_BLOCK_PICTURE=" + b"A picture of Jane Doe. " * 20_000


def pages(data: bytes) -> list[bytes]:
    found = []
    while data:
        length = 27 + data[26] + sum(data[27 : 27 + data[26]])
        found.append(data[:length])
        data = data[length:]
    return found


def checksum_by_the_book(page: bytes) -> int:
    """Bit by bit, as RFC 3533 defines it."""
    register = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x04C11DB7 if register & 0x80000000 else 0)
        register &= 0xFFFFFFFF
    return register


@pytest.mark.parametrize(("headers", "position", "seconds"), CODECS.values(), ids=CODECS.keys())
def test_comments_are_emptied_and_no_page_moves(
    headers: Callable[..., list[bytes]], position: int, seconds: float
) -> None:
    original = sound.ogg(headers(JANE, b"location=-37.8"), position)
    plan, copy = cleaned(original)
    assert Removal.TAGS in plan.removed
    assert len(copy) == len(original)
    assert b"Jane" not in copy
    assert b"Acme" not in copy
    assert pages(copy)[0] == pages(original)[0]
    assert pages(copy)[-1] == pages(original)[-1]
    assert plan.description.duration == pytest.approx(seconds)
    for page in pages(copy):
        assert int.from_bytes(page[22:26], "little") == checksum_by_the_book(page)


@pytest.mark.parametrize("headers", [case[0] for case in CODECS.values()], ids=CODECS.keys())
def test_a_comment_header_over_many_pages_is_emptied(headers: Callable[..., list[bytes]]) -> None:
    original = sound.ogg(headers(LONG_COMMENT), 96000)
    plan, copy = cleaned(original)
    assert b"Jane" not in copy
    assert Removal.COVER_PICTURE in plan.removed
    assert len(pages(copy)) == len(pages(original)) > 7


def test_the_real_recording_keeps_every_page_of_sound() -> None:
    original = (samples() / "voice.ogg").read_bytes()
    plan, copy = cleaned(original)
    assert (plan.description.kind, plan.description.media_type) == ("audio", "audio/ogg")
    assert plan.description.duration == pytest.approx(6.0, abs=0.01)
    assert pages(copy)[2:] == pages(original)[2:]
    assert b"Lavf" not in copy
    assert b"ENCODER" not in copy.upper()


def test_theora_is_a_video() -> None:
    plan, _ = cleaned(sound.ogg(sound.theora_headers(), 64))
    assert (plan.description.kind, plan.description.width, plan.description.height) == ("video", 64, 48)


def test_streams_that_follow_each_other_add_up_and_are_all_cleaned() -> None:
    data = sound.ogg(sound.opus_headers(JANE), 48312) + sound.ogg(sound.vorbis_headers(JANE), 88200, serial=8)
    plan, copy = cleaned(data)
    assert b"Jane" not in copy
    assert plan.description.duration == pytest.approx(3.0)


def test_streams_beside_each_other_do_not_add_up() -> None:
    first, second = (
        pages(sound.ogg(sound.opus_headers(JANE), 48312)),
        pages(sound.ogg(sound.theora_headers(JANE), 20 << 6, serial=8)),
    )
    plan, copy = cleaned(b"".join(page for pair in zip(first, second, strict=True) for page in pair))
    assert b"Jane" not in copy
    assert plan.description.kind == "video"
    assert plan.description.duration == pytest.approx(1.0)


def test_an_unknown_stream_is_reported_to_the_sender() -> None:
    data = sound.ogg([b"fishead\x00 with names"], 0, serial=3)[: -len(pages(sound.ogg([b"x"], 0))[-1])]
    plan, _ = cleaned(data + sound.ogg(sound.opus_headers(), 48312))
    assert plan.warnings == (Notice.UNKNOWN_STREAM_KEPT,)


def test_bytes_between_and_behind_pages_are_cut() -> None:
    data = sound.ogg(sound.opus_headers(), 48312)
    first = pages(data)[0]
    plan, copy = cleaned(first + b"Jane Doe OggJane Doe" + data[len(first) :] + b"Jane Doe")
    assert Removal.STRAY_BYTES in plan.removed
    assert copy == cleaned(data)[1]


@pytest.mark.parametrize(
    "data",
    [
        b"OggS",
        sound.ogg([b"an unknown codec"], 0),
        pages(sound.ogg(sound.opus_headers(), 1))[0],
        b"".join(pages(sound.ogg(sound.opus_headers(), 1))[1:]),
        sound.ogg(sound.opus_headers(b"x" * 17_000_000), 1),
        b"".join(pages(sound.ogg([b"x"], 0, serial=number))[0] for number in range(300)),
    ],
)
def test_a_broken_file_is_refused(data: bytes) -> None:
    assert not survives(data)


@pytest.mark.parametrize("headers", [case[0] for case in CODECS.values()], ids=CODECS.keys())
def test_no_truncation_passes_before_the_sound_begins(headers: Callable[..., list[bytes]]) -> None:
    data = sound.ogg(headers(JANE), 48000)
    assert_all_truncations_are_refused(data[: len(data) - len(pages(data)[-1])])


def test_a_recording_that_was_cut_off_keeps_its_whole_pages_and_says_so() -> None:
    data = sound.ogg(sound.opus_headers(JANE), 48312)
    more = sound.ogg_pages([b"more" * 50], 7, 3, 96312)[0]
    plan, copy = cleaned(data + more[:-1])
    assert plan.warnings == (Notice.CUT_SHORT,)
    assert copy == cleaned(data)[1]


def test_rubbish_before_the_first_page_goes() -> None:
    data = sound.ogg(sound.opus_headers(), 48312)
    plan, copy = cleaned(b"Jane Doe of a radio station" * 5 + data)
    assert copy == cleaned(data)[1]
    assert plan.removed == (Removal.TAGS, Removal.STRAY_BYTES)


@pytest.mark.parametrize("headers", [case[0] for case in CODECS.values()], ids=CODECS.keys())
def test_sound_is_never_taken_for_a_header_that_was_lost(headers: Callable[..., list[bytes]]) -> None:
    data = sound.ogg(headers(JANE), 48000, sound=b"\xff\xf8" + b"sound" * 90)
    first = pages(data)[0]
    assert not survives(first + pages(data)[-1])


def test_a_page_whose_checksum_does_not_fit_goes_as_players_pass_over_it() -> None:
    data = sound.ogg(sound.opus_headers(), 48312)
    more = sound.ogg_pages([b"more" * 50], 7, 3, 96312)[0]
    flipped = more[:-1] + b"\x00"
    plan, copy = cleaned(data + flipped + sound.ogg_pages([b"last" * 50], 7, 4, 144312)[0])
    assert b"more" not in copy
    assert b"last" in copy
    assert plan.removed == (Removal.TAGS, Removal.STRAY_BYTES)


def test_a_page_with_another_inside_it_does_not_hide_it() -> None:
    """A length that was damaged must not take the pages behind it away."""
    data = sound.ogg(sound.opus_headers(), 48312)
    longer = bytearray(sound.ogg_pages([b"more" * 50], 7, 3, 96312)[0])
    longer[27] = 255
    assert b"last" in cleaned(data + bytes(longer) + sound.ogg_pages([b"last" * 50], 7, 4, 144312)[0])[1]


def test_headers_without_sound_are_refused() -> None:
    data = sound.ogg(sound.opus_headers(), 48312)
    assert not survives(data[: -len(pages(data)[-1])])
    assert not survives(data[:-1])


def test_pages_that_are_none_cost_little() -> None:
    false_page = b"OggS\x00" + bytes(21) + b"\xff" + b"\xff" * 5
    assert not survives(sound.ogg(sound.opus_headers(), 48312) + false_page * 20_000)
