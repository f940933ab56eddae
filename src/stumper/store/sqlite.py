"""SQLite's driver with hardly a trip into its thread.

aiosqlite makes four trips for a statement: for the cursor, the statement, its rows, and the cursor's end. A
move of the game takes a dozen statements of a tenth of a millisecond each, so that trips were most of their
time (benchmarks/statements.py). Here a single statement of a writing transaction takes none: it holds the
write lock already, so it waits for nobody, and what a move reads it finds by an index. So does a reading
transaction that says that it is brief. Nor does the beginning of a transaction, unless another process
writes for long, nor its end, unless many rows were written. What may take long goes to the thread, once:
waiting for the write lock, many rows written, copying the log into the file, and other reading transactions,
which may read a whole campaign.

Rows are read with their statement, as SQLAlchemy does anyway. So no statement is left half done, also not by
a task that is cancelled: SQLite's close would wait for it, and the write lock with it, for as long as
anything remembers the task.

A commit is in the write-ahead log when it returns, and outlives the process, however that ends. The log is
synced to the disk when it is copied into the file (synchronous=NORMAL): a power cut may cost the last moves,
never the file.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

import aiosqlite
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]
PATIENCE: Final = 30.0
"""Seconds that a connection waits for others, processes too, before the database counts as locked."""
_PAUSE: Final = 0.005
_NAPS: Final = 10 * (0.0001,)
"""Seconds between tries for the write lock in which nothing else is done: the event loop's own pauses are a
millisecond at least, twice as long as another process holds the lock.
"""
_PAUSES: Final = 20 * (0.001,)
"""Seconds between later tries, before SQLite waits for it: up to a tenth of a second a try."""
_BEGIN: Final = "BEGIN IMMEDIATE"
_ROWS_AT_ONCE: Final = 256
"""Rows that a connection writes before a commit goes to the thread and copies a log of 1,000 pages or more.
Copying waits for the disk; players who do not write go on meanwhile.
"""


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
    """Whether single statements are run where they are asked for: brief ones that wait for nobody."""
    _patient = True
    _copied_at = 0
    """Rows changed until the log was last copied."""

    def begin_reading(self) -> None:
        """Begins a transaction that takes no lock yet."""
        self._be_patient(True)
        self._conn.execute("BEGIN")

    async def begin_writing(self) -> None:
        """Begins a transaction with the write lock, for which it may wait. Raises SQLAlchemy's DBAPIError."""
        self.at_once = False
        await self.rollback()  # what a task left that was cancelled over and over
        self._be_patient(False)
        with _told():
            if not await self._begun_soon():
                self._be_patient(True)
                await self._execute(self._conn.execute, _BEGIN)  # type: ignore[no-untyped-call]
        self.at_once = True

    async def _begun_soon(self) -> bool:
        """Begins between two transactions of another process, which are shorter than SQLite's own pauses."""
        if self._begun_at_a_nap():
            return True
        for pause_s in _PAUSES:
            if self._begun():
                return True
            await asyncio.sleep(pause_s)
        return False

    def _begun_at_a_nap(self) -> bool:
        """Begins within a millisecond, if it can, in which no other task runs."""
        for nap_s in _NAPS:
            if self._begun():
                return True
            time.sleep(nap_s)
        return False

    def _begun(self) -> bool:
        """Whether the write lock was free. Raises what is no matter of waiting."""
        try:
            self._conn.execute(_BEGIN)
        except sqlite3.OperationalError as error:
            if _busy(error):
                return False
            raise
        return True

    def _be_patient(self, patient: bool) -> None:
        """Says whether statements wait for locks of others from now on."""
        if patient is not self._patient:
            self._conn.execute(f"PRAGMA busy_timeout={PATIENCE * 1000 if patient else 0:.0f}")
            self._patient = patient

    def run(self, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
        """Runs a statement here and now, while ``at_once``. Raises SQLAlchemy's DBAPIError."""
        try:
            return self._conn.execute(sql, values)
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, None, error, sqlite3.Error) from error

    async def commit(self) -> None:
        if not self._conn.in_transaction:
            return
        with _told():
            if self._conn.total_changes - self._copied_at < _ROWS_AT_ONCE:
                self._conn.execute("COMMIT")
                return
            await self._execute(_commit_and_copy, self._conn)  # type: ignore[no-untyped-call]
        self._copied_at = self._conn.total_changes

    async def rollback(self) -> None:
        # In the thread: a statement of a task that was cancelled may still run there.
        if self._conn.in_transaction:
            await self._execute(self._conn.rollback)  # type: ignore[no-untyped-call]

    def cursor(self) -> _Cursor:  # type: ignore[override]  # SQLAlchemy enters it, nobody awaits it
        return _Cursor(self, self._conn.cursor())


@contextmanager
def _told(sql: str = "") -> Iterator[None]:
    """Turns an error of SQLite's into SQLAlchemy's."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, None, error, sqlite3.Error) from error


def _commit_and_copy(opened: sqlite3.Connection) -> None:
    opened.execute("PRAGMA wal_autocheckpoint=1000")
    try:
        opened.commit()
    finally:
        opened.execute("PRAGMA wal_autocheckpoint=0")


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
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "wal_autocheckpoint=0"):
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
            if not _busy(error) or time.monotonic() > until:
                raise
            time.sleep(_PAUSE)


def _busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
