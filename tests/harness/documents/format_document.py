"""The parts of `docs/format.md` that the code knows: rules, tables and worked examples.

`.venv/bin/python tests/harness/documents/format_document.py` writes them between their marks; `test_format_document.py` compares.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from picsafe_protocol.crypto import chunked, package_digest
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.format import package, payload, strict_zip
from picsafe_protocol.format.consent import ConsentRecord, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.format.files import EVIDENCE_TYPES, MEDIA_TYPES, THUMBNAIL_TYPES
from picsafe_protocol.format.label import Label, label_key, seal_label
from picsafe_protocol.format.package import Header, build_package
from picsafe_protocol.format.payload import build_payload
from picsafe_protocol.format.report import Author, Laterality, Medium, Patient, Report

DOCUMENT: Final = Path(__file__).resolve().parents[3] / "docs" / "format.md"

KEY: Final = bytes(range(0x20))
SALT: Final = bytes(range(0x40, 0x58))
HEADER: Final = Header(
    report_id="picsafeexamplereport234567",
    keyserver_url="https://keys.example.org/keys",
    key_id="picsafeexamplekey234567abc",
    created_at="2026-11-22T00:15:00Z",
)
PHOTO: Final = b"not really a photo"


def report() -> Report:
    """The small report of the worked example."""
    return Report(
        report_id=HEADER.report_id,
        created_at=HEADER.created_at,
        captured_at="2026-11-22T10:15:00+10:00",
        author=Author("Ana Reyes", "ana@example.org"),
        patient=Patient("Jo Citizen", "1970-01-31", "12345"),
        media=(Medium("media/001.jpg", "image/jpeg", len(PHOTO), hashlib.sha256(PHOTO).hexdigest()),),
        body_site="forearm",
        laterality=Laterality.LEFT,
        consent=(
            ConsentRecord(
                recorded_at="2026-11-22T00:10:00Z",
                status=Status.GIVEN,
                giver=Giver(GiverRole.PATIENT),
                method=Method.VERBAL,
                purposes=frozenset([Purpose.TREATMENT]),
            ),
        ),
    )


def _fenced(*lines: str) -> str:
    return "\n".join(["```", *lines, "```"])


def _hex(name: str, data: bytes, width: int = 32) -> list[str]:
    """`name  hex`, in lines of `width` bytes."""
    rows = [data[start : start + width].hex() for start in range(0, len(data), width)] or [""]
    return [f"{name if index == 0 else '':<12}{row}" for index, row in enumerate(rows)]


def rules_of(rules: dict[str, str]) -> str:
    """A table of rules and their sentences."""
    return "\n".join(
        ["| rule | what it demands |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in rules.items())]
    )


def media_types() -> str:
    """A table of what a report may carry."""
    rows = ["| media type | extensions | medium | thumbnail | evidence |", "|---|---|---|---|---|"]
    for name, extensions in MEDIA_TYPES.items():
        marks = ("yes" if name in types else "" for types in (MEDIA_TYPES, THUMBNAIL_TYPES, EVIDENCE_TYPES))
        rows.append(f"| `{name}` | {', '.join(f'`{item}`' for item in extensions)} | {' | '.join(marks)} |")
    return "\n".join(rows)


def derivation() -> str:
    """One short message, step by step."""
    context = HEADER.to_bytes()
    info = chunked.NAME.encode() + b"\x00" + SALT + context
    block1 = hmac.digest(KEY, info + b"\x01", "sha512")
    block2 = hmac.digest(KEY, block1 + info + b"\x02", "sha512")
    message_key = chunked.derive(KEY, SALT, context)
    message = chunked.encrypt(KEY, b"PicSafe", context, salt=SALT)
    return _fenced(
        *_hex("report key", KEY),
        *_hex("salt", SALT),
        f"{'context':<12}{context.decode()}",
        f"{'plaintext':<12}PicSafe",
        "",
        *_hex("T(1)", block1),
        *_hex("T(2)", block2),
        *_hex("key", message_key.key),
        *_hex("base_nonce", message_key.base_nonce),
        *_hex("commitment", message_key.commitment),
        "",
        *_hex("nonce 0", chunked.chunk_nonce(message_key.base_nonce, 0)),
        *_hex("chunk 0", message[chunked.HEADER :]),
        *_hex("message", message),
    )


def long_message() -> str:
    """A message of more than one chunk, by its edges and its hash."""
    plaintext = bytes(index % 251 for index in range(40_000))
    message = chunked.encrypt(KEY, plaintext, b"", salt=SALT)
    message_key = chunked.derive(KEY, SALT, b"")
    rows = ["plaintext   40000 bytes, byte i = i mod 251; context empty; key and salt as above", ""]
    for chunk in range(3):
        start = chunked.chunk_start(chunk)
        stop = min(start + chunked.SEALED, len(message))
        nonce = chunked.chunk_nonce(message_key.base_nonce, chunk).hex()
        rows.append(
            f"chunk {chunk}     bytes {start} to {stop} of the message   nonce {nonce}   tag {message[stop - 16 : stop].hex()}"
        )
    return _fenced(*rows, f"message     {len(message)} bytes", *_hex("SHA-256", hashlib.sha256(message).digest()))


def example_report() -> str:
    """`report.json` of the example, as it stands in the payload."""
    return "```json\n" + report().to_bytes().decode() + "\n```"


def whole_package() -> str:
    """A whole `.picsafe` file, from the inputs above."""
    inside = build_payload(report(), {"media/001.jpg": PHOTO})
    header = HEADER.to_bytes()
    encrypted = chunked.encrypt(KEY, inside, header, salt=SALT)
    data = build_package(header, encrypted)
    prefix = data[: data.index(encrypted)]
    return _fenced(
        f"media/001.jpg      {PHOTO.decode()}",
        f"payload            {len(inside)} bytes, SHA-256 {hashlib.sha256(inside).hexdigest()}",
        f"package.encrypted  {len(encrypted)} bytes, SHA-256 {hashlib.sha256(encrypted).hexdigest()}",
        f"package            {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}",
        "",
        "before package.encrypted:",
        *(prefix[start : start + 32].hex() for start in range(0, len(prefix), 32)),
        "",
        "behind package.encrypted:",
        *(data[len(prefix) + len(encrypted) :][start : start + 32].hex() for start in range(0, 143, 32)),
    )


def digests() -> str:
    """The digest of the whole example, and of a package of more than one piece."""
    inside = build_payload(report(), {"media/001.jpg": PHOTO})
    header = HEADER.to_bytes()
    small = build_package(header, chunked.encrypt(KEY, inside, header, salt=SALT))
    large = bytes(index % 251 for index in range(600_000))
    rows: list[str] = []
    for name, data in (("the package of section 5", small), ("600000 bytes, byte i = i mod 251", large)):
        hashes = package_digest.hash_pieces(data)
        rows += [name, f"{'size':<12}{len(data)}"]
        for index in range(package_digest.piece_count(len(data))):
            rows += _hex(f"piece {index}", hashes[index * package_digest.HASH : (index + 1) * package_digest.HASH])
        rows += [f"{'digest':<12}{package_digest.Pieces(len(data), hashes).digest}", ""]
    return _fenced(*rows[:-1])


def sealed_label() -> str:
    """The label of the example."""
    key = label_key(KEY, HEADER.report_id, HEADER.key_id)
    label = Label.of(report())
    sealed = asyncio.run(seal_label(label, key, HEADER.report_id, HEADER.key_id, AesGcm(), salt=SALT))
    text = label.to_bytes()
    stop = 2 + int.from_bytes(text[:2], "big")
    return _fenced(
        *_hex("label key", key),
        f"{'JSON':<12}{text[2:stop].decode()}",
        f"{'plaintext':<12}{len(text)} bytes, SHA-256 {hashlib.sha256(text).hexdigest()}",
        f"{'label':<12}{len(sealed)} bytes, SHA-256 {hashlib.sha256(sealed).hexdigest()}",
        *_hex("begins with", sealed[:64]),
    )


BLOCKS: Final[dict[str, Callable[[], str]]] = {
    "zip rules": lambda: rules_of(strict_zip.RULES),
    "package rules": lambda: rules_of(package.RULES),
    "payload rules": lambda: rules_of(payload.RULES),
    "media types": media_types,
    "derivation": derivation,
    "long message": long_message,
    "report": example_report,
    "whole package": whole_package,
    "digests": digests,
    "label": sealed_label,
}


def filled(page: str) -> str:
    """`page` with every block written again. Raises `ValueError` when its marks are not exactly those of `BLOCKS`."""
    marks = re.findall(r"<!-- begin: ([a-z ]+) -->", page)
    if sorted(marks) != sorted(BLOCKS):
        raise ValueError(f"the page has the marks {marks}")
    for name, write in BLOCKS.items():
        begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"the block “{name}” has no end")
        page = f"{before}{begin}\n{write()}\n{end}{after}"
    return page


if __name__ == "__main__":
    DOCUMENT.write_text(filled(DOCUMENT.read_text("utf-8")), "utf-8")
