"""The reverse proxies of `deploy/proxies`, started with the shipped files in which only addresses and paths are replaced."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.roles_in_one_process import inherited, running, wait_until_answered

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "proxies"
_APACHE_MODULES = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True)
class Site:
    """What a proxy stands between: its own port and certificate, and the port of PicSafe."""

    port: int
    upstream: int
    chain: Path
    key: Path


Configured = Callable[[Path, Site], list[str | Path]]
"""Writes a proxy's configuration into a folder; the command that runs it in the foreground."""


def _replaced(text: str, **replacements: str) -> str:
    """`text` with every key replaced; each must be there, so that a changed file cannot pass untested."""
    for old, new in replacements.items():
        assert old in text, f"{old} is not in the shipped file"
        text = text.replace(old, new)
    return text


def _shipped(name: str, site: Site, listen: str) -> str:
    return _replaced(
        (SHIPPED / name).read_text("utf-8"),
        **{
            "127.0.0.1:8000": f"127.0.0.1:{site.upstream}",
            "picsafe.example": "localhost",
            "/etc/ssl/picsafe.crt": str(site.chain),
            "/etc/ssl/picsafe.key": str(site.key),
            listen: listen.replace("443", str(site.port)),
        },
    )


def nginx(folder: Path, site: Site) -> list[str | Path]:
    """The shipped server block."""
    return _nginx(folder, _shipped("nginx.conf", site, "listen 443"))


def bare_nginx(folder: Path, site: Site) -> list[str | Path]:
    """As somebody writes it who knows nothing of forwarded headers: TLS and `proxy_pass`."""
    tls = f"listen {site.port} ssl; ssl_certificate {site.chain}; ssl_certificate_key {site.key};"
    return _nginx(folder, f"server {{ {tls} location / {{ proxy_pass http://127.0.0.1:{site.upstream}; }} }}")


def _nginx(folder: Path, server: str) -> list[str | Path]:
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{server}\n}}\n"
    )
    return ["nginx", "-p", folder, "-c", folder / "nginx.conf"]


def apache(folder: Path, site: Site) -> list[str | Path]:
    """The shipped virtual host."""
    return _apache(folder, site, _shipped("apache.conf", site, "<VirtualHost *:443>"))


def bare_apache(folder: Path, site: Site) -> list[str | Path]:
    """Apache's defaults: TLS and `ProxyPass`."""
    tls = f"SSLEngine on\nSSLCertificateFile {site.chain}\nSSLCertificateKeyFile {site.key}"
    return _apache(folder, site, f"{tls}\nProxyPass / http://127.0.0.1:{site.upstream}/\n")


def _apache(folder: Path, site: Site, host: str) -> list[str | Path]:
    modules = ("mpm_event", "authz_core", "ssl", "socache_shmcb", "proxy", "proxy_http", "headers", "setenvif", "env")
    loaded = "".join(f"LoadModule {name}_module {_APACHE_MODULES}/mod_{name}.so\n" for name in modules)
    (folder / "apache.conf").write_text(
        f"ServerRoot {folder}\nServerName localhost\nPidFile {folder}/pid\nDefaultRuntimeDir {folder}\n"
        f"ErrorLog /dev/stderr\nListen {site.port}\n{loaded}User www-data\nGroup www-data\n{host}"
    )
    return ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", folder / "apache.conf"]


def caddy(folder: Path, site: Site) -> list[str | Path]:
    """The shipped Caddyfile; the certificate comes from files, since no authority issues one here."""
    text = _replaced(
        (SHIPPED / "Caddyfile").read_text("utf-8"),
        **{
            "127.0.0.1:8000": f"127.0.0.1:{site.upstream}",
            "picsafe.example {": f"https://localhost:{site.port} {{\n\ttls {site.chain} {site.key}",
        },
    )
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]


SHIPPED_PROXIES: dict[str, Configured] = {"nginx": nginx, "apache": apache, "caddy": caddy}
BARE_PROXIES: dict[str, Configured] = {"nginx": bare_nginx, "apache": bare_apache}


@contextmanager
def running_proxy(configured: Configured, folder: Path, site: Site) -> Iterator[None]:
    """The proxy until the block ends; skips when the program is not installed."""
    folder.mkdir()
    command = configured(folder, site)
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed; scripts/setup.sh test installs it on Debian")
    environment = {**inherited(), "HOME": str(folder)}
    log = folder / "log"
    # A proxy that waits for connections that are kept alive may wait as long as it likes, but not in a test.
    with running(command, environment, log, stop_seconds=2) as process:
        wait_until_answered(f"https://localhost:{site.port}/health", process, log, verify=False)
        yield
