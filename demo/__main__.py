"""`python -m demo`: PicSafe on this machine with people and a report in it, ready to be looked at."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import segno

from demo.provision import INSTITUTION, Demo, provision
from picsafe_server.certificates import own_address, own_certificate
from picsafe_server.server import Certificate, configure_logging, private_files, serve
from picsafe_server.settings import Settings

VAR = Path("var")


def main() -> int:
    """Provision on the first run, print where to look, serve."""
    parser = argparse.ArgumentParser(prog="python -m demo")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--tls", action="store_true", help="HTTPS on this machine's address, for phones in the same network"
    )
    options = parser.parse_args()
    configure_logging()
    host = own_address() if options.tls else "localhost"
    url = f"{'https' if options.tls else 'http'}://{host}:{options.port}"
    # Tokens and packages name the address, so each address has its own data.
    settings = Settings(public_url=url, data=VAR / f"{host}-{options.port}")
    certificate = own_certificate(VAR / "tls", host) if options.tls else None
    try:
        demo = asyncio.run(provision(settings)) if not settings.data.exists() else None
        _tell(url, settings, demo, certificate)
        serve(settings, "0.0.0.0" if options.tls else "127.0.0.1", options.port, certificate)  # noqa: S104 phones must reach it
    except KeyboardInterrupt:
        pass
    return 0


def _tell(url: str, settings: Settings, demo: Demo | None, certificate: Certificate | None) -> None:
    print(f"\n  My PicSafe:   {url}/\n  API:          {url}/docs/api\n  data:         {settings.data}\n")
    if demo is None:
        print(
            "  The passwords were printed when this demo was made. For new ones: remove its data folder, run again.\n"
        )
    else:
        print(f"  {INSTITUTION}. These are shown this once:\n")
        for person in demo.people:
            print(f"    {person.email:<22} {person.password:<22} {person.name}, {person.country}, {person.role.value}")
        print(f"\n    service account        {demo.service_token}")
        print("\n  A sample report waits in the inboxes of Ben and Clare. To fetch it as an institution would:")
        trusted = f"SSL_CERT_FILE={certificate.chain} " if certificate else ""
        print(f"    {trusted}PICSAFE_URL={url} PICSAFE_TOKEN=<the token> .venv/bin/picsafe sync --once var/fetched\n")
    if certificate:
        print("  The certificate is this machine's own: browsers ask before they believe it.\n")
        segno.make(url + "/").terminal(compact=True)
    sys.stdout.flush()


if __name__ == "__main__":
    with private_files():
        sys.exit(main())
