"""The drill of docs/operate.md, with its own commands: back up, lose, restore. What was sent before still opens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from harness.postgres import Cluster, cluster
from server.test_roles_together import HERE, PASSWORD, Clinic

from picsafe_server.app import create_app
from picsafe_server.cli import main
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings
from picsafe_server.users import provisioning
from picsafe_server.users.role import UsersRole

pytestmark = pytest.mark.postgres

ROLES = ("users", "cloud", "keys")
OPERATE = Path(__file__).resolve().parents[2] / "docs" / "operate.md"


def documented(first: str) -> str:
    """The block of commands in the documentation that begins with `first`."""
    blocks = re.findall(r"^```sh\n(.*?)^```", OPERATE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (block,) = [str(block) for block in blocks if block.startswith(first)]
    return block


class Site:
    """One process with all roles over three databases."""

    def __init__(self, running: Cluster, folder: Path) -> None:
        self.running = running
        self.data, self.backup, self.files_backup = folder / "data", folder / "backup", folder / "files backup"
        self.backup.mkdir()
        self.files_backup.mkdir()
        self.databases = {role: running.create_database() for role in ROLES}
        self.clock = MovableClock()

    def settings(self) -> dict[str, str]:
        urls = {f"PICSAFE_{role.upper()}_DATABASE": self.running.url(name) for role, name in self.databases.items()}
        return urls | {"PICSAFE_DATA": str(self.data), "PICSAFE_ROLES": ",".join(ROLES), "PICSAFE_PUBLIC_URL": HERE}

    def shell(self, commands: str) -> None:
        plain = {f"{role.upper()}_DATABASE": self.plain(name) for role, name in self.databases.items()}
        places = {"BACKUP": str(self.backup), "FILES_BACKUP": str(self.files_backup)}
        environment = {**os.environ, **self.settings(), **plain, **places}
        environment["PATH"] = f"{self.running.programs}:{Path('.venv/bin').resolve()}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-euc", commands], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def plain(self, name: str) -> str:
        return self.running.url(name).replace("+asyncpg", "")

    def lose_databases(self, *roles: str) -> None:
        for role in roles:
            self.running.drop_database(self.databases[role])
            self.databases[role] = self.running.create_database()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Clinic]:
        app = create_app(Settings.from_environment(self.settings()), self.clock)
        async with app.lifespan():
            users = app.state.roles["users"]
            assert isinstance(users, UsersRole)
            for email, name, country in (("ada@example.org", "Ada", "NZ"), ("bo@example.org", "Bo", "DE")):
                if not (self.data / "made").exists():
                    await provisioning.create_account(users, email, name, country, PASSWORD)
            (self.data / "made").touch()
            transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as http:
                clinic = Clinic(http, self.clock, app.state.roles, "", "")
                clinic.sender = await clinic.sign_in("ada@example.org")
                clinic.recipient = await clinic.sign_in("bo@example.org")
                yield clinic


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture
def site(running: Cluster, tmp_path: Path) -> Site:
    return Site(running, tmp_path)


async def opens(clinic: Clinic, report_id: str, key_id: str) -> bool:
    return (
        (await clinic.download(report_id)).status_code == (await clinic.release(report_id, key_id)).status_code == 200
    )


@pytest.mark.anyio
async def test_what_was_sent_before_the_backup_opens_after_everything_was_lost(site: Site) -> None:
    async with site.open() as clinic:
        kept = await clinic.send()
        site.shell(documented("pg_dump"))
    assert {path.suffix for path in site.backup.iterdir()} == {".dump"}, "no place has keys and what they unwrap"
    assert [path.name for path in site.files_backup.iterdir()] == ["keys.tar"]
    site.lose_databases(*ROLES)
    for file in (*site.data.glob("*/signing.pem"), *site.data.glob("cloud/*/signing.pem"), *site.data.glob("keys/*")):
        file.unlink()
    site.shell(documented("tar -C"))
    async with site.open() as clinic:
        assert (await clinic.http.get("/ready")).status_code == 200
        assert await opens(clinic, *kept)


@pytest.mark.anyio
async def test_a_restored_key_server_says_what_it_lost_and_goes_on_when_an_operator_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.open() as clinic:
        kept = await clinic.send()
        site.shell(documented("pg_dump"))
        lost = await clinic.send()
        assert await opens(clinic, *lost)
    site.lose_databases("keys")  # its folder, with the largest head that was signed, is still there
    site.shell("".join(line for line in documented("tar -C").splitlines(True) if "KEYS" in line))
    async with site.open() as clinic:
        assert (await clinic.http.get("/ready")).json()["roles"]["keys"] == "not ready"
        assert (await clinic.release(*kept)).status_code == 503
    with pytest.raises(AssertionError, match="a log of 3 entries was signed, and the database has 1"):
        site.shell(documented("tar -C").splitlines()[-1])
    site.shell(documented("picsafe-server keys accept-restored-log").replace("--lost 9", "--lost 3"))
    site.shell(documented("tar -C").splitlines()[-1])
    async with site.open() as clinic:
        assert (await clinic.http.get("/ready")).status_code == 200
        assert await opens(clinic, *kept)
        assert (await clinic.release(*lost)).status_code == 404


@pytest.mark.anyio
async def test_a_second_folder_by_mistake_is_refused_until_an_operator_means_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with site.open() as clinic:
        await clinic.send()
    mine = site.data
    shutil.copytree(mine, mine.with_name("other"), ignore=shutil.ignore_patterns("*.pem", "keys"))
    site.data = mine.with_name("other")
    for variable, value in site.settings().items():
        monkeypatch.setenv(variable, value)
    for role, named in (("users", "users/signing.pem"), ("cloud", "signing.pem"), ("keys", "keys/log.pem")):
        app = create_app(Settings.from_environment({**site.settings(), "PICSAFE_ROLES": role}), site.clock)
        with pytest.raises(Exception, match="another key") as refused:
            await app.state.roles[role].start()
        assert named in str(refused.value)
        assert f"picsafe-server accept-keys {role}" in str(refused.value)


def test_an_operator_accepts_new_keys(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable, value in site.settings().items():
        monkeypatch.setenv(variable, value)
    assert main(["accept-keys", "users"]) == 0
    assert capsys.readouterr().out == "Nothing is new.\n"
    (site.data / "users" / "signing.pem").unlink()
    assert main(["accept-keys", "users"]) == 0
    assert capsys.readouterr().out == "New for the role users: signing.pem.\n"
    monkeypatch.setenv("PICSAFE_ROLES", "users")
    assert main(["migrate"]) == 0, "the role starts"
