"""The address of a client, when proxies stand in between: what they write is believed, what clients write is not."""

from __future__ import annotations

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from picsafe_server.http.trusted_proxies import check_trusted_proxies
from picsafe_server.runtime.addresses import SettingsError


@pytest.mark.parametrize("text", ["*", "127.0.0.1,*", "0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy", "10.1.2.0/40"])
def test_everybody_and_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--trusted-proxies"):
        check_trusted_proxies(text)


@pytest.mark.parametrize("text", ["127.0.0.1", "10.1.2.0/28", "127.0.0.1, ::1", "fd00::/64", ""])
def test_addresses_and_networks_are_taken(text: str) -> None:
    assert check_trusted_proxies(text) == text


@pytest.fixture(params=["10.1.2.3", "10.1.2.0/28"])
def trusted(request: pytest.FixtureRequest) -> str:
    """The proxy of these tests is 10.1.2.3."""
    return check_trusted_proxies(str(request.param))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        (
            "10.1.2.3",
            "203.0.113.9, 198.51.100.7",
            "198.51.100.7",
        ),  # an appending proxy: what the client wrote is in front
        ("10.1.2.3", "198.51.100.7", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # no proxy of ours
    ],
)
async def test_an_address_that_a_client_claims_is_not_believed(
    trusted: str, peer: str, forwarded: str, seen: str
) -> None:
    addresses = []

    async def app(scope: dict[str, tuple[str, int]], receive: object, send: object) -> None:
        addresses.append(scope["client"][0])

    middleware = ProxyHeadersMiddleware(app, trusted_hosts=trusted)  # type: ignore[arg-type]
    scope = {
        "type": "http",
        "client": (peer, 1),
        "scheme": "http",
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }
    await middleware(scope, None, None)  # type: ignore[arg-type]
    assert addresses == [seen]
