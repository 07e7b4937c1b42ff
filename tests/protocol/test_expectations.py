"""What a recipient, a key server and a cloud can put in the place of a report that was sent to somebody else: nothing.

All recipients of a report have its key. So everything here is encrypted rightly, and only what the index and the log say tells it
from what the sender sent.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness.report_factory import KEY_SERVER, MadeFile, MadeReport, described, expectations, made_report, repacked
from sample_messages import created_proof, entry_proof, report_row

import picsafe_protocol
from picsafe_protocol.contracts.api.keys import ReleasedKey
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import DigestMissing, InternalError, NotAsSent, ReportMismatch
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import BYTES, BytesSource, Source
from picsafe_protocol.crypto.package_digest import (
    HASH,
    PIECE,
    CoveredSource,
    Pieces,
    PiecewiseSource,
    hash_pieces,
    sha256_of_pieces,
)
from picsafe_protocol.format.expectations import Created, Expectations, Sender, created_in
from picsafe_protocol.format.opening import GivenKey, Opened, open_report
from picsafe_protocol.format.package import Header
from picsafe_protocol.format.payload import build_payload
from picsafe_protocol.format.provenance import Provenance
from picsafe_protocol.format.report import Author
from picsafe_protocol.json.messages import read

pytestmark = pytest.mark.anyio

OTHER_KEY_SERVER = "https://keys.elsewhere.example/keys"
FILM = MadeFile("video/mp4", bytes(range(256)) * 5000)


class Keys:
    """Every key server that is permitted. What it gives fits whatever it is asked for."""

    def __init__(self, made: MadeReport, created: Created | None = None) -> None:
        self.key = made.key
        self.created = created
        self.asked: list[Header] = []

    async def __call__(self, header: Header) -> GivenKey:
        self.asked.append(header)
        return GivenKey(self.key, self.created)


Reading = Callable[[bytes, bytes, Expectations], Awaitable[Source[bytes]]]


async def whole(package: bytes, _hashes: bytes, expected: Expectations) -> Source[bytes]:
    if expected.digest is None:
        return BytesSource(package)
    return await CoveredSource.of(BytesSource(package), AesGcm(), sha256_of_pieces, expected.digest)


async def ranged(package: bytes, hashes: bytes, expected: Expectations) -> Source[bytes]:
    if expected.digest is None:
        return BytesSource(package)
    pieces = Pieces.trusted(expected.size, hashes, expected.digest)
    return PiecewiseSource(BytesSource(package), pieces, BYTES, sha256_of_pieces)


BOTH = pytest.mark.parametrize("reading", [whole, ranged], ids=["whole", "ranged"])


@pytest.fixture(scope="module")
def made() -> MadeReport:
    return made_report([FILM])


async def opened(
    reading: Reading, package: bytes, expected: Expectations, keys: Keys, hashes: bytes | None = None
) -> Opened[bytes]:
    source = await reading(package, hash_pieces(package) if hashes is None else hashes, expected)
    return await open_report(
        source, AesGcm(), allowed_key_servers=[KEY_SERVER, OTHER_KEY_SERVER], release=keys, expected=expected
    )


def forged(made: MadeReport) -> MadeReport:
    """A package of the same length that a recipient makes, who has the key: another film, said to be by the same author."""
    report, files = described(made.header.report_id, [replace(FILM, content=FILM.content[::-1])])
    return repacked(made, build_payload(report, files))


@BOTH
async def test_what_was_sent_opens(reading: Reading, made: MadeReport) -> None:
    expected = expectations(made)
    report = await opened(reading, made.package, expected, Keys(made, Created(2, expected.sender)))
    assert report.payload.report == made.report
    assert await report.payload.file("media/001.mp4") == FILM.content
    assert report.provenance.sender == expected.sender


@BOTH
@pytest.mark.parametrize("honest_list", [True, False], ids=["true list", "list of the forgery"])
async def test_a_recipient_and_the_cloud_cannot_swap_a_report_for_another_recipient(
    reading: Reading, honest_list: bool, made: MadeReport
) -> None:
    forgery, keys = forged(made), Keys(made)
    assert len(forgery.package) == len(made.package)
    hashes = hash_pieces((made if honest_list else forgery).package)
    with pytest.raises(NotAsSent) as caught:
        await opened(reading, forgery.package, expectations(made), keys, hashes)
    assert caught.value.what in {"digest", "list", "piece"}
    assert keys.asked == []


@BOTH
async def test_a_permitted_key_server_and_the_cloud_cannot_swap_a_report(reading: Reading, made: MadeReport) -> None:
    """The other key server would give the key of a forgery that it made together with the cloud: it is never asked."""
    report_id = made.header.report_id
    forgery = made_report([FILM], report_id=report_id, keyserver_url=OTHER_KEY_SERVER)
    keys = Keys(forgery)
    with pytest.raises(NotAsSent):
        await opened(reading, forgery.package, expectations(made), keys)
    # Also where the index has no digest, and the length is right.
    older = replace(expectations(made), digest=None, size=len(forgery.package))
    with pytest.raises(NotAsSent) as caught:
        await opened(reading, forgery.package, older, keys)
    assert caught.value.what == "key_server"
    assert keys.asked == []


def test_each_difference_has_its_own_sentence_and_advice() -> None:
    """On the command line; the page has words of its own. Only what a network can have changed is worth a second try."""
    source = "".join(path.read_text("utf-8") for path in Path(picsafe_protocol.__file__).parent.rglob("*.py"))
    assert set(re.findall(r'NotAsSent\(what="(\w+)"', source)) == set(NotAsSent.said)
    sentences = {what: str(NotAsSent(what=what)) for what in NotAsSent.said}
    assert len(set(sentences.values())) == len(sentences)
    for what in sentences:
        advice = NotAsSent(what=what).advice
        assert ("Try again" in advice) == (what not in {"sender", "file"}), what
        assert ("Do not rely" in advice) == (what in {"sender", "file"}), what
    assert "Ask the sender" in NotAsSent(what="sender").advice
    assert str(NotAsSent(what=["sender"])) == f"{NotAsSent.title}."  # from a server


@BOTH
@pytest.mark.parametrize("version", [2, 3, None])
async def test_nobody_takes_the_digest_away(reading: Reading, version: int | None, made: MadeReport) -> None:
    """A row without a digest is refused unless the log says that the key is from before there were any."""
    expected = replace(expectations(made), digest=None)
    created = None if version is None else Created(version, expected.sender)
    with pytest.raises(DigestMissing):
        await opened(reading, made.package, expected, Keys(made, created))


@BOTH
async def test_a_report_from_before_digests_opens_with_what_can_be_checked_of_it(
    reading: Reading, made: MadeReport
) -> None:
    expected = replace(expectations(made), digest=None)
    before = Created(1, expected.sender)
    assert (await opened(reading, made.package, expected, Keys(made, before))).payload.report == made.report
    other = replace(expected, report_id=new_identifier())
    for wrong, error in [(other, ReportMismatch), (replace(expected, size=expected.size + 1), NotAsSent)]:
        with pytest.raises(error):
            await opened(reading, made.package, wrong, Keys(made, before))


@BOTH
@pytest.mark.parametrize("by", [-1, 1, -PIECE])
async def test_a_size_that_is_lied_about_is_found(reading: Reading, by: int, made: MadeReport) -> None:
    """By the cloud about the package, or about both package and list; never by the index, whose word it is."""
    package = made.package[:by] if by < 0 else made.package + b"x"
    with pytest.raises(NotAsSent):
        await opened(reading, package, expectations(made), Keys(made))


@BOTH
async def test_the_row_of_another_report_opens_nothing(reading: Reading, made: MadeReport) -> None:
    """Two reports of one sender to the same people: the cloud answers with the one for the other, list and all."""
    other, keys = made_report([FILM]), Keys(made)
    with pytest.raises(NotAsSent):
        await opened(reading, other.package, expectations(made), keys)
    assert keys.asked == []


async def test_a_row_is_for_its_own_report_even_where_its_digest_fits(made: MadeReport) -> None:
    with pytest.raises(ReportMismatch):
        await opened(whole, made.package, replace(expectations(made), report_id=new_identifier()), Keys(made))


LISTS: dict[str, Callable[[bytes], bytes]] = {
    "swapped": lambda hashes: hashes[HASH : 2 * HASH] + hashes[:HASH] + hashes[2 * HASH :],
    "truncated": lambda hashes: hashes[:-HASH],
    "empty": lambda hashes: b"",
    "repeated": lambda hashes: hashes + hashes[-HASH:],
}


@pytest.mark.parametrize("change", LISTS.values(), ids=LISTS)
async def test_another_list_of_pieces_is_refused_before_anything_is_read(
    change: Callable[[bytes], bytes], made: MadeReport
) -> None:
    keys = Keys(made)
    with pytest.raises(NotAsSent) as caught:
        await opened(ranged, made.package, expectations(made), keys, change(hash_pieces(made.package)))
    assert caught.value.what == "list"
    assert keys.asked == []


async def test_pieces_in_another_order_are_refused_where_they_are_used(made: MadeReport) -> None:
    """Header, directory and facts are true; two pieces in the middle have changed places."""
    data = bytearray(made.package)
    first, second = data[2 * PIECE : 3 * PIECE], data[3 * PIECE : 4 * PIECE]
    data[2 * PIECE : 4 * PIECE] = second + first
    report = await opened(ranged, bytes(data), expectations(made), Keys(made), hash_pieces(made.package))
    assert report.payload.report == made.report
    with pytest.raises(NotAsSent):
        await report.payload.file("media/001.mp4")


async def test_every_byte_that_is_used_has_been_checked(made: MadeReport) -> None:
    """Any one changed byte of a piece is found as soon as any other byte of that piece is asked for."""
    expected, hashes = expectations(made), hash_pieces(made.package)
    for piece in range(len(hashes) // HASH):
        data = bytearray(made.package)
        data[min((piece + 1) * PIECE, len(data)) - 1] ^= 1
        source = await ranged(bytes(data), hashes, expected)
        with pytest.raises(NotAsSent):
            await source.read(piece * PIECE, piece * PIECE + 1)


async def test_another_sender_than_the_index_names_is_refused(made: MadeReport) -> None:
    expected = expectations(made)
    stranger = replace(expected.sender, id=new_identifier())  # of the same name and address
    with pytest.raises(NotAsSent) as caught:
        await opened(whole, made.package, expected, Keys(made, Created(2, stranger)))
    assert caught.value.what == "sender"
    erased = await opened(whole, made.package, expected, Keys(made, Created(2, None)))
    assert (erased.provenance.sender, erased.provenance.erased) == (expected.sender, True)


async def test_the_author_that_a_file_claims_is_never_its_sender(made: MadeReport) -> None:
    """Any account can write any author into its report; the index names who sent it, or by the log for a file from disk."""
    liar = Sender(new_identifier(), "Eve", "eve@elsewhere.example")
    expected = replace(expectations(made), sender=liar)
    report = await opened(whole, made.package, expected, Keys(made, Created(2, liar)))
    assert report.provenance.sender == liar
    assert not liar.is_author(report.payload.report.author)
    source = BytesSource(made.package)
    for created, sender in [(Created(2, liar), liar), (Created(1, liar), liar), (Created(2, None), None), (None, None)]:
        keys = Keys(made, created)
        from_disk = await open_report(source, AesGcm(), allowed_key_servers=[KEY_SERVER], release=keys, expected=None)
        assert from_disk.provenance == Provenance(sender, "file", False, created is not None and sender is None)


@pytest.mark.parametrize(
    ("author", "is_theirs"),
    [
        (Author("Eve", "eve@elsewhere.example", "Ward 3"), True),
        (Author("Eve", "EVE@elsewhere.example", "Ward 3"), True),
        (Author("Eve", "eve@elsewhere.example", None), True),
        (Author("Dr Eve Married", "eve@elsewhere.example", "The ward that she was in then"), True),
        (Author("Eve", "adam@elsewhere.example", "Ward 3"), False),
        (Author("Eve", "", "Ward 3"), False),
    ],
)
def test_a_report_claims_somebody_else_by_the_address_not_by_a_name_that_changes(
    author: Author, is_theirs: bool
) -> None:
    assert Sender("x", "Eve", "eve@elsewhere.example", "Ward 3").is_author(author) is is_theirs
    assert not Sender("x", "Eve", "", "Ward 3").is_author(author)


async def test_a_source_that_checks_nothing_is_not_opened_with_a_digest(made: MadeReport) -> None:
    """Nobody forgets to check: it is a fault of the program that says so at once."""
    expected = expectations(made)
    other = await CoveredSource.of(BytesSource(b"x"), AesGcm(), sha256_of_pieces, Pieces(1, hash_pieces(b"x")).digest)
    for source in (BytesSource(made.package), other):
        with pytest.raises((ValueError, NotAsSent)):
            await open_report(source, AesGcm(), allowed_key_servers=[KEY_SERVER], release=Keys(made), expected=expected)


ROW = report_row(keyserver_url=KEY_SERVER)


def expected_of(row: dict[str, Any]) -> Expectations:
    return Expectations.of_report(read(ReportView, row))


def test_a_row_says_what_to_expect() -> None:
    expected = expected_of(ROW)
    assert expected.sender == Sender("b" * 26, "Ana", "ana@clinic.example")
    assert (expected.report_id, expected.keyserver_url, expected.size) == ("a" * 26, KEY_SERVER, 1000)
    assert expected.digest == "ab" * 32
    assert expected_of(ROW | {"digest": None}).digest is None


@pytest.mark.parametrize(
    "change",
    [
        {"id": "A" * 26}, {"id": None}, {"keyserver_url": "http://keys.example/keys"}, {"keyserver_url": 7}, {"size": 0},
        {"size": True}, {"size": "1000"}, {"size": 2**32}, {"size": None}, {"digest": ""}, {"digest": "AB" * 32},
        {"digest": "ab" * 31}, {"digest": 7}, {"sender": None}, {"sender": {}}, {"sender": ROW["sender"] | {"id": 7}},
        {"sender": ROW["sender"] | {"institution": 7}},
    ],
    ids=repr,
)  # fmt: skip
def test_a_row_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InternalError):
        expected_of(ROW | change)


def test_a_row_without_a_digest_field_is_no_older_row() -> None:
    """An older user server is not taken for a report from before: what it leaves out is not “null”."""
    with pytest.raises(InternalError):
        expected_of({name: value for name, value in ROW.items() if name != "digest"})


HEADER = Header("a" * 26, KEY_SERVER, "c" * 26, "2026-11-22T00:15:30Z")
STATEMENT = (
    '{"details":null,"event":"created","key_id":"' + "c" * 26 + '","person":"x","report_id":"' + "a" * 26 + '",'
    '"result":null,"time":"2026-11-22T10:15:00.000Z","v":2}'
)
SENDER = {
    "issuer": "https://picsafe.example/users", "id": "b" * 26, "name": "Ana", "email": "ana@clinic.example",
    "institution": "d" * 26, "institution_name": "Ward 3",
}  # fmt: skip


def told_of(**answer: Any) -> Created | None:
    """What a key server's answer says of the making of its key."""
    return created_in(read(ReleasedKey, {"key": "", "entry": entry_proof(), **answer}).created, HEADER)


def test_the_log_s_word_is_read() -> None:
    entry = created_proof(STATEMENT, SENDER)
    assert told_of(created=entry) == Created(2, Sender("b" * 26, "Ana", "ana@clinic.example", "Ward 3"))
    assert told_of(created=entry | {"sender": None}) == Created(2, None)
    assert told_of() is None
    assert told_of(created=None) is None


@pytest.mark.parametrize(
    "entry",
    [
        7, {}, {"statement": STATEMENT, "sender": None}, created_proof(7), created_proof("{"),  # type: ignore[arg-type]
        created_proof(STATEMENT.replace("created", "released")),
        created_proof(STATEMENT.replace("c" * 26, "d" * 26)),
        created_proof(STATEMENT.replace("a" * 26, "d" * 26)),
        created_proof(STATEMENT.replace('"v":2', '"v":"1"')),
        created_proof(STATEMENT.replace('"v":2', '"v":1,"v":2')),
        created_proof(STATEMENT, {"id": "x"}),
    ],
    ids=repr,
)  # fmt: skip
def test_an_entry_that_makes_no_sense_or_is_of_another_key_is_refused(entry: Any) -> None:
    with pytest.raises(InternalError):
        told_of(created=entry)
