"""SQLite's driver with fewer trips into its thread.

aiosqlite makes four trips for a statement: for the cursor, the statement, its rows, and the cursor's end. A
move of the game takes a dozen statements of a tenth of a millisecond each, so that trips were most of their
time (benchmarks/statements.py). Here a single statement of a writing transaction takes none: it holds the
write lock already, so it waits for nobody, and what a move reads it finds by an index. What may take long
goes to the thread, once: waiting for the write lock, the commit, many rows written, and reading transactions,
which may read a whole campaign.

Rows are read with their statement, as SQLAlchemy does anyway. So no statement is left half done, also not by
a task that is cancelled: SQLite's close would wait for it, and the write lock with it, for as long as
anything remembers the task.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

import aiosqlite

Row = tuple[Any, ...]
PATIENCE: Final = 30.0
"""Seconds that a connection waits for others, processes too, before the database counts as locked."""
_PAUSE: Final = 0.005


class _Cursor(aiosqlite.Cursor):
    """Holds the rows of its last statement."""

    _rows: list[Row]

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        if isinstance(self._conn, Connection) and self._conn.at_once:
            self._rows = _all_rows(self._cursor, sql, parameters or ())
        else:
            run = _all_rows, self._cursor, sql, parameters or ()
            self._rows = await self._conn._execute(*run)  # type: ignore[no-untyped-call]
        return self

    async def fetchall(self) -> Sequence[Row]:  # type: ignore[override]  # SQLAlchemy sets no row factory
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is left to end."""


def _all_rows(cursor: sqlite3.Cursor, sql: str, parameters: Iterable[Any]) -> list[Row]:
    return cursor.execute(sql, parameters).fetchall()  # type: ignore[arg-type]  # any sequence or mapping


class Connection(aiosqlite.Connection):
    """A connection whose cursors take no trip."""

    at_once = False
    """Whether single statements are run where they are asked for; while the write lock is held."""

    def cursor(self) -> _Cursor:  # type: ignore[override]  # SQLAlchemy enters it, nobody awaits it
        return _Cursor(self, self._conn.cursor())


def connect(database: str) -> Connection:
    """Returns a connection to be awaited, as ``aiosqlite.connect`` does; its thread ends with the process."""
    # Cursors are used outside the connection's thread; SQLite is built to be called from several.
    connection = Connection(lambda: _open(database), iter_chunk_size=64)
    connection._thread.daemon = True
    return connection


def _open(database: str) -> sqlite3.Connection:
    """Opens a file in autocommit mode with a write-ahead log; in the connection's thread, as it may wait."""
    opened = sqlite3.connect(database, check_same_thread=False, timeout=PATIENCE, isolation_level=None)
    try:
        _log_ahead(opened)
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
            opened.execute(f"PRAGMA {pragma}")
    except BaseException:
        opened.close()
        raise
    return opened


def _log_ahead(opened: sqlite3.Connection) -> None:
    """Turns the write-ahead log on; a file keeps it, so that only the first connection changes anything.

    Of several that open a new file at once, SQLite refuses some on the spot, however long they would wait:
    here another's wait could be for them (sqlite.org/c3ref/busy_handler.html). So they try again.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            opened.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
