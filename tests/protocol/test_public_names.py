"""What other programs may rely on. A name that disappears from here breaks somebody; one that appears is a promise."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import picsafe_protocol

PUBLIC: dict[str, str] = {
    "picsafe_protocol.chunked": """
        CHUNK COMMITMENT HEADER KEY NAME NONCE SALT SEALED STEP TAG Cipher MessageKey OverwritingCipher Reader Source Writer chunk_nonce
        chunk_start ciphertext_length decrypt derive encrypt new_key open_header plaintext_length
    """,
    "picsafe_protocol.package": """
        ENCRYPTED_NAME EXTENSION FORMAT HEADER_NAME MEDIA_TYPE RULES VERSION Frame Header Package Payload build_package
        build_payload frame is_keyserver_url pack package_size plan_payload read_package read_package_bytes unpack
    """,
    "picsafe_protocol.regions": "COUNTRIES EU_MEMBERS EU_MEMBERS_AS_OF REGIONS Region region_for_country",
    "picsafe_protocol.anatomy.body_sites": "Located Region locate",
    "picsafe_protocol.crypto.buffers": "BYTES Buffers ByteBuffers BytesSource Source read_exactly",
    "picsafe_protocol.crypto.chunked": """
        CHUNK COMMITMENT HEADER KEY NAME NONCE SALT SEALED STEP TAG Cipher MessageKey OverwritingCipher Reader Source Writer chunk_nonce
        chunk_start ciphertext_length decrypt derive encrypt new_key open_header plaintext_length
    """,
    "picsafe_protocol.crypto.aes_gcm": "AesGcm open_chunks seal_chunks",
    "picsafe_media.comparison": "COMPARED_PIXELS Comparison copy_differs is_unchanged same_pixels",
    "picsafe_protocol.format.consent": "ConsentRecord Evidence Giver GiverRole Method Purpose Status permitted_purposes",
    "picsafe_protocol.contracts.api.accounts": """
        DraftSecret DraftSecrets InstitutionFacts InvitationView Me PasswordReset SessionBegun SessionList SessionView SignedToken
    """,
    "picsafe_protocol.contracts.api.field_types": """
        Base64 Identifier Moment PositiveSize Rule WHEN_ABSENT WIRE_NAME
    """,
    "picsafe_protocol.contracts.api.institutions": """
        ActPage ActView Administrator InstitutionView InvitedMember Member MemberPage NewServiceView
        PersonWho SecurityEventView SecurityPage ServiceList ServiceView WaitingReports
    """,
    "picsafe_protocol.contracts.api.keys": """
        Consistency CreatedProof EntryProof Event IssuedKey KeySender LabelKey LabelKeys LabelRefusal LogEntry
        LogPage ReleasedKey Who
    """,
    "picsafe_protocol.contracts.api.reports": """
        Addressee Box Filing GrantAt InstitutionReaders MarkedReports NewReports OutboxToken Readers Recipient RemovedReport ReportBegun
        ReportPage ReportView SealedLabel SealedLabels Sender SignedGrant Suggestion Suggestions
    """,
    "picsafe_protocol.contracts.api.uploads": "Receipt UploadState",
    "picsafe_protocol.contracts.api.message": "message",
    "picsafe_protocol.contracts.api.requests": """
        Acceptance Addressed Completion GrantRequest InstitutionChange InvitationToken KeyRequest LabelsRequest MarkRequest MemberChange
        NewMember NewPassword NewReport NewService NewUpload OutboxBody OutboxReceipt ReceiptBody ReleaseRequest Rename SentPackage
        SignIn TokenRequest
    """,
    "picsafe_protocol.json.messages": "read write",
    "picsafe_protocol.contracts.countries": "COUNTRIES",
    "picsafe_protocol.json.csv_safe": "escape_formula",
    "picsafe_protocol.format.from_disk": "Known cover_file",
    "picsafe_protocol.format.expectations": "DIGESTS_SINCE Created Expectations Sender created_in",
    "picsafe_protocol.json.field_reader": "JsonObject",
    "picsafe_protocol.format.filenames": "medium_name package_name report_name saved_names slug",
    "picsafe_protocol.format.files": """
        CONSENT_PATH EVIDENCE_TYPES MEDIA_PATH MEDIA_TYPES THUMBNAIL_PATH THUMBNAIL_TYPES FileEntry extension_for
    """,
    "picsafe_protocol.format.label": """
        LABEL_VERSION PADDED_SIZES SEALED_LABEL_SIZES Label label_key open_label seal_label seal_label_of
    """,
    "picsafe_protocol.contracts.backoff": "Backoff",
    "picsafe_protocol.contracts.identifiers": "checked_identifier is_identifier new_identifier",
    "picsafe_media": """
        ByteSource Cleaned CleanedSource Description FileSource Keep Kind Notice Removal Segment clean clean_file
        cleaned_chunks
    """,
    "picsafe_protocol.crypto.merkle": """
        EMPTY_ROOT HASH CompactRange leaf_hash node_hash root_from_hashes verify_consistency verify_inclusion
    """,
    "picsafe_protocol.format.opening": "GivenKey NewDigest Opened KeyReleaser parse_released_key open_report",
    "picsafe_protocol.crypto.package_digest": """
        AT_ONCE HASH PIECE CoveredSource HashPieces PieceHasher Pieces PiecewiseSource down hash_pieces piece_count
        sha256_of_pieces up
    """,
    "picsafe_protocol.format.package": """
        ENCRYPTED_NAME EXTENSION FORMAT HEADER_NAME MEDIA_TYPE RULES VERSION Frame Header Package Payload build_package
        build_payload frame is_keyserver_url pack package_size plan_payload read_package read_package_bytes unpack
    """,
    "picsafe_protocol.format.payload": """
        REPORT_NAME RULES Digest FilePart Payload PayloadPlan Range build_payload plan_payload read_payload_bytes sha256
    """,
    "picsafe_media.pixel_limits": "check_film check_picture has_too_many_pixels",
    "picsafe_protocol.format.provenance": "SENDER_NAME PersonSource Provenance person_in_words sender_document",
    "picsafe_protocol.contracts.regions": "COUNTRIES EU_MEMBERS EU_MEMBERS_AS_OF REGIONS Region region_for_country",
    "picsafe_protocol.format.report": "FORMAT VERSION Author Laterality Medium Patient Report Thumbnail",
    "picsafe_protocol.format.composing": """
        THUMBNAIL_PIXELS CleanedFile ReportDetails MediumFacts ThumbnailInfo Uploaded check_count check_size completion content_digest declared_size medium_of with_file_name
        report_of with_offset
    """,
    "picsafe_protocol.format.strict_zip": "RULES Entry Layout Member StrictZip build is_safe_name plan",
    "picsafe_protocol.json.strict_json": "NotStrictJson dump parse",
    "picsafe_protocol.json.timestamps": "is_date is_time is_utc_time parse_time utc_text",
    "picsafe_protocol.contracts.tokens": """
        GRANT_TYPE RECEIPT_TYPE USER_TOKEN_TYPE Action GrantClaims InstitutionAccess KeyAccess ReceiptClaims Role UserClaims
    """,
}
PINNED_ELSEWHERE = {
    "picsafe_protocol.errors": "test_errors.py",
    "picsafe_protocol.contracts.errors": "test_errors.py",
    "picsafe_protocol.contracts.limits": "test_limits.py",
}

SIGNATURES = {
    "chunked.encrypt": "(key: 'bytes', message: 'bytes', context: 'bytes' = b'', *, salt: 'bytes | None' = None) -> 'bytes'",
    "chunked.decrypt": "(key: 'bytes', ciphertext: 'bytes', context: 'bytes' = b'') -> 'bytes'",
    "regions.region_for_country": "(country: 'str') -> 'str'",
    "package.pack": "(header: 'Header', key: 'bytes', payload: 'bytes') -> 'bytes'",
    "package.unpack": "(data: 'bytes', key: 'bytes') -> 'bytes'",
    "package.build_package": "(header_bytes: 'bytes', encrypted: 'bytes') -> 'bytes'",
    "format.payload.build_payload": "(report: 'Report', files: 'Mapping[str, bytes]') -> 'bytes'",
    "format.payload.read_payload_bytes": "(data: 'bytes', report_id: 'str') -> 'tuple[Report, dict[str, bytes]]'",
}


def test_every_module_is_pinned() -> None:
    modules = {
        module.name
        for module in pkgutil.walk_packages(picsafe_protocol.__path__, "picsafe_protocol.")
        if not module.ispkg
    }
    pinned = {name for name in {*PUBLIC, *PINNED_ELSEWHERE} if name.startswith("picsafe_protocol.")}
    assert modules == pinned


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_these(module: str) -> None:
    loaded = importlib.import_module(module)
    assert sorted(loaded.__all__) == sorted(PUBLIC[module].split())
    assert all(hasattr(loaded, name) for name in loaded.__all__)


@pytest.mark.parametrize("name", SIGNATURES)
def test_what_outside_checks_call_keeps_its_signature(name: str) -> None:
    module, _, function = name.rpartition(".")
    loaded = importlib.import_module(f"picsafe_protocol.{module}")
    assert str(inspect.signature(getattr(loaded, function))) == SIGNATURES[name]


@pytest.mark.parametrize("module", PUBLIC)
def test_everything_public_is_explained(module: str) -> None:
    loaded = importlib.import_module(module)
    assert loaded.__doc__
    silent = [
        name
        for name in loaded.__all__
        if inspect.isfunction(value := getattr(loaded, name)) or inspect.isclass(value)
        if not value.__doc__ or value.__doc__.startswith(f"{name}(")  # what dataclasses write by themselves
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("face", "home"),
    [
        ("chunked", "crypto.chunked"),
        ("package", "format.package"),
        ("regions", "contracts.regions"),
        ("errors", "contracts.errors"),
    ],
)
def test_the_public_face_is_all_of_the_module_behind_it(face: str, home: str) -> None:
    public = importlib.import_module(f"picsafe_protocol.{face}")
    behind = importlib.import_module(f"picsafe_protocol.{home}")
    assert public.__all__ == behind.__all__
    assert all(getattr(public, name) is getattr(behind, name) for name in behind.__all__)
