"""The connection to SQLite or PostgreSQL; with `store.held` the only place where a transaction commits.

SQLite needs five cures (each a lost update or a lock error without it): autocommit mode of the driver
with our own BEGIN IMMEDIATE, write-ahead log, a busy timeout against other processes, a queue for the
writers of this one, and no statement that is left half done (`store.sqlite`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from stumper.errors import BadSetting, StoreError
from stumper.observe.traces import span
from stumper.store.held import Glance, Held, Keeper, Writing
from stumper.store.sqlite import PATIENCE, connect

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


def _engine(url: str, name: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise BadSetting(
            "The database URL cannot be read. Set STUMPER_DATABASE to sqlite:///stumper.db or "
            "postgresql://user@host/name."
        ) from error
    dialect = parsed.get_backend_name()
    if dialect not in _DRIVERS:
        raise BadSetting(
            f"Database {dialect!r} is not supported. Set STUMPER_DATABASE to sqlite:///PATH or postgresql://..."
        )
    parsed = parsed.set(drivername=_DRIVERS[dialect])
    if dialect != "sqlite":
        named = {"application_name": name}
        return create_async_engine(
            parsed, pool_size=10, max_overflow=10, pool_pre_ping=True, connect_args=named
        )
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
    options = connection.get_execution_options()
    driver = connection.connection.driver_connection
    if options.get("reading", False):
        driver.begin_reading()
        driver.at_once = options.get("brief", False)
    elif not driver.in_transaction:
        await_only(driver.begin_writing())


async def _asked(driver: Any, sql: str) -> int:
    """Runs a statement outside any transaction; returns the first number it answers, 0 without one."""
    cursor = await driver.execute(sql)
    row = await cursor.fetchone()
    await cursor.close()
    return int(row[0]) if row else 0


def _reason(error: Exception) -> str:
    """What the driver says first, in one line: a wrong password, an unknown host, nobody listening."""
    said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return said.splitlines()[0].strip().rstrip(".")


class Database:
    """Transactions on one database; ``async with db.begin() as tx`` commits at its end, or rolls back."""

    def __init__(self, url: str, *, name: str = "stumper") -> None:
        """``name`` is what other processes see of this one on PostgreSQL (``store.server``)."""
        self._engine = _engine(url, name)
        self.url = url
        self._on_sqlite = self._engine.dialect.name == "sqlite"
        self._turn = asyncio.Lock()
        """Of SQLite's one writer (`store.held`)."""
        self._writer, self._glancer = Keeper(self._hold), Keeper(self._hold)

    @property
    def engine(self) -> AsyncEngine:
        return self._engine

    def begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A writing transaction; one inside another waits for ever. Raises StoreError without a database."""
        if self._on_sqlite:
            return Writing(self._writer, self._turn, self._refusal)
        return self._begin_on_server()

    @asynccontextmanager
    async def _begin_on_server(self) -> AsyncIterator[AsyncConnection]:
        with span("database write"):
            async with self._connect() as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def rebuild(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction that may make tables anew; keys are checked at its end, not at each step.

        SQLite changes a table by copying it and dropping the old one, which rows elsewhere still name. Raises
        StoreError, and changes nothing, if a row names one that is not there any more.
        """
        if not self._on_sqlite:
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
    async def read(self, *, brief: bool = False) -> AsyncIterator[AsyncConnection]:
        """A reading transaction; on SQLite it takes no write lock.

        ``brief``: each statement finds a few rows by an index, so that on SQLite it need not leave the event
        loop; one that took long would hold everybody up.
        """
        with span("database read"):
            async with self._connect() as connection:
                await connection.execution_options(reading=True, brief=brief)
                async with connection.begin():
                    yield connection

    def glance(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """For one statement that finds a few rows by an index; two may see what was written between them.

        On SQLite it takes no transaction: a prepared statement (`store.prepared`) is all that is run.
        """
        return Glance(self._glancer) if self._on_sqlite else self.read(brief=True)

    async def scrub(self, *, most_bytes: int | None = None) -> bool:
        """Rewrites a SQLite file, so that nothing deleted is left in its free pages, its gaps or its log.

        Writers wait meanwhile. Returns whether it was done: a file larger than ``most_bytes`` stays as it is,
        and so does the log while somebody reads. On PostgreSQL autovacuum gives the space of deleted rows to
        new ones: that is the server's own matter.
        """
        if not self._on_sqlite:
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

    async def _hold(self) -> Held:
        held = Held(self._engine)
        await self._start(held)
        await held.know_driver()
        return held

    async def _start(self, connection: AsyncConnection) -> None:
        try:
            await connection.start()
        except (DBAPIError, OSError) as error:
            shown = self._engine.url.render_as_string(hide_password=True)
            raise StoreError(
                f"No connection to {shown}: {_reason(error)}. Start the database or correct STUMPER_DATABASE."
            ) from error

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[AsyncConnection]:
        connection = self._engine.connect()
        await self._start(connection)
        try:
            with self._told():
                yield connection
        finally:
            await asyncio.shield(connection.close())

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Says in plain words what became of a database in the middle of a transaction."""
        try:
            yield
        except DBAPIError as error:
            if (refusal := self._refusal(error)) is not None:
                raise refusal from error
            raise

    def _refusal(self, error: DBAPIError) -> StoreError | None:
        """Returns what to say of a database that went away, or is full, in the middle of a transaction.

        Nothing of it was kept, or all: the word that it was may be lost. Moves bear being sent again.
        """
        shown = self._engine.url.render_as_string(hide_password=True)
        if error.connection_invalidated:
            return StoreError(f"The connection to {shown} broke off. Send it again in a moment.")
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _NO_ROOM:
            return StoreError(
                f"{shown} cannot be written: {error.orig}. Free some space, then send it again."
            )
        return None

    async def close(self) -> None:
        await self._writer.close()
        await self._glancer.close()
        await self._engine.dispose()
