"""The kinds of files in the corpus."""

from __future__ import annotations

from typing import Final

from media_corpus.item_files import write_avif, write_heic
from media_corpus.model import Container
from media_corpus.picture_eyes import shown_picture
from media_corpus.still_files import write_gif, write_jpeg, write_png, write_webp

__all__ = ["CONTAINERS"]

_JPEG: Final = (
    *(
        bytes((0xFF, marker))
        for marker in (0x01, 0x02, 0xBF, 0xC0, 0xC2, 0xC4, 0xC8, 0xCC, 0xD0, 0xD3, 0xD7, 0xD8, 0xD9)
    ),
    *(
        bytes((0xFF, marker))
        for marker in (0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xF0, 0xFE, 0xFF)
    ),
    b"\xff\xfe\x00\x10",
    b"\xff\xe1\x00\x08Exif",
    b"\xff\xd9\xff\xd8\xff",
)
_PNG: Final = (
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"eXIf",
    b"acTL",
    b"fcTL",
    b"fdAT",
    b"tEXt",
    b"iCCP",
    b"gAMA",
)
_WEBP: Final = (b"RIFF", b"WEBP", b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"EXIF", b"XMP ", b"ICCP")
_GIF: Final = (
    b"GIF87a",
    b"\x21\xf9\x04",
    b"\x21\xfe",
    b"\x21\xff\x0bNETSCAPE2.0",
    b"\x2c",
    b"\x3b",
    b"\x00\x3b",
    b"\x00",
)
_BOXES: Final = (
    *(
        b"ftyp",
        b"meta",
        b"mdat",
        b"moov",
        b"free",
        b"uuid",
        b"hdlr",
        b"pitm",
        b"iinf",
        b"infe",
        b"iloc",
        b"iref",
        b"iprp",
    ),
    *(
        b"ipco",
        b"ipma",
        b"idat",
        b"grpl",
        b"altr",
        b"dimg",
        b"auxl",
        b"thmb",
        b"cdsc",
        b"prem",
        b"grid",
        b"iovl",
        b"iden",
    ),
    *(
        b"tmap",
        b"ispe",
        b"pixi",
        b"colr",
        b"irot",
        b"imir",
        b"clap",
        b"auxC",
        b"av1C",
        b"hvcC",
        b"av01",
        b"hvc1",
        b"mif1",
    ),
)

CONTAINERS: Final = {
    container.name: container
    for container in (
        Container("jpeg", write_jpeg, shown_picture, _JPEG),
        Container("png", write_png, shown_picture, _PNG),
        Container("webp", write_webp, shown_picture, _WEBP),
        Container("gif", write_gif, shown_picture, _GIF),
        Container("heic", write_heic, shown_picture, _BOXES),
        Container("avif", write_avif, shown_picture, _BOXES),
    )
}
