"""The worked example of a deployment says only what the server understands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest
import yaml

from picsafe_server.http.trusted_proxies import check_trusted_proxies
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
ROLES = {name: service for name, service in OURS.items() if service["command"][0] == "run"}
SCHEMAS = {name: service for name, service in OURS.items() if service["command"][0] == "migrate"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_service_of_ours_starts_with_settings_that_exist(name: str) -> None:
    environment = {key: str(value) for key, value in OURS[name]["environment"].items()}
    settings = Settings.from_environment(environment)
    assert settings.public_url == "https://picsafe.example"
    of_a_cloud = re.match(r"cloud-(\w+)", name)
    assert of_a_cloud is None or settings.regions == (of_a_cloud[1],)


def test_together_they_play_every_role_once() -> None:
    roles = [role for service in ROLES.values() for role in service["environment"]["PICSAFE_ROLES"].split(",")]
    assert sorted(roles) == ["client", "cloud", "cloud", "keys", "users"]


def test_every_variable_has_an_example() -> None:
    named = set(re.findall(r"\$\{(\w+)\}", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert named <= set(VALUES)


def test_every_secret_is_another_one() -> None:
    secrets = [value for name, value in VALUES.items() if "PASSWORD" in name]
    assert len(set(secrets)) == len(secrets) == 9


def database_url(service: dict[str, Any]) -> SplitResult:
    (url,) = (str(value) for key, value in service["environment"].items() if key.endswith("_DATABASE"))
    return urlsplit(url)


@pytest.mark.parametrize("name", sorted(set(ROLES) - {"page"}))
def test_a_role_does_not_own_its_tables(name: str) -> None:
    role, schema = database_url(ROLES[name]), database_url(SCHEMAS[f"{name}-schema"])
    assert role.path == schema.path == f"/{role.username}"
    assert schema.username == f"{role.username}_owner"
    assert role.password != schema.password
    assert SCHEMAS[f"{name}-schema"]["command"] == ["migrate", "--runtime-user", role.username]


def test_each_role_is_locked_down_and_shares_a_network_with_no_other() -> None:
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in OURS.values())
    networks = [network for service in ROLES.values() for network in service["networks"]]
    assert len(set(networks)) == len(networks)
    assert all(COMPOSE["networks"][network]["internal"] for network in networks)


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_role_trusts_the_network_that_it_shares_with_the_proxy(name: str) -> None:
    command = ROLES[name]["command"]
    (config,) = COMPOSE["networks"][f"{name}-proxy"]["ipam"]["config"]
    assert command[command.index("--trusted-proxies") + 1] == config["subnet"]
    check_trusted_proxies(config["subnet"])
