"""`INSERT … ON CONFLICT`, which SQLite and PostgreSQL spell alike but SQLAlchemy keeps in two places."""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase


def insert_into(session: AsyncSession, model: type[DeclarativeBase] | Table) -> sqlite.Insert | postgresql.Insert:
    """An insert into `model` or its table that can take `on_conflict_do_update` or `on_conflict_do_nothing`."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(model) if is_sqlite else postgresql.insert(model)
