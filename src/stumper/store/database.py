"""The connection to SQLite or PostgreSQL; the only place where a transaction commits.

SQLite needs five cures (each a lost update or a lock error without it): autocommit mode of the driver
with our own BEGIN IMMEDIATE, write-ahead log, a busy timeout against other processes, a queue for the
writers of this one, and no statement that is left half done (`store.sqlite`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from stumper.errors import BadSetting, StoreError
from stumper.store.sqlite import connect

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


def _engine(url: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise BadSetting(
            "The database URL cannot be read. Use sqlite:///stumper.db or postgresql://user@host/name."
        ) from error
    dialect = parsed.get_backend_name()
    if dialect not in _DRIVERS:
        raise BadSetting(f"Database {dialect!r} is not supported. Use sqlite or postgresql.")
    parsed = parsed.set(drivername=_DRIVERS[dialect])
    if dialect != "sqlite":
        return create_async_engine(parsed, pool_size=10, max_overflow=10, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed, async_creator=partial(connect, parsed.database or ":memory:"))
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    reading = connection.get_execution_options().get("reading", False)
    driver = connection.connection.driver_connection
    driver.at_once = False
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
    driver.at_once = not reading


class Database:
    """Transactions on one database; ``async with db.begin() as tx`` commits at its end, or rolls back."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self.url = url
        # SQLite lets one writer in and lets the others poll in no order: on a machine with ten times its
        # load one of 300 waited out its busy timeout. Here they come in by the order of arrival.
        on_sqlite = self._engine.dialect.name == "sqlite"
        self._turn: AbstractAsyncContextManager[None] = asyncio.Lock() if on_sqlite else nullcontext()

    @property
    def engine(self) -> AsyncEngine:
        return self._engine

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction; one inside another waits for ever. Raises StoreError without a database."""
        async with self._turn, self._connect() as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A reading transaction; on SQLite it takes no write lock."""
        async with self._connect() as connection:
            await connection.execution_options(reading=True)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[AsyncConnection]:
        try:
            connection = await self._engine.connect()
        except (DBAPIError, OSError) as error:
            shown = self._engine.url.render_as_string(hide_password=True)
            raise StoreError(
                f"No connection to {shown}. Start the database or correct STUMPER_DATABASE."
            ) from error
        try:
            yield connection
        finally:
            await asyncio.shield(connection.close())

    async def close(self) -> None:
        await self._engine.dispose()
