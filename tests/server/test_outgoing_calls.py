"""Calls of the server to other servers, which may be slow, endless or hostile: each ends, and holds little."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import botocore.exceptions
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from harness.third_party_server import Behaviour, foreign_server

from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_server.auth.tokens import Signer, Verifier
from picsafe_server.certificates import own_certificate
from picsafe_server.cloud.stores.s3_bucket import connect
from picsafe_server.http.role_client import ANSWER_BYTES, RoleTransport, role_client
from picsafe_server.role import NotReady
from picsafe_server.runtime.clock import MovableClock

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD + b"\r\n")
    while True:
        writer.write(b" " * 65536)
        await writer.drain()


def answering(body: bytes, more: bytes = b"") -> Behaviour:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + more + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()

    return answer


async def test_attack_by_an_answer_that_is_dripped(monkeypatch: pytest.MonkeyPatch) -> None:
    async with foreign_server(drip) as url, role_client(RoleTransport([])) as http:
        began = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            await http.get(url, timeout=0.3)
        assert time.monotonic() - began < 5


async def test_attack_by_an_answer_without_end() -> None:
    async with foreign_server(flood) as url, role_client(RoleTransport([])) as http:
        with pytest.raises(httpx.RemoteProtocolError, match="too large"):
            await http.get(url)


async def test_attack_by_an_answer_that_unpacks_to_much() -> None:
    packed = gzip.compress(b" " * 64 * ANSWER_BYTES)
    async with (
        foreign_server(answering(packed, b"Content-Encoding: gzip\r\n")) as url,
        role_client(RoleTransport([])) as http,
    ):
        with pytest.raises(httpx.RemoteProtocolError, match="compressed"):
            await http.get(url)


async def test_an_answer_of_the_largest_size_is_read() -> None:
    async with foreign_server(answering(b"x" * ANSWER_BYTES)) as url, role_client(RoleTransport([])) as http:
        assert len((await http.get(url)).content) == ANSWER_BYTES


@pytest.mark.parametrize(
    "jwks",
    [b"[" * 100_000, b'{"keys":' + b"[" * 5000, b'{"keys": [1]}', b'{"keys": {}}', b"null", b'{"keys": [{"crv": "Ed25519"}]}'],
    ids=["deep", "deep keys", "a number", "an object", "null", "no key"],
)  # fmt: skip
async def test_attack_by_public_keys_that_are_none(jwks: bytes) -> None:
    async with foreign_server(answering(jwks)) as url, role_client(RoleTransport([])) as http:
        verifier = Verifier([url], http, MovableClock())
        with pytest.raises(NotReady, match="no token can be verified"):
            await verifier.check(url)
        token = Signer(url, Ed25519PrivateKey.generate(), MovableClock()).sign("x", "y", 60)
        with pytest.raises(PicSafeError):
            await verifier.verify(token, "x", "y")


@pytest.mark.parametrize(("seconds", "told"), [(0, False), (5, False), (-45, True), (45, True)])
async def test_a_clock_that_differs_is_noticed(seconds: int, told: bool, caplog: pytest.LogCaptureFixture) -> None:
    clock = MovableClock()
    date = (clock.now() + timedelta(seconds=seconds)).strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n").encode()
    signer = Signer("http://localhost", Ed25519PrivateKey.generate(), clock)
    jwks = httpx.Response(200, json=signer.jwks()).content
    async with foreign_server(answering(jwks, date)) as url, role_client(RoleTransport([])) as http:
        verifier = Verifier([url], http, clock)
        await verifier.check(url)
    assert ("the clock of" in caplog.text) == told
    assert abs(verifier.clock_offsets()[url] - seconds) < 3


def private_tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """TLS for this machine by an authority that nobody knows, and the authority's certificate."""
    certificate = own_certificate(folder, "127.0.0.1")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.chain, certificate.key)
    return tls, certificate.chain


async def test_a_private_authority_is_trusted_where_the_environment_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, authority = private_tls(tmp_path)
    async with foreign_server(answering(b"{}"), tls) as url:
        async with role_client(RoleTransport([])) as http:
            with pytest.raises(httpx.ConnectError):
                await http.get(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        async with role_client(RoleTransport([])) as http:
            assert (await http.get(url)).status_code == 200


@asynccontextmanager
async def refusing_proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A proxy that the environment names and that lets nobody through: its URL, and the first lines of what it was asked."""
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with foreign_server(refuse) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        yield url, asked


async def test_calls_go_through_the_proxy_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    async with refusing_proxy(monkeypatch) as (_, asked):
        monkeypatch.setenv("NO_PROXY", "keys.inside.example")
        async with role_client(RoleTransport([])) as http:
            with pytest.raises(httpx.ProxyError):
                await http.get("https://keys.hospital.example/keys/.well-known/jwks.json")
            with pytest.raises(httpx.ConnectError):
                await http.get("https://keys.inside.example/keys/.well-known/jwks.json")
    assert asked == [b"CONNECT keys.hospital.example:443 HTTP/1.1\r\n"]


async def head_bucket(endpoint: str) -> None:
    """Ask an S3 store whether it has a bucket, as a cloud does."""
    client = connect("eu-central-1", endpoint, read_seconds=5)
    await asyncio.to_thread(client.head_bucket, Bucket="reports")


@pytest.fixture
def s3_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    for variable in ("SSL_CERT_FILE", "AWS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("s3_credentials")
async def test_a_store_of_packages_may_have_a_private_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, authority = private_tls(tmp_path)
    async with foreign_server(answering(b""), tls) as url:
        with pytest.raises(botocore.exceptions.SSLError):
            await head_bucket(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        await head_bucket(url)
        monkeypatch.setenv("SSL_CERT_FILE", ssl.get_default_verify_paths().openssl_cafile)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))  # of the store alone, before the one for everything
        await head_bucket(url)


@pytest.mark.usefixtures("s3_credentials")
async def test_a_store_of_packages_is_reached_by_way_of_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with refusing_proxy(monkeypatch) as (url, asked):
        monkeypatch.setenv("NO_PROXY", "localhost")
        with pytest.raises(botocore.exceptions.ProxyConnectionError):
            await head_bucket("https://s3.hospital.example")
        assert {tuple(line.split()[:2]) for line in asked} == {(b"CONNECT", b"s3.hospital.example:443")}
        with pytest.raises(botocore.exceptions.SSLError):  # the server itself, which speaks no TLS
            await head_bucket(url.replace("http:", "https:"))
