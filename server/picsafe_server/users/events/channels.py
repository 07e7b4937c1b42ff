"""Names of audiences: groups that share a list or receive the same changes. A listing or an event is written once per
audience, not once per person.
"""

from __future__ import annotations


def inbox(account_id: str) -> str:
    """One person, for what is addressed to them."""
    return f"inbox:{account_id}"


def sent(account_id: str) -> str:
    """One person, for what they sent."""
    return f"sent:{account_id}"


def members(institution_id: str) -> str:
    """Every member of an institution whose policy lets members open what colleagues sent or received."""
    return f"members:{institution_id}"


def services(institution_id: str) -> str:
    """The service accounts of an institution."""
    return f"services:{institution_id}"


def session(session_id: str) -> str:
    """One session or service account, for the message that it has ended."""
    return f"session:{session_id}"


def person_of(audience: str) -> str | None:
    """The account of an audience of one person; None for all others."""
    kind, _, account_id = audience.partition(":")
    return account_id if kind in {"inbox", "sent"} else None


def is_sent(audience: str) -> bool:
    """Whether the audience sees the report as its sender."""
    return audience.startswith("sent:")


def is_members(audience: str) -> bool:
    """Whether the audience is the members of an institution, by its policy."""
    return audience.startswith("members:")


def is_services(audience: str) -> bool:
    """Whether the audience is made of machines, which poll."""
    return audience.startswith("services:")
