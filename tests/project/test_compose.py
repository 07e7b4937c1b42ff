"""The worked example of a deployment says only what the server understands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from picsafe_server.settings import Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
VALUES = dict(
    line.split("=", 1)
    for line in (DEPLOY / "example.env").read_text("utf-8").splitlines()
    if "=" in line and not line.startswith("#")
)


def filled(text: str) -> str:
    """`${NAME}` and `${NAME:-default}` replaced as compose does."""
    return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", lambda found: VALUES.get(found[1], found[2] or ""), text)


COMPOSE: dict[str, Any] = yaml.safe_load(filled((DEPLOY / "compose.yaml").read_text("utf-8")))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "picsafe"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_service_of_ours_starts_with_settings_that_exist(name: str) -> None:
    environment = {key: str(value) for key, value in OURS[name]["environment"].items()}
    settings = Settings.from_environment(environment)
    assert settings.public_url == "https://picsafe.example"
    assert {"cloud-au": ("au",), "cloud-de": ("de",)}.get(name, settings.regions) == settings.regions


def test_together_they_play_every_role_once() -> None:
    roles = [role for service in OURS.values() for role in service["environment"]["PICSAFE_ROLES"].split(",")]
    assert sorted(roles) == ["client", "cloud", "cloud", "keys", "users"]


def test_every_variable_has_an_example() -> None:
    named = set(re.findall(r"\$\{(\w+)\}", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert named <= set(VALUES)


def test_each_role_is_locked_down_and_has_a_database_of_its_own() -> None:
    databases = [
        value for service in OURS.values() for key, value in service["environment"].items() if key.endswith("_DATABASE")
    ]
    assert len(set(databases)) == len(databases) == 4
    made = (DEPLOY / "databases.sql").read_text("utf-8")
    assert all(f"CREATE DATABASE {url.rpartition('/')[2]};" in made for url in databases)
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in OURS.values())
