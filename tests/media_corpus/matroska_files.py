"""Films and sound in WebM and Matroska, of many writers."""

from __future__ import annotations

import tempfile
from pathlib import Path

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
from media_corpus.sources import call

__all__ = ["write_webm"]


def write_webm(folder: Path) -> None:
    """WebM and Matroska: with and without cues, live, with tags, attachments, chapters and lacing, and codings of all kinds."""
    vp8, vp9 = (
        ("-c:v", "libvpx", "-cpu-used", "8", "-deadline", "realtime"),
        ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime"),
    )
    with clips_in_a_folder() as made:
        outputs: dict[Path, tuple[str, ...]] = {
            **{
                folder / f"ffmpeg--{label}.webm": words
                for label, words in {
                    "vp8-vorbis": ("-map", "2", "-map", "1", *vp8, "-c:a", "libvorbis"),
                    "vp9-opus": ("-map", "2", "-map", "1", *vp9, "-c:a", "libopus"),
                    "av1-opus": (
                        "-map",
                        "2",
                        "-map",
                        "0",
                        "-c:v",
                        "libaom-av1",
                        "-cpu-used",
                        "8",
                        "-usage",
                        "realtime",
                        "-c:a",
                        "libopus",
                    ),
                    "opus": ("-map", "1", "-c:a", "libopus"),
                    "vorbis": ("-map", "0", "-c:a", "libvorbis"),
                    "live": ("-map", "2", "-map", "1", *vp8, "-c:a", "libopus", "-live", "1"),
                    "dash": ("-map", "2", *vp9, "-dash", "1"),
                    "small-clusters": ("-map", "2", "-map", "1", *vp8, "-c:a", "libopus", "-cluster_time_limit", "100"),
                    "alpha": ("-map", "2", "-vf", "format=yuva420p", *vp8, "-auto-alt-ref", "0"),
                    "cues-first": ("-map", "2", *vp8, "-cues_to_front", "1"),
                }.items()
            },
            **{
                folder / f"ffmpeg--{label}.mkv": words
                for label, words in {
                    "h264-aac": ("-map", "2", "-map", "1", *H264, "-c:a", "aac"),
                    "mpeg4-mp3": ("-map", "2", "-map", "0", *MPEG4, "-c:a", "libmp3lame"),
                    "flac": ("-map", "1", "-c:a", "flac"),
                    "pcm": ("-map", "0", "-c:a", "pcm_s16le"),
                    "theora-vorbis": ("-map", "2", "-map", "1", "-c:v", "libtheora", "-c:a", "libvorbis"),
                    "jpeg": ("-map", "2", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
                    "ffv1": ("-map", "2", "-c:v", "ffv1"),
                    "hevc": ("-map", "2", "-c:v", "libx265", "-x265-params", "log-level=none"),
                    "no-crc": ("-map", "2", *MPEG4, "-write_crc32", "0"),
                    "reserved": ("-map", "2", *MPEG4, "-reserve_index_space", "500"),
                    "ac3": ("-map", "1", "-c:a", "ac3"),
                }.items()
            },
            folder / "ffmpeg--opus.mka": ("-map", "1", "-c:a", "libopus"),
            folder / "ffmpeg--aac.mka": ("-map", "0", "-c:a", "aac"),
        }
        ffmpeg_all(made, outputs)
        picture = f"filesrc location={made.picture} ! y4mdec ! videoconvert !"
        heard = f"filesrc location={made.stereo} ! wavparse ! audioconvert ! audioresample ! {tags_of_gst()} !"
        for label, coders, muxer in (
            ("vp8-vorbis.webm", ("vp8enc deadline=1", "vorbisenc"), "webmmux"),
            ("vp9-opus.webm", ("vp9enc deadline=1", "opusenc"), "webmmux"),
            ("live.webm", ("vp8enc deadline=1", "opusenc"), "webmmux streamable=true"),
            ("h264-aac.mkv", ("openh264enc ! h264parse", "voaacenc ! aacparse"), "matroskamux"),
            ("h264-live.mkv", ("openh264enc ! h264parse", "opusenc"), "matroskamux streamable=true"),
            ("theora-flac.mkv", ("theoraenc", "flacenc"), "matroskamux"),
            ("jpeg-pcm.mkv", ("jpegenc", "identity"), "matroskamux"),
            ("old.mkv", ("avenc_mpeg4 ! mpeg4videoparse", "lamemp3enc ! mpegaudioparse"), "matroskamux version=1"),
        ):
            gst(
                f"{picture} {coders[0]} ! {muxer} name=m ! filesink location={folder}/gstreamer--{label}",
                f"{heard} {coders[1]} ! m.",
            )
        gst(f"{heard} opusenc ! webmmux ! filesink location={folder}/gstreamer--opus.webm")
        gst(f"{heard} vorbisenc ! matroskamux ! filesink location={folder}/gstreamer--vorbis.mka")
        subtitles = Path(made.mono).with_name("names.srt")
        subtitles.write_text("1\n00:00:00,000 --> 00:00:00,400\nJane\n")
        note = Path(made.mono).with_name("note.txt")
        note.write_text(NAMES["title"])
    recorded(folder, "webm")
    _by_mkvtoolnix(folder)


def _by_mkvtoolnix(folder: Path) -> None:
    """mkvmerge writes files of others again, and mkvpropedit edits them in place."""
    with tempfile.TemporaryDirectory() as place:
        note = Path(place, "note.txt")
        note.write_text(NAMES["title"])
        options: dict[str, tuple[str, ...]] = {
            "plain": (),
            "attached": ("--attach-file", str(note)),
            "titled": ("--title", NAMES["title"], "--track-name", f"0:{NAMES['artist']}"),
            "no-cues": ("--no-cues", "--no-date"),
            "laced": ("--enable-durations", "--cluster-length", "2"),
            "legacy": ("--disable-lacing", "--clusters-in-meta-seek"),
        }
        sources = sorted(path for path in folder.iterdir() if path.name.startswith(("ffmpeg--", "gstreamer--")))
        for index, source in enumerate(sources):
            label, words = list(options.items())[index % len(options)]
            webm = ("--webm",) if source.suffix == ".webm" and "attached" not in label else ()
            extension = source.suffix if webm else ".mkv"
            target = folder / f"mkvmerge--{source.stem.replace('--', '-')}-{label}{extension}"
            call("mkvmerge", "-q", *webm, "-o", target, *words, source)
        for path in tagged_copies(folder, "mkvpropedit", "mkv", 4) + tagged_copies(folder, "mkvpropedit", "webm", 5):
            if "chromium" in path.stem:  # of a live recording it makes a film with a cluster within another
                path.unlink()
                continue
            call(
                "mkvpropedit",
                "-q",
                path,
                "--edit",
                "info",
                "--set",
                f"title={NAMES['title']}",
                "--edit",
                "track:1",
                "--set",
                f"name={NAMES['artist']}",
                "--add-attachment",
                note,
            )
