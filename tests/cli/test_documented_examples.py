"""Every example of docs/integrate.md, and every `picsafe` command of the README, is run as it stands, against a real server."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from harness.clinic import PASSWORD, Person
from harness.clinic_for_commands import PICSAFE, TESTS, Ward, running_ward
from harness.command_line import jpeg

from picsafe_cli.send.details_input import read_facts
from picsafe_protocol.contracts.tokens import Role
from picsafe_protocol.crypto.package_digest import Pieces, hash_pieces
from picsafe_server.settings import Settings

ROOT = TESTS.parent
INTEGRATE = (ROOT / "docs" / "integrate.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
SECONDS = 120


def blocks(text: str, language: str) -> list[str]:
    """The examples in a language, as they stand."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return ["".join(line.removeprefix(indent) for line in body.splitlines(keepends=True)) for indent, body in found]


def commands(text: str) -> list[str]:
    """The lines of all shell examples that call `picsafe`, without their comments."""
    lines = [line.strip() for block in blocks(text, "sh") for line in block.splitlines()]
    return [" ".join(shlex.split(line, comments=True)) for line in lines if re.match(r"(\.venv/bin/)?picsafe ", line)]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with running_ward(tmp_path_factory.mktemp("ward") / "server") as ward:
        for name in ("Ana", "Ben"):
            email, country = f"{name.lower()}@demo.example", {"Ana": "AU", "Ben": "DE"}[name]
            ward.clinic.person(f"Dr {name}", email, country, ward.institution, Role.MEMBER)
        ward.clinic.person("Colleague", "colleague@clinic.example")
        yield ward


@pytest.fixture
def place(ward: Ward, tmp_path: Path) -> Path:
    """A folder in which the files lie that the examples speak of."""
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    shutil.copy(ROOT / "demo" / "clip.mp4", tmp_path / "clip.mp4")
    (tmp_path / "report.picsafe").write_bytes(ward.send().package)
    (facts,) = blocks(INTEGRATE, "json")
    (tmp_path / "facts.json").write_text(facts, "utf-8")
    return tmp_path


def run(line: str, place: Path, environment: Mapping[str, str], typed: str | None = None) -> str:
    """Run a line of an example in `place`; what it printed."""
    words = [str(PICSAFE) if word in {"picsafe", ".venv/bin/picsafe"} else word for word in shlex.split(line)]
    done = subprocess.run(
        words, cwd=place, env=dict(environment), capture_output=True, text=True, timeout=SECONDS, check=False, input=typed
    )  # fmt: skip
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return done.stdout


def test_no_example_is_left_out() -> None:
    assert [line.split()[1] for line in commands(INTEGRATE)] == ["sync", "sync", "send"]
    assert [line.split()[1] for line in commands(README)] == ["sync", "login", "send", "open"]
    known = {"sh", "python", "json"}
    assert set(re.findall(r"^ *```(\w+)", INTEGRATE, re.MULTILINE)) == known


def test_the_python_example_opens_a_report(ward: Ward, place: Path) -> None:
    _digest, example = blocks(INTEGRATE, "python")
    example = example.replace("https://picsafe.example", ward.clinic.url).replace("picsafe_st_…", ward.service_token)
    printed = run(shlex.join([sys.executable, "-c", example]), place, {"PATH": "/usr/bin:/bin"})
    assert "'report.json', 'sender.json', '2026-11-22_left-forearm_1.jpg'" in printed
    assert {path.name for path in (place / "out").iterdir()} >= {"report.json", "2026-11-22_left-forearm_1.jpg"}


def test_the_digest_in_python_is_the_digest_of_the_format() -> None:
    digest, _example = blocks(INTEGRATE, "python")
    names: dict[str, Any] = {}
    exec(digest, names)  # noqa: S102 the documentation's own example
    package = bytes(range(251)) * 2000
    assert names["digest"](package) == Pieces(len(package), hash_pieces(package)).digest


def test_sync_once_as_documented(ward: Ward, place: Path) -> None:
    once = next(line for line in commands(INTEGRATE) if "--once" in line).replace("/srv/picsafe", str(place / "srv"))
    assert " 0 refused, 0 waiting." in run(once, place, ward.environment())
    assert (place / "srv" / "manifest.csv").exists()


def test_sync_watch_as_documented(ward: Ward, place: Path) -> None:
    watch = next(line for line in commands(INTEGRATE) if "--watch" in line).replace("/srv/picsafe", str(place / "srv"))
    process = subprocess.Popen([PICSAFE, *shlex.split(watch)[1:]], cwd=place, env=ward.environment())
    deadline = time.monotonic() + SECONDS
    while not (place / "srv" / "manifest.csv").exists() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
    assert (place / "srv" / "manifest.csv").exists()


def test_sending_with_a_file_of_facts_as_documented(ward: Ward, place: Path) -> None:
    (send,) = (line for line in commands(INTEGRATE) if " send " in line)
    assert run(send, place, ward.environment(ward.token_of(ward.ana))).startswith("Sent ")
    with (place / "facts.json").open("rb") as file:
        assert read_facts(file).patient.name == "Edda Lindqvist"


def test_the_readme_s_commands_follow_each_other(ward: Ward, place: Path) -> None:
    sync, login, send, open_ = commands(README)
    assert " 0 refused, 0 waiting." in run(sync, place, ward.environment())
    signed_in = {name: value for name, value in ward.environment().items() if not name.startswith("PICSAFE_")}
    signed_in |= {"HOME": str(place), "XDG_CONFIG_HOME": str(place / "config")}
    login = login.replace("http://localhost:8000", ward.clinic.url)
    assert run(login, place, signed_in, typed=PASSWORD + "\n") == "Signed in as Dr Ben.\n"
    sent = run(send, place, signed_in).split()[1].rstrip(":")
    # “report.picsafe” is what the page saves: here, what the sender has just sent.
    with ward.clinic.client_of(Person("", "ben@demo.example", "Dr Ben")) as http:
        grant = http.post(f"/users/v1/reports/{sent}/grants", json={"action": "package.download"}).json()
        bearer = {"Authorization": f"Bearer {grant['grant']}"}
        (place / "report.picsafe").write_bytes(http.get(f"{grant['url']}/v1/packages/{sent}", headers=bearer).content)
    printed = run(open_, place, signed_in).splitlines()
    assert len(printed) == 4
    assert all((place / name).is_file() for name in printed)


def test_the_settings_of_an_own_key_server_are_settings() -> None:
    (example,) = (block for block in blocks(INTEGRATE, "sh") if "PICSAFE_ROLES" in block)
    pairs = [shlex.split(line, comments=True)[0].split("=", 1) for line in example.splitlines()]
    settings = Settings.from_environment({pair[0]: pair[1] for pair in pairs})
    assert (settings.roles, settings.keys_base) == (("keys",), "https://keys.hospital.example/keys")
    assert settings.users_base == "https://picsafe.example/users"
