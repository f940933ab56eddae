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
from stumper.store.sqlite import PATIENCE, connect

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
        _make_folder(Path(parsed.database).parent)
    engine = create_async_engine(parsed, async_creator=partial(connect, parsed.database or ":memory:"))
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(
            f"No folder can be made at {folder}: {error.strerror}. Name another with STUMPER_DATA."
        ) from error


def _begin(connection: Any) -> None:
    reading = connection.get_execution_options().get("reading", False)
    driver = connection.connection.driver_connection
    driver.at_once = False
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
    driver.at_once = not reading


async def _asked(driver: Any, sql: str) -> int:
    """Runs a statement outside any transaction; returns the first number it answers, 0 without one."""
    cursor = await driver.execute(sql)
    row = await cursor.fetchone()
    await cursor.close()
    return int(row[0]) if row else 0


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
    async def rebuild(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction that may make tables anew; keys are checked at its end, not at each step.

        SQLite changes a table by copying it and dropping the old one, which rows elsewhere still name. Raises
        StoreError, and changes nothing, if a row names one that is not there any more.
        """
        if self._engine.dialect.name != "sqlite":
            async with self.begin() as tx:
                yield tx
            return
        async with self._turn, self._connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            await _asked(driver, "PRAGMA foreign_keys=OFF")  # within a transaction it would do nothing
            try:
                async with connection.begin():
                    yield connection
                    broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).fetchall()
                    if broken:
                        raise StoreError(
                            f"{len(broken)} rows of the database name others that are not there, the first "
                            f"in table {broken[0][0]!r}. Nothing was changed: restore a backup."
                        )
            finally:
                await _asked(driver, "PRAGMA foreign_keys=ON")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A reading transaction; on SQLite it takes no write lock."""
        async with self._connect() as connection:
            await connection.execution_options(reading=True)
            async with connection.begin():
                yield connection

    async def scrub(self, *, most_bytes: int | None = None) -> bool:
        """Rewrites a SQLite file, so that nothing deleted is left in its free pages, its gaps or its log.

        Writers wait meanwhile. Returns whether it was done: a file larger than ``most_bytes`` stays as it is,
        and so does the log while somebody reads. On PostgreSQL autovacuum gives the space of deleted rows to
        new ones: that is the server's own matter.
        """
        if self._engine.dialect.name != "sqlite":
            return True
        async with self._turn, self._connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            pages, size = [await _asked(driver, f"PRAGMA {name}") for name in ("page_count", "page_size")]
            if most_bytes is not None and pages * size > most_bytes:
                return False
            await _asked(driver, "VACUUM")
            # Readers of this process end soon; one of another must not hold up every move of the game.
            await _asked(driver, "PRAGMA busy_timeout=1000")
            try:
                return not await _asked(driver, "PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await _asked(driver, f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")

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
