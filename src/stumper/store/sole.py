"""Sees to it that one process at a time holds a name; the hold ends with the process, even by kill -9."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from stumper.errors import StoreError


@contextmanager
def sole(url: str, name: str) -> Iterator[None]:
    """Holds ``name`` on the database at ``url`` until the block ends. Raises StoreError if it is held."""
    parsed = make_url(url)
    refusal = StoreError(
        f"{parsed.render_as_string(hide_password=True)} is in use by another Stumper process as {name!r}. "
        "Wait for it, stop it, or choose another worker name on PostgreSQL (another jobs file on SQLite)."
    )
    if parsed.get_backend_name() == "sqlite":
        with _sole_on_file(Path(f"{parsed.database}.lock"), refusal):
            yield
    else:
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        with _sole_on_postgres(plain, f"stumper worker {name}", refusal):
            yield


@contextmanager
def _sole_on_file(path: Path, refusal: StoreError) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The file stays: removing it would let two processes lock two files of one name.
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise refusal from error
        yield


@contextmanager
def _sole_on_postgres(url: str, name: str, refusal: StoreError) -> Iterator[None]:
    try:
        connection = psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        raise StoreError("No connection to the database of the jobs. Correct STUMPER_JOBS.") from error
    with connection:
        # The lock belongs to the connection, so the server drops it when the process dies.
        row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name]).fetchone()
        if row != (True,):
            raise refusal
        yield
