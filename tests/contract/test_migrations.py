"""Migrations and `store/schema.py` are two accounts of the same tables: they must not drift apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from stumper.errors import StoreError
from stumper.store import migrate as migrations
from stumper.store.database import Database
from stumper.store.migrate import VERSION_TABLE, differences, migrate
from stumper.store.schema import metadata


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    database = Database(empty_url)
    yield database
    await database.close()


async def _set_version(database: Database, version: str) -> None:
    async with database.begin() as tx:
        await tx.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :version"), {"version": version})


async def test_the_migrations_make_the_tables_of_the_schema(empty: Database) -> None:
    await migrate(empty)

    async with empty.read() as tx:
        assert await tx.run_sync(differences) == [], (
            'write the missing migration: python -m stumper.store.migrate "what changed"'
        )


async def test_a_difference_is_noticed(empty: Database) -> None:
    await migrate(empty)
    async with empty.begin() as tx:
        await tx.execute(text("ALTER TABLE campaign ADD COLUMN motto TEXT"))

    async with empty.read() as tx:
        assert [change[0] for change in await tx.run_sync(differences)] == ["remove_column"]


async def test_migrating_again_changes_nothing(empty: Database) -> None:
    await migrate(empty)
    async with empty.begin() as tx:
        await tx.execute(
            metadata.tables["campaign"]
            .insert()
            .values(id="c1", name="toytown", licence="CC-BY-4.0", rules={}, created_at=0.0)
        )

    await migrate(empty)

    async with empty.read() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM campaign"))).scalar_one() == 1


async def test_rows_of_an_older_schema_are_kept(empty: Database) -> None:
    """SQLite copies the tables that change: rows of others name them while the old ones are dropped."""
    async with empty.rebuild() as tx:
        await tx.run_sync(lambda connection: command.upgrade(migrations._config(connection), "0006"))
    rows = {
        "campaign": "'c1', 'toytown', 'CC0', '{}', 0",
        "player (id, nickname, language, kind, consent_at, licence, created_at)": (
            "'p1', 'Ada', 'en', 'human', 0, 'CC0', 0"
        ),
        "round": "'r1', 'c1', 1, 'onnx:', 'open', 0, NULL",
        "release": "'a1', 'c1', 'r1', 1, 'd', '/gone', 3, 0",
        "tuning": "'t1', 'a1', 'onnx:', 'hf:x', '{}', 1, '{}', 0",
        "sight": "'p1', 'c1', 0.8, 0.1, 0",
    }
    async with empty.begin() as tx:
        for table, values in rows.items():
            await tx.execute(text(f"INSERT INTO {table} VALUES ({values})"))

    await migrate(empty)

    async with empty.read() as tx:
        assert await tx.run_sync(differences) == []
        for table in rows:
            assert (await tx.execute(text(f"SELECT count(*) FROM {table.split()[0]}"))).scalar_one() == 1
        kept = (await tx.execute(text("SELECT nickname, time_zone, notices FROM player"))).one()
        assert (kept.nickname, kept.time_zone, bool(kept.notices)) == ("Ada", "UTC", True)
    with pytest.raises(IntegrityError):  # keys are checked again
        async with empty.begin() as tx:
            await tx.execute(text("INSERT INTO sight VALUES ('nobody', 'c1', 0.8, 0.1, 0)"))


async def test_a_row_that_names_nobody_stops_the_rebuilding(sqlite_database: Database) -> None:
    with pytest.raises(StoreError, match=r"rows of the database.*'sight'"):
        async with sqlite_database.rebuild() as tx:
            await tx.execute(text("INSERT INTO sight VALUES ('nobody', 'nowhere', 0.8, 0.1, 0)"))

    async with sqlite_database.read() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM sight"))).scalar_one() == 0


async def test_several_processes_may_start_at_once(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(4)]

    await asyncio.gather(*(migrate(database) for database in databases))

    async with databases[0].read() as tx:
        assert await tx.run_sync(differences) == []
    for database in databases:
        await database.close()


@pytest.mark.parametrize(("version", "way_out"), [("9999", "newer Stumper"), ("abcdef", "that wrote it")])
async def test_a_schema_this_code_does_not_know_is_left_alone(
    empty: Database, version: str, way_out: str
) -> None:
    await migrate(empty)
    await _set_version(empty, version)

    with pytest.raises(StoreError, match=f"schema {version}.*{way_out}.*STUMPER_DATABASE"):
        await migrate(empty)


async def test_tables_of_somebody_else_are_left_alone(empty: Database) -> None:
    async with empty.begin() as tx:
        await tx.execute(text("CREATE TABLE player (name TEXT)"))

    with pytest.raises(StoreError, match="tables named player"):
        await migrate(empty)

    async with empty.begin() as tx:
        await tx.execute(text("INSERT INTO player (name) VALUES ('still mine')"))


async def test_a_migration_that_fails_leaves_nothing_behind(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = migrations.command.upgrade

    def fail_at_the_end(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        raise RuntimeError("no space left")

    monkeypatch.setattr(migrations.command, "upgrade", fail_at_the_end)
    with pytest.raises(RuntimeError, match="no space left"):
        await migrate(empty)
    monkeypatch.undo()

    await migrate(empty)

    async with empty.read() as tx:
        assert await tx.run_sync(differences) == []


def test_the_migrations_are_numbered_in_order() -> None:
    folder = Path(migrations.__file__).parent / "migrations" / "versions"
    numbers = sorted(path.name[:4] for path in folder.glob("*.py"))

    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
