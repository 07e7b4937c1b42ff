"""What other programs may rely on. A name that disappears from here breaks somebody; one that appears is a promise."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import picsafe_protocol

PUBLIC: dict[str, str] = {
    "body": "Located Region locate",
    "buffers": "BYTES Buffers ByteBuffers BytesSource Source read_exactly",
    "chunked": """
        CHUNK COMMITMENT HEADER KEY NAME NONCE SALT SEALED STEP TAG Cipher MessageKey OverwritingCipher Reader Source Writer chunk_nonce
        chunk_start ciphertext_length decrypt derive encrypt new_key open_header plaintext_length
    """,
    "ciphers": "AesGcm open_chunks seal_chunks",
    "comparison": "COMPARED_PIXELS Comparison copy_differs is_unchanged same_pixels",
    "consent": "ConsentRecord Evidence Giver GiverRole Method Purpose Status permitted_purposes",
    "countries": "COUNTRIES",
    "csvcells": "inert",
    "disk": "Known cover_file",
    "expectations": "DIGESTS_SINCE Created Expectations Sender created_in",
    "fields": "Fields",
    "filenames": "medium_name package_name report_name saved_names slug",
    "files": """
        CONSENT_PATH EVIDENCE_TYPES MEDIA_PATH MEDIA_TYPES THUMBNAIL_PATH THUMBNAIL_TYPES FileFacts extension_for
    """,
    "identifiers": "checked_identifier is_identifier new_identifier",
    "media": """
        ByteSource Caution Cleaned CleanedSource Description FileSource Keep Kind Removal Segment clean clean_file
        cleaned_chunks
    """,
    "merkle": """
        EMPTY_ROOT HASH CompactRange leaf_hash node_hash root_from_hashes verify_consistency verify_inclusion
    """,
    "opening": "GivenKey NewDigest Opened Release key_in open_report",
    "pieces": """
        AT_ONCE HASH PIECE CoveredSource HashPieces PieceHasher Pieces PiecewiseSource down hash_pieces piece_count
        sha256_of_pieces up
    """,
    "package": """
        ENCRYPTED_NAME EXTENSION FORMAT HEADER_NAME MEDIA_TYPE RULES VERSION Frame Header Package Payload build_package
        build_payload frame is_keyserver_url pack package_size plan_payload read_package read_package_bytes unpack
    """,
    "payload": """
        REPORT_NAME RULES Digest FilePart Payload PayloadPlan Range build_payload plan_payload read_payload_bytes sha256
    """,
    "pixels": "check_film check_picture has_too_many_pixels",
    "provenance": "SENDER_NAME PersonSource Provenance person_in_words sender_document",
    "regions": "COUNTRIES EU_MEMBERS EU_MEMBERS_AS_OF REGIONS Region region_for_country",
    "report": "FORMAT VERSION Author Laterality Medium Patient Report Thumbnail",
    "sending": """
        THUMBNAIL_PIXELS Facts Picture Uploaded check_count check_size completion content_digest declared_size medium_of named
        report_of with_offset
    """,
    "storedzip": "RULES Entry Layout Member StrictZip build is_safe_name plan",
    "strictjson": "NotStrictJson dump parse",
    "times": "is_date is_time is_utc_time parse_time utc_text",
    "tokens": """
        GRANT_TYPE RECEIPT_TYPE USER_TOKEN_TYPE Action GrantClaims InstitutionAccess KeyAccess ReceiptClaims Role UserClaims
    """,
}
PINNED_ELSEWHERE = {"errors": "test_errors.py", "limits": "test_limits.py"}

SIGNATURES = {
    "chunked.encrypt": "(key: 'bytes', message: 'bytes', context: 'bytes' = b'', *, salt: 'bytes | None' = None) -> 'bytes'",
    "chunked.decrypt": "(key: 'bytes', ciphertext: 'bytes', context: 'bytes' = b'') -> 'bytes'",
    "regions.region_for_country": "(country: 'str') -> 'str'",
    "package.pack": "(header: 'Header', key: 'bytes', payload: 'bytes') -> 'bytes'",
    "package.unpack": "(data: 'bytes', key: 'bytes') -> 'bytes'",
    "package.build_package": "(header_bytes: 'bytes', encrypted: 'bytes') -> 'bytes'",
    "payload.build_payload": "(report: 'Report', files: 'Mapping[str, bytes]') -> 'bytes'",
    "payload.read_payload_bytes": "(data: 'bytes', report_id: 'str') -> 'tuple[Report, dict[str, bytes]]'",
}


def test_every_module_is_pinned() -> None:
    modules = {module.name for module in pkgutil.iter_modules(picsafe_protocol.__path__)}
    assert modules == set(PUBLIC) | set(PINNED_ELSEWHERE)


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_these(module: str) -> None:
    loaded = importlib.import_module(f"picsafe_protocol.{module}")
    assert sorted(loaded.__all__) == sorted(PUBLIC[module].split())
    assert all(hasattr(loaded, name) for name in loaded.__all__)


@pytest.mark.parametrize("name", SIGNATURES)
def test_what_outside_checks_call_keeps_its_signature(name: str) -> None:
    module, function = name.split(".")
    loaded = importlib.import_module(f"picsafe_protocol.{module}")
    assert str(inspect.signature(getattr(loaded, function))) == SIGNATURES[name]


@pytest.mark.parametrize("module", PUBLIC)
def test_everything_public_is_explained(module: str) -> None:
    loaded = importlib.import_module(f"picsafe_protocol.{module}")
    assert loaded.__doc__
    silent = [
        name
        for name in loaded.__all__
        if inspect.isfunction(value := getattr(loaded, name)) or inspect.isclass(value)
        if not value.__doc__ or value.__doc__.startswith(f"{name}(")  # what dataclasses write by themselves
    ]
    assert silent == []
