"""A second implementation, written from `docs/format.md` with common tools alone, and ours: each reads what the other wrote."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import zipfile

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from harness.package_examples import FILES, KEY, REPORT_ID, header, package, report

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import BYTES, BytesSource
from picsafe_protocol.crypto.package_digest import PieceHasher, Pieces, hash_pieces
from picsafe_protocol.format.label import Label, label_key, seal_label
from picsafe_protocol.format.package import read_package, unpack
from picsafe_protocol.format.payload import Payload, read_payload_bytes

NAME = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM"


def message_key(report_key: bytes, salt: bytes, context: bytes) -> tuple[AESGCM, int, bytes]:
    info = NAME + b"\x00" + salt + context
    first = hmac.new(report_key, info + b"\x01", "sha512").digest()
    second = hmac.new(report_key, first + info + b"\x02", "sha512").digest()
    made = first + second
    return AESGCM(made[:32]), int.from_bytes(made[32:44], "big"), made[44:76]


def encrypt(report_key: bytes, plaintext: bytes, context: bytes, salt: bytes) -> bytes:
    aead, base, commitment = message_key(report_key, salt, context)
    message = salt + commitment
    for chunk in range(len(plaintext) // 16384 + 1):
        piece = plaintext[chunk * 16384 : (chunk + 1) * 16384]
        message += aead.encrypt((base ^ chunk).to_bytes(12, "big"), piece, b"")
    return message


def decrypt(report_key: bytes, message: bytes, context: bytes) -> bytes:
    aead, base, commitment = message_key(report_key, message[:24], context)
    assert message[24:56] == commitment
    body = message[56:]
    assert len(body) % 16400 >= 16
    return b"".join(
        aead.decrypt((base ^ chunk).to_bytes(12, "big"), body[chunk * 16400 : (chunk + 1) * 16400], b"")
        for chunk in range(len(body) // 16400 + 1)
    )


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def unzipped(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


def digest(package: bytes) -> str:
    """Of a package, as section 9 has it."""
    hashes = [hashlib.sha256(package[start : start + 262144]).digest() for start in range(0, len(package), 262144)]
    return hashlib.sha256(
        b"picsafe/package/pieces/v1\x00" + len(package).to_bytes(8, "big") + b"".join(hashes)
    ).hexdigest()


@pytest.mark.parametrize("size", [1, 262143, 262144, 262145, 3 * 262144, 600_000])
def test_both_have_the_same_digest(size: int) -> None:
    data = bytes(index % 251 for index in range(size))
    hasher = PieceHasher()
    for start in range(0, size, 100_003):
        hasher.update(data[start : start + 100_003])
    assert hasher.pieces() == Pieces(size, hash_pieces(data))
    assert hasher.pieces().digest == digest(data)


def test_the_other_reads_ours() -> None:
    (_, header_bytes), (_, encrypted) = unzipped(package())
    members = unzipped(decrypt(KEY, encrypted, header_bytes))
    described = json.loads(members[0][1])
    assert described["report_id"] == json.loads(header_bytes)["report_id"]
    assert dict(members[1:]) == FILES
    for medium in described["media"]:
        assert hashlib.sha256(FILES[medium["path"]]).hexdigest() == medium["sha256"]


@pytest.mark.anyio
async def test_ours_reads_the_other() -> None:
    header_bytes = json.dumps(json.loads(header().to_bytes()), indent=2).encode()
    inside = zipped([("report.json", json.dumps(report().to_json(), indent=1).encode()), *FILES.items()])
    data = zipped(
        [("package.json", header_bytes), ("package.encrypted", encrypt(KEY, inside, header_bytes, b"s" * 24))]
    )
    assert read_payload_bytes(unpack(data, KEY), REPORT_ID) == (report(), FILES)
    opened = await read_package(BytesSource(data), BYTES)
    found = await Payload.read(await opened.open(KEY, AesGcm()), REPORT_ID)
    assert {path: await found.file(path) for path in found.members} == FILES


@pytest.mark.anyio
async def test_the_other_reads_our_label() -> None:
    """Written from section 10 of the format alone."""
    key_id, report_id, raw = new_identifier(), REPORT_ID, bytes(range(32))
    ours = await seal_label(Label.of(report()), label_key(raw, report_id, key_id), report_id, key_id, AesGcm())
    names = report_id.encode() + b"\x00" + key_id.encode()
    info = b"picsafe/label/key/v1\x00" + names
    theirs = HKDFExpand(SHA512(), 32, info).derive(raw)
    plaintext = decrypt(theirs, ours, b"picsafe/label/v1\x00" + names)
    stop = 2 + int.from_bytes(plaintext[:2], "big")
    assert json.loads(plaintext[2:stop])["patient"] == report().patient.to_json()
    assert not any(plaintext[stop:])
