"""What every database must do for the game: SQLite and PostgreSQL pass the same tests."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import bindparam, event, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from stumper.errors import BadSetting, StoreError
from stumper.store.database import Database
from stumper.store.prepared import Prepared
from stumper.store.schema import campaign, player, round_

CAMPAIGN = {"id": "c1", "name": "toytown", "licence": "CC-BY-4.0", "rules": {}, "created_at": 0.0}


async def _add(database: Database, **changed: object) -> None:
    async with database.begin() as tx:
        await tx.execute(insert(campaign).values({**CAMPAIGN, **changed}))


async def _count(database: Database) -> int:
    async with database.read() as tx:
        return (await tx.execute(select(func.count()).select_from(campaign))).scalar_one()


async def test_300_concurrent_increments_end_at_300(database: Database) -> None:
    await _add(database, created_at=0.0)

    async def increment() -> None:
        async with database.begin() as tx:
            await tx.execute(update(campaign).values(created_at=campaign.c.created_at + 1))

    await asyncio.gather(*(increment() for _ in range(300)))

    async with database.read() as tx:
        assert (await tx.execute(select(campaign.c.created_at))).scalar_one() == 300


async def test_readers_who_write_what_they_read_lose_no_update(database: Database) -> None:
    await _add(database, created_at=0.0)

    async def increment() -> None:
        async with database.begin() as tx:
            read = await tx.execute(select(campaign.c.created_at).with_for_update())
            await tx.execute(update(campaign).values(created_at=read.scalar_one() + 1))

    await asyncio.gather(*(increment() for _ in range(50)))

    async with database.read() as tx:
        assert (await tx.execute(select(campaign.c.created_at))).scalar_one() == 50


async def test_an_error_rolls_everything_back(database: Database) -> None:
    async def fail_halfway() -> None:
        async with database.begin() as tx:
            await tx.execute(insert(campaign).values(CAMPAIGN))
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await fail_halfway()

    assert await _count(database) == 0


async def test_what_ended_without_an_error_is_there_after_reopening(database: Database) -> None:
    await _add(database)

    again = Database(database.url)
    try:
        assert await _count(again) == 1
    finally:
        await again.close()


@pytest.mark.parametrize("statement", ["SELECT", "UPDATE", "INSERT"])
async def test_a_task_cancelled_in_a_statement_leaves_nothing_locked(
    database: Database, statement: str
) -> None:
    await _add(database, created_at=0.0)

    async def move() -> None:
        async with database.begin() as tx:
            await tx.execute(update(campaign).values(created_at=1.0))
            read = await tx.execute(select(campaign.c.created_at).with_for_update())
            await tx.execute(insert(campaign).values({**CAMPAIGN, "id": f"{read.scalar_one()}"}))

    def cancel(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if text.startswith(statement):
            task.cancel()

    event.listen(database.engine.sync_engine, "before_cursor_execute", cancel)
    # Who keeps the task keeps the frames of its error, and in them the statement's cursor.
    task = asyncio.create_task(move())
    await asyncio.wait([task])
    event.remove(database.engine.sync_engine, "before_cursor_execute", cancel)

    assert task.cancelled()
    await asyncio.wait_for(_add(database, id="c2", name="zoo"), timeout=5)
    async with database.read() as tx:
        assert sorted((await tx.execute(select(campaign.c.created_at))).scalars()) == [0.0, 0.0]


async def test_a_reader_neither_waits_for_a_writer_nor_sees_half_a_move(database: Database) -> None:
    await _add(database)

    async with database.begin() as tx:
        await tx.execute(insert(campaign).values({**CAMPAIGN, "id": "c2", "name": "zoo"}))
        # SQLite would wait out its busy timeout here if reading took the write lock.
        seen = await asyncio.wait_for(_count(database), timeout=2)

    assert seen == 1
    assert await _count(database) == 2


async def test_a_glance_sees_what_is_written_and_nothing_that_is_not(database: Database) -> None:
    named = Prepared(select(campaign.c.name).where(campaign.c.id == bindparam("which")))

    async def glanced() -> str | None:
        async with database.glance() as tx:
            row = await named.first(tx, {"which": "c1"})
            return None if row is None else str(row.name)

    assert await asyncio.gather(*(glanced() for _ in range(5))) == [None] * 5  # who open it at once
    async with database.begin() as tx:
        await tx.execute(insert(campaign).values(CAMPAIGN))
        assert await glanced() is None  # and it did not wait for the writer
    assert await glanced() == "toytown"
    await _add(database, id="c2", name="zoo")  # nor does the next one wait for a glance
    assert await asyncio.gather(*(glanced() for _ in range(20))) == ["toytown"] * 20


async def test_a_row_cannot_refer_to_nothing(database: Database) -> None:
    orphan = {"id": "r1", "campaign_id": "nowhere", "number": 1, "model_ref": "onnx:", "status": "open"}

    with pytest.raises(IntegrityError):
        async with database.begin() as tx:
            await tx.execute(insert(round_).values({**orphan, "opened_at": 0.0}))


async def test_a_name_is_taken_once(database: Database) -> None:
    await _add(database)

    with pytest.raises(IntegrityError):
        await _add(database, id="c2")


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"turns": 10, "poison_rate": 0.4, "names": ["é", "鹭", "🦩"], "nested": {"empty": None, "yes": True}},
    ],
)
async def test_json_comes_back_as_it_went_in(database: Database, rules: dict[str, object]) -> None:
    await _add(database, rules=rules)

    async with database.read() as tx:
        assert (await tx.execute(select(campaign.c.rules))).scalar_one() == rules


@pytest.mark.parametrize("moment", [0.1 + 0.2, 1795393662.123456, 5e-324, 1.7976931348623157e308])
async def test_a_number_comes_back_to_the_last_bit(database: Database, moment: float) -> None:
    await _add(database, created_at=moment)

    async with database.read() as tx:
        assert (await tx.execute(select(campaign.c.created_at))).scalar_one() == moment


async def test_text_of_players_comes_back_as_it_went_in(database: Database) -> None:
    nickname = "'; DROP TABLE player; -- 🦜"
    row = {"id": "p1", "language": "en", "kind": "human", "consent_at": 0.0, "licence": "CC-BY-4.0"}

    async with database.begin() as tx:
        await tx.execute(insert(player).values({**row, "nickname": nickname, "created_at": 0.0}))

    async with database.read() as tx:
        assert (await tx.execute(select(player.c.nickname))).scalar_one() == nickname


async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    database = Database("postgresql://stumper:hunter2@127.0.0.1:1/nothing")

    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/nothing.*STUMPER_DATABASE") as caught:
        async with database.read():
            pass

    assert "hunter2" not in str(caught.value)
    await database.close()


async def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'stumper.db'}")

    async with database.read():
        pass

    assert (tmp_path / "new" / "stumper.db").exists()
    await database.close()


@pytest.mark.parametrize("url", ["mysql://localhost/stumper", "no url"])
def test_another_kind_of_database_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(BadSetting, match="sqlite"):
        Database(url)


async def test_a_new_file_that_another_process_writes_is_waited_for(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "stumper.db", isolation_level=None)
    other.execute("CREATE TABLE theirs (n)")
    other.execute("BEGIN IMMEDIATE")
    database = Database(f"sqlite:///{tmp_path / 'stumper.db'}")

    async def write() -> None:
        async with database.begin() as tx:
            await tx.exec_driver_sql("INSERT INTO theirs VALUES (1)")

    writing = asyncio.create_task(write())
    await asyncio.sleep(0.1)
    assert not writing.done()
    other.execute("COMMIT")
    await asyncio.wait_for(writing, timeout=10)

    assert other.execute("SELECT count(*) FROM theirs").fetchall() == [(1,)]
    other.close()
    await database.close()


async def test_a_file_is_written_ahead_and_keeps_its_references(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'stumper.db'}")

    async with database.read() as tx:
        set_to = [
            (await tx.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]

    assert set_to == ["wal", 1, 1, 30_000]
    await database.close()


async def test_a_writer_waits_for_another_process_and_the_event_loop_goes_on(
    sqlite_database: Database,
) -> None:
    other = sqlite3.connect(sqlite_database.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    waiting = asyncio.create_task(_add(sqlite_database))
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    await asyncio.wait_for(waiting, timeout=20)

    assert await _count(sqlite_database) == 1


async def test_the_log_does_not_grow_without_end(sqlite_database: Database, tmp_path: Path) -> None:
    for number in range(900):  # five pages of 4 KiB each
        async with sqlite_database.begin() as tx:
            await tx.execute(
                insert(campaign).values({**CAMPAIGN, "id": f"c{number}", "name": f"{number}" * 20})
            )

    sizes = {entry.name: entry.stat().st_size for entry in os.scandir(tmp_path)}
    assert sizes["stumper.db-wal"] < 12_000_000


async def test_a_connection_that_breaks_in_a_transaction_is_told_as_one(database: Database) -> None:
    if database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no connection that breaks")

    async def lose_it() -> None:
        async with database.begin() as tx:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreError, match="broke off"):
        await lose_it()

    await _add(database)
    assert await _count(database) == 1


async def test_a_full_disk_is_told_as_one_and_is_healed_by_room(sqlite_database: Database) -> None:
    async with sqlite_database.begin() as tx:
        pages = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
    async with sqlite_database.begin() as tx:  # of the connection that is used again
        await tx.execute(text(f"PRAGMA max_page_count = {pages}"))

    with pytest.raises(StoreError, match="Free some space"):
        await _add(sqlite_database, rules={"long": "x" * 100_000})
    assert await _count(sqlite_database) == 0

    async with sqlite_database.begin() as tx:
        await tx.execute(text("PRAGMA max_page_count = 1000000"))
    await _add(sqlite_database, rules={"long": "x" * 100_000})
    assert await _count(sqlite_database) == 1
