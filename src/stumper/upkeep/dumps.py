"""One database into one file and back, while it is used: SQLite by its backup API, PostgreSQL by pg_dump.

A password travels in the environment of the child, never among its arguments, which every user may list.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from stumper.config import for_postgres_tools
from stumper.errors import BadSetting, StoreError

_PAGES: Final = 1_000
"""Copied between two looks at whether to stop; writers go on all the time (write-ahead log)."""


def is_sqlite(url: str) -> bool:
    """Whether it is a file, else PostgreSQL. Raises BadSetting for an address of neither."""
    try:
        kind = make_url(url).get_backend_name()
    except ArgumentError as error:  # it is not shown: it may hold a password
        raise BadSetting(
            "The address of a database cannot be read. Set STUMPER_DATABASE and STUMPER_JOBS to "
            "sqlite:///PATH or postgresql://USER@HOST/NAME."
        ) from error
    if kind not in {"sqlite", "postgresql", "postgres"}:
        raise BadSetting(f"Database {kind!r} is not supported. Use sqlite or postgresql.")
    return kind == "sqlite"


def is_same(one: str, other: str) -> bool:
    """Whether two addresses name one database, whoever connects."""
    a, b = (_unnamed(make_url(url)) for url in (one, other))
    return a == b


def _unnamed(url: URL) -> URL:
    # `set` leaves a None as it was: it would keep the password
    return url._replace(drivername=url.get_backend_name(), username=None, password=None)


def dump(url: str, target: Path) -> None:
    """Writes the database as it is at one moment. Raises StoreError, or BadSetting without pg_dump."""
    if is_sqlite(url):
        _copy_sqlite(Path(make_url(url).database or ""), target)
    else:
        _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={target}")


def load(url: str, source: Path) -> None:
    """Fills an empty database. Raises StoreError; then nothing was restored."""
    if is_sqlite(url):
        place = Path(make_url(url).database or "")
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f".{place.name}.restoring")
        shutil.copyfile(source, beside)
        beside.rename(place)
    else:
        _run(
            url,
            "pg_restore",
            "--no-owner",
            "--no-acl",
            "--exit-on-error",
            "--single-transaction",
            str(source),
        )


def is_empty(url: str) -> bool:
    """Whether nothing is there yet. Raises StoreError if PostgreSQL does not answer."""
    if is_sqlite(url):
        file = make_url(url).database or ""
        # A log that was left alone would be played into the file that is put beside it.
        return not any(Path(f"{file}{ending}").exists() for ending in ("", "-wal", "-journal"))
    # In every schema: the jobs have one of their own.
    query = (
        "SELECT COUNT(*) FROM information_schema.tables "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    return _ask(url, query) == 0


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise StoreError(f"There is no database at {source}. Name it with STUMPER_DATABASE or STUMPER_DATA.")
    try:
        with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
            # One moment for the whole copy: else each move of a player would make it begin again.
            here.execute("BEGIN")
            here.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            here.backup(there, pages=_PAGES)
            there.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreError(
            f"{source} cannot be copied to {target}: {error}. Look at the room on the disk, and at the file: "
            "stumper doctor"
        ) from error


def _plain(url: str) -> URL:
    return make_url(url).set(drivername="postgresql")


def _ask(url: str, query: str) -> int:
    try:
        with psycopg.connect(_plain(url).render_as_string(hide_password=False)) as connection:
            row = connection.execute(query.encode()).fetchone()
    except psycopg.Error as error:
        shown = make_url(url).render_as_string(hide_password=True)
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise StoreError(
            f"No connection to {shown}: {reason}. Start the database, or correct STUMPER_DATABASE and "
            "STUMPER_JOBS."
        ) from error
    return int(row[0]) if row else 0


def _run(url: str, name: str, *words: str) -> None:
    tool = shutil.which(name)
    if tool is None:
        raise BadSetting(f"{name} is not in PATH. Install PostgreSQL's client (Debian: postgresql-client).")
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"(\d+)[.\d]*", said)
    server = _ask(url, "SELECT current_setting('server_version_num')::int") // 10_000
    if found is None or int(found[1]) < server:
        raise BadSetting(
            f"{tool} is {said.strip()!r}, the server is version {server}: an older tool cannot read it. "
            f"Install postgresql-client-{server}, or put its bin folder first in PATH."
        )
    plain = _plain(url)
    password = plain.password or plain.query.get("password")
    env = for_postgres_tools() | ({"PGPASSWORD": str(password)} if password else {})
    # `set` would keep the password where it is told None
    target = plain._replace(password=None).difference_update_query(["password"]).render_as_string(False)
    done = subprocess.run(  # noqa: S603
        [tool, f"--dbname={target}", *words], capture_output=True, text=True, check=False, env=env
    )
    if done.returncode:
        raise StoreError(f"{name} failed: {done.stderr.strip()[-500:]}. Nothing was kept of it.")
