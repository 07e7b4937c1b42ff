"""Sound of many writers: MP3, WAVE, FLAC, AAC and Ogg."""

from __future__ import annotations

import wave
from pathlib import Path

import mutagen.apev2
import mutagen.flac
import mutagen.id3
import mutagen.oggopus
import mutagen.oggvorbis
from harness.media_files import sounds as by_hand

from media_corpus.recordings import NAMES, clips_in_a_folder, ffmpeg_all, gst, tagged_copies, tags_of_gst
from media_corpus.sources import call

__all__ = ["write_adts", "write_flac", "write_mp3", "write_ogg", "write_wav"]


def _id3(paths: list[Path]) -> None:
    """ID3v2 with a cover in front, by turns in two versions, and ID3v1 or APE behind."""
    for number, path in enumerate(paths):
        tag = mutagen.id3.ID3()
        tag.add(mutagen.id3.TIT2(encoding=3, text=["Jane Sample"]))
        tag.add(mutagen.id3.TPE1(encoding=3, text=["Dr Example"]))
        tag.add(
            mutagen.id3.APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=b"\xff\xd8\xff\xe0Jane Sample" * 9)
        )
        tag.save(path, v1=2 * (number % 2), v2_version=3 + number % 2)
        if number % 3 == 0:
            ape = mutagen.apev2.APEv2()
            ape["Title"] = "Jane Sample"
            ape.save(path)


def write_mp3(folder: Path) -> None:
    """Layers II and III, all three versions, constant and variable rates, with and without tags."""
    with clips_in_a_folder() as made:
        for name, source in made.sounds.items():
            for label, words in {
                "v2": ("-V2",),
                "v9": ("-V9",),
                "abr": ("--abr", "96"),
                "cbr": ("-b", "64", "--cbr"),
                "bare": ("-t", "-b", "128"),
                "joint": ("-m", "j", "-q", "7"),
                "half": ("--resample", "22.05"),
                "quarter": ("--resample", "11.025"),
                "tagged": ("--tt", NAMES["title"], "--ta", NAMES["artist"], "--add-id3v2"),
                "crc": ("-p", "-b", "96"),
            }.items():
                call("lame", "--silent", *words, source, folder / f"lame--{name}-{label}.mp3")
            for label, words in {"b160": ("-b", "160"), "vbr": ("--vbr",), "mono": ("-m", "mono", "-b", "64")}.items():
                call(
                    "twolame",
                    "-s",
                    "44100" if name == "stereo" else "16000",
                    *words,
                    source,
                    folder / f"twolame--{name}-{label}.mp3",
                )
            for label, rate in {"b128": "128.2", "vbr": "-4.2"}.items():
                call("sox", source, "-C", rate, folder / f"sox--{name}-{label}.mp3")
            call("sndfile-convert", source, folder / f"libsndfile--{name}.mp3")
            encoder = f"filesrc location={source} ! wavparse ! audioconvert !"
            gst(
                f"{encoder} lamemp3enc ! filesink location={folder}/gstreamer--{name}-plain.mp3",
                f"{encoder} lamemp3enc target=bitrate cbr=true bitrate=64 ! mpegaudioparse ! xingmux ! filesink location={folder}/gstreamer--{name}-xing.mp3",
                f"{encoder} {tags_of_gst()} ! lamemp3enc ! id3v2mux ! filesink location={folder}/gstreamer--{name}-id3.mp3",
                f"{encoder} audioresample ! audio/x-raw,rate=48000 ! twolamemp2enc ! filesink location={folder}/gstreamer--{name}-layer2.mp3",
            )
        outputs: dict[Path, tuple[str, ...]] = {
            folder / f"ffmpeg--{name}-{label}.mp3": ("-map", stream, *words)
            for stream, name in (("0", "mono"), ("1", "stereo"))
            for label, words in {
                "plain": (),
                "no-xing": ("-write_xing", "0"),
                "id3v1": ("-write_id3v1", "1", "-id3v2_version", "3"),
                "bare": ("-write_id3v1", "0", "-id3v2_version", "0"),
                "layer2": ("-c:a", "mp2", "-f", "mp2"),
                "vbr": ("-q:a", "6", "-ar", "24000"),
            }.items()
        }
        ffmpeg_all(made, outputs)
    _id3(tagged_copies(folder, "mutagen", "mp3"))


def write_wav(folder: Path) -> None:
    """Integers of all widths, floating point, A-law, mu-law, ADPCM, GSM, long ones, with and without tags."""
    with clips_in_a_folder() as made:
        codecs = (
            "pcm_u8",
            "pcm_s16le",
            "pcm_s24le",
            "pcm_s32le",
            "pcm_f32le",
            "pcm_f64le",
            "pcm_alaw",
            "pcm_mulaw",
            "adpcm_ms",
            "adpcm_ima_wav",
        )
        outputs: dict[Path, tuple[str, ...]] = {
            folder / f"ffmpeg--{name}-{codec}.wav": ("-map", stream, "-c:a", codec)
            for stream, name in (("0", "mono"), ("1", "stereo"))
            for codec in codecs
        }
        outputs[folder / "ffmpeg--long.wav"] = ("-map", "0", "-rf64", "always")
        outputs[folder / "ffmpeg--bext.wav"] = ("-map", "1", "-write_bext", "1")
        outputs[folder / "ffmpeg--mp3.wav"] = ("-map", "1", "-c:a", "libmp3lame", "-f", "wav")
        ffmpeg_all(made, outputs)
        for name, source in made.sounds.items():
            for label, words in {
                "b8": ("-b", "8"),
                "b24": ("-b", "24"),
                "float": ("-e", "floating-point"),
                "alaw": ("-e", "a-law"),
                "mulaw": ("-e", "mu-law"),
                "adpcm": ("-e", "ms-adpcm"),
                "ima": ("-e", "ima-adpcm"),
                "gsm": ("-e", "gsm-full-rate", "-r", "8000", "-c", "1"),
                "comment": ("--comment", NAMES["title"]),
            }.items():
                call("sox", "-V1", source, *words, folder / f"sox--{name}-{label}.wav")
            for label, option in {
                "8": "-pcmu8",
                "16": "-pcm16",
                "24": "-pcm24",
                "32": "-pcm32",
                "float": "-float32",
                "double": "-float64",
                "ulaw": "-ulaw",
                "ima": "-ima-adpcm",
                "gsm": "-gsm610",
            }.items():
                if (label, name) != ("gsm", "stereo"):
                    call("sndfile-convert", option, source, folder / f"libsndfile--{name}-{label}.wav")
            long = folder / "source.rf64"
            call("sndfile-convert", source, long)
            long.rename(folder / f"libsndfile--{name}-long.wav")
            with wave.open(str(source)) as original, wave.open(str(folder / f"python--{name}.wav"), "wb") as copy:
                copy.setparams(original.getparams())
                copy.writeframes(original.readframes(original.getnframes()))
            flac = folder / "source.flac"
            call("flac", "-s", "-f", source, "-o", flac)
            for label, words in {"plain": (), "long": ("--force-rf64-format",)}.items():
                call("flac", "-s", "-d", *words, flac, "-o", folder / f"flac--{name}-{label}.wav")
            flac.unlink()
            reader = f"filesrc location={source} ! wavparse ! audioconvert !"
            gst(
                f"{reader} audio/x-raw,format=S16LE ! wavenc ! filesink location={folder}/gstreamer--{name}-s16.wav",
                f"{reader} audio/x-raw,format=F32LE ! wavenc ! filesink location={folder}/gstreamer--{name}-f32.wav",
                f"{reader} audio/x-raw,format=S24LE ! {tags_of_gst()} ! wavenc ! filesink location={folder}/gstreamer--{name}-s24.wav",
                f"{reader} alawenc ! wavenc ! filesink location={folder}/gstreamer--{name}-alaw.wav",
            )


def write_flac(folder: Path) -> None:
    """All levels, several depths, with seek tables, cue sheets, pictures and padding, and as streams without a length."""
    with clips_in_a_folder() as made:
        for name, source in made.sounds.items():
            for label, words in {
                **{f"level{level}": (f"-{level}",) for level in (0, 3, 5, 8)},
                "no-padding": ("--no-padding", "--no-seektable"),
                "tagged": ("-T", f"TITLE={NAMES['title']}", "-P", "300"),
                "seek": ("-S", "10x"),
                "small": ("-b", "256", "--lax"),
            }.items():
                call("flac", "-s", "-f", *words, source, "-o", folder / f"flac--{name}-{label}.flac")
            call("sox", "-V1", source, "--comment", NAMES["title"], folder / f"sox--{name}.flac")
            call("sox", "-V1", source, "-b", "24", "-C", "0", folder / f"sox--{name}-24.flac")
            for label in ("pcms8", "pcm16", "pcm24"):
                call("sndfile-convert", f"-{label}", source, folder / f"libsndfile--{name}-{label}.flac")
            reader = f"filesrc location={source} ! wavparse ! audioconvert !"
            gst(
                f"{reader} flacenc ! filesink location={folder}/gstreamer--{name}-plain.flac",
                f"{reader} {tags_of_gst()} ! flacenc quality=1 padding=100 seekpoints=3 ! filesink location={folder}/gstreamer--{name}-tagged.flac",
                f"{reader} flacenc ! flacparse ! flactag ! filesink location={folder}/gstreamer--{name}-retagged.flac",
            )
        outputs: dict[Path, tuple[str, ...]] = {
            folder / f"ffmpeg--{name}-{label}.flac": ("-map", stream, *words)
            for stream, name in (("0", "mono"), ("1", "stereo"))
            for label, words in {
                "plain": (),
                "level0": ("-compression_level", "0"),
                "level12": ("-compression_level", "12"),
                "24": ("-sample_fmt", "s32"),
                "small": ("-frame_size", "256"),
            }.items()
        }
        ffmpeg_all(made, outputs)
    for number, path in enumerate(tagged_copies(folder, "mutagen", "flac")):
        file = mutagen.flac.FLAC(path)
        file["title"], file["artist"] = NAMES["title"], NAMES["artist"]
        cover = mutagen.flac.Picture()
        cover.data, cover.mime = b"\xff\xd8\xff\xe0Jane Sample", "image/jpeg"
        file.add_picture(cover)
        file.save(padding=lambda _info, room=number * 50: room)
    for path in tagged_copies(folder, "metaflac", "flac", 4):
        call("metaflac", f"--set-tag=TITLE={NAMES['title']}", "--add-padding=64", path)
        call("metaflac", "--add-seekpoint=5x", path)


def write_adts(folder: Path) -> None:
    """AAC of two coders through four muxers; nothing else that is free writes ADTS, so tags and rows by hand complete it."""
    with clips_in_a_folder() as made:
        outputs: dict[Path, tuple[str, ...]] = {
            folder / f"ffmpeg--{name}-{rate}-{bits}.aac": ("-map", stream, "-c:a", "aac", "-ar", rate, "-b:a", bits)
            for stream, name in (("0", "mono"), ("1", "stereo"))
            for rate in ("8000", "16000", "22050", "32000", "44100", "48000")
            for bits in ("24k", "64k")
        }
        outputs |= {
            folder / f"ffmpeg--{name}-{label}.aac": ("-map", stream, "-c:a", "aac", *words)
            for stream, name in (("0", "mono"), ("1", "stereo"))
            for label, words in {
                "id3": ("-write_id3v2", "1"),
                "apetag": ("-write_apetag", "1"),
                "mpeg2": ("-write_mpeg2", "1"),
            }.items()
        }
        ffmpeg_all(made, outputs)
        for name, source in made.sounds.items():
            reader = f"filesrc location={source} ! wavparse ! audioconvert ! audioresample !"
            gst(
                *(
                    f"{reader} audio/x-raw,rate={rate} ! {coder} ! aacparse ! audio/mpeg,stream-format=adts ! filesink location={folder}/{writer}--{name}-{rate}.aac"
                    for writer, coder in (("gstreamer-voaac", "voaacenc"), ("gstreamer", "avenc_aac"))
                    for rate in (16000, 32000, 44100)
                ),
                *(
                    f"{reader} audio/x-raw,rate={rate} ! voaacenc ! aacparse ! avmux_adts ! filesink location={folder}/gstreamer-libav--{name}-{rate}.aac"
                    for rate in (16000, 24000)
                ),
            )
    for count in (2, 5, 20, 60):
        (folder / f"by-hand--{count}.aac").write_bytes(by_hand.id3v2() + _silence(count))
    _id3(tagged_copies(folder, "mutagen", "aac"))


def _silence(count: int) -> bytes:
    """Frames of AAC-LC that hold a channel without anything in it."""
    content = bytes.fromhex("00c800802380")
    length = 7 + len(content)
    return (bytes((0xFF, 0xF1, 0x50, 0x40, length >> 3, (length & 7) << 5 | 0x1F, 0xFC)) + content) * count


def write_ogg(folder: Path) -> None:
    """Vorbis, Opus, Speex, FLAC and Theora, with tags and covers, chained, and beside each other."""
    with clips_in_a_folder() as made:
        for name, source in made.sounds.items():
            for label, words in {
                "q-1": ("-q", "-1"),
                "q5": ("-q", "5"),
                "tagged": ("-t", NAMES["title"], "-a", NAMES["artist"]),
                "resampled": ("--resample", "22050"),
                "managed": ("--managed", "-b", "64"),
            }.items():
                call("oggenc", "-Q", *words, source, "-o", folder / f"oggenc--{name}-{label}.ogg")
            for label, words in {
                "plain": (),
                "tagged": ("--title", NAMES["title"], "--artist", NAMES["artist"]),
                "low": ("--bitrate", "12", "--framesize", "60"),
                "short": ("--framesize", "2.5", "--hard-cbr"),
                "padded": ("--padding", "0", "--max-delay", "100"),
            }.items():
                call("opusenc", "--quiet", *words, source, folder / f"opusenc--{name}-{label}.opus.ogg")
            for label, words in {
                "narrow": ("-n",),
                "wide": ("-w", "--vbr"),
                "tagged": ("--title", NAMES["title"]),
            }.items():
                call("speexenc", *words, source, folder / f"speexenc--{name}-{label}.ogg")
            call(
                "flac", "-s", "-f", "--ogg", "-T", f"TITLE={NAMES['title']}", source, "-o", folder / f"flac--{name}.ogg"
            )
            call("sox", "-V1", source, "--comment", NAMES["title"], folder / f"sox--{name}.ogg")
            call("sndfile-convert", "-vorbis", source, folder / f"libsndfile--{name}-vorbis.ogg")
            reader = f"filesrc location={source} ! wavparse ! audioconvert ! audioresample ! {tags_of_gst()} !"
            gst(
                *(
                    f"{reader} {coder} ! oggmux ! filesink location={folder}/gstreamer--{name}-{coder}.ogg"
                    for coder in ("vorbisenc", "opusenc", "speexenc", "flacenc")
                )
            )
        film = f"filesrc location={made.picture} ! y4mdec ! theoraenc ! oggmux name=m"
        gst(
            f"{film} ! filesink location={folder}/gstreamer--film.ogg",
            f"filesrc location={made.stereo} ! wavparse ! audioconvert ! vorbisenc ! m.",
        )
        outputs: dict[Path, tuple[str, ...]] = {
            folder / f"ffmpeg--{name}-{codec}.ogg": ("-map", stream, "-c:a", codec)
            for stream, name in (("0", "mono"), ("1", "stereo"))
            for codec in ("libvorbis", "libopus", "flac")
        }
        outputs[folder / "ffmpeg--film.ogg"] = ("-map", "2", "-map", "1", "-c:v", "libtheora", "-c:a", "libvorbis")
        outputs[folder / "ffmpeg--silent-film.ogg"] = ("-map", "2", "-c:v", "libtheora", "-q:v", "3")
        outputs[folder / "ffmpeg--pages.ogg"] = ("-map", "1", "-c:a", "libvorbis", "-page_duration", "20000")
        ffmpeg_all(made, outputs)
    first, second = (folder / f"oggenc--{name}-q5.ogg" for name in ("mono", "stereo"))
    (folder / "by-hand--chain.ogg").write_bytes(first.read_bytes() + second.read_bytes())
    for path in tagged_copies(folder, "mutagen", "ogg"):
        file = mutagen.File(path)
        if file is not None and file.tags is not None:
            file["title"], file["metadata_block_picture"] = NAMES["title"], "SmFuZSBTYW1wbGU=" * 400
            file.save()
