"""The search index for people: the beginnings of the parts of their name and address, in an ordered table.

A part begins at every word, and at every sign and every letter without case (as in 山田), so a search for 山, `_` or `%`
finds it inside a word too. A search across several parts, such as `ada lov`, also matches, since each part continues up
to its limit.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, insert
from sqlalchemy.ext.asyncio import AsyncSession

from picsafe_server.users.db.models import PART_CHARACTERS, Account, AccountPart

_LAST = "\U0010ffff"
"""Sorts after every character of a name."""
_ESCAPE = "\\"


def parts_of(search: str) -> list[str]:
    """The parts of a text made by `display_names.search_text`, each once."""
    starts = [
        index
        for index, character in enumerate(search)
        if character != " " and (index == 0 or _begins(search[index - 1], character))
    ]
    return sorted({search[start : start + PART_CHARACTERS] for start in starts})


def _begins(before: str, character: str) -> bool:
    return not before.isalnum() or not character.isalnum() or character.lower() == character.upper()


async def write_parts(session: AsyncSession, account_id: str, institution_id: str | None, search: str) -> None:
    """The parts of an account, in place of those it had."""
    await session.execute(delete(AccountPart).where(AccountPart.account_id == account_id))
    rows = [{"account_id": account_id, "institution_id": institution_id, "part": part} for part in parts_of(search)]
    await session.execute(insert(AccountPart), rows)


def begins_with(text: str) -> ColumnElement[bool]:
    """The condition that a part begins with `text`."""
    start = text[:PART_CHARACTERS]
    return (AccountPart.part >= start) & (AccountPart.part <= start + _LAST)


def is_found(text: str, institution_id: str | None = None) -> ColumnElement[bool]:
    """The condition that an account has such a part, and all of a longer `text`.

    Where only accounts of one institution are wanted, name it: the index of parts begins with it.
    """
    parts = exists().where(AccountPart.account_id == Account.id, begins_with(text))
    found: ColumnElement[bool] = parts
    if institution_id is not None:
        found = parts.where(AccountPart.institution_id == institution_id)
    if len(text) > PART_CHARACTERS:
        for character in (_ESCAPE, "%", "_"):
            text = text.replace(character, _ESCAPE + character)
        found &= Account.search.like(f"%{text}%", escape=_ESCAPE)
    return found
