"""Answers of the servers as JSON, complete, with what a test wants to be different."""

from __future__ import annotations

from typing import Any

KEY_SERVER = "https://picsafe.example/keys"


_DIGITS = "abcdefghij"


def numbered(number: int) -> str:
    """An identifier that has the number in it; a larger number makes a larger one."""
    return "".join(_DIGITS[int(digit)] for digit in f"{number:026}")


def number_in(identifier: str) -> int:
    """The number that `numbered` put into it."""
    return int("".join(str(_DIGITS.index(letter)) for letter in identifier))


def me_row(**changes: Any) -> dict[str, Any]:
    """ME of the user server: a person without an institution."""
    return {
        "id": "b" * 26,
        "email": "ana@clinic.example",
        "name": "Ana",
        "country": "AU",
        "region": "au",
        "role": None,
        "kind": "person",
        "institution": None,
        "server_time": "2026-11-22T00:15:30Z",
        "users_url": "https://picsafe.example/users",
        "key_servers": [KEY_SERVER],
        "clouds": {"au": "https://picsafe.example/cloud/au"},
        "since": None,
        "password_reset": None,
        **changes,
    }


def report_row(**changes: Any) -> dict[str, Any]:
    """REPORT of the user server, sent and not opened yet."""
    return {
        "id": "a" * 26,
        "state": "available",
        "box": "inbox",
        "sender": {"id": "b" * 26, "name": "Ana", "email": "ana@clinic.example", "institution": None},
        "recipients": [{"id": "c" * 26, "name": "Ben", "email": "ben@clinic.example", "opened_at": None}],
        "region": "au",
        "size": 1000,
        "digest": "ab" * 32,
        "created_at": "2026-11-22T00:15:30Z",
        "available_at": "2026-11-22T00:16:00Z",
        "expires_at": "2026-11-29T00:15:30Z",
        "unread": True,
        "opened_at": None,
        "collected_at": None,
        "cloud_url": "https://picsafe.example/cloud/au",
        "keyserver_url": KEY_SERVER,
        **changes,
    }


def entry_proof(**changes: Any) -> dict[str, Any]:
    """The entry of the access log in a key server's answer."""
    texts = dict.fromkeys(("time", "statement", "salt", "person", "person_salt", "proof"), "")
    return {"index": 3, **texts, **changes}


def created_proof(statement: str = "", sender: Any = None, **changes: Any) -> dict[str, Any]:
    """The entry of the making of a key."""
    return {"index": 2, "time": "", "statement": statement, "salt": "", "proof": "", "sender": sender, **changes}


def released_key(key: Any, **changes: Any) -> dict[str, Any]:
    """What a key server answers to a release."""
    return {"key": key, "entry": entry_proof(), "created": None, **changes}
