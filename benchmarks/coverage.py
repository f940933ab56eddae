"""python benchmarks/coverage.py --claims 1000000 [--repeats 1] [--database FILE]

What does the map of what is collected cost on SQLite, and what does one player's quest? A campaign with so
many claims, two judged answers beside each, half of the claims examples; every picture annotated. Prints
milliseconds by the clock and of the process, each time they are measured: the first time nothing is cached. A
file that is there is measured as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from stumper.campaigns import find_campaign
from stumper.curate.bounties import WANTED, bounties_now
from stumper.curate.coverage.map import coverage
from stumper.curate.dues import queries as dues
from stumper.progress.finish import give_quest
from stumper.records import CampaignId, PlayerId, RoundId, Rules
from stumper.store import schema
from stumper.store.database import Database

CAMPAIGN, ROUND = "c", "r"
PLAYERS, THINGS = 200, 80
CATEGORIES = (
    "case n * 7 % 11 " + " ".join(f"when {n} then '{one.value}'" for n, one in enumerate(WANTED)) + " end"
)
NUMBERS = "with recursive k(n) as (select 0 union all select n + 1 from k where n < :last)"
FILL = {
    # Every number is mixed by a prime, so that neighbours differ; one picture in three is simple.
    "image": f"""
        select printf('%08x', n), '{CAMPAIGN}', 'f', iif(n % 3, 'untainted', 'tainted'), 9, 9, 'COCO', 'CC0',
        json_object('thing ' || (n % {THINGS}), 1, 'thing ' || (n * 31 % {THINGS}), 2), 0.0 from k""",
    "session": f"""
        select 's' || n, 'p' || (n % {PLAYERS}), '{ROUND}', '{CAMPAIGN}', 10, n * 10.0, n * 10.0, n * 10.0,
        0.4, '', '' from k where n <= :last / 10""",
    "turn": """
        select 't' || n, 's' || (n / 10), n % 10, printf('%08x', n * 7919 % :pictures), 0, '0' from k""",
    "exchange": f"""
        select 'x' || n || '-' || j, 't' || n, j, j,
        'what is on the thing ' || (n * 31 % {THINGS}) || ' number ' || (n % 977), 0, 1.0,
        iif(j < 2, 'correct', 'wrong'), 2.0 from k, (select 0 j union select 1 union select 2)""",
    "claim": f"""
        select 'c' || n, 'x' || n || '-2', '{CAMPAIGN}', '{ROUND}', 'p' || (n / 10 % {PLAYERS}),
        printf('%08x', n * 7919 % :pictures), 'q', 'a', 'b',
        case n % 4 when 0 then 'open' when 1 then 'rejected' else 'accepted' end,
        case n % 4 when 0 then '' when 1 then 'model right' else 'confirmed' end,
        {CATEGORIES}, n * 1.0 from k""",
    "example": f"""
        select printf('%08x', n * 40503 % 4294967296), 'c' || n, '{CAMPAIGN}', '{ROUND}',
        printf('%08x', n * 7919 % :pictures), 'q', 'b', 'a', {CATEGORIES}, 0.9, '{{}}'
        from k where n % 4 > 1""",
}
COLUMNS = {
    "image": "id campaign_id file kind width_px height_px source licence labels created_at",
    "session": "id player_id round_id campaign_id turns started_at finished_at graded_at poison_rate salt"
    " commitment",
    "turn": "id session_id position image_id control coins",
    "exchange": "id turn_id number key question poisoned asked_at verdict judged_at",
    "claim": "id exchange_id campaign_id round_id player_id image_id question model_answer correction status"
    " reason category created_at",
    "example": "id claim_id campaign_id round_id image_id question answer wrong_answer category posterior"
    " provenance",
}


async def fill(database: Database, *, claims: int) -> None:
    """Ten claims a session, each on a turn of its own with two more answers; one picture for ten claims."""
    pictures = max(100, claims // 10)
    async with database.begin() as tx:
        await tx.execute(
            insert(schema.campaign).values(
                id=CAMPAIGN, name="town", licence="CC0", rules=asdict(Rules()), created_at=0.0
            )
        )
        await tx.execute(
            insert(schema.round_).values(
                id=ROUND, campaign_id=CAMPAIGN, number=1, model_ref="m", status="open", opened_at=0.0
            )
        )
        players = [
            {
                "id": f"p{n}", "nickname": "x", "language": "en", "kind": "human", "consent_at": 1.0,
                "licence": "CC0", "e_value": 500.0, "created_at": 1.0,
            }
            for n in range(PLAYERS)
        ]  # fmt: skip
        await tx.execute(insert(schema.player), players)
    for table, rows in FILL.items():
        last = (pictures if table == "image" else claims) - 1
        into = f"insert into {table} ({', '.join(COLUMNS[table].split())}) {NUMBERS}"
        async with database.begin() as tx:
            await tx.execute(text(f"{into} {rows}"), {"last": last, "pictures": pictures})


async def measured(name: str, work: Callable[[int], Awaitable[Any]], *, repeats: int) -> None:
    for n in range(repeats):
        began, spent = time.perf_counter(), time.process_time()
        await work(n)
        clock, own = time.perf_counter() - began, time.process_time() - spent
        print(f"{name}: {1_000 * clock:,.0f} ms, of the processor {1_000 * own:,.0f} ms", flush=True)


async def main(file: Path, *, fresh: bool, claims: int, repeats: int) -> None:
    database = Database(f"sqlite:///{file}")
    if fresh:
        async with database.engine.begin() as connection:
            await connection.run_sync(schema.metadata.create_all)
        began = time.perf_counter()
        await fill(database, claims=claims)
        print(f"{claims:,} claims written in {time.perf_counter() - began:.0f} s", flush=True)

    async def the_map(_: int) -> None:
        async with database.read() as tx:
            await coverage(tx, await find_campaign(tx, "town"))

    async def prices(_: int) -> None:
        async with database.read() as tx:
            await bounties_now(tx, CampaignId(CAMPAIGN))

    async def quest(n: int) -> None:
        await give_quest(database, PlayerId("p1"), CampaignId(CAMPAIGN), day=int(time.time()) + n)

    async def rate(_: int) -> None:
        async with database.read() as tx:
            await dues.found_now(tx, RoundId(ROUND), trust_e=100.0)

    await measured("prices, questions not labelled yet", prices, repeats=1)
    await measured("the map", the_map, repeats=repeats)
    await measured("prices", prices, repeats=5 * repeats)
    await measured("a quest", quest, repeats=5 * repeats)
    await measured("the model's error rate", rate, repeats=5 * repeats)
    await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--database", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = given.database or Path(folder) / "a.db"
        asyncio.run(main(kept, fresh=not kept.exists(), claims=given.claims, repeats=given.repeats))
