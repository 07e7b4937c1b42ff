from __future__ import annotations

import ast
import io
import sys
from pathlib import Path

import pytest
from harness.media_files import boxes as box_files
from harness.media_files import pictures as picture_files
from harness.media_files import sounds as sound_files
from hypothesis import given
from hypothesis import strategies as st

import picsafe_media as media
from picsafe_media import (
    ByteSource,
    CleanedSource,
    Description,
    FileSource,
    Keep,
    Notice,
    Removal,
    clean,
    clean_file,
    cleaned_chunks,
)
from picsafe_media.core import bounds
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.ranges import merged, within, without
from picsafe_media.core.source import Window
from picsafe_protocol.contracts.errors import EmptyMedium, UnsupportedMedium

PHOTO = Description("photo", "image/jpeg", "jpg", 1, 1)


class Watched:
    """A source of any size that remembers what was read; what `parts` do not cover is filled with one byte."""

    def __init__(self, size: int, parts: dict[int, bytes], fill: int = 0) -> None:
        self.size = size
        self.reads: list[tuple[int, int]] = []
        self._parts = parts
        self._fill = fill

    async def read(self, start: int, stop: int) -> bytes:
        assert 0 <= start <= stop <= self.size
        self.reads.append((start, stop))
        data = bytearray(bytes((self._fill,)) * (stop - start))
        for at, part in self._parts.items():
            low, high = max(at, start), min(at + len(part), stop)
            if low < high:
                data[low - start : high - start] = part[low - at : high - at]
        return bytes(data)


def test_the_public_names_are_these() -> None:
    assert sorted(media.__all__) == [
        "ByteSource",
        "Cleaned",
        "CleanedSource",
        "Description",
        "FileSource",
        "Keep",
        "Kind",
        "Notice",
        "Removal",
        "Segment",
        "clean",
        "clean_file",
        "cleaned_chunks",
    ]


def test_it_needs_nothing_but_the_standard_library_and_this_package() -> None:
    for module in Path(media.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            for name in names:
                assert name.split(".")[0] in {*sys.stdlib_module_names, "picsafe_media", "picsafe_protocol"}, (
                    module.name,
                    name,
                )


@pytest.mark.parametrize("code", [*Removal, *Notice])
def test_every_code_has_a_plain_sentence(code: Removal | Notice) -> None:
    assert code.sentence.endswith(".")
    assert code.value == code.value.lower()
    assert code.value not in code.sentence or "_" not in code.value


def test_the_page_for_people_names_every_code_and_limit() -> None:
    page = (Path(__file__).parents[3] / "docs" / "media.md").read_text()
    for name in (*(code.value for code in (*Removal, *Notice)), *bounds.__all__):
        assert f"| `{name}` |" in page


@pytest.mark.anyio
async def test_nothing_is_no_medium() -> None:
    with pytest.raises(EmptyMedium, match="empty"):
        await clean(FileSource.of(b""))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.7\n" + picture_files.saved("JPEG"), "a PDF document"),
        (b"PK\x03\x04" + bytes(40), "zip archive"),
        (b"II*\x00\x08\x00\x00\x00" + picture_files.saved("JPEG"), "camera raw"),
        (b"MM\x00*\x00\x00\x00\x08", "TIFF"),
        (bytes(128) + b"DICM" + picture_files.saved("JPEG"), "a DICOM file"),
        (b"RIFF\x00\x10\x00\x00AVI LIST" + picture_files.saved("JPEG"), "an AVI video"),
        (b"RIFF\x04\x00\x00\x00ACON", "RIFF"),
        (b"\x00\x00\x00\x18ftypcrx " + bytes(40), "camera raw"),
        (b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a", "JPEG XL"),
        (b"\xff\x0a" + bytes(20), "JPEG XL"),
        (b"\x00\x00\x00\x0cjP  \x0d\x0a\x87\x0a", "JPEG 2000"),
        (b"\x30\x26\xb2\x75\x8e\x66", "Windows Media"),
        (b"#!AMR_MC1.0\n", "AMR"),
        (b"\x02dss" + bytes(60), "a DSS dictation"),
        (b"\x00\x00\x01\xba\x44", "program stream"),
        (b"G".ljust(188, b"\xff") * 6, "transport stream"),
        (b"TIME" + b"G".ljust(188, b"\xff") + (b"TIMEG".ljust(192, b"\xff")) * 5, "transport stream"),
        (b"\x0b\x77" + bytes(60), "AC-3"),
        (b"caff\x00\x01", "Core Audio"),
        (b"FORM\x00\x00\x00\x04AIFF", "AIFF"),
        (b"BM" + bytes(60), "BMP"),
        (b"", "empty"),
        (b"\x00", "does not support"),
        (b"\xff\xd8", "does not support"),
        (b"just some text", "does not support"),
        (bytes(100_000), "does not support"),
        (b"x" * 2000 + picture_files.saved("JPEG"), "does not support"),
    ],
)
def test_what_is_no_medium_is_refused_by_name(data: bytes, name: str) -> None:
    with pytest.raises((UnsupportedMedium, EmptyMedium), match=name) as refusal:
        clean_file(io.BytesIO(data))
    assert "nothing was sent" in refusal.value.advice


@pytest.mark.anyio
async def test_the_names_and_types_that_others_gave_are_never_asked_for() -> None:
    class Nameless:
        size = len(sound_files.mp3())

        async def read(self, start: int, stop: int) -> bytes:
            return sound_files.mp3()[start:stop]

    assert (await clean(Nameless())).description.media_type == "audio/mpeg"


@pytest.mark.anyio
async def test_of_a_large_film_only_the_structure_is_read() -> None:
    film = box_files.Film(index_first=True).build()
    at = film.index(b"mdat") - 4
    gigabyte = 2**30
    source = Watched(at + gigabyte, {0: film[:at] + gigabyte.to_bytes(4, "big") + film[at + 4 :]})
    cleaned = await clean(source)
    assert cleaned.size == source.size
    assert sum(stop - start for start, stop in source.reads) <= 4 * bounds.WINDOW_BYTES
    assert sum(len(part) for part in cleaned.segments if isinstance(part, bytes)) < 10_000


@pytest.mark.anyio
async def test_the_pixels_of_a_large_photo_pass_in_bounded_pieces() -> None:
    photo = picture_files.saved("JPEG")
    source = Watched(20 * 2**20, {0: photo[:-2], 20 * 2**20 - 2: b"\xff\xd9"}, fill=0x55)
    cleaned = await clean(source)
    assert cleaned.segments == (Keep(0, source.size),)
    assert max(stop - start for start, stop in source.reads) <= bounds.WINDOW_BYTES


@pytest.mark.anyio
async def test_rubbish_that_looks_like_sound_everywhere_is_not_fetched_again_and_again() -> None:
    source = Watched(400_000, {0: sound_files.mp3(), 9000: b"\xff\xfb\x90\x44" * 97_000})
    await clean(source)
    assert len(source.reads) < 40


@pytest.mark.anyio
async def test_a_source_that_gives_less_than_asked_is_refused() -> None:
    class Shrinking:
        size = 1000

        async def read(self, start: int, stop: int) -> bytes:
            return picture_files.saved("JPEG")[start : stop - 1]

    with pytest.raises(UnsupportedMedium, match="changed"):
        await clean(Shrinking())


@pytest.mark.anyio
@pytest.mark.parametrize("step", [1, 7, 1000, 10**6])
async def test_the_copy_can_be_read_in_any_ranges(step: int) -> None:
    data = picture_files.saved("JPEG", exif=picture_files.exif_with(6)) + b"tail"
    file = io.BytesIO(data)
    cleaned = clean_file(file)
    whole = b"".join(cleaned_chunks(file, cleaned, step))
    source: ByteSource = CleanedSource(FileSource.of(data), cleaned)
    assert source.size == cleaned.size == len(whole)
    assert b"".join([await source.read(at, min(at + step, source.size)) for at in range(0, source.size, step)]) == whole
    assert await source.read(0, source.size) == whole
    assert await source.read(5, 5) == b""
    assert max(len(piece) for piece in cleaned_chunks(file, cleaned, step)) <= step


class TestPlan:
    def test_edits_come_in_the_order_of_the_file(self) -> None:
        plan = EditPlan(10)
        plan.put(8, 9, b"eight")
        plan.cut(2, 4, Removal.EXIF)
        plan.put(0, 0, b"first", Removal.COMMENT)
        plan.blank(5, 7)
        assert plan.finish(PHOTO).segments == (
            b"first",
            Keep(0, 2),
            Keep(4, 5),
            bytes(2),
            Keep(7, 8),
            b"eight",
            Keep(9, 10),
        )

    def test_codes_come_once_and_in_one_order(self) -> None:
        plan = EditPlan(10)
        plan.note(Removal.XMP, Removal.GPS, Removal.XMP)
        plan.warn(Notice.DATA_TRACK_KEPT)
        plan.warn(Notice.DATA_TRACK_KEPT)
        cleaned = plan.finish(PHOTO)
        assert cleaned.removed == (Removal.GPS, Removal.XMP)
        assert cleaned.warnings == (Notice.DATA_TRACK_KEPT,)

    @given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=10))
    def test_blanked_parts_may_overlap(self, ranges: list[tuple[int, int]]) -> None:
        plan, expected = EditPlan(50), bytearray(b"x" * 50)
        for start, stop in ranges:
            plan.blank(min(start, stop), max(start, stop))
            expected[min(start, stop) : max(start, stop)] = bytes(abs(stop - start))
        cleaned = plan.finish(PHOTO)
        assert b"".join(cleaned_chunks(io.BytesIO(b"x" * 50), cleaned)) == expected

    @pytest.mark.parametrize(("start", "stop"), [(2, 6), (0, 3), (3, 4), (4, 9)])
    def test_other_parts_may_not(self, start: int, stop: int) -> None:
        plan = EditPlan(10)
        plan.put(2, 5, b"new")
        plan.cut(start, stop)
        with pytest.raises(UnsupportedMedium, match="overlap"):
            plan.finish(PHOTO)

    @pytest.mark.parametrize(("start", "stop"), [(-1, 2), (5, 11), (7, 5)])
    def test_edits_beyond_the_file_are_refused(self, start: int, stop: int) -> None:
        with pytest.raises(UnsupportedMedium, match="beyond"):
            EditPlan(10).put(start, stop, b"")

    def test_as_many_edits_as_the_limit_and_no_more(self) -> None:
        plan = EditPlan(bounds.SEGMENTS + 1)
        for at in range(bounds.SEGMENTS):
            plan.blank(at, at + 1)
        with pytest.raises(UnsupportedMedium, match="more parts"):
            plan.blank(bounds.SEGMENTS, bounds.SEGMENTS + 1)

    def test_as_many_zeros_as_the_limit_and_no_more(self) -> None:
        at_limit, beyond = EditPlan(2**32), EditPlan(2**32)
        at_limit.blank(1, 1 + bounds.BLANKED_BYTES)
        beyond.blank(1, 2 + bounds.BLANKED_BYTES)
        assert at_limit.finish(PHOTO).size == 2**32
        with pytest.raises(UnsupportedMedium, match="cannot be sent"):
            beyond.finish(PHOTO)


class TestWindow:
    @pytest.mark.anyio
    async def test_a_structure_may_be_as_large_as_the_limit_and_no_larger(self) -> None:
        window = Window(Watched(2**30, {}))
        assert len(await window.take(0, bounds.STRUCTURE_BYTES)) == bounds.STRUCTURE_BYTES
        with pytest.raises(UnsupportedMedium, match="too large"):
            await window.take(0, bounds.STRUCTURE_BYTES + 1)

    @pytest.mark.anyio
    async def test_reads_are_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("picsafe_media.core.source.READS", 10)
        window = Window(Watched(100, {}))
        for _ in range(10):
            await window.take(0, 1)
        with pytest.raises(UnsupportedMedium, match="more parts"):
            await window.take(0, 1)

    @pytest.mark.anyio
    @pytest.mark.parametrize(("start", "stop"), [(-1, 1), (5, 4), (99, 101), (200, 201)])
    async def test_there_is_nothing_beyond_the_file(self, start: int, stop: int) -> None:
        with pytest.raises(UnsupportedMedium, match="too early"):
            await Window(Watched(100, {})).take(start, stop)

    @pytest.mark.anyio
    async def test_zeros_are_recognised_over_many_blocks(self) -> None:
        size = 3 * bounds.WINDOW_BYTES
        assert await Window(Watched(size, {})).is_zero(1, size)
        assert not await Window(Watched(size, {size - 1: b"x"})).is_zero(1, size)
        assert await Window(Watched(size, {size - 1: b"x"})).is_zero(0, size - 1)


@given(*[st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)))] * 2, st.integers(0, 40), st.integers(0, 40))
def test_ranges_are_sets_of_bytes(
    first: list[tuple[int, int]], second: list[tuple[int, int]], start: int, stop: int
) -> None:
    def members(ranges: list[tuple[int, int]]) -> set[int]:
        return {at for low, high in ranges for at in range(low, high)}

    assert members(merged(first)) == members(first)
    assert members(without(merged(first), merged(second))) == members(first) - members(second)
    assert members(within(merged(first), start, stop)) == members(first) & set(range(start, stop))
    assert all(a[1] < b[0] for a, b in zip(merged(first), merged(first)[1:], strict=False))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"MM\x00*\x00\x00\x00\x08", "tiff"),
        (b"#!AMR_MC1.0\n", "amr"),
        (picture_files.saved("JPEG")[:200], "damaged"),
        (b"just some text", None),
    ],
)
def test_a_refusal_tells_programs_what_the_file_is_instead(data: bytes, kind: str | None) -> None:
    with pytest.raises(UnsupportedMedium) as refusal:
        clean_file(io.BytesIO(data))
    assert refusal.value.kind == kind
