"""Films, and sound in the containers of films, of many writers: MP4 and MOV with their kin."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import mutagen.mp4
from harness.media_files import boxes as box_files

from media_corpus.recordings import (
    H264,
    MPEG4,
    NAMES,
    clips_in_a_folder,
    ffmpeg_all,
    gst,
    recorded,
    tagged_copies,
    tags_of_gst,
)
from media_corpus.sources import call, sign_all

__all__ = ["write_mov", "write_mp4"]

_PLACE: Final = b"$GPRMC,101112,A,3748.8,S,14457.9,E Jane Sample"
_FRAGMENTED: Final = ("negative", "fragments", "cmaf", "dash", "separate", "streamable", "chromium")
"""In the names of files that AtomicParsley and exiftool do not write."""
_DAMAGED_BY_MUTAGEN: Final = ("old-fragments", "sound-fragments")
"""Ends of the names of files with a place in the file for each fragment. mutagen moves the fragments, but of those places
it corrects the first only: of the others nothing can be played.
"""


def write_mp4(folder: Path) -> None:
    """MP4, M4A and 3GP: index first or last, in fragments, with tags, tracks of positions and data that no track uses."""
    film, sound = ("-map", "2", "-map", "1", *H264, "-c:a", "aac"), ("-map", "1", "-c:a", "aac")
    with clips_in_a_folder() as made:
        outputs: dict[Path, tuple[str, ...]] = {
            **{
                folder / f"ffmpeg--film-{label}.mp4": (*film, *words)
                for label, words in {
                    "plain": ("-metadata", "location=+37.8136+144.9631/"),
                    "index-first": ("-movflags", "faststart"),
                    "keyed": ("-movflags", "use_metadata_tags"),
                    "fragments": ("-movflags", "frag_keyframe+empty_moov+default_base_moof", "-g", "3"),
                    "old-fragments": ("-movflags", "frag_keyframe", "-g", "2"),
                    "cmaf": ("-movflags", "cmaf+delay_moov", "-frag_duration", "100000"),
                    "dash": ("-movflags", "dash", "-g", "3"),
                    "separate": ("-movflags", "separate_moof+frag_keyframe", "-g", "3"),
                    "negative": ("-bf", "2", "-movflags", "negative_cts_offsets"),
                    "rotated": ("-metadata:s:v", "rotate=90"),
                }.items()
            },
            **{
                folder / f"ffmpeg--{label}.mp4": words
                for label, words in {
                    "mpeg4": ("-map", "2", "-map", "0", *MPEG4, "-c:a", "libmp3lame"),
                    "vp9": (
                        "-map",
                        "2",
                        "-map",
                        "1",
                        "-c:v",
                        "libvpx-vp9",
                        "-cpu-used",
                        "8",
                        "-c:a",
                        "libopus",
                        "-strict",
                        "-2",
                    ),
                    "hevc": ("-map", "2", "-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1"),
                    "av1": ("-map", "2", "-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"),
                    "flac": ("-map", "1", "-c:a", "flac", "-strict", "-2"),
                    "alac": ("-map", "1", "-c:a", "alac"),
                    "two-sounds": ("-map", "2", "-map", "0", "-map", "1", *H264, "-c:a", "aac"),
                    "jpeg": ("-map", "2", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
                }.items()
            },
            **{
                folder / f"ffmpeg--sound-{label}.m4a": (*sound, *words)
                for label, words in {
                    "plain": (),
                    "index-first": ("-movflags", "faststart"),
                    "fragments": ("-movflags", "frag_keyframe+empty_moov", "-frag_duration", "100000"),
                    "alac": ("-c:a", "alac"),
                    "low": ("-b:a", "24k", "-ar", "16000", "-ac", "1"),
                }.items()
            },
            folder / "ffmpeg--film.3gp": ("-map", "2", "-map", "0", "-c:v", "h263", "-s", "128x96", "-c:a", "aac"),
            folder / "ffmpeg--h264.3gp": (*film,),
            folder / "ffmpeg--film.3g2": ("-map", "2", "-map", "0", *MPEG4, "-c:a", "aac"),
        }
        ffmpeg_all(made, outputs)
        picture = f"filesrc location={made.picture} ! y4mdec ! videoconvert !"
        heard = f"filesrc location={made.stereo} ! wavparse ! audioconvert ! {tags_of_gst()} !"
        muxers = {
            "mp4-plain.mp4": "mp4mux",
            "mp4-index-first.mp4": "mp4mux faststart=true",
            "mp4-fragments.mp4": "mp4mux fragment-duration=100",
            "mp4-streamable.mp4": "mp4mux fragment-duration=150 streamable=true",
            "3gpp.3gp": "3gppmux",
            "avmux.mp4": "avmux_mp4",
            "moov-recovery.mp4": "mp4mux reserved-max-duration=2000000000 reserved-moov-update-period=200000000",
        }
        for name, muxer in muxers.items():
            gst(
                f"{picture} openh264enc ! h264parse ! {muxer} name=m ! filesink location={folder}/gstreamer--film-{name}",
                f"{heard} voaacenc ! aacparse ! m.",
            )
        for name, coder in {
            "opus": "opusenc",
            "aac": "avenc_aac ! aacparse",
            "mp3": "lamemp3enc ! mpegaudioparse",
        }.items():
            gst(
                f"{heard} audioresample ! audio/x-raw,rate=48000 ! {coder} ! mp4mux ! filesink location={folder}/gstreamer--sound-{name}.mp4"
            )
        for name, coder in {
            "vp9": "vp9enc deadline=1 ! vp9parse",
            "av1": "av1enc cpu-used=8 ! av1parse",
            "h264": "openh264enc ! h264parse",
        }.items():
            gst(f"{picture} {coder} ! mp4mux ! filesink location={folder}/gstreamer--silent-{name}.mp4")
    recorded(folder, "mp4")
    _by_hand(folder)
    _rewritten(folder)


def _rewritten(folder: Path) -> None:
    """As programs for tags leave them."""
    _by_mutagen(tagged_copies(folder, "mutagen", "m4a", 1) + tagged_copies(folder, "mutagen", "mp4", 5))
    for path in tagged_copies(folder, "atomicparsley", "m4a", 2) + tagged_copies(folder, "atomicparsley", "mp4", 2):
        if any(word in path.stem for word in _FRAGMENTED):
            path.unlink()
            continue
        call("AtomicParsley", path, "--title", NAMES["title"], "--artist", NAMES["artist"], "--overWrite")
    _signed(folder, "mp4", 2)
    _signed(folder, "m4a", 3)


def _by_mutagen(paths: list[Path]) -> None:
    for path in paths:
        if path.stem.endswith(_DAMAGED_BY_MUTAGEN):
            path.unlink()
            continue
        try:
            file = mutagen.mp4.MP4(path)
        except mutagen.mp4.MP4StreamInfoError:  # it does not read QuickTime's own descriptions of sound
            path.unlink()
            continue
        file["\xa9nam"], file["\xa9ART"] = [NAMES["title"]], [NAMES["artist"]]
        file["covr"] = [mutagen.mp4.MP4Cover(b"\xff\xd8\xff\xe0Jane Sample" * 40)]
        file.save()


def _signed(folder: Path, extension: str, every: int) -> None:
    """As exiftool leaves them; it writes no films in fragments."""
    copies = tagged_copies(folder, "exiftool", extension, every)
    for path in copies:
        if any(word in path.stem for word in _FRAGMENTED):
            path.unlink()
    sign_all([path for path in copies if path.exists()])


def _by_hand(folder: Path) -> None:
    """Dash cameras: positions between the samples, at the end of the media data, and in free boxes."""
    plain = (folder / "ffmpeg--film-index-first.mp4").read_bytes()
    at = plain.rindex(b"mdat") - 4
    length = int.from_bytes(plain[at : at + 4], "big")
    grown = plain[:at] + (length + len(_PLACE)).to_bytes(4, "big") + plain[at + 4 : at + length] + _PLACE
    (folder / "by-hand--places-behind.mp4").write_bytes(grown + plain[at + length :])
    (folder / "by-hand--places-free.mp4").write_bytes(plain + box_files.box(b"free", _PLACE))
    (folder / "by-hand--places-box.mp4").write_bytes(plain + box_files.box(b"gps ", _PLACE))
    (folder / "by-hand--tail.mp4").write_bytes(plain + _PLACE)


def write_mov(folder: Path) -> None:
    """QuickTime films: codings that only they carry, uncoded sound of all widths, time codes, tags of both kinds."""
    film = ("-map", "2", "-map", "1", *H264, "-c:a", "aac")
    sounds = (
        "pcm_s16le",
        "pcm_s16be",
        "pcm_s24le",
        "pcm_s24be",
        "pcm_s32le",
        "pcm_f32le",
        "pcm_f64be",
        "pcm_u8",
        "pcm_s8",
        "pcm_alaw",
        "pcm_mulaw",
        "adpcm_ima_qt",
        "adpcm_ms",
        "alac",
        "libmp3lame",
        "ac3",
    )
    pictures = {
        "prores": ("-c:v", "prores_ks", "-profile:v", "0"),
        "mjpeg": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
        "rle": ("-c:v", "qtrle", "-pix_fmt", "rgb24"),
        "png": ("-c:v", "png"),
        "raw": ("-c:v", "rawvideo", "-pix_fmt", "yuyv422"),
        "mpeg4": MPEG4,
        "hevc": ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1"),
        "dnxhd": ("-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p", "-s", "256x128"),
        "h263": ("-c:v", "h263p"),
        "svq": ("-c:v", "svq1", "-pix_fmt", "yuv410p"),
    }
    with clips_in_a_folder() as made:
        outputs: dict[Path, tuple[str, ...]] = {
            **{folder / f"ffmpeg--sound-{codec}.mov": ("-map", "1", "-c:a", codec) for codec in sounds},
            **{
                folder / f"ffmpeg--mono-{codec}.mov": ("-map", "2", "-map", "0", *MPEG4, "-c:a", codec)
                for codec in sounds[:8]
            },
            **{folder / f"ffmpeg--{label}.mov": ("-map", "2", *words) for label, words in pictures.items()},
            **{
                folder / f"ffmpeg--film-{label}.mov": (*film, *words)
                for label, words in {
                    "plain": ("-metadata", "location=+37.8136+144.9631/"),
                    "index-first": ("-movflags", "faststart"),
                    "keyed": ("-movflags", "use_metadata_tags"),
                    "time-code": ("-timecode", "01:02:03:04"),
                    "fragments": ("-movflags", "frag_keyframe+empty_moov", "-g", "3"),
                }.items()
            },
        }
        ffmpeg_all(made, outputs)
        picture = f"filesrc location={made.picture} ! y4mdec ! videoconvert !"
        heard = f"filesrc location={made.stereo} ! wavparse ! audioconvert ! {tags_of_gst()} !"
        for label, muxer in {
            "plain": "qtmux",
            "index-first": "qtmux faststart=true",
            "fragments": "qtmux fragment-duration=100",
        }.items():
            for coder, name in {"jpegenc": "jpeg", "openh264enc ! h264parse": "h264"}.items():
                gst(
                    f"{picture} {coder} ! {muxer} name=m ! filesink location={folder}/gstreamer--{name}-{label}.mov",
                    f"{heard} voaacenc ! aacparse ! m.",
                )
        for label, coder in {
            "pcm": "audio/x-raw,format=S16LE",
            "pcm-be": "audio/x-raw,format=S16BE",
            "alac": "avenc_alac",
            "alaw": "alawenc",
            "mp3": "lamemp3enc ! mpegaudioparse",
        }.items():
            gst(f"{heard} {coder} ! qtmux ! filesink location={folder}/gstreamer--sound-{label}.mov")
        gst(f"{picture} jpegenc ! qtmux ! filesink location={folder}/gstreamer--jpeg.mov")
        gst(f"{picture} videoconvert ! video/x-raw,format=UYVY ! qtmux ! filesink location={folder}/gstreamer--raw.mov")
    for index, path in enumerate(sorted(folder.glob("ffmpeg--sound-*.mov"))[:6]):
        data = path.read_bytes()
        hand = (
            data.replace(b"hdlr", b"free", 2 if b"vmhd" in data else 1)
            if index % 2
            else data + box_files.box(b"free", _PLACE)
        )
        (folder / f"by-hand--{path.stem.removeprefix('ffmpeg--')}.mov").write_bytes(hand)
    _by_mutagen(tagged_copies(folder, "mutagen", "mov", 2))
    _signed(folder, "mov", 4)
