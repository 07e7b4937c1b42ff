"""`picsafe sync`: every new report once, whatever happens to networks, servers and reports in the middle."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from harness.command_line import PHOTO, Sunk, World
from harness.report_factory import MadeFile, MadeReport, made_report, repacked

from picsafe_cli.api.client import Api
from picsafe_cli.receive import collector as collecting
from picsafe_cli.receive.collector import Collector, Summary
from picsafe_cli.receive.save_report import write_files
from picsafe_cli.receive.sinks.folder import FolderSink
from picsafe_protocol.contracts.errors import (
    Conflict,
    CursorUnknown,
    NotPermitted,
    NotSignedIn,
    ServiceError,
    Unreachable,
)
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.format.package import Header, pack
from picsafe_protocol.format.payload import build_payload
from picsafe_protocol.format.strict_zip import build

pytestmark = pytest.mark.anyio


def ids(*made: MadeReport) -> list[str]:
    return sorted(each.report.report_id for each in made)


async def test_every_new_report_is_stored_once(world: World, sunk: Sunk) -> None:
    first = [await world.send() for _ in range(3)]
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (3, 0, 0)
        assert all(sunk.holds(made) for made in first)
        assert sunk.results == {made.report.report_id: "stored" for made in first}
        assert all([await world.collected(made) for made in first])
        world.network.calm()
        assert (await collector.round()).stored == 0
        assert not world.network.asked("/packages/")
        another = await world.send()
        assert (await collector.round()).stored == 1
    assert sunk.holds(another)
    assert sunk.reports == ids(*first, another)
    assert sunk.hidden == []


async def test_more_reports_than_a_page_holds_all_come(
    world: World, sunk: Sunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "PAGE", 2)
    made = [await world.send(PHOTO) for _ in range(5)]
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 5
    assert sunk.reports == ids(*made)
    assert len(world.network.asked("/reports/new")) == 3


async def test_a_restarted_sync_goes_on_where_it_stopped(world: World, sunk: Sunk) -> None:
    before = await world.send()
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    after = await world.send()
    world.network.calm()
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 1
    assert sunk.reports == ids(before, after)
    assert not world.network.asked(before.report.report_id)


async def test_what_stands_in_the_folder_of_a_report_is_what_the_documentation_says(world: World, sunk: Sunk) -> None:
    made = await world.send(PHOTO, signature=b"signature")
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    home = sunk.folder / made.report.report_id
    assert sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()) == [
        "2026-11-22_left-forearm_1.jpg",
        "consent/001.png",
        "report.json",
        "sender.json",
    ]
    said = json.loads((home / "sender.json").read_bytes())
    assert (said["sender"]["email"], said["sender"]["name"]) == ("ana@clinic.example", "Dr Ana")
    assert said["author_differs"]  # the report says that it is by somebody else
    (row,) = sunk.manifest
    assert row["sender"] == "ana@clinic.example"
    assert row["files"] == "4"
    assert int(row["bytes"]) == sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    assert row["available_at"].endswith("Z")
    assert row["stored_at"].endswith("Z")


async def test_folders_that_were_taken_away_are_not_fetched_again(world: World, sunk: Sunk) -> None:
    made = await world.send()
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    (sunk.folder / made.report.report_id).rename(sunk.folder.parent / "filed")
    (sunk.folder / ".picsafe-sync.json").unlink()
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 0
    assert sunk.reports == []
    assert sunk.results == {made.report.report_id: "stored"}


# What is so for good: a line in the manifest, and on to the next


async def test_reports_withdrawn_or_expired_after_they_were_listed_are_refused(world: World, sunk: Sunk) -> None:
    gone, fine = await world.send(), await world.send()
    world.network.problem("/cloud/", 503, "service")
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).waiting == 2
        world.network.calm()
        await world.withdraw(gone)
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (1, 1, 0)
        assert sunk.results == {gone.report.report_id: "key_revoked", fine.report.report_id: "stored"}
        late = await world.send()
        world.network.problem("/cloud/", 503, "service")
        await collector.round()
        world.network.calm()
        world.clock.move(timedelta(days=8))
        assert (await collector.round()).refused == 1
        assert sunk.results[late.report.report_id] == "report_expired"
    assert sunk.holds(fine)
    assert sunk.hidden == []


async def test_a_report_withdrawn_between_the_list_and_the_key_is_refused(world: World, sunk: Sunk) -> None:
    made = await world.send()
    world.network.problem("/release", 410, "key_revoked")
    world.network.problem("/grants", 410, "key_revoked")
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).refused == 1
    assert sunk.results == {made.report.report_id: "key_revoked"}
    assert sunk.reports == []
    assert sunk.hidden == []


@pytest.mark.parametrize(
    ("status", "code"), [(410, "key_revoked"), (410, "key_destroyed"), (404, "not_found"), (403, "not_permitted"), (403, "sent_before")]
)  # fmt: skip
async def test_what_a_key_server_says_is_not_final_while_the_user_server_knows_the_report(
    world: World, sunk: Sunk, status: int, code: str
) -> None:
    made = await world.send()
    world.network.problem("/release", status, code)
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.refused, summary.waiting, summary.damaged) == (0, 1, 0)
        assert sunk.results == {}
        world.network.calm()
        world.clock.move(timedelta(minutes=5))
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


async def test_a_report_that_the_index_has_forgotten_is_refused(world: World, sunk: Sunk) -> None:
    made = await world.send()
    world.network.problem("/cloud/", 503, "service")
    async with world.collector(sunk.folder) as collector:
        await collector.round()
        world.network.calm()
        world.network.problem(f"/v1/reports/{made.report.report_id}", 404, "not_found")
        assert (await collector.round()).refused == 1
    assert sunk.results == {made.report.report_id: "not_found"}


def flip(position: int) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        return body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]

    return change


ON_THE_WAY: dict[str, Callable[[bytes], bytes]] = {
    "the header changed": flip(60),
    "the salt changed": lambda body: flip(body.index(b"package.encrypted") + 20)(body),
    "a chunk changed": flip(30_000),
    "the last byte changed": flip(-1),
    "every byte after the first zero": lambda body: body[:4] + bytes(len(body) - 4),
}


@pytest.mark.parametrize("change", ON_THE_WAY.values(), ids=ON_THE_WAY)
async def test_a_package_changed_on_the_way_is_never_given_up_and_holds_up_nobody(
    world: World, sunk: Sunk, change: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = await world.send(), await world.send()
    packages = f"/packages/{bad.report.report_id}"
    world.network.change(packages, change)
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting, summary.damaged) == (1, 0, 1, 1)
        assert "What arrived is not what was sent" in caplog.text
        assert "sender" not in caplog.text
        assert len(world.network.asked(packages)) == 2, "it is fetched again at once"
        assert (await collector.round()).damaged == 1
        assert len(world.network.asked(packages)) == 2, "and then after a pause"
        world.clock.move(timedelta(minutes=2))
        assert (await collector.round()).damaged == 1
        assert len(world.network.asked(packages)) == 3
        assert sunk.results == {good.report.report_id: "stored"}
        assert not await world.collected(bad)
        assert sunk.reports == ids(good)
        assert sunk.hidden == []
        world.network.calm()
    world.clock.move(timedelta(minutes=5))
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 1
    assert sunk.holds(bad)
    assert sunk.results == {made.report.report_id: "stored" for made in (bad, good)}


async def test_what_stays_damaged_is_fetched_ever_more_rarely_and_lost_when_its_time_is_over(
    world: World, sunk: Sunk
) -> None:
    made = await world.send()
    world.network.change("/packages/", flip(30_000))
    async with world.collector(sunk.folder) as collector:
        hours = 0
        while (summary := await collector.round()).waiting:
            assert sunk.results == {}
            world.clock.move(timedelta(hours=1))
            hours += 1
        assert hours in {7 * 24, 7 * 24 + 1}
        assert (summary.refused, summary.lost, summary.damaged) == (1, 1, 0)
        assert 25 < len(world.network.asked("/packages/")) < 45
    assert sunk.results == {made.report.report_id: "report_expired"}
    assert sunk.hidden == []


async def test_a_report_that_waits_for_an_administrator_is_lost_when_its_time_is_over(world: World, sunk: Sunk) -> None:
    made = await world.send()
    world.network.change("/v1/me", lambda body: body.replace(b"picsafe.example/keys", b"other.example/keys"))
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).waiting == 1
        world.clock.move(timedelta(days=8))
        summary = await collector.round()
        assert (summary.refused, summary.lost, summary.waiting) == (1, 1, 0)
    assert sunk.results == {made.report.report_id: "report_expired"}


async def test_a_damaged_report_that_is_withdrawn_is_over_at_once(world: World, sunk: Sunk) -> None:
    made = await world.send()
    world.network.change("/packages/", flip(30_000))
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).damaged == 1
        await world.withdraw(made)
        summary = await collector.round()
        assert (summary.refused, summary.lost, summary.damaged, summary.waiting) == (1, 0, 0, 0)
    assert sunk.results == {made.report.report_id: "key_revoked"}


async def test_a_restart_forgets_no_pause_and_again_ends_it(world: World, sunk: Sunk) -> None:
    made = await world.send()
    world.network.change("/packages/", flip(30_000))
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    world.network.calm()
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).damaged == 1
        assert not world.network.asked("/packages/")
        collector.requeue(made.report.report_id)
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


async def test_damage_that_came_on_the_way_is_mended_by_fetching_again(world: World, sunk: Sunk) -> None:
    made = await world.send()
    times = []

    def once(body: bytes) -> bytes:
        times.append(1)
        return flip(30_000)(body) if len(times) == 1 else body

    world.network.change("/packages/", once)
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


async def test_another_report_than_the_requested_one_is_not_stored(world: World, sunk: Sunk) -> None:
    """It says nothing about the report that was asked for, which is stored once the cloud answers with it."""
    bad, good = await world.send(), await world.send()
    assert len(bad.package) == len(good.package)
    world.network.change(f"/packages/{bad.report.report_id}", lambda _: good.package)
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.refused, summary.damaged) == (0, 1)
        assert sunk.results == {good.report.report_id: "stored"}
        assert not [request for request in world.network.asked("/release") if bad.header.key_id in request.url.path]
        world.network.calm()
        world.clock.move(timedelta(minutes=5))
        assert (await collector.round()).stored == 1
    assert sunk.holds(bad)


def forged(made: MadeReport) -> bytes:
    """What another recipient could make, who has the key: another photo, said to be by the same author, of the same length."""
    path = made.report.media[0].path
    files = {**made.files, path: made.files[path][::-1]}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    media = tuple(replace(each, sha256=sums[each.path]) for each in made.report.media)
    return repacked(made, build_payload(replace(made.report, media=media), files)).package


async def test_a_recipient_and_the_cloud_cannot_swap_a_report_for_an_institution(world: World, sunk: Sunk) -> None:
    """The forgery decrypts; the index knows better. Nothing is stored of it, and the report is once the cloud is honest again."""
    made = await world.send()
    forgery = forged(made)
    assert len(forgery) == len(made.package)
    world.network.change(f"/packages/{made.report.report_id}", lambda _: forgery)
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (0, 0, 1)
        assert not sunk.reports
        assert not world.network.asked("/release")
        world.network.calm()
        world.clock.move(timedelta(minutes=2))
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


async def test_a_row_whose_digest_was_taken_away_is_not_stored(world: World, sunk: Sunk) -> None:
    """Somebody between the user server and sync leaves it out, and the cloud answers with a forgery."""
    made = await world.send()
    forgery = forged(made)
    world.network.change(f"/packages/{made.report.report_id}", lambda _: forgery)
    world.network.reword("/v1/reports", lambda body: re.sub(rb'"digest":"[0-9a-f]{64}"', b'"digest":null', body))
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (0, 0, 1)
    assert not sunk.reports


def cut(made: MadeReport) -> bytes:
    return made.package[:-1]


def undescribed(made: MadeReport) -> bytes:
    return repacked(made, made.payload + b"more").package


def another_payload(made: MadeReport) -> bytes:
    return repacked(made, made_report([PHOTO]).payload).package


def escaping(made: MadeReport) -> bytes:
    """A payload whose members would leave the folder, if anybody unpacked by their names."""
    payload = build([("report.json", made.report.to_bytes()), ("xx/xx/evil.jpg", b"evil")])
    return repacked(made, payload.replace(b"xx/xx/", b"../../")).package


def lying(made: MadeReport) -> bytes:
    medium = replace(made.report.media[0], sha256="0" * 64)
    report = replace(made.report, media=(medium, *made.report.media[1:]))
    members = [("report.json", report.to_bytes()), *((facts.path, made.files[facts.path]) for facts in report.files())]
    return repacked(made, build(members)).package


def endless_description(made: MadeReport) -> bytes:
    return repacked(made, build([("report.json", b" " * (4 * 2**20 + 1))])).package


def other_key(made: MadeReport) -> bytes:
    return pack(replace(made.header, key_id=new_identifier()), made.key, made.payload)


SPOILT: dict[str, tuple[Callable[[MadeReport], bytes], bool]] = {
    "cut short": (cut, True),
    "nothing at all": (lambda _: b"PK\x03\x04".ljust(100, b"x"), True),
    "bytes behind the payload": (undescribed, True),
    "the payload of another report": (another_payload, True),
    "a member that climbs out": (escaping, True),
    "a digest that is not so": (lying, True),
    "an endless description": (endless_description, True),
    "a key that was never issued": (other_key, False),
}


@pytest.mark.parametrize(("spoil", "damaged"), SPOILT.values(), ids=SPOILT)
async def test_what_a_dishonest_sender_packs_is_not_stored_and_holds_up_nobody(
    world: World, sunk: Sunk, spoil: Callable[[MadeReport], bytes], damaged: bool
) -> None:
    bad = await world.send(spoil=spoil)
    good = await world.send()
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting, summary.damaged) == (1, 0, 1, int(damaged))
        assert sunk.results == {good.report.report_id: "stored"}
        world.clock.move(timedelta(days=8))
        summary = await collector.round()
        assert (summary.refused, summary.lost, summary.waiting) == (1, 1, 0)
    assert sunk.results == {bad.report.report_id: "report_expired", good.report.report_id: "stored"}
    assert sunk.reports == ids(good)
    assert not list(sunk.folder.parent.rglob("evil*"))


async def test_names_out_of_a_report_never_become_paths(world: World, sunk: Sunk) -> None:
    def hostile(made: MadeReport) -> bytes:
        report = replace(
            made.report, body_site="../../../etc/passwd", patient=replace(made.report.patient, name="/\\..")
        )
        members = [(facts.path, made.files[facts.path]) for facts in report.files()]
        return repacked(made, build([("report.json", report.to_bytes()), *members])).package

    made = await world.send(PHOTO, spoil=hostile)
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 1
    home = sunk.folder / made.report.report_id
    assert sorted(path.name for path in home.iterdir()) == [
        "2026-11-22_left-etc-passwd_1.jpg",
        "report.json",
        "sender.json",
    ]


@pytest.mark.parametrize("identifier", ["../../../tmp/evil", "", ".", "a" * 26 + "/", "A" * 26, 7, None])
async def test_an_identifier_that_is_none_never_becomes_a_folder(world: World, sunk: Sunk, identifier: object) -> None:
    made = await world.send()

    def hostile(body: bytes) -> bytes:
        import json

        return body.replace(json.dumps(made.report.report_id).encode(), json.dumps(identifier).encode())

    world.network.change("/reports/new", hostile)
    async with world.collector(sunk.folder) as collector:
        with pytest.raises(ServiceError):
            await collector.round()
        world.network.calm()
        assert (await collector.round()).stored == 1
    assert sunk.reports == ids(made)


async def test_names_that_spreadsheets_would_run_are_inert_in_the_manifest(world: World, sunk: Sunk) -> None:
    await world.person("ben", world.institution)
    await world.send(sender="=cmd|' /c calc'!a1".replace(" ", "").replace("'", ""))
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    assert sunk.manifest[0]["sender"].startswith("'=")


# What may pass: it waits, is tried again, and holds up nobody


async def test_a_key_server_that_is_not_allowed_is_never_asked_and_its_reports_wait(world: World, sunk: Sunk) -> None:
    def elsewhere(made: MadeReport) -> bytes:
        header = Header(made.header.report_id, "https://evil.example/keys", made.header.key_id, made.header.created_at)
        return pack(header, made.key, made.payload)

    bad, good = await world.send(spoil=elsewhere), await world.send()
    async with world.collector(sunk.folder) as collector:
        for _ in range(2):
            summary = await collector.round()
            assert (summary.refused, summary.waiting) == (0, 1)
    assert sunk.results == {good.report.report_id: "stored"}
    assert not [request for request in world.network.seen if request.url.host == "evil.example"]
    # The index names another key server than the file, so the file is not what was sent: again at once, then after a pause.
    assert len(world.network.asked(f"/packages/{bad.report.report_id}")) == 2


async def test_a_report_of_a_key_server_that_the_institution_does_not_allow_is_not_even_fetched(
    world: World, sunk: Sunk
) -> None:
    made = await world.send()
    world.network.change("/v1/me", lambda body: body.replace(b"picsafe.example/keys", b"other.example/keys"))
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).waiting == 1
        assert not world.network.asked("/packages/")
        world.network.calm()
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


async def test_a_report_of_a_later_version_waits_for_a_later_picsafe(world: World, sunk: Sunk) -> None:
    made = await world.send(spoil=lambda made: made.package.replace(b'"version":1', b'"version":2'))
    assert made
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).damaged == 1  # the CRC-32 of the zip is not that of the changed header

    def later(made: MadeReport) -> bytes:
        header = made.header.to_bytes().replace(b'"version":1', b'"version":2')
        return build([("package.json", header), ("package.encrypted", b"x" * 100)])

    await world.withdraw(made)
    await world.send(spoil=later)
    async with world.collector(sunk.folder) as collector:
        await collector.round()
        summary = await collector.round()
        assert (summary.waiting, summary.damaged) == (1, 0)


SERVERS = {"cloud": "/cloud/", "key server": "/keys/v1/"}
PASSING = [(503, "service"), (500, "unexpected"), (507, "storage_full"), (503, "log_unavailable"), (429, "too_many_requests"),
           (401, "token_refused"), (401, "not_signed_in"), (418, "no_such_code")]  # fmt: skip


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(("status", "code"), PASSING, ids=[code for _, code in PASSING])
async def test_what_a_server_cannot_do_at_the_moment_waits(
    world: World, sunk: Sunk, server: str, status: int, code: str
) -> None:
    made = await world.send()
    world.network.problem(SERVERS[server], status, code)
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (0, 0, 1)
        world.network.calm()
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)
    assert sunk.results == {made.report.report_id: "stored"}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("status", [200, 301, 403, 404, 410, 502])
async def test_what_a_proxy_answers_is_nothing_that_a_server_said(
    world: World, sunk: Sunk, server: str, status: int
) -> None:
    made = await world.send()
    world.network.answer(SERVERS[server], status, b"<html>No such host</html>")
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (0, 0, 1)
        world.network.calm()
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


async def test_a_cloud_that_has_mislaid_a_package_may_find_it_again(world: World, sunk: Sunk) -> None:
    made = await world.send()
    world.network.problem("/packages/", 404, "not_found")
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).waiting == 1
        world.network.calm()
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


async def test_a_region_that_is_down_does_not_hold_up_the_others(world: World, sunk: Sunk) -> None:
    await world.person("greta", country="DE")
    there = [await world.send(PHOTO, sender="greta") for _ in range(4)]
    here = [await world.send(PHOTO) for _ in range(2)]
    world.network.down("/cloud/de/")
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.waiting) == (2, 4)
        assert sunk.reports == ids(*here)
        tries = len(world.network.asked("/cloud/de/"))
        assert tries < 4 * 3, "after some the region is left alone for this round"
        world.network.calm()
        assert (await collector.round()).stored == 4
    assert sunk.reports == ids(*here, *there)


async def test_while_the_key_server_is_down_packages_are_fetched_only_once(world: World, sunk: Sunk) -> None:
    made = await world.send()
    world.network.down("/keys/")
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).waiting == 1
        assert (await collector.round()).waiting == 1
    async with world.collector(sunk.folder) as collector:
        world.network.before.clear()
        assert (await collector.round()).stored == 1
    assert len(world.network.asked("/packages/")) == 1
    assert sunk.holds(made)


async def test_while_the_user_server_is_down_nothing_is_lost(world: World, sunk: Sunk) -> None:
    made = await world.send()
    async with world.collector(sunk.folder) as collector:
        world.network.down("/users/")
        with pytest.raises(Unreachable):
            await collector.round()
        world.network.calm()
        world.network.down("/users/v1/reports/new")
        with pytest.raises(Unreachable):
            await collector.round()
        world.network.calm()
        world.network.down("/collected")
        assert (await collector.round()).waiting == 1
        assert sunk.holds(made)
        assert not await world.collected(made)
        world.network.calm()
        summary = await collector.round()
        assert (summary.stored, summary.waiting) == (0, 0)
    assert await world.collected(made)
    assert not world.network.asked("/packages/"), "it was here already"
    assert sunk.results == {made.report.report_id: "stored"}


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"<html>", b'{"reports": 7}', b'{"reports": [{}], "cursor": "1", "more": false}',
             b'{"reports": [], "cursor": 7, "more": false}', b"[" * 100_000]
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/me", "/reports/new"])
async def test_answers_that_make_no_sense_are_the_servers_trouble(
    world: World, sunk: Sunk, path: str, body: bytes
) -> None:
    made = await world.send()
    world.network.answer(path, 200, body, "application/json")
    async with world.collector(sunk.folder) as collector:
        with pytest.raises(ServiceError):
            await collector.round()
        world.network.calm()
        assert (await collector.round()).stored == 1
    assert sunk.holds(made)


async def test_what_nobody_foresaw_holds_up_one_report_and_tells_the_log_nothing_of_it(
    world: World, sunk: Sunk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = await world.send(), await world.send()
    real = write_files

    async def sometimes(opened: object, folder: Path) -> object:
        if folder.name == bad.report.report_id:
            raise ZeroDivisionError(bad.report.patient.name)
        return await real(opened, folder)  # type: ignore[arg-type]

    monkeypatch.setattr("picsafe_cli.receive.collector.write_files", sometimes)
    caplog.set_level(logging.DEBUG, "picsafe")
    async with world.collector(sunk.folder) as collector:
        summary = await collector.round()
        assert (summary.stored, summary.refused, summary.waiting) == (1, 0, 1)
    assert sunk.reports == ids(good)
    assert sunk.hidden == [f".downloads/{bad.report.report_id}.picsafe"], "what was decrypted is gone, the rest is kept"
    assert "ZeroDivisionError" in caplog.text
    assert "Lindqvist" not in caplog.text


async def test_the_log_never_says_anything_of_a_patient(
    world: World, sunk: Sunk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "picsafe")
    await world.send()
    bad = await world.send()
    world.network.change(f"/packages/{bad.report.report_id}", flip(30_000))
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    assert bad.report.report_id in caplog.text
    for secret in ("Lindqvist", "00412", "1970-01-31", "burn", world.service_token):
        assert secret not in caplog.text


# Who may, and whose folder it is


async def test_a_wrong_token_ends_the_round_and_nothing_is_touched(world: World, sunk: Sunk) -> None:
    await world.send()
    sunk.folder.mkdir()
    for token in ("wrong", world.service_token[:-1] + "x"):
        async with Api("https://picsafe.example", token, transport=world.network) as api:
            with pytest.raises(NotSignedIn):
                await Collector(api, FolderSink(sunk.folder), sunk.folder).round()
    assert sunk.reports == []


async def test_a_token_revoked_in_the_middle_of_a_round_ends_it_and_refuses_nothing(world: World, sunk: Sunk) -> None:
    made = [await world.send(PHOTO) for _ in range(3)]
    world.network.problem("/grants", 401, "not_signed_in")

    def revoked(request: object) -> None:
        if world.network.asked("/grants"):
            world.network.problem("/v1/me", 401, "not_signed_in", times=1)

    world.network.before.append(revoked)
    async with world.collector(sunk.folder) as collector:
        with pytest.raises(NotSignedIn):
            await collector.round()
        world.network.calm()
        assert (await collector.round()).stored == 3
    assert sunk.reports == ids(*made)


async def test_a_person_cannot_sync(world: World, sunk: Sunk) -> None:
    sunk.folder.mkdir()
    async with world.api(await world.person("ben", world.institution)) as api:
        with pytest.raises(NotPermitted, match="service account"):
            await Collector(api, FolderSink(sunk.folder), sunk.folder).round()


async def test_a_folder_belongs_to_one_institution(world: World, sunk: Sunk) -> None:
    from picsafe_server.users import provisioning

    await world.send()
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    other = await provisioning.create_institution(world.users, "Other Clinic")
    token = await provisioning.create_service_account(world.users, "Other system", other)
    async with world.api(token) as api:
        with pytest.raises(Conflict, match="holds the reports of"):
            await Collector(api, FolderSink(sunk.folder), sunk.folder).round()
    renewed = await provisioning.create_service_account(world.users, "New token", world.institution)
    async with world.api(renewed) as api:
        assert (await Collector(api, FolderSink(sunk.folder), sunk.folder).round()).stored == 0


# What is remembered


@pytest.mark.parametrize(
    "state",
    [b"", b"{", b"null", b"[]", b"\0" * 300, b'{"version": 2}', b'{"version": 1, "owner": "", "cursor": 7, "waiting": []}',
     b'{"version": 1, "owner": "", "cursor": "", "waiting": ["../.."]}', b"[" * 100_000,
     b'{"version": 1, "owner": "", "cursor": "", "waiting": [], "retries": {"x": {"attempts": 1, "again_at": "soon"}}}'],
    ids=["empty", "broken", "null", "list", "zeros", "later", "wrong types", "no identifiers", "nested", "odd retries"],
)  # fmt: skip
async def test_a_damaged_state_file_is_put_aside_and_nothing_is_stored_twice(
    world: World, sunk: Sunk, state: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    first = await world.send()
    async with world.collector(sunk.folder) as collector:
        await collector.round()
    second = await world.send()
    (sunk.folder / ".picsafe-sync.json").write_bytes(state)
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == 1
    assert sunk.results == {made.report.report_id: "stored" for made in (first, second)}
    assert (sunk.folder / ".picsafe-sync.json.damaged").read_bytes() == state
    assert "damaged" in caplog.text


@pytest.mark.parametrize("newer", [1, 4], ids=["behind the cursor", "past the cursor again"])
async def test_after_the_server_was_restored_from_a_backup_nothing_is_missed_and_nothing_stored_twice(
    world: World, sunk: Sunk, caplog: pytest.LogCaptureFixture, newer: int
) -> None:
    first = await world.send()
    with closing(sqlite3.connect(":memory:")) as backup:
        with closing(sqlite3.connect(world.users_database)) as live:
            live.backup(backup)
        lost = await world.send()
        async with world.collector(sunk.folder) as collector:
            assert (await collector.round()).stored == 2
        with closing(sqlite3.connect(world.users_database)) as live:
            backup.backup(live)
    since = [await world.send() for _ in range(newer)]
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).stored == newer
        assert "restored from an older copy of itself. Looking through all reports again" in caplog.text
        caplog.clear()
        assert await collector.round() == Summary()
    assert "Looking through" not in caplog.text
    assert sunk.results == {made.report.report_id: "stored" for made in (first, lost, *since)}
    assert sunk.reports == ids(first, lost, *since)


async def test_a_server_that_knows_no_cursor_at_all_ends_the_round(world: World, sunk: Sunk) -> None:
    world.network.problem("/reports/new", 409, "cursor_unknown")
    async with world.collector(sunk.folder) as collector:
        with pytest.raises(CursorUnknown):
            await collector.round()
    assert len(world.network.asked("/reports/new")) == 1


async def test_a_refused_report_can_be_tried_again(world: World, sunk: Sunk) -> None:
    made = await world.send(MadeFile("image/jpeg", bytes(50_000)))
    world.network.problem("/grants", 410, "key_revoked")
    async with world.collector(sunk.folder) as collector:
        assert (await collector.round()).refused == 1
        world.network.calm()
        assert (await collector.round()).stored == 0
        collector.requeue(made.report.report_id)
        assert (await collector.round()).stored == 1
        with pytest.raises(Conflict):
            collector.requeue(made.report.report_id)
    assert [row["result"] for row in sunk.manifest] == ["key_revoked", "stored"]
    assert sunk.holds(made)
