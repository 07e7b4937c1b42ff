"""Which proxies are trusted to set `X-Forwarded-For`: addresses and networks, never all of them."""

from __future__ import annotations

from ipaddress import ip_network

from picsafe_server.runtime.addresses import SettingsError


def check_trusted_proxies(text: str) -> str:
    """`text`, addresses and networks separated by commas; `SettingsError` for anything else, and for the whole
    internet.

    A server that believes everybody lets a client choose the address that the access log names and that the sign-in
    limit counts: a proxy that appends to `X-Forwarded-For` keeps what the client wrote in front.
    """
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part == "*":
            raise SettingsError(
                "--trusted-proxies takes the network of your proxies, as 10.1.2.0/28, not everybody (*)"
            )
        try:
            network = ip_network(part)
        except ValueError:
            raise SettingsError(
                f"--trusted-proxies takes addresses and networks, as 10.1.2.3 or 10.1.2.0/28, not {part!r}"
            ) from None
        if network.prefixlen == 0:
            raise SettingsError(f"--trusted-proxies takes the network of your proxies, not everybody ({part})")
    return text
