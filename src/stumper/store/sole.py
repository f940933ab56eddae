"""Sees to it that one process at a time holds a name; the hold ends with the process, even by kill -9."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy.engine import make_url

from stumper.errors import StoreError

# PostgreSQL shows a lock's 64 bits as two numbers.
_HELD: Final = """
    SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND granted AND datname = current_database() AND objsubid = 1
    AND (classid::bigint << 32) | objid::bigint = hashtextextended(%s, 0)
"""


_TRIES: Final = 3
_PAUSE_S: Final = 0.1
"""Whoever only looks whether a name is held (``jobs.waiting``) holds it for a moment."""


@contextmanager
def sole(url: str, name: str) -> Iterator[None]:
    """Holds a worker's name on the database at ``url`` until the block ends; StoreError if it is held."""
    for left in reversed(range(_TRIES)):
        with held(url, name) as mine:
            if mine:
                yield
                return
        if left:
            time.sleep(_PAUSE_S)
    shown = make_url(url).render_as_string(hide_password=True)
    raise StoreError(
        f"{shown} is in use by another Stumper process as {name!r}. Wait for it, stop it, or choose another "
        "worker name on PostgreSQL with STUMPER_WORKER (another jobs file on SQLite)."
    )


def is_held(url: str, name: str) -> bool:
    """Whether a worker holds ``name``; on SQLite, where one at a time is let in, only the asker's is held.

    Asks without taking, for taking it would refuse who comes at that moment.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return False
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        return connection.execute(_HELD, [f"stumper worker {name}"]).fetchone() is not None


@contextmanager
def held(url: str, name: str, *, kind: str = "worker") -> Iterator[bool]:
    """Yields whether this process holds ``name`` among those of its kind; it does so until the block ends.

    On SQLite there is one holder of a kind, whatever its name. Raises StoreError without a database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        ending = "" if kind == "worker" else f".{kind}"
        with _held_on_file(Path(f"{parsed.database}{ending}.lock")) as mine:
            yield mine
    else:
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        with _held_on_postgres(plain, f"stumper {kind} {name}") as mine:
            yield mine


@contextmanager
def _held_on_file(path: Path) -> Iterator[bool]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The file stays: removing it would let two processes lock two files of one name.
        opened = path.open("w")
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror}. Give this user the right to write there, or name "
            "another place with STUMPER_DATA or STUMPER_JOBS."
        ) from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            mine = False
        else:
            mine = True
        yield mine


@contextmanager
def _held_on_postgres(url: str, name: str) -> Iterator[bool]:
    try:
        connection = psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        shown = make_url(url).render_as_string(hide_password=True)
        raise StoreError(
            f"No connection to {shown}. Correct STUMPER_JOBS (of a worker) or STUMPER_DATABASE."
        ) from error
    with connection:
        # The lock belongs to the connection, so the server drops it when the process dies.
        row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name]).fetchone()
        yield row == (True,)
