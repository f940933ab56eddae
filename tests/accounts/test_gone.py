"""Gone is gone: not a byte of what a forgotten player typed is in the database's files, nor in the log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Text, cast, func, insert, select, update
from structlog.testing import capture_logs

from stumper.accounts.forget import forget
from stumper.store import schema
from stumper.store.database import Database
from tests.accounts.lives import EVE, MARK, NOW, live

NETWORK = "9f8e7d6c5b4a"


def holders(folder: Path, *words: str) -> list[str]:
    """Names the database's files in which one of the words stands."""
    files = [path for path in sorted(folder.glob("stumper.db*")) if path.is_file()]
    return [path.name for path in files if any(word.encode() in path.read_bytes() for word in words)]


async def rewrite_often(database: Database) -> None:
    """Splits and frees pages, as months of play do: copies of rows stay behind in them."""
    for n in range(30):
        async with database.begin() as tx:
            await tx.execute(update(schema.player).values(network=NETWORK + "x" * (n % 3)))
            rows = [
                {
                    "id": f"m{n}-{k}",
                    "player_id": EVE,
                    "kind": "k",
                    "about": f"{n}-{k}",
                    "facts": {"said": MARK * 9},
                    "written_at": 1.0,
                }
                for k in range(40)
            ]
            await tx.execute(insert(schema.message), rows)
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as other:
        other.execute("PRAGMA wal_checkpoint(FULL)")
    async with database.begin() as tx:
        await tx.execute(schema.message.delete().where(schema.message.c.id.startswith("m1")))
        await tx.execute(update(schema.player).where(schema.player.c.id != EVE).values(network=None))


async def test_no_byte_of_it_is_left_in_the_files(sqlite_database: Database, tmp_path: Path) -> None:
    await live(sqlite_database, tmp_path)
    await rewrite_often(sqlite_database)
    assert holders(tmp_path, MARK) == ["stumper.db", "stumper.db-wal"]

    with capture_logs() as logs:
        done = await forget(sqlite_database, EVE, NOW)

    assert done.scrubbed
    assert holders(tmp_path, MARK, NETWORK) == []
    assert logs
    assert not [line for line in logs if MARK in str(line)]


async def test_without_rewriting_it_would_still_be_there(sqlite_database: Database, tmp_path: Path) -> None:
    await live(sqlite_database, tmp_path)
    await rewrite_often(sqlite_database)

    done = await forget(sqlite_database, EVE, NOW, scrub_at_once=0)
    left = holders(tmp_path, MARK)
    again = await forget(sqlite_database, EVE, NOW + 1, scrub_at_once=None)

    assert (done.scrubbed, bool(left)) == (False, True)
    assert (again.scrubbed, holders(tmp_path, MARK)) == (True, [])


async def test_a_reader_delays_it_and_is_said(sqlite_database: Database, tmp_path: Path) -> None:
    await live(sqlite_database, tmp_path)
    reader = sqlite3.connect(tmp_path / "stumper.db")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM player").fetchall()

    try:
        done = await forget(sqlite_database, EVE, NOW)
    finally:
        reader.close()
    again = await forget(sqlite_database, EVE, NOW + 1)

    assert (done.scrubbed, again.scrubbed) == (False, True)
    assert holders(tmp_path, MARK) == []


async def test_no_column_of_any_table_holds_it(database: Database, tmp_path: Path) -> None:
    await live(database, tmp_path)

    await forget(database, EVE, NOW)

    found = []
    async with database.read() as tx:
        for table in schema.metadata.sorted_tables:
            for column in table.columns:
                holds = func.lower(cast(column, Text)).contains(MARK.lower())
                if (await tx.execute(select(func.count()).select_from(table).where(holds))).scalar_one():
                    found.append(f"{table.name}.{column.name}")
    assert found == []
