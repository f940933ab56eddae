"""Fresh stores for every measurement, copied from a prepared one: SQLite files, PostgreSQL databases."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg

from loads.hosts import prepare

sys.path.append(str(Path(__file__).parents[2]))  # for the servers of the tests
from tests.servers import find_binary, postgres_server


@dataclass(frozen=True, slots=True)
class Place:
    """Where a game keeps what it has."""

    data: Path
    database: str
    """As in Stumper's settings; empty: the SQLite file in ``data``."""
    look_in: str
    """SQLAlchemy's URL of the same store, for looking moves up."""


class Store(Protocol):
    def fresh(self) -> Place:
        """Returns a place where a campaign is prepared and nobody has played."""
        ...


class Sqlite:
    def __init__(self, folder: Path, *, pictures: int) -> None:
        self._folder, self._numbers = folder, itertools.count()
        asyncio.run(prepare(folder / "made", "", pictures=pictures))

    def fresh(self) -> Place:
        data = self._folder / f"played-{next(self._numbers)}"
        shutil.copytree(self._folder / "made", data)
        return Place(data, "", f"sqlite:///{data / 'stumper.db'}")


class Postgres:
    """``url`` is that of a server on which databases may be created; one is copied for each measurement."""

    def __init__(self, url: str, folder: Path, *, pictures: int) -> None:
        self._url, self._folder, self._numbers = url, folder, itertools.count()
        self._create("made")
        asyncio.run(prepare(folder / "made", self._of("made"), pictures=pictures))

    def fresh(self) -> Place:
        name = f"played_{next(self._numbers)}"
        self._create(name, "TEMPLATE made")
        look_in = self._of(name).replace("postgresql://", "postgresql+psycopg://")
        return Place(self._folder / "made", self._of(name), look_in)

    def _create(self, name: str, how: str = "") -> None:
        with psycopg.connect(self._url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name} {how}".encode())

    def _of(self, name: str) -> str:
        return self._url.replace("/postgres?", f"/{name}?")


@contextmanager
def open_store(name: str, folder: Path, *, pictures: int) -> Iterator[Store]:
    """Opens ``sqlite``, or ``postgresql``: a server of its own that syncs every commit and ends with this.

    Raises RuntimeError without PostgreSQL's binaries.
    """
    if name == "sqlite":
        yield Sqlite(folder / name, pictures=pictures)
        return
    initdb, postgres = find_binary("initdb"), find_binary("postgres")
    if initdb is None or postgres is None:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql, or --stores sqlite")
    with postgres_server(initdb, postgres, durable=True) as url:
        yield Postgres(url, folder / name, pictures=pictures)
