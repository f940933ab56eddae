"""python benchmarks/raw_export.py --rows 1000000 [--ending .parquet]

Seconds and memory of `stumper export marks` over so many judged answers in SQLite, and of rewriting the file,
which forgetting a player ends with.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert

from stumper.records import CampaignId
from stumper.release.raw.columns import Kind
from stumper.release.raw.export import export
from stumper.store import schema
from stumper.store.database import Database
from stumper.store.migrate import migrate

BATCH, A_SESSION, A_TURN = 20_000, 50, 5


async def fill(database: Database, rows: int) -> None:
    """One campaign, a player for every ten sessions of fifty answers."""
    await migrate(database)
    async with database.begin() as tx:
        await tx.execute(
            insert(schema.campaign).values(id="c", name="c", licence="", rules={}, created_at=0.0)
        )
        round_ = {"id": "r", "campaign_id": "c", "number": 1, "model_ref": "onnx:", "status": "open"}
        await tx.execute(insert(schema.round_).values(**round_, opened_at=0.0))
    for start in range(0, rows, BATCH):
        async with database.begin() as tx:
            for table, found in batch(start, min(BATCH, rows - start)).items():
                await tx.execute(insert(schema.metadata.tables[table]), found)


def batch(start: int, rows: int) -> dict[str, list[dict[str, object]]]:
    numbers = range(start, start + rows)
    player = {"nickname": "a", "language": "en", "kind": "human", "consent_at": 0.0, "licence": "CC0"}
    session = {"round_id": "r", "campaign_id": "c", "turns": 10, "started_at": 0.0, "poison_rate": 0.4}
    turn = {"image_id": "i" * 32, "control": True, "coins": "0" * 64}
    said = {"model_answer": "a red double-decker bus", "shown_answer": "a green bus", "verdict": "wrong"}
    times = {"asked_at": 1.0, "answered_at": 2.0, "judged_at": 9.0, "latency_ms": 20.0}
    return {
        "player": [
            {"id": f"p{n:09}", "created_at": 0.0, **player} for n in numbers if n % (10 * A_SESSION) == 0
        ],
        "session": [
            {"id": f"s{n:09}", "player_id": f"p{n - n % (10 * A_SESSION):09}", "salt": "", "commitment": "",
             **session}
            for n in numbers
            if n % A_SESSION == 0
        ],
        "turn": [
            {"id": f"t{n:09}", "session_id": f"s{n - n % A_SESSION:09}", "position": n % A_SESSION, **turn}
            for n in numbers
            if n % A_TURN == 0
        ],
        "exchange": [
            {"id": f"x{n:09}", "turn_id": f"t{n - n % A_TURN:09}", "number": n % A_TURN, "key": str(n),
             "question": f"What colour is the bus with number {n}?", "poisoned": n % 3 == 0, "counts": True,
             **said, **times}
            for n in numbers
        ],
    }  # fmt: skip


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main(rows: int, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stumper.db"
        database = Database(f"sqlite:///{path}")
        await fill(database, rows)
        before, begun = peak_mb(), time.perf_counter()
        target = Path(folder) / f"marks{ending}"
        written = await export(database, Kind.MARKS, target, campaign_id=CampaignId("c"))
        lasted = time.perf_counter() - begun
        size = target.stat().st_size / 1e6
        print(f"{written:,} marks: {lasted:.1f} s, {size:.0f} MB, peak {peak_mb():.0f} MB")
        print(f"(peak before, while the rows were made: {before:.0f} MB)")
        begun = time.perf_counter()
        done = await database.scrub()
        lasted = time.perf_counter() - begun
        print(f"rewriting {path.stat().st_size / 1e6:.0f} MB: {lasted:.1f} s, done: {done}")
        await database.close()


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rows", type=int, default=100_000)
    words.add_argument("--ending", default=".jsonl")
    chosen = words.parse_args()
    asyncio.run(main(chosen.rows, chosen.ending))
