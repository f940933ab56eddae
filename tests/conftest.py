"""Fixtures for every test: a migrated ``database`` on SQLite and on PostgreSQL, and a Redis.

STUMPER_TEST_POSTGRES=postgresql://USER@HOST/NAME uses a server that runs already (the user must be allowed to
create databases); without it a private one is started from the server's binaries.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import onnxruntime
import psycopg
import pytest
from sqlalchemy.engine import make_url

from stumper.store.database import Database
from stumper.store.migrate import migrate
from stumper.vlm.onnx import SHIPPED
from tests import examples  # noqa: F401  registers how much is tried
from tests.servers import find_binary, postgres_server, redis_server

NO_POSTGRES = (
    "PostgreSQL half skipped: no STUMPER_TEST_POSTGRES, and no initdb and postgres in PATH or "
    "/usr/lib/postgresql/*/bin (Debian: apt-get install postgresql)"
)
NO_REDIS = "Redis half skipped: no redis-server in PATH (Debian: apt-get install redis-server)"
_WHOLE_FILE = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.(slow|browser)\b", re.MULTILINE)
_LONGEST = {"test_demo.py", "test_week.py", "test_everyone.py"}
BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves a file unread if all of it is left out by its mark: its imports take longer than many tests.

    Torch, transformers and a browser's driver cost each of two processes seconds, to run nothing.
    """
    if collection_path == Path(__file__).parent / "browser":
        return "not browser" in config.option.markexpr or None
    if not re.fullmatch(r"test_\w+\.py", collection_path.name):
        return None
    whole = _WHOLE_FILE.search(collection_path.read_text(encoding="utf-8"))
    return (whole is not None and f"not {whole[1]}" in config.option.markexpr) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes go first: as the last one, it would keep the other process waiting."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)


async def _migrated(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


@pytest.fixture(scope="session", autouse=True)
def shipped_graphs_once() -> Iterator[None]:
    """Loads the graphs of the shipped model once a process: they never change, and may be shared."""
    load = onnxruntime.InferenceSession
    loaded: dict[Path, onnxruntime.InferenceSession] = {}

    def once(path: Path, *args: object, **more: object) -> onnxruntime.InferenceSession:
        if not path.is_relative_to(SHIPPED):
            return load(path, *args, **more)
        if path not in loaded:
            loaded[path] = load(path, *args, **more)
        return loaded[path]

    with mock.patch.object(onnxruntime, "InferenceSession", once):
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server on which databases may be made."""
    with ExitStack() as stack:
        url = os.environ.get("STUMPER_TEST_POSTGRES")
        initdb, server = find_binary("initdb"), find_binary("postgres")
        if not url:
            if initdb is None or server is None:
                pytest.skip(NO_POSTGRES)
            url = stack.enter_context(postgres_server(initdb, server))
        yield url


def _on_postgres(url: str, statement: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement.encode())


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> Iterator[str]:
    """Name of a migrated database: a copy takes a tenth of the time of a migration."""
    name = f"stumper_template_{uuid.uuid4().hex[:8]}"
    _on_postgres(postgres, f"CREATE DATABASE {name}")
    asyncio.run(_migrated(_named(postgres, name)))
    yield name
    _on_postgres(postgres, f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "stumper.db"
    asyncio.run(_migrated(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'stumper.db'}"
    else:
        yield from _postgres_copy(request.getfixturevalue("postgres"), template="template0")


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database with every table, empty, for this test alone."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        yield f"sqlite:///{shutil.copy(template, tmp_path / 'stumper.db')}"
    else:
        template = request.getfixturevalue("postgres_template")
        yield from _postgres_copy(request.getfixturevalue("postgres"), template=template)


def _postgres_copy(url: str, *, template: str) -> Iterator[str]:
    name = f"stumper_test_{uuid.uuid4().hex[:12]}"
    _on_postgres(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _named(url, name)
    _on_postgres(url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database, once on SQLite and once on PostgreSQL."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_database(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite database, for tests whose subject is not the database."""
    opened = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'stumper.db')}")
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    binary = find_binary("redis-server")
    if binary is None:
        pytest.skip(NO_REDIS)
    with redis_server(binary) as url:
        yield url
