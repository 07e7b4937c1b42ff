"""HEIC photos made for tests: what libheif encodes, and tiles in boxes as phones lay them."""

from __future__ import annotations

import io
from typing import Any

import pillow_heif
from PIL import Image

from harness.media_files import boxes

pillow_heif.register_heif_opener()


def scene(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture that is different in every corner and at every turn."""
    across, down = (Image.linear_gradient("L").rotate(turn) for turn in (90, 0))
    image = Image.merge("RGB", (across, down, Image.radial_gradient("L"))).resize((width, height))
    image.paste((255, 0, 0), (0, 0, width // 4, height // 8))
    image.paste((0, 60, 255), (width - width // 8, height - height // 4, width, height))
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize((width, height)))
    return image.convert(mode)


def encoded(image: Image.Image, **how: Any) -> bytes:
    """By libheif and x265, at its quickest; `how` as pillow-heif takes it."""
    written = io.BytesIO()
    image.save(written, "HEIF", **{"quality": 90, "enc_params": {"preset": "ultrafast"}, **how})
    return written.getvalue()


def ten_bits(image: Image.Image) -> bytes:
    """The same with 10 bits for each colour."""
    pixels = b"".join((each * 257 & 0xFFC0).to_bytes(2, "little") for each in image.convert("RGB").tobytes())
    written = io.BytesIO()
    file = pillow_heif.from_bytes("RGB;16", image.size, pixels)
    file.save(written, quality=90)
    return written.getvalue()


def tiled(
    image: Image.Image,
    side: int = 512,
    *,
    turn: int = 0,
    mirror: int | None = None,
    crop: tuple[int, int] | None = None,
) -> bytes:
    """A grid of square tiles, as iPhones write it. `turn`: quarter turns against the clock; `mirror`: as `imir` has it;
    `crop`: the size of what is left in the middle.
    """
    columns, rows = -(-image.width // side), -(-image.height // side)
    ground = Image.new("RGB", (columns * side, rows * side))
    ground.paste(image)
    tiles = [
        encoded(ground.crop((x * side, y * side, (x + 1) * side, (y + 1) * side)))
        for y in range(rows)
        for x in range(columns)
    ]
    properties = [_ispe(side, side), _box_of(tiles[0], b"hvcC"), _ispe(image.width, image.height)]
    of_grid = [3]
    more = [boxes.box(b"clap", boxes.ints(4, crop[0], 1, crop[1], 1, 0, 1, 0, 1))] if crop else []
    more += [boxes.box(b"irot", bytes([turn]))] if turn else []
    more += [boxes.box(b"imir", bytes([mirror]))] if mirror is not None else []
    for each in more:
        properties.append(each)
        of_grid.append(len(properties))
    numbers = tuple(range(2, 2 + len(tiles)))
    shape = bytes([0, 0, rows - 1, columns - 1]) + boxes.ints(2, image.width, image.height)
    return boxes.Picture(
        [
            boxes.Item(1, b"grid", shape, tuple(of_grid), in_idat=True),
            *(
                boxes.Item(number, b"hvc1", _box_of(tile, b"mdat")[8:], (1, 2))
                for number, tile in zip(numbers, tiles, strict=True)
            ),
        ],
        [(b"dimg", 1, numbers)],
        tuple(properties),
    ).build()


def damaged(photo: bytes) -> bytes:
    """The same with its coded picture overwritten: everything that describes it is right."""
    start = photo.index(b"mdat") + 4
    return photo[:start] + bytes(len(photo) - start)


def _ispe(width: int, height: int) -> bytes:
    return boxes.full_box(b"ispe", boxes.ints(4, width, height))


def _box_of(data: bytes, kind: bytes) -> bytes:
    start = data.index(kind) - 4
    return data[start : start + int.from_bytes(data[start : start + 4], "big")]
