"""The kinds of files in the corpus."""

from __future__ import annotations

from typing import Final

from media_corpus.film_files import write_mov, write_mp4
from media_corpus.item_files import write_avif, write_heic
from media_corpus.matroska_files import write_webm
from media_corpus.model import Container
from media_corpus.picture_eyes import shown_gif, shown_picture
from media_corpus.played import (
    as_much,
    as_much_of_a_mended_film,
    as_much_of_a_row,
    as_much_of_a_wave,
    as_much_of_pages,
    played,
)
from media_corpus.sound_files import write_adts, write_flac, write_mp3, write_ogg, write_wav
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
_FILM: Final = tuple(
    b"ftyp moov mdat free wide uuid udta meta trak mdia minf stbl stsd stts stsc stsz stz2 stco co64 hdlr vmhd smhd dinf "
    b"dref edts elst mvhd tkhd mdhd moof traf tfhd tfdt trun mvex trex sidx mfra avc1 mp4a vide soun gmhd $GPRMC".split()
)
_MATROSKA: Final = tuple(
    bytes.fromhex(number)
    for number in (
        *("1a45dfa3", "18538067", "114d9b74", "1549a966", "1654ae6b", "1f43b675", "1c53bb6b", "1254c367", "1941a469"),
        *("1043a770", "ec", "bf", "e7", "a3", "a0", "a1", "ae", "83", "86", "63a2", "01ffffffffffffff", "ff"),
    )
)
_WAVE: Final = (b"RIFF", b"RF64", b"ds64", b"WAVE", b"fmt ", b"fact", b"data", b"LIST", b"INFOINAM", b"id3 ", b"bext")
_ROWS: Final = (
    b"ID3\x03\x00\x00",
    b"TAG",
    b"APETAGEX",
    b"LYRICS200",
    b"\xff\xfb\x90",
    b"\xff\xf1\x50",
    b"\xff\xff\xff",
)
_FLAC: Final = (b"fLaC", b"\x80", b"\x84", b"\x04\x00\x00", b"\x06\x00", b"\xff\xf8", b"ID3\x04\x00", b"TAG")
_OGG: Final = (
    b"OggS",
    b"OggS\x00\x02",
    b"OggS\x00\x04",
    b"OpusHead",
    b"OpusTags",
    b"\x01vorbis",
    b"\x03vorbis",
    b"\x7fFLAC",
)

CONTAINERS: Final = {
    container.name: container
    for container in (
        Container("jpeg", write_jpeg, shown_picture, _JPEG),
        Container("png", write_png, shown_picture, _PNG),
        Container("webp", write_webp, shown_picture, _WEBP),
        Container("gif", write_gif, shown_gif, _GIF),
        Container("heic", write_heic, shown_picture, _BOXES),
        Container("avif", write_avif, shown_picture, _BOXES),
        Container("mp4", write_mp4, played, _FILM, as_much),
        Container("mov", write_mov, played, _FILM, as_much),
        Container("webm", write_webm, played, _MATROSKA, as_much_of_a_mended_film),
        Container("ogg", write_ogg, played, _OGG, as_much_of_pages),
        Container("mp3", write_mp3, played, _ROWS, as_much_of_a_row),
        Container("wav", write_wav, played, _WAVE, as_much_of_a_wave),
        Container("flac", write_flac, played, _FLAC, as_much_of_a_row),
        Container("aac", write_adts, played, _ROWS, as_much_of_a_row),
    )
}
