"""A file from disk: what a recipient makes with the key that all recipients have never stands under the sender's name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from harness.report_factory import KEY_SERVER, MadeFile, MadeReport, described, expectations, made_report, repacked

from picsafe_protocol.contracts.errors import (
    InvalidPackage,
    NotAsSent,
    NotFound,
    NotPermitted,
    PicSafeError,
    Unreachable,
)
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import BytesSource
from picsafe_protocol.crypto.package_digest import sha256_of_pieces
from picsafe_protocol.format.expectations import Created, Expectations, Sender
from picsafe_protocol.format.from_disk import cover_file
from picsafe_protocol.format.opening import GivenKey, Opened, open_report
from picsafe_protocol.format.package import Header
from picsafe_protocol.format.payload import build_payload
from picsafe_protocol.format.provenance import Provenance, person_in_words, sender_document
from picsafe_protocol.format.report import Author
from picsafe_protocol.json import strict_json

pytestmark = pytest.mark.anyio

PHOTO = MadeFile("image/jpeg", bytes(range(256)) * 20)
CLAIM = "Nobody has confirmed that this file is theirs."


@pytest.fixture(scope="module")
def made() -> MadeReport:
    return made_report([PHOTO], notes="Morphine 5 mg")


def forged(made: MadeReport) -> MadeReport:
    """What a recipient makes with the key of a report: the same header, sender and author, another dose."""
    report, files = described(made.header.report_id, [PHOTO])
    return repacked(made, build_payload(replace(report, notes="Morphine 500 mg"), files))


def answering(answer: Expectations | PicSafeError | None) -> Callable[[str], Awaitable[Expectations | None]]:
    async def known(_report_id: str) -> Expectations | None:
        if isinstance(answer, PicSafeError):
            raise answer
        return answer

    return known


async def opened(package: bytes, made: MadeReport, answer: Expectations | PicSafeError | None) -> Opened[bytes]:
    sender = expectations(made).sender if not isinstance(answer, Expectations) else answer.sender

    async def release(_header: Header) -> GivenKey:
        return GivenKey(made.key, Created(2, sender))

    cipher = AesGcm()
    source, expected = await cover_file(BytesSource(package), cipher, sha256_of_pieces, answering(answer))
    return await open_report(source, cipher, allowed_key_servers=[KEY_SERVER], release=release, expected=expected)


async def test_a_file_that_the_index_knows_is_its_sender_s(made: MadeReport) -> None:
    row = expectations(made)
    report = await opened(made.package, made, row)
    assert report.provenance == Provenance(row.sender, "index", confirmed=True)
    assert report.payload.report.notes == "Morphine 5 mg"


async def test_a_file_that_a_recipient_packed_again_under_the_shared_key_is_refused(made: MadeReport) -> None:
    with pytest.raises(NotAsSent) as caught:
        await opened(forged(made).package, made, expectations(made))
    assert caught.value.what == "file"


@pytest.mark.parametrize(
    "answer",
    [NotFound(), NotPermitted(), Unreachable(), None, "no digest"],
    ids=["other user server", "not permitted", "offline", "draft", "older report"],
)
async def test_without_a_digest_the_sender_is_not_said_to_have_made_a_forged_file(
    made: MadeReport, answer: PicSafeError | str | None
) -> None:
    told = replace(expectations(made), digest=None) if isinstance(answer, str) else answer
    report = await opened(forged(made).package, made, told)
    provenance, author = report.provenance, report.payload.report.author
    assert provenance.sender is not None
    assert (provenance.source, provenance.confirmed) == ("file", False)
    assert provenance.sentences(author) == [f"Key created for {person_in_words(author)}. {CLAIM}"]
    said = strict_json.parse(sender_document(made.header.report_id, provenance, author))
    assert (said["source"], said["confirmed"], said["author_differs"]) == ("file", False, False)


async def test_a_report_from_the_cloud_without_a_digest_is_not_confirmed_either(made: MadeReport) -> None:
    row = replace(expectations(made), digest=None)

    async def release(_header: Header) -> GivenKey:
        return GivenKey(made.key, Created(1, row.sender))

    source = BytesSource(made.package)
    report = await open_report(source, AesGcm(), allowed_key_servers=[KEY_SERVER], release=release, expected=row)
    assert report.provenance == Provenance(row.sender, "index", confirmed=False)


async def test_what_is_no_package_is_asked_about_nowhere() -> None:
    async def known(_report_id: str) -> Expectations | None:
        pytest.fail("the index was asked")

    with pytest.raises(InvalidPackage):
        await cover_file(BytesSource(b"no package"), AesGcm(), sha256_of_pieces, known)


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\u00ad"])
def test_characters_that_turn_a_line_round_are_not_shown(hidden: str) -> None:
    author = Author(f"Dr Ana{hidden} Reyes", "eve@elsewhere.example", f"{hidden}Ward 3")
    assert person_in_words(author) == "Dr Ana Reyes, eve@elsewhere.example, Ward 3"
    (_, claim) = Provenance(Sender("x", f"E{hidden}ve", "e@x.example"), "index", confirmed=True).sentences(author)
    assert hidden not in claim
