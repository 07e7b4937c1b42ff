"""Settings: where they come from, what they refuse, and that the operator's page describes each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.regions import REGIONS
from picsafe_server.runtime.addresses import SettingsError, base_url, database_url, store_url
from picsafe_server.settings import Settings

OPERATE = Path(__file__).resolve().parents[2] / "docs" / "operate.md"
FIELDS = dataclasses.fields(Settings)


@pytest.mark.parametrize("variable", [item.metadata["env"] for item in FIELDS])
def test_the_operators_page_describes(variable: str) -> None:
    rows = [line for line in OPERATE.read_text("utf-8").splitlines() if line.startswith(f"| `{variable}` |")]
    assert len(rows) == 1
    meaning = rows[0].split("|")[3].strip()
    assert len(meaning) > 10


def test_every_setting_has_a_variable_and_a_meaning() -> None:
    for item in FIELDS:
        assert item.metadata["env"].startswith("PICSAFE_"), item.name
        assert item.metadata["meaning"], item.name
    assert len({item.metadata["env"] for item in FIELDS}) == len(FIELDS)


def test_nothing_given_is_one_machine_with_everything() -> None:
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert settings.users_base == "http://localhost:8000/users"
    assert settings.keys_base == "http://localhost:8000/keys"
    assert settings.cloud_base("de") == "http://localhost:8000/cloud/de"
    assert settings.is_loopback_http
    assert settings.database("users").startswith("sqlite+aiosqlite:////")
    assert settings.report_days == limits.REPORT_DAYS


def test_every_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "PICSAFE_PUBLIC_URL": "https://picsafe.example/",
            "PICSAFE_ROLES": "users, keys",
            "PICSAFE_REGIONS": "au",
            "PICSAFE_DATA": "/var/lib/picsafe",
            "PICSAFE_USERS_URL": "https://users.example/users/",
            "PICSAFE_KEYS_URL": "https://keys.example/keys",
            "PICSAFE_CLOUD_URLS": "au=https://au.example/cloud/au, de=https://de.example/cloud/de/",
            "PICSAFE_USERS_DATABASE": "postgresql+asyncpg://users@db/users",
            "PICSAFE_CLOUD_DATABASE": "postgresql+asyncpg://cloud@db/cloud",
            "PICSAFE_KEYS_DATABASE": "postgresql+asyncpg://keys@db/keys",
            "PICSAFE_S3_BUCKETS": "au=packages-au",
            "PICSAFE_S3_ENDPOINT": "https://s3.example",
            "PICSAFE_MASTER_KEY_FILE": "/run/secrets/master",
            "PICSAFE_ALLOWED_KEY_SERVERS": "https://keys.partner.example",
            "PICSAFE_TRUSTED_USER_SERVERS": "https://users.partner.example",
            "PICSAFE_CLIENT_ORIGINS": "https://app.example,https://beta.example",
            "PICSAFE_CLIENT_FOLDER": "/srv/client",
            "PICSAFE_REPORT_DAYS": "3",
            "PICSAFE_SECURITY_LOG_DAYS": "30",
            "PICSAFE_DATABASE_CONNECTIONS": "4",
            "PICSAFE_DATABASE_LOCK_SECONDS": "5",
            "PICSAFE_DATABASE_STATEMENT_SECONDS": "6",
            "PICSAFE_DATABASE_IDLE_SECONDS": "7",
            "PICSAFE_DRAIN_SECONDS": "8",
            "PICSAFE_METRICS_ADDRESS": "127.0.0.1:9100",
            "PATH": "/usr/bin",
        }
    )
    assert settings.roles == ("users", "keys")
    assert settings.users_base == "https://users.example/users"
    assert settings.cloud_base("au") == "https://au.example/cloud/au"
    assert settings.cloud_base("de") == "https://de.example/cloud/de"
    assert settings.cloud_base("us") == "https://picsafe.example/cloud/us"
    assert settings.database("keys") == "postgresql+asyncpg://keys@db/keys"
    assert settings.client_origins == ("https://app.example", "https://beta.example")
    assert settings.report_days == 3
    assert not settings.is_loopback_http
    untouched = [item.name for item in FIELDS if getattr(settings, item.name) == getattr(Settings(), item.name)]
    assert untouched == []


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PICSAFE_COLOUR": "teal"}, "PICSAFE_COLOUR"),
        ({"PICSAFE_PUBLIC_URLS": "https://x.example"}, "PICSAFE_PUBLIC_URLS"),
        ({"PICSAFE_ROLES": "users,kitchen"}, "kitchen"),
        ({"PICSAFE_ROLES": ","}, "PICSAFE_ROLES"),
        ({"PICSAFE_METRICS_ADDRESS": "9100"}, "PICSAFE_METRICS_ADDRESS"),
        ({"PICSAFE_REGIONS": "au,nz"}, "nz"),
        ({"PICSAFE_CLOUD_URLS": "https://au.example"}, "PICSAFE_CLOUD_URLS"),
        ({"PICSAFE_CLOUD_URLS": "fr=https://fr.example"}, "fr"),
        ({"PICSAFE_S3_BUCKETS": "xx=bucket"}, "xx"),
        ({"PICSAFE_S3_BUCKETS": "bucket"}, "PICSAFE_S3_BUCKETS"),
        ({"PICSAFE_REPORT_DAYS": "0"}, "PICSAFE_REPORT_DAYS"),
        ({"PICSAFE_DATABASE_CONNECTIONS": "1"}, "PICSAFE_DATABASE_CONNECTIONS"),
        ({"PICSAFE_DATABASE_LOCK_SECONDS": "0"}, "PICSAFE_DATABASE_LOCK_SECONDS"),
        ({"PICSAFE_REPORT_DAYS": str(limits.REPORT_DAYS + 1)}, "PICSAFE_REPORT_DAYS"),
        ({"PICSAFE_REPORT_DAYS": "-1"}, "PICSAFE_REPORT_DAYS"),
        ({"PICSAFE_REPORT_DAYS": "a week"}, "PICSAFE_REPORT_DAYS"),
        ({"PICSAFE_PUBLIC_URL": "http://picsafe.example"}, "http://picsafe.example"),
        ({"PICSAFE_PUBLIC_URL": "picsafe.example"}, "picsafe.example"),
        ({"PICSAFE_USERS_URL": "ftp://users.example"}, "ftp://users.example"),
        ({"PICSAFE_KEYS_URL": "http://192.168.1.2/keys"}, "http://192.168.1.2/keys"),
        ({"PICSAFE_CLOUD_URLS": "au=http://au.example"}, "http://au.example"),
        ({"PICSAFE_ALLOWED_KEY_SERVERS": "keys.partner.example"}, "PICSAFE_ALLOWED_KEY_SERVERS"),
        ({"PICSAFE_ALLOWED_KEY_SERVERS": "https://a.example;script-src *"}, "PICSAFE_ALLOWED_KEY_SERVERS"),
        ({"PICSAFE_ALLOWED_KEY_SERVERS": "https://a.example,http://b.example"}, "http://b.example"),
    ],
)
def test_what_cannot_be_is_refused_by_name(environment: Mapping[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named.replace(".", r"\.")):
        Settings.from_environment(environment)


def test_an_empty_variable_is_one_that_is_not_there() -> None:
    assert Settings.from_environment({item.metadata["env"]: " " for item in FIELDS}) == Settings()


@pytest.mark.parametrize(
    ("url", "spelt"),
    [
        ("https://keys.example", ""),
        ("https://keys.example:8443/keys", ""),
        ("http://localhost", ""),
        ("http://localhost:8000/keys", ""),
        ("http://127.0.0.1:8000", ""),
        ("http://[::1]:8000", ""),
        ("https://Keys.Example/keys/", "https://keys.example/keys"),
        ("HTTPS://KEYS.EXAMPLE:443", "https://keys.example"),
        ("http://localhost:80", "http://localhost"),
        ("https://münchen.example/keys", "https://xn--mnchen-3ya.example/keys"),
    ],
)
def test_a_base_url_in_the_spelling_that_browsers_and_packages_have(url: str, spelt: str) -> None:
    assert base_url(url, "PICSAFE_KEYS_URL") == (spelt or url)
    assert Settings(keys_url=url).keys_base == (spelt or url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "keys.example",
        "//keys.example",
        "https://",
        "https:///keys",
        "https://keys.example?x",
        "https://keys.example#x",
        "https://keys.example?",
        "https://keys.example:https",
        "https://keys.example:99999",
        "https://keys example",
        "https://keys.example/a b",
        "https://user@keys.example",
        "https://user:secret@keys.example",
        "https://-.süd.example/\ud800",
        "http://keys.example",
        "http://localhost.example",
        "http://127.0.0.2",
        "http://0.0.0.0:8000",
        "file:///etc/passwd",
        "javascript://localhost/%0aalert(1)",
    ],
)
def test_no_base_url(url: str) -> None:
    with pytest.raises(SettingsError, match="PICSAFE_KEYS_URL"):
        base_url(url, "PICSAFE_KEYS_URL")


@pytest.mark.parametrize("variable", ["PICSAFE_PUBLIC_URL", "PICSAFE_CLIENT_ORIGINS"])
def test_the_page_lies_at_the_root_of_its_host(variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Settings.from_environment({variable: "https://hospital.example/picsafe"})


def test_capitals_in_addresses_reach_the_same_servers() -> None:
    settings = Settings.from_environment(
        {
            "PICSAFE_PUBLIC_URL": "https://PicSafe.Example",
            "PICSAFE_CLOUD_URLS": "au=https://AU.Example/cloud/au",
            "PICSAFE_CLIENT_ORIGINS": "https://App.Example:443",
        }
    )
    assert (settings.origin, settings.keys_base) == ("https://picsafe.example", "https://picsafe.example/keys")
    assert settings.cloud_base("au") == "https://au.example/cloud/au"
    assert settings.client_origins == ("https://app.example",)


@pytest.mark.parametrize(
    ("url", "spelt"),
    [
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgres://u:p@h:5433/d", "postgresql+asyncpg://u:p@h:5433/d"),
        ("postgresql://u:p@h/d?ssl=require", "postgresql+asyncpg://u:p@h/d?ssl=require"),
        ("postgresql://u:a%40b%2Fc@h/d", "postgresql+asyncpg://u:a%40b%2Fc@h/d"),
        ("sqlite:////var/lib/x.sqlite", "sqlite+aiosqlite:////var/lib/x.sqlite"),
    ],
)
def test_a_database_url_as_hosting_services_write_it(url: str, spelt: str) -> None:
    assert database_url(url, "PICSAFE_USERS_DATABASE") == spelt


@pytest.mark.parametrize(
    "url",
    [
        "nonsense-secret",
        "mysql://u:secret@h/d",
        "postgresql+psycopg://u:secret@h/d",
        "postgres://u:secret@word@h/d",
        "postgres://u/x:secret@h/d",
        "postgres://u:secret@h",
        "postgres:///d",
        "postgres://u:secret@h:port/d",
        "sqlite://",
    ],
)
def test_no_database_url_and_nothing_of_it_is_quoted(url: str) -> None:
    with pytest.raises(SettingsError, match="PICSAFE_USERS_DATABASE") as refused:
        Settings.from_environment({"PICSAFE_USERS_DATABASE": url})
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["s3.example", "ftp://s3.example", "https://", "https://s3.example?x", "https://u:p@s3.example"]
)
def test_no_address_of_a_store(url: str) -> None:
    with pytest.raises(SettingsError, match="PICSAFE_S3_ENDPOINT"):
        store_url(url, "PICSAFE_S3_ENDPOINT")


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_has_a_cloud(region: str) -> None:
    assert Settings().cloud_base(region).endswith(f"/cloud/{region}")


def test_addresses_that_are_compared_have_no_slash_at_their_end() -> None:
    """`https://picsafe.example/` is what people paste, and never what a browser calls its origin."""
    settings = Settings.from_environment(
        {
            "PICSAFE_ALLOWED_KEY_SERVERS": "https://keys.partner.example/keys/,https://keys.partner.example/keys",
            "PICSAFE_TRUSTED_USER_SERVERS": "https://users.partner.example/users/",
            "PICSAFE_CLIENT_ORIGINS": "https://app.example/",
        }
    )
    assert settings.allowed_key_servers == ("https://keys.partner.example/keys",)
    assert settings.trusted_user_servers == ("https://users.partner.example/users",)
    assert settings.client_origins == ("https://app.example",)
