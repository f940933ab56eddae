"""A closed round with lessons to be asked: examples, a frozen release, an evaluation, two players."""

from __future__ import annotations

import random
from pathlib import Path

from sqlalchemy import insert, update

from stumper import campaigns
from stumper.images.files import Files
from stumper.records import Release, RoundId
from stumper.release.freeze import freeze
from stumper.store import schema
from stumper.store.database import Database
from tests.release.rows import CAMPAIGN, FIRST, Fact, accept, open_campaign

PICTURES = 12
BASE, TUNED = "onnx:", "scripted:tuned"


def right_answer(number: int) -> str:
    return str(4 + number % 5)


async def close_first_round(
    database: Database, files: Files, out: Path, *, passed: bool = True
) -> tuple[Release, str]:
    """Returns the release of the first round and its evaluation's id; Bea caught what is on picture 0."""
    await open_campaign(database)
    caught = [Fact(picture=n, answer=right_answer(n)) for n in range(PICTURES)]
    await accept(database, files, caught)
    await add_player(database, "bea")
    async with database.begin() as tx:
        await tx.execute(update(schema.claim).where(schema.claim.c.id == "ce0").values(player_id="bea"))
    return await freeze_and_record(database, files, out, FIRST, tuned_ref=TUNED, passed=passed)


async def freeze_and_record(
    database: Database, files: Files, out: Path, round_id: RoundId, *, tuned_ref: str, passed: bool
) -> tuple[Release, str]:
    release = await freeze(database, files, campaign_id=CAMPAIGN, round_id=round_id, out=out, seed=1, now=3.0)
    async with database.begin() as tx:
        await campaigns.record_evaluation(
            tx, release_id=release.id, base_ref=BASE, tuned_ref=tuned_ref, figures={}, passed=passed, now=4.0
        )
    return release, campaigns.comparison_id(release.id, BASE, tuned_ref)


async def add_player(database: Database, name: str) -> None:
    async with database.begin() as tx:
        await tx.execute(
            insert(schema.player).values(
                id=name, nickname=name, language="en", kind="human", consent_at=1.0, licence="CC BY 4.0",
                created_at=1.0,
            )
        )  # fmt: skip


async def also_caught(database: Database, player: str, leader: str) -> None:
    """Adds a claim of the player that repeats the claim ``leader`` on the same picture."""
    name = f"{player}-{leader}-{random.Random(leader).randrange(10**6)}"
    async with database.begin() as tx:
        first = (await tx.execute(schema.claim.select().where(schema.claim.c.id == leader))).one()
        await tx.execute(insert(schema.session).values(
            id=f"s{name}", player_id=player, round_id=FIRST, campaign_id=CAMPAIGN, turns=10, started_at=1.0,
            poison_rate=0.4, salt="x", commitment="y",
        ))  # fmt: skip
        await tx.execute(insert(schema.turn).values(
            id=f"t{name}", session_id=f"s{name}", position=0, image_id=first.image_id, control=False,
            coins="0",
        ))  # fmt: skip
        await tx.execute(insert(schema.exchange).values(
            id=f"x{name}", turn_id=f"t{name}", number=0, key="k", poisoned=False, question=first.question,
            model_answer=first.model_answer, asked_at=1.0,
        ))  # fmt: skip
        again = first._asdict() | {
            "id": f"c{name}", "exchange_id": f"x{name}", "player_id": player, "same_as": leader,
        }  # fmt: skip
        await tx.execute(insert(schema.claim).values(again))
