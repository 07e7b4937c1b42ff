"""Texts behind the contents of boxes that stay, and between the tags of a colour profile: no viewer reads them."""

from __future__ import annotations

import dataclasses

import pytest
from harness.media_files import boxes as files
from harness.media_files.boxes import SOUND, VIDEO, Film, box, full_box, ints
from harness.media_files.cleaning import cleaned

from picsafe_media import Removal
from picsafe_media.images.icc import blanked_profile
from picsafe_media.isobmff.box_lengths import length_of_contents
from picsafe_protocol.contracts.errors import UnsupportedMedium

HIDDEN = b"Jane Doe, born 1970 in Geelong"
NESTED = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"tapt", b"mvex", b"moof", b"traf")
EDITS = box(b"edts", full_box(b"elst", ints(4, 1, 2500, 0, 0x10000)))
APERTURES = box(b"tapt", *(full_box(kind, ints(4, 1920 << 16, 1080 << 16)) for kind in (b"clef", b"prof", b"enof")))
FILM = Film((dataclasses.replace(VIDEO, more=(EDITS, APERTURES)), SOUND)).build()
FRAGMENTS = files.fragmented_film()


def places(data: bytes, kind: bytes) -> list[list[int]]:
    """For each box of a kind: where it and the boxes around it begin, from the outermost."""
    found: list[list[int]] = []

    def search(at: int, stop: int, around: list[int]) -> None:
        while at < stop:
            end = at + int.from_bytes(data[at : at + 4], "big")
            if data[at + 4 : at + 8] == kind:
                found.append([*around, at])
            if data[at + 4 : at + 8] in NESTED:
                search(at + 8, end, [*around, at])
            at = end

    search(0, len(data), [])
    return found


def with_rest(data: bytes, around: list[int], rest: bytes) -> bytes:
    """`data` with `rest` at the end of the last of these boxes, each of which lies within the one before."""
    changed = bytearray(data)
    for at in around:
        length = int.from_bytes(data[at : at + 4], "big")
        changed[at : at + 4] = (length + len(rest)).to_bytes(4, "big")
    end = around[-1] + int.from_bytes(data[around[-1] : around[-1] + 4], "big")
    return bytes(changed[:end]) + rest + bytes(changed[end:])


@pytest.mark.parametrize(
    "kind", [b"mvhd", b"tkhd", b"mdhd", b"clef", b"prof", b"enof", b"stts", b"stsc", b"stsz", b"stco"]
)
def test_what_is_behind_the_contents_of_a_box_becomes_zeros(kind: bytes) -> None:
    for around in places(FILM, kind):
        plan, copy = cleaned(with_rest(FILM, around, HIDDEN))
        assert copy == with_rest(cleaned(FILM)[1], around, bytes(len(HIDDEN)))
        assert Removal.STRAY_BYTES in plan.removed
    assert places(FILM, kind)


def test_a_list_of_edits_whose_size_and_number_differ_is_refused() -> None:
    """libav goes by the size of the box, other players by the number: they would show different parts of the film."""
    (around,) = places(FILM, b"elst")
    assert cleaned(with_rest(FILM, around, b"Jane Doe"))[1] == with_rest(cleaned(FILM)[1], around, bytes(8))
    with pytest.raises(UnsupportedMedium, match="list of edits says two lengths"):
        cleaned(with_rest(FILM, around, ints(4, 1, 0, 0x10000)))


@pytest.mark.parametrize("kind", [b"mfhd", b"tfhd", b"tfdt", b"trun"])
def test_the_same_in_the_last_fragment(kind: bytes) -> None:
    around = places(FRAGMENTS, kind)[-1]
    longer = bytearray(with_rest(FRAGMENTS, around, HIDDEN))
    offset = longer.rindex(b"trun") + 12
    longer[offset : offset + 4] = (int.from_bytes(longer[offset : offset + 4], "big") + len(HIDDEN)).to_bytes(4, "big")
    copy = cleaned(bytes(longer))[1]
    assert HIDDEN not in copy
    assert copy.count(b"onetwofour") == 3


@pytest.mark.parametrize(
    ("kind", "contents"),
    [
        (b"mvhd", b"\x01" + bytes(111)),
        (b"trex", bytes(24)),
        (b"mehd", b"\x01" + bytes(11)),
        (b"vmhd", bytes(12)),
        (b"smhd", bytes(8)),
        (b"ctts", bytes(4) + ints(4, 2) + bytes(16)),
        (b"co64", bytes(4) + ints(4, 2) + bytes(16)),
        (b"stss", bytes(4) + ints(4, 2) + bytes(8)),
        (b"stsz", bytes(4) + ints(4, 7, 9)),
        (b"stz2", bytes(4) + ints(4, 4, 5) + bytes(3)),
        (b"elst", b"\x01\x00\x00\x00" + ints(4, 1) + bytes(20)),
        (b"sbgp", bytes(4) + b"roll" + ints(4, 2) + bytes(16)),
        (b"sbgp", b"\x01\x00\x00\x00" + b"roll" + ints(4, 0, 2) + bytes(16)),
        (b"sgpd", b"\x01\x00\x00\x00" + b"roll" + ints(4, 2, 1) + bytes(2)),
        (b"tfhd", ints(4, 0x02003B, 1) + bytes(24)),
        (b"trun", ints(4, 0x000F05, 2) + bytes(8 + 32)),
    ],
)
def test_contents_are_as_long_as_their_fields_say(kind: bytes, contents: bytes) -> None:
    assert length_of_contents(kind, contents[:20]) == len(contents)


@pytest.mark.parametrize("kind", [b"sdtp", b"stdp", b"padb"])
def test_a_table_of_which_no_player_needs_an_entry_goes(kind: bytes) -> None:
    film = with_rest(FILM, places(FILM, b"stbl")[0], full_box(kind, HIDDEN))
    copy = cleaned(film)[1]
    assert HIDDEN not in copy
    assert kind not in copy


def test_what_the_fields_do_not_say_is_not_known() -> None:
    assert length_of_contents(b"sdtp", bytes(20)) is None
    assert length_of_contents(b"sgpd", bytes(20)) is None
    assert length_of_contents(b"stts", b"") == 8


def test_bytes_that_no_tag_of_a_profile_uses_become_zeros() -> None:
    table = ints(4, 1) + b"wtpt" + ints(4, 144 + len(HIDDEN), 20)
    head = bytes(36) + b"acsp" + bytes(44) + b"\x01" * 16 + bytes(28)
    profile = head + table + HIDDEN + b"XYZ " + bytes(4) + b"\x02" * 12 + HIDDEN
    blanked, removed = blanked_profile(profile)
    nothing = bytes(len(HIDDEN))
    assert blanked == head.replace(b"\x01" * 16, bytes(16)) + table + nothing + profile[-50:-30] + nothing
    assert removed == {Removal.STRAY_BYTES}
