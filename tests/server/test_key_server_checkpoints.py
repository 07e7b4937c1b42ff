"""The user server keeps the newest checkpoint of each key server, and a later one that contradicts it is never passed over."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from harness.key_server import KEYS, Someone, UserServers, key_server
from harness.key_server import World as Keys
from harness.running_app import running_app
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from picsafe_protocol.contracts.errors import NotFound
from picsafe_server.http.role_client import ANSWER_BYTES
from picsafe_server.monitoring import readiness
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings
from picsafe_server.users import provisioning
from picsafe_server.users.db.models import AdministrativeAct, KeyServerLog
from picsafe_server.users.key_servers import checkpoints
from picsafe_server.users.key_servers.signed_notes import Checkpoint
from picsafe_server.users.role import UsersRole

pytestmark = pytest.mark.anyio


class Network:
    """Leads to the key server that runs just now."""

    app: Any = None

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if self.app is None:
            raise httpx.ConnectError("no route to host")
        await self.app(scope, receive, send)


class Lying:
    """The key server `honest`, but for what `answers` has by the end of the path: a status and a body."""

    def __init__(self, honest: Any, answers: Mapping[str, tuple[int, bytes]]) -> None:
        self.honest, self.answers = honest, answers

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        for end, (status, body) in self.answers.items():
            if scope["path"].endswith(end):
                await send({"type": "http.response.start", "status": status, "headers": []})
                await send({"type": "http.response.body", "body": body})
                return
        await self.honest(scope, receive, send)


class Site:
    """A user server, and the folder of a key server of which copies are put back."""

    def __init__(self, app: Any, network: Network, folder: Path, clock: MovableClock) -> None:
        self.app, self.network, self.folder, self.clock = app, network, folder, clock
        self.users: UsersRole = app.state.roles["users"]
        self.signers = UserServers(clock)

    @asynccontextmanager
    async def key_server(self) -> AsyncIterator[Keys]:
        async with key_server(self.folder / "keys", self.clock, self.signers) as keys:
            self.network.app = keys.app
            yield keys
        self.network.app = None

    async def grown(self, entries: int, **lies: tuple[int, bytes]) -> None:
        async with self.key_server() as keys:
            self.network.app = Lying(keys.app, {f"/{end}": lie for end, lie in lies.items()})
            sent = await keys.send(Someone("Ada"))
            for _ in range(entries - 1):
                await keys.open(sent.owner, sent)
            self.contradicts = await self.users.services.checkpoints.look(KEYS)

    def copy(self) -> None:
        shutil.copytree(self.folder / "keys", self.folder / "copy")

    def put_back(self) -> None:
        shutil.rmtree(self.folder / "keys")
        shutil.copytree(self.folder / "copy", self.folder / "keys")

    async def kept(self) -> KeyServerLog:
        async with self.users.services.database.reading() as session:
            return (await session.scalars(select(KeyServerLog))).one()

    async def warnings(self) -> dict[str, list[str]]:
        """Those of `/ready`, which is 200."""
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://picsafe.test") as http:
            answer = await http.get("/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")
        warnings: dict[str, list[str]] = answer.json()["warnings"]
        return warnings

    def shown(self, state: str = "contradicted") -> dict[str, float]:
        """The metric, by key server."""
        text = generate_latest(self.app.state.metrics._registry).decode()
        families = {family.name: family.samples for family in text_string_to_metric_families(text)}
        return {each.labels["key_server"]: each.value for each in families[f"picsafe_key_server_log_{state}"]}

    async def record(self) -> list[tuple[str, str | None, str | None]]:
        async with self.users.services.database.reading() as session:
            acts = await session.scalars(
                select(AdministrativeAct)
                .where(AdministrativeAct.act.startswith("log_"))
                .order_by(AdministrativeAct.number)
            )
            return [(act.act, act.before, act.after) for act in acts]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    clock, network = MovableClock(), Network()
    settings = Settings(public_url="https://picsafe.test", keys_url=KEYS, roles=("users",), data=tmp_path / "users")
    async with running_app(settings, clock, httpx.ASGITransport(network)) as app:
        site = Site(app, network, tmp_path, clock)
        await provisioning.create_institution(site.users, "Royal", domains=["royal.example"])
        yield site


async def test_a_log_that_grows_is_followed(site: Site) -> None:
    for size in (3, 7, 8):
        await site.grown(size - (0 if size == 3 else (await site.kept()).size))
        assert not site.contradicts
        assert (await site.kept()).size == size
    assert not await site.users.services.checkpoints.look(KEYS), "one that is away contradicts nothing"
    assert (await site.kept()).size == 8
    assert await site.record() == []


async def test_a_look_that_another_process_overtakes_accuses_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer is older than what the other one keeps meanwhile."""
    await site.grown(3)
    checkpoints = site.users.services.checkpoints
    ask = checkpoints._logs.checkpoint
    async with site.key_server() as keys:
        sent = await keys.send(Someone("Ada"))

        async def slowly(url: str) -> Checkpoint:
            monkeypatch.setattr(checkpoints._logs, "checkpoint", ask)
            answer = await ask(url)
            await keys.open(sent.owner, sent)
            assert not await checkpoints.look(url)
            return answer

        monkeypatch.setattr(checkpoints._logs, "checkpoint", slowly)
        assert not await checkpoints.look(KEYS)
    assert (await site.kept()).size == 5
    assert await site.record() == []


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        (1, "The log had 6 entries, and now it has 4."),
        (3, "Two different logs of 6 entries were signed."),
        (5, "The log of 8 entries does not begin with that of 6."),
    ],
)
async def test_attack_a_whole_machine_put_back(
    site: Site, entries: int, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Database and `log.head` together, so that the key server itself sees nothing."""
    await site.grown(3)
    site.copy()
    await site.grown(3)
    kept = await site.kept()
    site.put_back()
    with caplog.at_level(logging.CRITICAL):
        await site.grown(entries)
    assert site.contradicts
    assert problem in caplog.text
    known = await site.kept()
    assert (known.size, known.root, known.note) == (6, kept.root, kept.note), "what was seen first is kept"
    assert known.contradiction == problem
    assert known.contradicted_by is not None
    assert known.contradicted_by.splitlines()[1] == str(3 + entries)
    await site.grown(5)
    assert site.contradicts, "it stays until an operator has explained it"
    assert await site.record() == [("log_contradicted", KEYS, problem)]
    async with site.key_server():
        assert await site.users.services.checkpoints.accept(KEYS + "/") == problem
    assert (await site.kept()).contradiction is None
    assert (await site.kept()).size == 3 + entries + 5
    assert (await site.record())[1:] == [("log_accepted", KEYS, problem)]
    with pytest.raises(NotFound):
        await site.users.services.checkpoints.accept(KEYS)


async def test_an_operator_sees_a_contradiction_without_reading_logs(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`/ready` stays 200: the user server serves, and restarting it would explain nothing."""
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0)
    await site.grown(3)
    await site.users.services.checkpoints.sweep()
    assert site.shown() == {KEYS: 0.0}
    assert await site.warnings() == {}
    site.copy()
    await site.grown(3)
    site.put_back()
    await site.grown(1)
    (warning,) = (await site.warnings())["users"]
    assert warning.startswith(f"the access log of {KEYS} contradicts what it was")
    assert "accept-log" in warning
    assert site.shown() == {KEYS: 1.0}
    async with site.key_server():
        await site.users.services.checkpoints.accept(KEYS)
    assert await site.warnings() == {}
    assert site.shown() == {KEYS: 0.0}


async def test_attack_a_checkpoint_that_is_not_signed_by_the_key_server_is_not_kept(site: Site) -> None:
    async with site.key_server() as keys:
        await keys.send(Someone("Ada"))
        honest = site.network.app

        async def forging(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
            async def altered(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.body" and scope["path"].endswith("/checkpoint"):
                    message["body"] = message["body"].replace(b"\n1\n", b"\n9\n")
                await send(message)

            await honest(scope, receive, altered)

        site.network.app = forging
        assert not await site.users.services.checkpoints.look(KEYS)
        async with site.users.services.database.reading() as session:
            assert (await session.scalars(select(KeyServerLog))).all() == []


NO_PROOFS = [(404, b""), (503, b""), (302, b""), (200, b"<html>"), (200, b'{"proof": 1}'), (200, b"[" * 100_000)]


@pytest.mark.parametrize("lie", NO_PROOFS)
async def test_attack_a_history_that_nobody_proves_does_not_become_the_kept_one(
    site: Site, lie: tuple[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0)
    await site.grown(3)
    site.copy()
    await site.grown(3)
    kept = await site.kept()
    site.put_back()
    await site.grown(5, consistency=lie)
    assert not site.contradicts, "not yet"
    known = await site.kept()
    assert (known.size, known.root, known.note) == (6, kept.root, kept.note)
    (warning,) = (await site.warnings())["users"]
    assert warning.startswith(f"the access log of {KEYS} has grown without a proof")
    assert (site.shown("unproven"), site.shown()) == ({KEYS: 1.0}, {KEYS: 0.0})
    assert await site.record() == []
    site.clock.move(timedelta(minutes=31))
    await site.grown(1, consistency=lie)
    assert site.contradicts, "it gave a proof before, of 6 after 3"
    problem = "The log of 9 entries was signed, and no proof is given that it begins with that of 6."
    assert await site.record() == [("log_contradicted", KEYS, problem)]
    assert (await site.kept()).size == 6
    assert site.shown() == {KEYS: 0.0}
    assert "accept-log" in (await site.warnings())["users"][0]
    assert site.shown() == {KEYS: 1.0}


async def test_a_key_server_that_never_gave_a_proof_has_hours_for_an_update(site: Site) -> None:
    await site.grown(3)
    for hours, is_contradicted in ((0, False), (5, False), (1, True)):
        site.clock.move(timedelta(hours=hours))
        await site.grown(1, consistency=(404, b""))
        assert site.contradicts is is_contradicted
        assert (await site.kept()).size == 3


async def test_a_proof_that_comes_late_is_taken(site: Site) -> None:
    await site.grown(3)
    await site.grown(2, consistency=(502, b""))
    assert (await site.kept()).unproven is not None
    await site.grown(2)
    known = await site.kept()
    assert (known.size, known.unproven, known.unproven_since) == (7, None, None)
    assert known.proven_at is not None


async def test_attack_what_was_signed_without_a_proof_is_evidence_too(site: Site) -> None:
    """Between two honest answers a longer log was signed, which the later one does not have."""
    await site.grown(3)
    site.copy()
    await site.grown(3, consistency=(404, b""))
    site.put_back()
    await site.grown(4)
    assert site.contradicts
    assert (await site.record())[0][2] == "The log of 7 entries does not begin with that of 6."


def _note(size: str, extra: str = "") -> tuple[dict[str, Any], bytes]:
    """A JWKS, and a checkpoint that is signed with its key."""
    key, origin = Ed25519PrivateKey.generate(), KEYS.partition("://")[2] + "/v1"
    raw = key.public_key().public_bytes_raw()
    text = f"{origin}\n{size}\n{base64.b64encode(bytes(32)).decode()}\n{extra}"
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + raw).digest()[:4]
    blob = base64.b64encode(key_id + key.sign(text.encode())).decode()
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"keys": [{"crv": "Ed25519", "x": x}]}, f"{text}\n\u2014 {origin} {blob}\n".encode()


DEEP = b'{"keys":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
SURPRISES = {
    "deep keys": (DEEP, b""),
    "keys of another kind": (b'{"keys": 1}', b""),
    "more than is read": (b" " * (ANSWER_BYTES + 1), b""),
    "no UTF-8": (b"{}", b"\xff"),
    **{
        name: (json.dumps(jwks).encode(), note)
        for name, (jwks, note) in {
            "a size that no database holds": _note(str(10**30)),
            "a size that Python does not convert": _note("9" * 5000),
            "a character that PostgreSQL does not store": _note("4", "\0\n"),
            "a note without end": _note("4", "x" * 20_000 + "\n"),
        }.items()
    },
}


@pytest.mark.parametrize("surprise", SURPRISES)
async def test_attack_no_answer_of_a_key_server_breaks_the_look(
    site: Site, surprise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks at other key servers go on, and that this one is not looked at is seen."""
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0)
    monkeypatch.setattr(checkpoints, "UNSEEN_SECONDS", 0)
    keys, note = SURPRISES[surprise]
    looks = site.users.services.checkpoints
    async with site.key_server() as honest:
        await honest.send(Someone("Ada"))
        site.network.app = Lying(honest.app, {"/jwks.json": (200, keys), "/checkpoint": (200, note)})
        assert await looks.sweep() == 0
        assert site.shown("unseen") == {KEYS: 1.0}
        assert (await site.warnings())["users"] == [f"the access log of {KEYS} could not be looked at for an hour"]
        site.network.app = honest.app
        monkeypatch.setattr(checkpoints, "UNSEEN_SECONDS", 60)
        assert await looks.sweep() == 0, "at once, without waiting for the next time that it is due"
    assert (await site.kept()).size == 1
    assert await site.warnings() == {}
    assert site.shown("unseen") == {KEYS: 0.0}


async def test_a_look_that_the_database_fails_is_not_finished(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = site.users.services.checkpoints
    async with site.key_server():
        with monkeypatch.context() as trouble:
            trouble.setattr(looks, "_keep", _away)
            with pytest.raises(OperationalError):
                await looks.sweep()
        await looks.sweep()
    assert (await site.kept()).size == 0


async def _away(*_: object) -> bool:
    raise OperationalError("SELECT 1", {}, Exception("the database is away"))
