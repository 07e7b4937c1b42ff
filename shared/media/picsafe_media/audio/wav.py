"""WAVE (Microsoft, Multimedia Programming Interface 1.0; EBU Tech 3285 for `bext`): kept are format and samples.

Lengths that are placeholders are written as they should be; RF64 and BW64 become plain WAVE, which every player knows.
MP3 and AAC leave their WAVE wrapping, since browsers play them only without it.
"""

from __future__ import annotations

from typing import Final

from picsafe_media.audio.mpeg_audio import ADTS, MP3, clean_frames, frames_begin
from picsafe_media.audio.wav_chunks import read_chunks
from picsafe_media.audio.wav_coding import FRAMES, Coding, read_coding
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Notice, Removal
from picsafe_media.core.source import Window, damaged
from picsafe_media.images.riff import Chunk
from picsafe_protocol.contracts.errors import UnsupportedMedium

__all__ = ["WAVE_KINDS", "clean_wav"]

WAVE_KINDS: Final = (b"RIFF", b"RF64", b"BW64")
_REMOVED: Final = {
    b"LIST": Removal.TAGS,
    b"id3 ": Removal.TAGS,
    b"ID3 ": Removal.TAGS,
    b"bext": Removal.AUTHOR,
    b"iXML": Removal.COMMENT,
    b"_PMX": Removal.XMP,
    b"cart": Removal.COMMENT,
}
_LONGEST: Final = 2**32 - 1
_FACT_BYTES: Final = 4


async def clean_wav(window: Window) -> Cleaned:
    """The plan for a WAVE file; everything beyond its chunks goes."""
    plan = EditPlan(window.size)
    found = await read_chunks(window)
    if found.is_cut_short:
        plan.warn(Notice.CUT_SHORT)
    form = next((chunk for chunk in found.chunks if chunk.kind == b"fmt "), None)
    sounds = [chunk for chunk in found.chunks if chunk.kind == b"data"]
    if form is None or not sounds or sounds[0].stop <= sounds[0].start:
        raise damaged("there is no sound in it")
    if len(sounds) > 1:
        raise damaged("it has two parts with sound")  # some players take the first one, some the last
    sound = sounds[0]
    coding = read_coding(await window.take(form.start, form.stop))
    if coding.number in FRAMES:
        return await _unwrapped(window, plan, found.chunks, sound, coding)
    length, samples = 4, 0
    for chunk in found.chunks:
        is_fact = chunk.kind == b"fact" and chunk.stop - chunk.start == _FACT_BYTES
        if chunk not in (form, sound) and not (is_fact and not samples):
            _remove(plan, chunk)
            continue
        padding = (chunk.stop - chunk.start) % 2
        if padding and chunk.end == chunk.stop < found.end:
            plan.put(chunk.stop, chunk.stop, b"\x00")
            length += 1
        length += chunk.end - chunk.begin
        if is_fact:
            samples = await window.number(chunk.start, 4, "little")
    plan.cut(found.end, window.size, *([Removal.STRAY_BYTES] if found.end < window.size else []))
    await _write_lengths(window, plan, sound, length)
    return plan.finish(Description("audio", "audio/wav", "wav", duration=_seconds(coding, sound, samples)))


def _remove(plan: EditPlan, chunk: Chunk) -> None:
    code = [] if chunk.kind == b"ds64" else [_REMOVED.get(chunk.kind, Removal.PRIVATE_DATA)]
    plan.cut(chunk.begin, chunk.end, *code)


async def _write_lengths(window: Window, plan: EditPlan, sound: Chunk, length: int) -> None:
    if length > _LONGEST:
        raise UnsupportedMedium(
            "This is a WAVE file of more than 4 GB, which PicSafe does not support.", kind="long_wave"
        )
    head = b"RIFF" + length.to_bytes(4, "little")
    if await window.take(0, 8) != head:
        plan.put(0, 8, head)
    size = (sound.stop - sound.start).to_bytes(4, "little")
    if await window.take(sound.begin + 4, sound.start) != size:
        plan.put(sound.begin + 4, sound.start, size)


def _seconds(coding: Coding, sound: Chunk, samples: int) -> float | None:
    if samples and not coding.is_pcm:
        return samples / coding.samples_per_second
    if not coding.bytes_per_second:
        return None
    return (sound.stop - sound.start) / coding.bytes_per_second


async def _unwrapped(window: Window, plan: EditPlan, chunks: list[Chunk], sound: Chunk, coding: Coding) -> Cleaned:
    """The row of frames among the samples, as a file of its own."""
    kind = MP3 if FRAMES[coding.number] == "mp3" else ADTS
    if not await frames_begin(window, sound.start, kind, sound.stop):
        raise damaged("there is no sound in it") if kind is MP3 else coding.refusal()
    for chunk in chunks:
        if chunk.kind not in (b"fmt ", b"fact", b"data", b"ds64"):
            plan.note(_REMOVED.get(chunk.kind, Removal.PRIVATE_DATA))
    plan.cut(0, sound.start)
    plan.cut(sound.stop, window.size)
    return await clean_frames(window, sound.start, plan, kind, sound.stop)
