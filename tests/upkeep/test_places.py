"""Backups of what is unusual, and restoring into a wrong place: nothing is left out, nothing is mixed up."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import Connection, create_engine

from stumper.config import Settings
from stumper.errors import BadInput, BadSetting, Conflict, StoreError
from stumper.images.files import FolderFiles
from stumper.store import migrate
from stumper.store.database import Database
from stumper.upkeep import dumps
from stumper.upkeep.backup import back_up, copy
from stumper.upkeep.check import check_store
from stumper.upkeep.restore import restore


@pytest.fixture
def settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """A data folder with a database in which nobody has played."""
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "stumper.db")
    return Settings(data=tmp_path / "data")


def _sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(statement)
    connection.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "elsewhere")


def _change(backup: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = backup / "backup.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


async def test_a_database_of_an_older_schema_is_backed_up_before_it_is_brought_up(
    tmp_path: Path, elsewhere: Settings
) -> None:
    (tmp_path / "data").mkdir()
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'stumper.db'}")
    with engine.begin() as connection:
        _upgraded(connection, "0001")
    engine.dispose()

    made = await back_up(Settings(data=tmp_path / "data"), tmp_path / "backup", now=1.0)
    await restore(elsewhere, tmp_path / "backup", forgotten=[], now=2.0)

    assert (made.schema, made.counts["player"], made.forgotten) == ("0001", 0, [])


def _upgraded(connection: Connection, revision: str) -> None:
    command.upgrade(migrate._config(connection), revision)


async def test_a_database_without_tables_is_refused(tmp_path: Path) -> None:
    _sql(tmp_path / "stumper.db", "CREATE TABLE other (id); ")
    settings = Settings(data=tmp_path)
    database = Database(settings.database_url)

    with pytest.raises(StoreError, match="STUMPER_DATABASE"):
        await back_up(settings, tmp_path / "backup", now=1.0)
    with pytest.raises(StoreError, match=r"schema none.*STUMPER_DATABASE"):
        await check_store(database, files=FolderFiles(tmp_path), releases=tmp_path)
    await database.close()
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("url", ["nonsense", "mysql://ada:hunter2@host/name"])
async def test_an_address_that_is_none_is_refused_unshown(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"STUMPER_DATABASE|Use sqlite") as refused:
        await back_up(Settings(data=tmp_path, database=url), tmp_path / "backup", now=1.0)
    assert "hunter2" not in str(refused.value)


async def test_folders_that_are_links_are_in_it(
    settings: Settings, tmp_path: Path, elsewhere: Settings
) -> None:
    (tmp_path / "large" / "tuned").mkdir(parents=True)
    (tmp_path / "large" / "tuned" / "weights").write_bytes(b"heavy")
    (settings.data / "models").mkdir()
    (settings.data / "models" / "tuned").symlink_to(tmp_path / "large" / "tuned")
    (settings.data / "models" / ".unfinished").mkdir()
    (settings.data / "models" / ".unfinished" / "half").write_bytes(b"h")

    made = await back_up(settings, tmp_path / "backup", now=1.0)
    await restore(elsewhere, tmp_path / "backup", forgotten=[], now=2.0)

    assert list(made.files) == ["data/models/tuned/weights", "database"]
    assert (elsewhere.data / "models" / "tuned" / "weights").read_bytes() == b"heavy"


@pytest.mark.parametrize("left", ["stumper.db-wal", "stumper.db-journal", "jobs.db"])
async def test_what_was_left_of_another_database_is_not_mixed_in(
    left: str, settings: Settings, tmp_path: Path, elsewhere: Settings
) -> None:
    await back_up(settings, tmp_path / "backup", now=1.0)
    elsewhere.data.mkdir()
    (elsewhere.data / left).write_bytes(b"of another")

    with pytest.raises(Conflict, match=f"{left.partition('-')[0]}.*STUMPER_DATA"):
        await restore(elsewhere, tmp_path / "backup", forgotten=[], now=2.0)

    assert [path.name for path in elsewhere.data.iterdir()] == [left]


async def test_over_an_installation_nothing_is_restored(settings: Settings, tmp_path: Path) -> None:
    await back_up(settings, tmp_path / "backup", now=1.0)
    before = (settings.data / "stumper.db").read_bytes()

    with pytest.raises(Conflict, match=r"stumper\.db.*STUMPER_DATA"):
        await restore(settings, tmp_path / "backup", forgotten=[], now=2.0)

    assert (settings.data / "stumper.db").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda told: told.update(schema="9999", version="9.9"), StoreError, "Install Stumper 9.9"),
        (lambda told: told["files"].pop("database"), BadInput, "damaged: database"),
        (lambda told: told.update(jobs="sqlite"), BadInput, "damaged: jobs"),
        (lambda told: told["files"].update({"data/../../x": "0"}), BadInput, "damaged"),
        (lambda told: told.update(database="postgresql"), BadInput, "STUMPER_DATABASE"),
        (lambda told: told.update(files=["database"]), BadInput, "damaged"),
        (lambda told: told.update(made_at="yesterday"), BadInput, "damaged"),
        (lambda told: told.pop("forgotten"), BadInput, "damaged"),
    ],
)
async def test_a_backup_that_cannot_be_used_here_writes_nothing(
    change: Callable[[dict[str, Any]], object],
    error: type[Exception],
    says: str,
    settings: Settings,
    tmp_path: Path,
    elsewhere: Settings,
) -> None:
    await back_up(settings, tmp_path / "backup", now=1.0)
    _change(tmp_path / "backup", change)

    with pytest.raises(error, match=says):
        await restore(elsewhere, tmp_path / "backup", forgotten=[], now=2.0)

    assert not elsewhere.data.exists()


async def test_a_place_that_cannot_be_written_to_is_said(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("no folder")
    await back_up(settings, tmp_path / "backup", now=1.0)

    with pytest.raises(StoreError, match=r"No backup at .*a file.*the rights"):
        await back_up(settings, tmp_path / "a file" / "backup", now=1.0)
    with pytest.raises(StoreError, match=r"a file.*the rights"):
        await restore(Settings(data=tmp_path / "a file" / "d"), tmp_path / "backup", forgotten=[], now=2.0)


def test_nobody_else_can_read_a_secret_even_while_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("of the cookies")
    modes = []

    class Watching:
        def update(self, _part: bytes) -> None:
            modes.append((tmp_path / "copy").stat().st_mode & 0o777)

        def hexdigest(self) -> str:
            return ""

    monkeypatch.setattr("stumper.upkeep.backup.hashlib.sha256", Watching)

    copy(tmp_path / "secret", tmp_path / "copy", mode=0o600)

    assert modes == [0o600]


async def test_who_was_forgotten_while_it_was_made_is_forgotten_in_it(
    settings: Settings, tmp_path: Path, elsewhere: Settings
) -> None:
    _sql(
        settings.data / "stumper.db",
        "INSERT INTO player (id, nickname, language, kind, created_at, consent_at, licence, e_value) "
        "VALUES ('p1', 'ada', 'en', 'human', 0, 0, '', 1)",
    )
    await back_up(settings, tmp_path / "backup", now=1.0)
    _change(tmp_path / "backup", lambda told: told.update(forgotten=["p1"]))

    done = await restore(elsewhere, tmp_path / "backup", forgotten=[], now=2.0)

    assert done.forgotten == ("p1",)


@pytest.mark.postgres
@pytest.mark.parametrize("together", [False, True])
async def test_jobs_on_postgresql_are_backed_up_wherever_they_are(
    together: bool, empty_url: str, settings: Settings, tmp_path: Path
) -> None:
    """DBOS keeps them in a schema of their own."""
    if dumps.is_sqlite(empty_url):
        pytest.skip("a file has no schemas")
    with psycopg.connect(empty_url) as connection:
        connection.execute("CREATE SCHEMA dbos")
        connection.execute("CREATE TABLE dbos.workflow_status (id TEXT)")
    assert not dumps.is_empty(empty_url)
    if together:
        await _migrated(empty_url)
    chosen = settings.model_copy(update={"jobs": empty_url, **({"database": empty_url} if together else {})})

    made = await back_up(chosen, tmp_path / "backup", now=1.0)

    # in one database with the rest they are in its dump
    assert made.jobs == ("" if together else "postgresql")
    assert ("jobs" in made.files) is not together
    assert b"workflow_status" in (tmp_path / "backup" / ("database" if together else "jobs")).read_bytes()


async def _migrated(url: str) -> None:
    database = Database(url)
    await migrate.migrate(database)
    await database.close()


@pytest.mark.parametrize("url", ["postgresql://ada:hunter2@h/x", "postgresql://ada@h/x?password=hunter2"])
def test_no_password_is_among_the_arguments_that_every_user_may_list(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "pg_dump"
    tool.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo 99 && exit\necho "$@" > {tmp_path}/words\n'
        f'echo "$PGPASSWORD" > {tmp_path}/secret\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(dumps, "_ask", lambda *_: 150_000)

    dumps.dump(url, tmp_path / "dump")

    assert "--dbname=postgresql://ada@h/x " in (tmp_path / "words").read_text()
    assert "hunter2" not in (tmp_path / "words").read_text()
    assert (tmp_path / "secret").read_text().strip() == "hunter2"


def test_the_tools_of_postgresql_get_its_settings_and_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo 99 && exit\nexport -p > {tmp_path}/env\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PGSSLROOTCERT", "/certificates/root")
    monkeypatch.setenv("PGPASSFILE", "/secrets/pgpass")
    monkeypatch.setenv("STUMPER_SECRET", "of the cookies")
    monkeypatch.setattr(dumps, "_ask", lambda *_: 150_000)

    dumps.dump("postgresql://ada@h/x", tmp_path / "dump")

    env = (tmp_path / "env").read_text()
    assert "/certificates/root" in env
    assert "/secrets/pgpass" in env
    assert "of the cookies" not in env


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("postgresql://ada@h/x", "postgresql+psycopg://bob:secret@h/x", True),
        ("postgresql://ada@h/x", "postgresql://ada@h/y", False),
        ("postgresql://ada@h/x", "sqlite:///x", False),
        ("postgresql:///x?host=/a", "postgresql:///x?host=/b", False),
    ],
)
def test_one_database_under_two_names_is_known(one: str, other: str, same: bool) -> None:
    assert dumps.is_same(one, other) is same
