"""The insert that may meet a row that is there: the same words on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_into(tx: AsyncConnection, table: Table) -> Any:
    """Returns an insert with ``on_conflict_do_nothing`` and ``_do_update``, for the database of ``tx``."""
    return (postgresql if tx.dialect.name == "postgresql" else sqlite).insert(table)
