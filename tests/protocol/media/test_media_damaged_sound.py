"""Sound as recorders that were stopped, download programs and dictation machines leave it."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from harness.media_files import sounds as sound
from harness.media_files.cleaning import cleaned, survives
from harness.media_files.pictures import riff_chunk, saved
from harness.shared_files import cases

from picsafe_media import Notice, Removal
from picsafe_protocol.contracts.errors import UnsupportedMedium

PLACEHOLDERS = (0, 0x7FFFFFFF, 0x80000000, 0x7FFFF000, 0xFFFFFFFF)


def little(number: int) -> bytes:
    return number.to_bytes(4, "little")


def with_lengths(data: bytes, riff: int | None = None, samples: int | None = None) -> bytes:
    """A WAVE file with these lengths instead of its own."""
    at = data.index(b"data") + 4
    riff_length = data[4:8] if riff is None else little(riff)
    return (
        data[:4]
        + riff_length
        + data[8:at]
        + (data[at : at + 4] if samples is None else little(samples))
        + data[at + 4 :]
    )


def formed(number: int, sound_bytes: bytes, *more: bytes, per_second: int = 2000, extra: bytes = b"") -> bytes:
    """A WAVE file of this coding."""
    form = struct.pack("<HHIIHH", number, 1, 16000, per_second, 1, 0) + extra
    body = b"WAVE" + riff_chunk(b"fmt ", form) + b"".join(more) + riff_chunk(b"data", sound_bytes)
    return b"RIFF" + little(len(body)) + body


def long_wave(kind: bytes = b"RF64", *, size: int | None = None) -> bytes:
    data = sound.wav()
    samples = len(data) - 44
    sizes = struct.pack("<QQQI", len(data) + 28, size or samples, samples // 2, 0)
    return kind + b"\xff" * 4 + b"WAVE" + riff_chunk(b"ds64", sizes) + data[12:40] + b"\xff" * 4 + data[44:]


@pytest.mark.parametrize("samples", PLACEHOLDERS)
@pytest.mark.parametrize("riff", [None, 36, *PLACEHOLDERS])
def test_a_wave_with_placeholders_for_lengths_gets_its_true_ones(riff: int | None, samples: int) -> None:
    plan, copy = cleaned(with_lengths(sound.wav(), riff, samples))
    assert copy == sound.wav()
    assert (plan.removed, plan.warnings) == ((), ())
    assert plan.description.duration == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["wav_oboe_7fffffff.wav", "wav_zero_zero.wav", "wav_datazero_riffok.wav"])
def test_the_recordings_that_were_refused_are_repaired(name: str) -> None:
    plan, copy = cleaned((cases() / "media" / name).read_bytes())
    assert plan.description.duration == pytest.approx(1.0)
    assert copy[4:8] == little(len(copy) - 8)
    assert copy[40:44] == little(32000)


def test_tags_behind_samples_of_unknown_length_are_found_and_go() -> None:
    tags = riff_chunk(b"LIST", b"INFOINAM\x08\x00\x00\x00Jane Doe") + riff_chunk(b"id3 ", sound.id3v2())
    for length in PLACEHOLDERS:
        plan, copy = cleaned(with_lengths(sound.wav(after=(tags,)), samples=length))
        assert copy == sound.wav()
        assert Removal.TAGS in plan.removed


def test_a_wave_without_samples_stays_refused_though_its_length_could_be_a_placeholder() -> None:
    tags = riff_chunk(b"LIST", b"INFOINAM\x08\x00\x00\x00Jane Doe")
    assert not survives(sound.wav(sound=b"", after=(tags,)))


def test_a_wave_that_was_cut_off_is_repaired_with_a_warning() -> None:
    plan, copy = cleaned(sound.wav()[:-6000])
    assert plan.warnings == (Notice.CUT_SHORT,)
    assert copy[44:] == sound.wav()[44:-6000]
    assert copy[40:44] == little(10000)


def test_padding_that_was_forgotten_is_written() -> None:
    form, rest = sound.wav()[12:36], riff_chunk(b"fact", little(3))
    body = b"WAVE" + form + b"data\x03\x00\x00\x00abc" + rest
    _, copy = cleaned(b"RIFF" + little(len(body)) + body)
    assert copy.endswith(b"data\x03\x00\x00\x00abc\x00" + rest)


def test_a_private_note_in_a_fact_goes() -> None:
    assert b"Jane" not in cleaned(sound.wav(riff_chunk(b"fact", little(3) + b"Jane Doe")))[1]


@pytest.mark.parametrize("kind", [b"RF64", b"BW64"])
def test_a_wave_with_long_lengths_becomes_a_plain_one(kind: bytes) -> None:
    plan, copy = cleaned(long_wave(kind))
    assert copy == sound.wav()
    assert (plan.removed, plan.warnings) == ((), ())


def test_a_wave_with_long_lengths_that_was_cut_off_says_so() -> None:
    plan, copy = cleaned(long_wave(size=2**33))
    assert (plan.warnings, copy) == ((Notice.CUT_SHORT,), sound.wav())


@pytest.mark.parametrize("name", ["wav_mp3.wav", None])
def test_mp3_leaves_its_wave_wrapping(name: str | None) -> None:
    tags = riff_chunk(b"LIST", b"INFOINAM\x08\x00\x00\x00Jane Doe")
    data = (cases() / "media" / name).read_bytes() if name else formed(0x55, sound.mp3(), tags, per_second=0)
    plan, copy = cleaned(data)
    assert copy in data
    assert copy.startswith(b"\xff")
    assert plan.description.media_type == "audio/mpeg"
    assert plan.description.duration == pytest.approx(1.07 if name else 20 * 1152 / 44100, abs=0.02)
    assert plan.removed == (Removal.TAGS,)


def test_tags_within_the_samples_of_a_wave_with_mp3_go() -> None:
    _, copy = cleaned(formed(0x55, sound.mp3() + sound.id3v1() + sound.ape()))
    assert copy == sound.mp3()


def test_aac_leaves_its_wave_wrapping() -> None:
    assert cleaned(formed(0x1600, sound.adts()))[1] == sound.adts()


@pytest.mark.parametrize(
    ("number", "extra", "name", "kind"),
    [
        (0x2000, b"", "AC-3", "wave_ac3"),
        (0x674F, b"", "Ogg Vorbis", "wave_vorbis"),
        (0x0161, b"", "Windows Media", "wave_windows_media"),
        (0x1600, b"", "AAC", "wave_aac"),
        (0x1234, b"", "0x1234", "wave_coding"),
        (
            0xFFFE,
            struct.pack("<HHIH", 22, 16, 4, 0x2000) + bytes.fromhex("000000001000800000aa00389b71"),
            "AC-3",
            "wave_ac3",
        ),
    ],
)
def test_another_coding_is_refused_by_its_name(number: int, extra: bytes, name: str, kind: str) -> None:
    with pytest.raises(UnsupportedMedium, match=name) as refusal:
        cleaned(formed(number, b"OggS Jane Doe" * 20, extra=extra))
    assert refusal.value.kind == kind


@pytest.mark.parametrize("number", [0x02, 0x06, 0x07, 0x11, 0x31])
def test_codings_of_bare_blocks_are_kept(number: int) -> None:
    data = formed(number, bytes(range(200)) * 20)
    assert cleaned(data)[1] == data


def test_a_coded_wave_is_measured_by_its_samples_and_else_not_at_all() -> None:
    assert (
        cleaned(formed(0x11, bytes(300), riff_chunk(b"fact", little(8000)), per_second=0))[0].description.duration
        == 0.5
    )
    assert cleaned(formed(0x11, bytes(300), per_second=0))[0].description.duration is None


def test_zeros_before_an_mp3_go() -> None:
    for zeros in (1, 215, 300_000):
        plan, copy = cleaned(bytes(zeros) + sound.id3v2() + bytes(50) + sound.mp3())
        assert copy == sound.mp3()
        assert set(plan.removed) == {Removal.TAGS, Removal.STRAY_BYTES}
    data = (cases() / "media" / "mp3_leading_zeros.mp3").read_bytes()
    assert cleaned(data)[1] == data.strip(b"\x00") or cleaned(data)[1] in data


@pytest.mark.parametrize("build", [sound.mp3, sound.adts])
def test_a_row_of_frames_that_begins_within_a_frame_loses_that_one(build: type[bytes]) -> None:
    data = build()
    assert cleaned(data[60:])[1] == data[data.index(data[:3], 60) :]


@pytest.mark.parametrize("build", [sound.mp3, sound.adts])
def test_frames_between_rubbish_at_the_beginning_and_damage_stay(build: Callable[[int], bytes]) -> None:
    assert cleaned(bytes(50) + build(4) + bytes(9) + build(20))[1] == build(4) + build(20)


@pytest.mark.parametrize("build", [sound.mp3, sound.adts])
def test_frames_within_a_frame_whose_length_is_damaged_stay(build: Callable[[int], bytes]) -> None:
    frames, length = build(20), len(build(1))
    longer = frames[2 * length : 3 * length]
    longer = b"\xff\xfb\xe0" + longer[3:] if build is sound.mp3 else longer[:4] + b"\x7f" + longer[5:]
    data = frames[: 2 * length] + longer + frames[3 * length :]
    plan, copy = cleaned(data)
    assert copy == data[: 2 * length] + data[3 * length :]
    assert plan.description.duration == pytest.approx(cleaned(build(19))[0].description.duration)


def test_a_frame_that_claims_another_rate_goes_where_it_holds_the_next_frames() -> None:
    """So early in a file its copy would not be known for a recording any more."""
    odd = b"\xff\xfb\xe4\x44" + bytes(413)  # 48 kHz, 320 kbit/s: 960 bytes
    data = sound.mp3(2) + odd + bytes(37) + sound.mp3(12)
    copy = cleaned(data)[1]
    assert copy == sound.mp3(2) + sound.mp3(12)


@pytest.mark.parametrize("build", [sound.mp3, sound.adts])
@pytest.mark.parametrize("present", [10, 60, 90])
def test_a_tag_behind_a_frame_that_was_broken_off_goes_though_it_begins_within_that_frame(
    build: Callable[[int], bytes], present: int
) -> None:
    tag = sound.id3v2(b"TIT2\x00\x00\x02\x00\x00\x00" + b"Jane Doe" * 64)
    plan, copy = cleaned(build(6) + build(1)[:present] + tag + build(5))
    assert copy == build(6) + build(5)
    assert Removal.TAGS in plan.removed


@pytest.mark.parametrize("build", [sound.mp3, sound.adts])
@pytest.mark.parametrize("length", [b"\x00\x00\x00\x10", b"\x00\x00\x02\x10", b"\x4a\x02\x42\x5e"])
def test_what_begins_like_a_tag_hides_only_the_frame_that_it_damaged(
    build: Callable[[int], bytes], length: bytes
) -> None:
    frames, at = build(20), len(build(10))
    damaged = b"ID3\x03\x00\x00" + length
    _, copy = cleaned(frames[:at] + damaged + frames[at + len(damaged) :])
    assert copy == frames[:at] + frames[at + len(build(1)) :]


@pytest.mark.parametrize("build", [sound.mp3, sound.adts])
def test_a_whole_frame_before_a_tag_or_rubbish_stays(build: Callable[[int], bytes]) -> None:
    for between in (sound.id3v2(), bytes(50), b"\xff" * 50):
        assert cleaned(build(6) + between + build(5))[1] == build(6) + build(5)


def test_a_sound_that_was_cut_off_within_its_tags_is_never_sent_as_its_cover() -> None:
    cover = sound.id3v2(b"APIC\x00\x00\x7f\x40\x00\x00\x00image/jpeg\x00\x03\x00" + saved("JPEG") + bytes(9000))
    picture = b"covr" + saved("JPEG")
    for data in (
        cover[: len(saved("JPEG")) + 200],
        cover,
        b"\x00" * 100 + cover,
        b"\x01" + cover,
        b"fLaC" + sound.flac_block(0, sound.flac_info()) + sound.flac_block(6, saved("JPEG") + bytes(900))[:-10],
        b"\x00" + b"fLaC" + sound.flac_block(0, sound.flac_info()) + sound.flac_block(6, saved("JPEG")),
        b"OggS\x00\x00" + bytes(30) + b"metadata_block_picture=" + saved("JPEG"),
        b"\x00\x00\x00\x20XtypM4A \x00\x00\x00\x00" + bytes(16) + b"\x00\x00\x10\x00moov" + picture,
        b"\x00\x00\x00\x14ftypM4A \x00\x00\x00\x00M4A \x00\x00\x10\x00moov\x00\x00\x08\x00udta" + picture,
        (cases() / "media" / "mp3_cut_off_with_cover.mp3").read_bytes(),
    ):
        with pytest.raises(UnsupportedMedium) as refusal:
            cleaned(data)
        assert refusal.value.kind == "damaged", data[:40]


def test_a_picture_of_a_damaged_film_is_never_sent_as_a_photo() -> None:
    for before in (
        b"\x00\x00\x00\x14fpypqt  \x00\x00\x10\x00mdat",
        b"RIFX\x00\x10\x00\x00AVI ",
        b"?\x1a\x45\xdf\xa3\x01",
    ):
        with pytest.raises(UnsupportedMedium) as refusal:
            cleaned(before + saved("JPEG") + bytes(3000))
        assert refusal.value.kind in ("damaged", "avi")


@pytest.mark.parametrize("build", [sound.mp3, sound.adts])
def test_the_last_frames_behind_damage_stay_though_rubbish_follows_them(build: type[bytes]) -> None:
    data = build()
    length = len(data) // 20
    damaged_one = data[: 17 * length] + b"\x00" + data[17 * length + 1 :]
    assert cleaned(damaged_one + b"rubbish" * 9)[1] == data[: 17 * length] + data[18 * length :]


class TestAmr:
    """Frames of 7 bits of zeros and noise; what they sound like does not matter here."""

    NARROW = b"#!AMR\n"
    WIDE = b"#!AMR-WB\n"

    @staticmethod
    def frames(header: int, length: int, count: int) -> bytes:
        return b"".join(bytes((header,)) + bytes((number % 251,)) * (length - 1) for number in range(count))

    @pytest.mark.parametrize(
        ("magic", "frames", "seconds"),
        [
            (NARROW, ((0x3C, 32, 100),), 2.0),
            (NARROW, ((0x04, 13, 70), (0x44, 6, 5), (0x7C, 1, 25)), 2.0),
            (WIDE, ((0x44, 61, 50),), 1.0),
            (WIDE, ((0x04, 18, 3),), 0.06),
        ],
    )
    def test_a_dictation_becomes_3gp_with_the_same_frames(
        self, magic: bytes, frames: tuple[tuple[int, int, int], ...], seconds: float
    ) -> None:
        content = b"".join(self.frames(*part) for part in frames)
        plan, copy = cleaned(magic + content)
        assert (plan.description.media_type, plan.description.extension) == ("audio/3gpp", "3gp")
        assert plan.description.duration == pytest.approx(seconds)
        assert (plan.removed, plan.warnings) == ((), ())
        assert content in copy

    def test_a_dictation_that_was_cut_off_within_a_frame_loses_it_and_says_so(self) -> None:
        content = self.frames(0x3C, 32, 10)
        plan, copy = cleaned(self.NARROW + content[:-1])
        assert plan.warnings == (Notice.CUT_SHORT,)
        assert plan.description.duration == pytest.approx(0.18)
        assert content[:-32] in copy

    def test_tags_behind_and_rubbish_within_go(self) -> None:
        content = self.frames(0x3C, 32, 20)
        plan, copy = cleaned(self.NARROW + content + b"\xff\xffrubbish" * 9 + content + sound.id3v1())
        assert content + content in copy
        assert b"Jane" not in copy
        assert plan.removed == (Removal.STRAY_BYTES,)

    @pytest.mark.parametrize("data", [NARROW, WIDE + b"\xff" * 90, NARROW + b"\x3c" + bytes(10)])
    def test_without_a_frame_it_is_damaged(self, data: bytes) -> None:
        with pytest.raises(UnsupportedMedium) as refusal:
            cleaned(data)
        assert refusal.value.kind == "damaged"


def test_a_header_that_the_tag_behind_it_completes_is_no_frame() -> None:
    """Its frame would end in the tag; without the tag it is rubbish, so that the copy of the copy would be another."""
    whole = sound.adts()
    cut = whole + whole[:4] + sound.ape()
    _, copy = cleaned(cut)
    assert copy == whole


def test_two_parts_with_sound_are_refused() -> None:
    """Some players take the first one, some the last: whichever the copy kept, somebody would hear something else."""
    twice = sound.wav(after=(riff_chunk(b"data", b"sound" * 100),))
    with pytest.raises(UnsupportedMedium, match="two parts with sound"):
        cleaned(twice)
