from __future__ import annotations

import pytest
from harness.media_files import ebml
from harness.media_files import sounds as sound
from harness.media_files.cleaning import assert_no_truncation_passes_in_silence, cleaned, removed, survives
from harness.media_files.ebml import cluster, element, info, short, tag, tracks, unsigned, webm
from harness.shared_files import samples

from picsafe_media import Keep, Notice, Removal

SECRETS = (b"Jane Doe", b"Acme", b"jane", bytes(range(16)))
CLUSTERS = (cluster(0), cluster(1000))


def laced(headers: list[bytes]) -> bytes:
    """Xiph's way to put three header packets behind each other."""
    lengths = b"".join(b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,)) for packet in headers[:-1])
    return b"\x02" + lengths + b"".join(headers)


def elements(data: bytes) -> list[bytes]:
    """The numbers of the elements in the segment, in their order."""
    at = data.index(bytes.fromhex("18538067")) + 12
    found = []
    while at < len(data):
        width = 9 - data[at].bit_length()
        length_width = 9 - data[at + width].bit_length()
        length = int.from_bytes(data[at + width : at + width + length_width], "big") & (1 << 7 * length_width) - 1
        found.append(data[at : at + width])
        at += width + length_width + length
    return found


def test_a_recording_is_described_and_nothing_moves() -> None:
    data = webm(
        ebml.seek_head("1254c367", "1549a966"),
        info(*ebml.PRIVATE_INFO),
        tracks(),
        *CLUSTERS,
        tag(b"ARTIST", b"Jane Doe"),
    )
    plan, copy = cleaned(data)
    description = plan.description
    assert (description.kind, description.media_type, description.width, description.height) == (
        "video",
        "video/webm",
        640,
        360,
    )
    assert description.duration == pytest.approx(2.5)
    assert description.captured_at == "2026-11-22T00:26:40Z"
    assert len(copy) == len(data)
    assert copy.index(b"".join(CLUSTERS)) == data.index(b"".join(CLUSTERS))
    assert [secret for secret in SECRETS if secret in copy] == []
    assert {Removal.TAGS, Removal.COMMENT, Removal.SOFTWARE, Removal.CAPTURE_TIME} <= set(plan.removed)


@pytest.mark.parametrize("name", ["browser-vp9.webm"])
def test_the_real_recording_keeps_its_clusters(name: str) -> None:
    original = (samples() / name).read_bytes()
    plan, copy = cleaned(original)
    assert (plan.description.width, plan.description.height) == (640, 360)
    assert plan.description.duration == pytest.approx(4.008, abs=0.001)
    first, last = original.index(bytes.fromhex("1f43b675")), original.index(bytes.fromhex("1c53bb6b"), 2000)
    assert copy[first:last] == original[first:last]
    assert len(copy) == len(original)
    assert b"Lavf" not in copy
    assert b"Lavc" not in copy
    assert b"ENCODER" not in copy


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (tag(b"TITLE", b"Jane Doe"), Removal.TAGS),
        (tag(b"LOCATION", b"Jane Doe"), Removal.GPS),
        (ebml.ATTACHMENT, Removal.ATTACHMENT),
        (ebml.CHAPTERS, Removal.CHAPTERS),
        (element("ec", b"Jane Doe"), Removal.STRAY_BYTES),
        (element("1abcdef0", b"Jane Doe" * 100), Removal.PRIVATE_DATA),
        (short("4abc", b"Jane Doe"), Removal.PRIVATE_DATA),
    ],
)
def test_what_is_no_picture_or_sound_becomes_void(part: bytes, code: Removal) -> None:
    for data in (webm(part, info(), tracks(), *CLUSTERS), webm(info(), tracks(), *CLUSTERS, part)):
        plan, copy = cleaned(data)
        assert code in plan.removed
        assert b"Jane Doe" not in copy
        assert elements(copy).count(b"\xec") == 1


@pytest.mark.parametrize("length", [0, 1, 2, 120, 125, 126, 127, 128, 129, 20_000])
def test_a_void_has_exactly_the_length_of_what_it_replaces(length: int) -> None:
    for header in (element("4abc", b"\x01" * length), *([short("4abc", b"\x01" * length)] if length < 127 else [])):
        copy = cleaned(webm(header, info(), tracks(), *CLUSTERS))[1]
        assert elements(copy) == [
            b"\xec",
            *(bytes.fromhex(number) for number in ("1549a966", "1654ae6b", "1f43b675", "1f43b675")),
        ]


def test_a_checksum_that_would_be_wrong_goes_and_others_stay() -> None:
    _, copy = cleaned(webm(ebml.seek_head("1549a966"), info(), tracks(), *CLUSTERS))
    assert copy.count(b"\xbf\x84") == 2
    assert copy.count(b"\xec\x84") == 1


def test_names_in_the_tracks_go() -> None:
    entry = ebml.video_track(
        short("536e", b"Jane Doe"),
        short("258688", b"Acme codec"),
        short("26b240", b"http://jane"),
        element("ec", b"Jane Doe"),
    )
    plan, copy = cleaned(webm(info(), tracks(entry), *CLUSTERS))
    assert [secret for secret in SECRETS if secret in copy] == []
    assert Removal.COMMENT in plan.removed
    assert b"V_VP9" in copy


@pytest.mark.parametrize(
    ("codec", "private"),
    [
        (b"A_VORBIS", laced(sound.vorbis_headers(sound.JANE))),
        (b"A_VORBIS", laced(sound.vorbis_headers(sound.JANE * 100))),
        (b"V_THEORA", laced(sound.theora_headers(sound.JANE))),
        (b"A_FLAC", sound.flac(sound.flac_block(4, sound.comments(sound.JANE)))[:-102]),
        (b"A_FLAC", sound.flac(sound.flac_block(6, b"Jane Doe's picture"))[:-102]),
    ],
)
def test_comment_headers_inside_the_track_are_emptied(codec: bytes, private: bytes) -> None:
    data = webm(info(), tracks(ebml.audio_track(codec, private)), *CLUSTERS)
    plan, copy = cleaned(data)
    assert b"Jane" not in copy
    assert b"a program of Acme" not in copy
    assert Removal.TAGS in plan.removed
    assert len(copy) == len(data)


@pytest.mark.parametrize(
    "private", [b"", b"\x02", b"\x02\xff\xff", b"\x03" + bytes(40), b"\x02\x01\x01ab", b"fLaC\x84\xff\xff\xff"]
)
@pytest.mark.parametrize("codec", [b"A_VORBIS", b"A_FLAC"])
def test_a_broken_comment_header_harms_nothing(codec: bytes, private: bytes) -> None:
    assert survives(webm(info(), tracks(ebml.audio_track(codec, private)), *CLUSTERS))


class TestLiveRecording:
    """As a browser's MediaRecorder writes them: no lengths, no duration."""

    def test_open_lengths_are_followed_to_the_end(self) -> None:
        parts = cluster(0, unknown=True), cluster(1000, ebml.simple_block(0), ebml.block_group(40, 60), unknown=True)
        data = webm(info(duration=None), tracks(), *parts, unknown=True)
        plan, copy = cleaned(data)
        assert plan.description.duration == pytest.approx(1.1)
        assert copy.endswith(b"".join(parts))

    def test_tags_between_open_clusters_go(self) -> None:
        parts = cluster(0, unknown=True), tag(b"TITLE", b"Jane Doe"), cluster(1000, unknown=True)
        _, copy = cleaned(webm(info(duration=None), tracks(), *parts, unknown=True))
        assert b"Jane Doe" not in copy

    def test_without_a_duration_the_last_cluster_tells_it(self) -> None:
        plan, _ = cleaned(webm(info(duration=None), tracks(), *CLUSTERS))
        assert plan.description.duration == pytest.approx(1.04)

    def test_without_clusters_there_is_no_duration(self) -> None:
        assert cleaned(webm(info(duration=None), tracks()))[0].description.duration is None


@pytest.mark.parametrize("duration", [float("nan"), float("inf"), -1.0, 0.0])
def test_a_duration_that_makes_no_sense_is_not_believed(duration: float) -> None:
    assert cleaned(webm(info(duration=duration), tracks(), *CLUSTERS))[0].description.duration == pytest.approx(1.04)


@pytest.mark.parametrize(
    ("doc_type", "entry", "kind", "media_type", "extension"),
    [
        (b"webm", ebml.audio_track(), "audio", "audio/webm", "webm"),
        (b"matroska", ebml.audio_track(), "audio", "audio/x-matroska", "mka"),
        (b"matroska\x00", ebml.video_track(), "video", "video/x-matroska", "mkv"),
    ],
)
def test_the_kind_follows_from_the_tracks(
    doc_type: bytes, entry: bytes, kind: str, media_type: str, extension: str
) -> None:
    description = cleaned(webm(info(), tracks(entry), *CLUSTERS, doc_type=doc_type))[0].description
    assert (description.kind, description.media_type, description.extension) == (kind, media_type, extension)


@pytest.mark.parametrize(
    ("display", "size"),
    [
        (unsigned("54b0", 1280) + unsigned("54ba", 720), (1280, 720)),
        (unsigned("54b0", 16) + unsigned("54ba", 9) + unsigned("54b2", 3), (640, 360)),
    ],
)
def test_the_size_is_the_one_displayed(display: bytes, size: tuple[int, int]) -> None:
    description = cleaned(webm(info(), tracks(ebml.video_track(display=display)), *CLUSTERS))[0].description
    assert (description.width, description.height) == size


def test_other_tracks_are_reported_to_the_sender() -> None:
    plan, _ = cleaned(webm(info(), tracks(ebml.video_track(), ebml.other_track()), *CLUSTERS))
    assert plan.warnings == (Notice.DATA_TRACK_KEPT,)


def test_bytes_behind_the_film_are_cut_off() -> None:
    assert Removal.STRAY_BYTES in removed(webm() + b"Jane Doe")


def test_a_clean_recording_is_left_alone() -> None:
    copy = cleaned(webm())[1]
    assert cleaned(copy)[0].segments == (Keep(0, len(copy)),)


@pytest.mark.parametrize(
    "data",
    [
        ebml.ebml_header(),
        webm(doc_type=b"something"),
        webm(info(), *CLUSTERS),
        webm(info(), tracks(ebml.other_track()), *CLUSTERS),
        webm() + webm(),
        webm() + element("18538067"),
        webm(info(), tracks(), element("1254c367", unknown=True), unknown=True),
        webm(info(), tracks(), cluster(0, element("a3", unknown=True), unknown=True), unknown=True),
        webm(element("1654ae6b", element("ae", element("536e", unknown=True)))),
        webm(b"\x00\x81a"),
        webm(b"\x1a\x45"),
        webm(tracks(*(ebml.video_track() for _ in range(1)), b"\x08")),
        element("18538067", info(), tracks()),
    ],
)
def test_a_broken_recording_is_refused(data: bytes) -> None:
    assert not survives(data)


def test_no_truncation_passes_in_silence() -> None:
    assert_no_truncation_passes_in_silence(
        webm(ebml.seek_head("1254c367"), info(*ebml.PRIVATE_INFO), tracks(), *CLUSTERS)
    )


@pytest.mark.parametrize("unknown", [False, True])
def test_a_recording_that_was_cut_off_keeps_its_whole_blocks_and_says_so(unknown: bool) -> None:
    blocks = [ebml.element("a3", b"\x81" + at.to_bytes(2, "big") + b"\x80picture") for at in (0, 40, 80)]
    data = webm(
        info(duration=None),
        tracks(),
        cluster(0, *blocks, unknown=unknown),
        cluster(1000, *blocks, unknown=unknown),
        unknown=unknown,
    )
    plan, copy = cleaned(data[:-10])
    assert plan.warnings == (Notice.CUT_SHORT,)
    assert copy.count(b"picture") == 5
    assert plan.description.duration == pytest.approx(1.04)
    assert Notice.CUT_SHORT not in cleaned(data)[0].warnings


def shortened(data: bytes, missing: int) -> bytes:
    """With a length of the film that leaves out its last bytes, though they are there."""
    at = data.index(bytes.fromhex("18538067")) + 4
    length = int.from_bytes(data[at : at + 8], "big") - missing
    return data[:at] + length.to_bytes(8, "big") + data[at + 8 :]


@pytest.mark.parametrize("missing", [1, 22, 23, len(CLUSTERS[1]), len(CLUSTERS[1]) + 1])
def test_clusters_behind_the_end_that_the_film_names_stay(missing: int) -> None:
    data = webm(info(), tracks(), *CLUSTERS)
    plan, copy = cleaned(shortened(data, missing))
    assert plan.warnings == ()
    assert copy == cleaned(data)[1]
    assert not survives(shortened(data, missing) + data)


def test_a_live_recording_that_was_cut_off_between_two_blocks_of_a_cluster_says_so() -> None:
    data = webm(info(duration=None), tracks(), *CLUSTERS, unknown=True)
    plan, copy = cleaned(data[: -len(ebml.simple_block(40))])
    assert plan.warnings == (Notice.CUT_SHORT,)
    assert copy.count(b"a picture") == 3


def test_a_live_recording_that_is_cut_off_behind_an_unknown_part_is_refused() -> None:
    data = webm(info(duration=None), tracks(), cluster(0, unknown=True), unknown=True)
    block = ebml.simple_block(80)
    assert survives(data + block + block[:3])
    assert survives(data + short("cb", block) + block)
    assert not survives(data + short("cb", block) + block[:3])


@pytest.mark.parametrize("rest", [12, 23, 50])
def test_blocks_behind_the_end_of_a_damaged_cluster_are_never_taken_for_private_data(rest: int) -> None:
    data = webm(info(), tracks(), cluster(0, *(ebml.simple_block(at, b"sound" * 30) for at in range(9))), CLUSTERS[1])
    at = data.index(bytes.fromhex("1f43b675")) + 4
    length = int.from_bytes(data[at : at + 8], "big") - rest
    assert not survives(data[:at] + length.to_bytes(8, "big") + data[at + 8 :])
    assert survives(webm(info(), tracks(), *CLUSTERS, ebml.short("4abc", b"Jane Doe"), CLUSTERS[1]))


def test_damage_within_a_cluster_leaves_the_tags_behind_it_removable() -> None:
    broken = cluster(0, ebml.simple_block(0), b"\xf0\x00\xfc\xea\xde\x2f\x20\xad")
    plan, copy = cleaned(webm(info(), tracks(), broken, tag(b"TITLE", b"Jane Doe")))
    assert Removal.TAGS in plan.removed
    assert broken in copy


@pytest.mark.parametrize("unknown", [False, True])
def test_a_cluster_with_a_length_beyond_the_file_ends_where_the_next_begins(unknown: bool) -> None:
    data = webm(info(), tracks(), *CLUSTERS, cluster(2000), unknown=unknown)
    at = data.index(CLUSTERS[1]) + 4
    plan, copy = cleaned(data[:at] + b"\x01\x00\x00\x40\x00\x00\x00\x30" + data[at + 8 :])
    assert plan.warnings == ()
    assert copy == cleaned(data)[1]


def test_a_film_is_refused_when_clusters_lie_somewhere_behind_its_end() -> None:
    data = webm(info(), tracks(), *CLUSTERS)
    assert survives(data + bytes(50))
    assert not survives(data + bytes(50) + CLUSTERS[1])


def test_the_rest_of_a_block_that_reaches_behind_the_end_is_never_taken_for_stray_bytes() -> None:
    data = webm(info(), tracks(), CLUSTERS[0])
    assert survives(data + b"picture")
    assert not survives(data.replace(b"picture", b"picture" * 2, 1))


def test_the_checksum_of_a_cluster_that_was_cut_off_goes() -> None:
    data = webm(
        info(),
        tracks(),
        ebml.with_checksum(
            "1f43b675",
            unsigned("e7", 0),
            ebml.element("a3", b"\x81\x00\x00\x80one"),
            ebml.element("a3", b"\x81\x00\x05\x80two"),
        ),
    )
    _, copy = cleaned(data[:-1])
    assert b"\xbf\x84" not in copy[copy.index(bytes.fromhex("1f43b675")) :]
    assert b"one" in copy


def test_the_coding_is_named() -> None:
    assert cleaned(webm())[0].description.codec == "VP9"
    assert cleaned(webm(info(), tracks(ebml.audio_track()), *CLUSTERS))[0].description.codec == "Opus"
