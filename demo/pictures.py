"""The sample report's photos and voice note, painted and composed here: no real patient is in them."""

from __future__ import annotations

import io
import math
import random
import struct
import wave

from PIL import Image, ImageChops, ImageDraw, ImageFilter

_SIZE = (1600, 1200)
_SKIN = {"light": ((233, 190, 165), (205, 150, 122)), "deep": ((141, 92, 66), (104, 64, 46))}


def photo(tone: str, seed: int, *, closer: bool = False) -> bytes:
    """A JPEG of a pigmented spot on skin beside a millimetre scale; `closer` fills the frame with it."""
    chance = random.Random(seed)  # noqa: S311 a picture, not a secret
    picture = _skin(tone, seed)
    _spot(picture, chance, radius=300 if closer else 90, centre=(800, 560) if closer else (860, 520))
    picture = picture.filter(ImageFilter.GaussianBlur(1.2))
    _scale(picture, millimetre=40 if closer else 12)
    grain = Image.effect_noise(_SIZE, 12).convert("RGB")
    picture = ImageChops.overlay(picture, Image.blend(Image.new("RGB", _SIZE, (128, 128, 128)), grain, 0.25))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()


def voice_note(seconds: float = 4.0, rate: int = 16_000) -> bytes:
    """A WAV with four soft notes, where a clinician would have spoken."""
    notes = (392.0, 440.0, 523.25, 440.0)
    samples = bytearray()
    for index in range(int(seconds * rate)):
        at = index / rate
        note, within = notes[min(int(at), len(notes) - 1)], at % 1
        loud = math.exp(-3 * within) * min(within * 40, 1)
        samples += struct.pack("<h", int(9000 * loud * math.sin(2 * math.pi * note * at)))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(samples))
    return file.getvalue()


def _skin(tone: str, seed: int) -> Image.Image:
    light, dark = _SKIN[tone]
    fall = Image.radial_gradient("L").resize((_SIZE[0] * 2, _SIZE[1] * 2)).crop((500, 300, 2100, 1500))
    picture = Image.composite(Image.new("RGB", _SIZE, dark), Image.new("RGB", _SIZE, light), fall)
    chance = random.Random(seed + 1)  # noqa: S311
    blotches = Image.new("L", (100, 75))
    blotches.putdata([chance.randrange(40) for _ in range(7500)])
    blotches = blotches.resize(_SIZE, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(14))
    picture = Image.composite(Image.new("RGB", _SIZE, (200, 110, 95)), picture, blotches)
    lines = Image.new("L", _SIZE, 0)
    draw = ImageDraw.Draw(lines)
    for _ in range(900):
        x, y, angle = chance.uniform(0, 1600), chance.uniform(0, 1200), chance.choice((0.6, 2.4)) + chance.gauss(0, 0.2)
        length = chance.uniform(15, 60)
        draw.line((x, y, x + length * math.cos(angle), y + length * math.sin(angle)), fill=70, width=2)
    return Image.composite(Image.new("RGB", _SIZE, dark), picture, lines.filter(ImageFilter.GaussianBlur(1.5)))


def _spot(picture: Image.Image, chance: random.Random, radius: float, centre: tuple[float, float]) -> None:
    phases = [(chance.uniform(0, 6.28), chance.uniform(0.02, 0.12)) for _ in range(7)]
    for shade, share in (((120, 72, 52), 1.0), ((88, 50, 38), 0.78), ((58, 34, 28), 0.45)):
        outline = []
        for step in range(180):
            angle = step * math.pi / 90
            wobble = 1 + sum(size * math.sin((order + 1) * angle + phase) for order, (phase, size) in enumerate(phases))
            reach = radius * share * wobble
            outline.append((centre[0] + reach * math.cos(angle) * 1.2, centre[1] + reach * math.sin(angle)))
        mask = Image.new("L", _SIZE, 0)
        ImageDraw.Draw(mask).polygon(outline, fill=215)
        picture.paste(Image.new("RGB", _SIZE, shade), mask=mask.filter(ImageFilter.GaussianBlur(radius / 9)))


def _scale(picture: Image.Image, millimetre: int) -> None:
    draw = ImageDraw.Draw(picture)
    top = 1040
    draw.rectangle((120, top, 1480, top + 110), fill=(246, 246, 240))
    for index in range(1320 // millimetre + 1):
        x = 140 + index * millimetre
        length = 70 if index % 10 == 0 else 50 if index % 5 == 0 else 32
        draw.line((x, top, x, top + length), fill=(30, 30, 30), width=3)
