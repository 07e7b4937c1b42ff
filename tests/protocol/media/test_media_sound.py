from __future__ import annotations

from collections.abc import Callable

import pytest
from harness.media_files import sounds as sound
from harness.media_files.cleaning import assert_no_truncation_passes_in_silence, cleaned, removed, survives
from harness.media_files.pictures import riff_chunk, saved
from harness.media_files.sounds import JANE

from picsafe_media import Description, Removal

SILENT_TAGS = {
    "ID3v1": sound.id3v1(),
    "ID3v1 with its extension": b"TAG+" + b"Jane Doe".ljust(223, b"\x00") + sound.id3v1(),
    "APE": sound.ape(),
    "Lyrics3": sound.lyrics(),
    "Lyrics3, version 1": b"LYRICSBEGINJane DoeLYRICSEND",
    "ID3v2 with a footer": sound.id3v2(footer=True),
    "all of them": sound.ape() + sound.lyrics() + sound.id3v1(),
}


class TestWave:
    @pytest.mark.parametrize(
        ("chunk", "code"),
        [
            (riff_chunk(b"LIST", b"INFOINAM\x08\x00\x00\x00Jane Doe"), Removal.TAGS),
            (riff_chunk(b"id3 ", sound.id3v2()), Removal.TAGS),
            (riff_chunk(b"bext", b"Jane Doe".ljust(602, b"\x00")), Removal.AUTHOR),
            (riff_chunk(b"iXML", b"<BWFXML>Jane Doe</BWFXML>"), Removal.COMMENT),
            (riff_chunk(b"_PMX", b"<x:xmpmeta>Jane Doe"), Removal.XMP),
            (riff_chunk(b"JUNK", bytes(27)), Removal.PRIVATE_DATA),
        ],
    )
    def test_everything_but_format_and_samples_goes(self, chunk: bytes, code: Removal) -> None:
        for data in (sound.wav(chunk), sound.wav(after=(chunk,)), sound.wav(chunk, chunk)):
            plan, copy = cleaned(data)
            assert copy == sound.wav()
            assert plan.removed == (code,)

    def test_it_is_described(self) -> None:
        assert cleaned(sound.wav())[0].description == Description("audio", "audio/wav", "wav", duration=0.5)

    def test_a_length_left_open_is_filled_in(self) -> None:
        data = sound.wav()
        at = data.index(b"data")
        open_ended = data[:4] + b"\xff" * 4 + data[8 : at + 4] + b"\xff" * 4 + data[at + 8 :]
        assert cleaned(open_ended)[1] == data

    def test_an_odd_number_of_samples_is_padded_or_not(self) -> None:
        data = sound.wav(riff_chunk(b"JUNK", b"abc"), sound=b"abc")
        assert cleaned(data)[1] == sound.wav(sound=b"abc")
        unpadded = sound.wav(sound=b"abc")[:-1]
        unpadded = unpadded[:4] + (len(unpadded) - 8).to_bytes(4, "little") + unpadded[8:]
        assert cleaned(unpadded)[1] == unpadded

    def test_bytes_behind_the_file_are_cut_off(self) -> None:
        assert cleaned(sound.wav() + b"Jane Doe")[1] == sound.wav()

    @pytest.mark.parametrize(
        "data",
        [
            b"RIFF\x04\x00\x00\x00WAVE",
            sound.wav(sound=b""),
            sound.wav().replace(b"fmt ", b"fmt_"),
            sound.wav().replace(b"data", b"dat_"),
            sound.wav()[:44],
            sound.wav().replace((16000).to_bytes(4, "little"), bytes(4), 1),
        ],
    )
    def test_a_broken_file_is_refused(self, data: bytes) -> None:
        assert not survives(data)

    def test_no_truncation_passes_in_silence(self) -> None:
        assert_no_truncation_passes_in_silence(sound.wav(riff_chunk(b"LIST", b"INFO"), sound=bytes(64)))


@pytest.mark.parametrize(
    ("build", "media_type", "seconds"),
    [(sound.mp3, "audio/mpeg", 20 * 1152 / 44100), (sound.adts, "audio/aac", 20 * 1024 / 44100)],
)
class TestRowsOfFrames:
    def test_they_are_described(self, build: Callable[[], bytes], media_type: str, seconds: float) -> None:
        plan, copy = cleaned(build())
        assert copy == build()
        assert (plan.description.kind, plan.description.media_type) == ("audio", media_type)
        assert plan.description.duration == pytest.approx(seconds)

    @pytest.mark.parametrize("tag", SILENT_TAGS.values(), ids=SILENT_TAGS.keys())
    def test_tags_behind_the_sound_go(
        self, build: Callable[[], bytes], media_type: str, seconds: float, tag: bytes
    ) -> None:
        plan, copy = cleaned(build() + tag)
        assert copy == build()
        assert plan.removed == (Removal.TAGS,)

    def test_tags_before_the_sound_go(self, build: Callable[[], bytes], media_type: str, seconds: float) -> None:
        assert cleaned(sound.id3v2() + build())[1] == build()
        assert cleaned(sound.id3v2() * 2 + bytes(100) + build())[1] == build()
        cover = sound.id3v2(b"APIC\x00\x00\x00\x40\x00\x00" + saved("JPEG"))
        assert removed(cover + build()) == {Removal.TAGS, Removal.COVER_PICTURE}

    def test_tags_and_rubbish_within_the_sound_go(
        self, build: Callable[[], bytes], media_type: str, seconds: float
    ) -> None:
        for hidden in (sound.id3v2(), b"Jane Doe\xff\x00\xff\xfb", bytes(200_000)):
            plan, copy = cleaned(build() + hidden + build())
            assert copy == build() * 2
            assert plan.description.duration == pytest.approx(2 * seconds)

    def test_rubbish_at_the_end_goes(self, build: Callable[[], bytes], media_type: str, seconds: float) -> None:
        assert cleaned(build() + b"Jane Doe")[1] == build()

    def test_a_last_frame_that_is_cut_short_stays(
        self, build: Callable[[], bytes], media_type: str, seconds: float
    ) -> None:
        assert cleaned(build()[:-20])[1] == build()[:-20]

    def test_few_frames_between_rubbish_are_no_sound(
        self, build: Callable[[], bytes], media_type: str, seconds: float
    ) -> None:
        assert not survives(build()[:200] + b"no more of this" * 100)


@pytest.mark.parametrize(
    ("header", "length", "seconds"),
    [
        ("fffb9000", 417, 1152 / 44100),
        ("fffb9200", 418, 1152 / 44100),
        ("fff39000", 261, 576 / 22050),
        ("ffe39000", 522, 576 / 11025),
        ("fffd9000", 522, 1152 / 44100),
        ("ffff9000", 312, 384 / 44100),
        ("ffff9200", 316, 384 / 44100),
    ],
)
def test_frames_of_all_versions_and_layers_have_their_length(header: str, length: int, seconds: float) -> None:
    frame = bytes.fromhex(header).ljust(length, b"\x00")
    assert cleaned(frame * 5)[0].description.duration == pytest.approx(5 * seconds)


class TestFlac:
    @pytest.mark.parametrize(
        ("kind", "data", "code"),
        [
            (4, sound.comments(JANE), Removal.TAGS),
            (6, b"a picture of Jane Doe", Removal.COVER_PICTURE),
            (5, b"Jane Doe".ljust(396, b"\x00"), Removal.CHAPTERS),
            (2, b"ACMEJane Doe", Removal.PRIVATE_DATA),
            (1, b"Jane Doe in the padding", Removal.PRIVATE_DATA),
            (99, b"Jane Doe", Removal.PRIVATE_DATA),
        ],
    )
    def test_metadata_blocks_go_wherever_they_are(self, kind: int, data: bytes, code: Removal) -> None:
        plan, copy = cleaned(sound.flac(sound.flac_block(kind, data)))
        assert copy == sound.flac()
        assert plan.removed == (code,)

    def test_without_padding_the_last_block_that_stays_is_marked_as_last(self) -> None:
        info, seek = sound.flac_block(0, sound.flac_info()), sound.flac_block(3, bytes(18))
        _, copy = cleaned(b"fLaC" + info + seek + sound.flac_block(4, JANE, last=True) + b"\xff\xf8" + bytes(9))
        assert copy == b"fLaC" + info + sound.flac_block(3, bytes(18), last=True) + b"\xff\xf8" + bytes(9)

    def test_it_is_described(self) -> None:
        assert cleaned(sound.flac())[0].description == Description("audio", "audio/flac", "flac", duration=2.0)
        assert cleaned(sound.flac(samples=0))[0].description.duration is None

    def test_tags_around_it_go(self) -> None:
        assert cleaned(sound.id3v2() + sound.flac() + sound.id3v1())[1] == sound.flac()

    @pytest.mark.parametrize(
        "data",
        [
            b"fLaC",
            b"fLaC" + sound.flac_block(4, JANE) + sound.flac()[4:],
            sound.flac().replace(b"\xff\xf8", b"\xff\x00"),
            sound.flac()[:60],
            b"fLaC" + sound.flac_block(0, bytes(34), last=True) + b"\xff\xf8",
            b"fLaC" + sound.flac_block(0, bytes(33), last=True) + b"\xff\xf8",
        ],
    )
    def test_a_broken_file_is_refused(self, data: bytes) -> None:
        assert not survives(data)
