"""python benchmarks/pipeline.py --claims 20000

CPU seconds and memory of `stumper.curate.pipeline.curate` on SQLite, by its steps: a round of claims with the
texts of `benchmarks/curation.py` and two votes each, nothing looked at yet; then once more, with nothing new.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from pathlib import Path
from typing import Final

from coverage import CAMPAIGN, PLAYERS, ROUND, fill
from curation import claims
from sqlalchemy import bindparam, delete, insert, update

from stumper.curate.pipeline import curate
from stumper.records import CampaignId, RoundId
from stumper.store import schema
from stumper.store.database import Database

STEPS: Final = ("signals and gates", "merging", "settling", "examples")
NOW: Final = 1e9


async def prepare(database: Database, *, number: int) -> None:
    """Fills the tables; claims are open, unnamed, and two trusted players confirm two of three."""
    async with database.engine.begin() as connection:
        await connection.run_sync(schema.metadata.create_all)
    await fill(database, claims=number)
    texts = [
        {"id_": one.id, "question_": one.question, "correction_": one.correction}
        for one in claims(number, seed=1)
    ]
    votes = [
        {
            "id": f"v{n}-{k}", "claim_id": f"c{n}", "player_id": f"p{(n // 10 + k) % PLAYERS}",
            "model_wrong": n % 3 > 0, "correction_right": n % 3 > 0, "unanswerable": False, "voted_at": 1.0,
        }
        for n in range(number)
        for k in (1, 2)
    ]  # fmt: skip
    written = {"question": bindparam("question_"), "correction": bindparam("correction_")}
    async with database.begin() as tx:
        await tx.execute(delete(schema.example))
        await tx.execute(
            update(schema.claim).values(status="open", category=None, reason="", votes=2, created_at=1.0)
        )
        await tx.execute(
            update(schema.claim).where(schema.claim.c.id == bindparam("id_")).values(written), texts
        )
        await tx.execute(insert(schema.vote), votes)


async def measure(database: Database, name: str) -> None:
    ticks = []

    def tick(_done: int, _total: int) -> None:
        ticks.append(time.process_time())

    began = time.perf_counter()
    report = await curate(database, CampaignId(CAMPAIGN), RoundId(ROUND), now=NOW, on_progress=tick)
    clock = time.perf_counter() - began
    ticks.append(time.process_time())
    each = zip((*STEPS, "report"), ticks, ticks[1:], strict=False)
    steps = ", ".join(f"{step} {end - start:.1f}" for step, start, end in each)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {clock:.1f} s by the clock; CPU s: {steps}; {most:,.0f} MB at most", flush=True)
    print(
        f"  {report.claims:,} claims, {report.merged:,} merged, {report.added:,} examples added", flush=True
    )


async def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'a.db'}")
        await prepare(database, number=number)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{number:,} claims; {most:,.0f} MB before it begins", flush=True)
        await measure(database, "first")
        await measure(database, "again")
        await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--claims", type=int, default=20_000)
    asyncio.run(main(parser.parse_args().claims))
