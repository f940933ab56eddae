"""python benchmarks/coverage.py --claims 1000000

What does the map of what is collected cost on SQLite, and what does one player's quest? A campaign with so
many claims, two judged answers beside each, half of the claims examples; every picture annotated. Prints
milliseconds, each measured five times: the least and the median.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from stumper.campaigns import find_campaign
from stumper.curate.bounties import WANTED, bounties_now
from stumper.curate.coverage.map import coverage
from stumper.curate.dues import queries as dues
from stumper.progress.finish import give_quest
from stumper.records import CampaignId, PlayerId, RoundId, Rules
from stumper.store import schema
from stumper.store.database import Database

CAMPAIGN, ROUND = "c", "r"
PLAYERS = 200
A_SESSION = 10
"""Claims of a session; each on a turn of its own with two more answers."""
CHUNK = 5_000
THINGS = [f"thing {n}" for n in range(80)]
REPEATS = 5


async def fill(database: Database, *, claims: int, seed: int) -> None:
    rng = random.Random(seed)
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
    pictures = max(100, claims // 10)
    for start in range(0, pictures, CHUNK):
        rows = [_picture(n, rng) for n in range(start, min(pictures, start + CHUNK))]
        async with database.begin() as tx:
            await tx.execute(insert(schema.image), rows)
    for start in range(0, claims, CHUNK):
        async with database.begin() as tx:
            for table, rows in _played(range(start, min(claims, start + CHUNK)), pictures, rng).items():
                await tx.execute(insert(schema.metadata.tables[table]), rows)


def _picture(n: int, rng: random.Random) -> dict[str, Any]:
    return {
        "id": f"{n:08x}", "campaign_id": CAMPAIGN, "file": "f", "kind": "untainted" if n % 3 else "tainted",
        "width_px": 9, "height_px": 9, "source": "COCO", "licence": "CC0",
        "labels": dict.fromkeys(rng.sample(THINGS, 3), 1), "created_at": 0.0,
    }  # fmt: skip


def _played(numbers: range, pictures: int, rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("session", "turn", "exchange", "claim", "example")
    }
    for n in numbers:
        session_id, picture, category = (
            f"s{n // A_SESSION}",
            f"{rng.randrange(pictures):08x}",
            rng.choice(WANTED),
        )
        player_id = f"p{n // A_SESSION % PLAYERS}"
        if n % A_SESSION == 0:
            rows["session"].append(
                {
                    "id": session_id, "player_id": player_id, "round_id": ROUND, "campaign_id": CAMPAIGN,
                    "turns": 10, "started_at": float(n), "finished_at": float(n), "graded_at": float(n),
                    "poison_rate": 0.4, "salt": "", "commitment": "",
                }
            )  # fmt: skip
        rows["turn"].append(
            {
                "id": f"t{n}", "session_id": session_id, "position": n % A_SESSION, "image_id": picture,
                "control": False, "coins": "0",
            }
        )  # fmt: skip
        for k in range(3):
            rows["exchange"].append(
                {
                    "id": f"x{n}-{k}", "turn_id": f"t{n}", "number": k, "key": str(k),
                    "question": f"what is on the {rng.choice(THINGS)} number {n % 977}", "poisoned": False,
                    "asked_at": 1.0, "verdict": "correct" if k < 2 else "wrong", "judged_at": 2.0,
                }
            )  # fmt: skip
        status = rng.choice(("accepted", "accepted", "rejected", "open"))
        rows["claim"].append(
            {
                "id": f"c{n}", "exchange_id": f"x{n}-2", "campaign_id": CAMPAIGN, "round_id": ROUND,
                "player_id": player_id, "image_id": picture, "question": "q", "model_answer": "a",
                "correction": "b", "status": status, "category": category.value, "created_at": float(n),
                "reason": {"accepted": "confirmed", "rejected": "model right"}.get(status, ""),
            }
        )  # fmt: skip
        if status == "accepted":
            rows["example"].append(
                {
                    "id": f"{rng.getrandbits(64):016x}", "claim_id": f"c{n}", "campaign_id": CAMPAIGN,
                    "round_id": ROUND, "image_id": picture, "question": "q", "answer": "b",
                    "wrong_answer": "a", "category": category.value, "posterior": 0.9, "provenance": {},
                }
            )  # fmt: skip
    return rows


async def measured(name: str, work: Callable[[int], Awaitable[Any]]) -> None:
    times = []
    for n in range(REPEATS):
        began = time.perf_counter()
        await work(n)
        times.append(1_000 * (time.perf_counter() - began))
    print(f"{name}: least {min(times):,.0f} ms, median {statistics.median(times):,.0f} ms", flush=True)


async def main(claims: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'a.db'}")
        async with database.engine.begin() as connection:
            await connection.run_sync(schema.metadata.create_all)
        began = time.perf_counter()
        await fill(database, claims=claims, seed=seed)
        print(f"{claims:,} claims written in {time.perf_counter() - began:.0f} s", flush=True)

        async def the_map(_: int) -> None:
            async with database.read() as tx:
                await coverage(tx, await find_campaign(tx, "town"))

        async def prices(_: int) -> None:
            async with database.read() as tx:
                await bounties_now(tx, CampaignId(CAMPAIGN))

        async def quest(day: int) -> None:
            async with database.begin() as tx:
                await give_quest(tx, PlayerId("p1"), CampaignId(CAMPAIGN), day=day)

        async def rate(_: int) -> None:
            async with database.read() as tx:
                await dues.found_now(tx, RoundId(ROUND), trust_e=100.0)

        await measured("the map", the_map)
        await measured("prices", prices)
        await measured("a quest", quest)
        await measured("the model's error rate", rate)
        await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.claims, chosen.seed))
