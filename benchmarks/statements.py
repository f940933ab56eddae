"""python benchmarks/statements.py

What does a move's worth of statements cost? Runs the same writing transactions (a look-up and a change, ten
times, then a commit) on a fresh SQLite file, by aiosqlite as it comes and by `stumper.store.sqlite`, in
turns, and prints the time of both and their ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from stumper.store import database

metadata = MetaData()
counter = Table("counter", metadata, Column("id", Integer, primary_key=True), Column("n", Integer))
STATEMENTS = 20


def plain(path: Path) -> AsyncEngine:
    """The driver as it comes, with the same pragmas and transactions."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"isolation_level": None})
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", lambda one: one.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def seconds(engine: AsyncEngine, *, moves: int) -> float:
    """Seconds of so many moves, one after the other."""
    async with engine.begin() as tx:
        await tx.run_sync(metadata.drop_all)
        await tx.run_sync(metadata.create_all)
        await tx.execute(insert(counter), [{"id": n, "n": 0} for n in range(100)])
    began = time.perf_counter()
    for move in range(moves):
        async with engine.begin() as tx:
            for step in range(STATEMENTS // 2):
                row = counter.c.id == (move + step) % 100
                (n,) = (await tx.execute(select(counter.c.n).where(row))).one()
                await tx.execute(update(counter).where(row).values(n=n + 1))
    return time.perf_counter() - began


async def main(moves: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours = plain(Path(folder) / "a.db"), database.Database(f"sqlite:///{folder}/b.db")
        pairs = [
            (await seconds(theirs, moves=moves), await seconds(ours.engine, moves=moves))
            for _ in range(repeats)
        ]
        await theirs.dispose()
        await ours.close()
    for name, took in zip(("aiosqlite", "here"), zip(*pairs, strict=True), strict=True):
        print(f"{name:10} {statistics.median(took) / moves * 1e3:6.2f} ms a move of {STATEMENTS} statements")
    ratios = sorted(own / other for other, own in pairs)
    print(f"ratio      {statistics.median(ratios):.2f} (least {ratios[0]:.2f}, most {ratios[-1]:.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--moves", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    asyncio.run(main(asked.moves, asked.repeats))
