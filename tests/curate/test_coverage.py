"""The map of what is collected, counted by the database, against counting row by row."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import insert, update

from stumper.campaigns import find_campaign
from stumper.curate.bounties import AHEAD, WANTED, bounties_now, rare_thing
from stumper.curate.coverage import queries
from stumper.curate.coverage.map import Coverage, coverage, spread
from stumper.curate.coverage.rates import Answer
from stumper.curate.dues.queries import Found
from stumper.progress.finish import give_quest
from stumper.progress.queries import task
from stumper.records import CampaignId, Category, ImageKind, PlayerId
from stumper.store import schema
from stumper.store.database import Database
from tests.trust.rows import CAMPAIGN, ROUND, add_player, open_campaign

LABELS: tuple[dict[str, int] | None, ...] = ({"dog": 1}, {"dog": 2, "bus": 1}, None, {}, {"bus": 3})
KINDS = ("untainted", "untainted", "tainted", "retired")
QUESTION = {
    Category.COUNTING: "How many dogs are there?",
    Category.TEXT: "What is written on the sign?",
    Category.COLOR: "What colour is the bus?",
}


class Rows:
    """What `fill` inserted, to count again."""

    def __init__(self) -> None:
        self.images: dict[str, dict[str, Any]] = {}
        self.claims: list[tuple[str, Category | None, str]] = []
        """(image, category, status)"""
        self.asked: Counter[tuple[Category, str]] = Counter()
        """By category and kind of picture."""


async def fill(database: Database, *, seed: int = 1, turns: int = 160) -> Rows:
    """A campaign with pictures of all kinds; a trusted player asks one question on each of so many turns."""
    rng, rows = random.Random(seed), Rows()
    await open_campaign(database)
    await add_player(database, "ann", e_value=500.0)
    for n in range(20):
        rows.images[f"p{n}"] = {
            "id": f"p{n}", "campaign_id": CAMPAIGN, "file": "f", "kind": KINDS[n % len(KINDS)],
            "width_px": 9, "height_px": 9, "source": f"Toytown, seed {n}" if n % 3 else "COCO",
            "licence": "CC0", "labels": LABELS[n % len(LABELS)], "created_at": 0.0,
        }  # fmt: skip
    async with database.begin() as tx:
        await tx.execute(insert(schema.image), list(rows.images.values()))
        await tx.execute(
            insert(schema.session).values(
                id="s", player_id="ann", round_id=ROUND, campaign_id=CAMPAIGN, turns=10, started_at=0.0,
                finished_at=9.0, graded_at=9.0, poison_rate=0.4, salt="", commitment="",
            )
        )  # fmt: skip
        for n in range(turns):
            await _turn(tx, rows, n, rng)
    return rows


async def _turn(tx: Any, rows: Rows, n: int, rng: random.Random) -> None:
    image, category = f"p{rng.randrange(20)}", rng.choice(list(QUESTION))
    kind = rows.images[image]["kind"]
    rows.asked[category, "untainted" if kind == "untainted" else "tainted"] += 1
    control = kind != "untainted"
    await tx.execute(
        insert(schema.turn).values(
            id=f"t{n}", session_id="s", position=n, image_id=image, control=control, coins="0"
        )
    )
    wrong = rng.random() < 0.6
    await tx.execute(
        insert(schema.exchange).values(
            id=f"x{n}", turn_id=f"t{n}", number=0, key="k", question=QUESTION[category], poisoned=False,
            asked_at=1.0, verdict="wrong" if wrong else "correct", judged_at=2.0,
        )
    )  # fmt: skip
    if not wrong or control:
        return
    status, named = rng.choice(["open", "disputed", "accepted", "rejected"]), rng.random() < 0.8
    rows.claims.append((image, category if named else None, status))
    claim = {
        "id": f"c{n}", "exchange_id": f"x{n}", "campaign_id": CAMPAIGN, "round_id": ROUND, "player_id": "ann",
        "image_id": image, "question": QUESTION[category], "model_answer": "3", "correction": "4",
        "status": status, "category": category.value if named else None, "created_at": 1.0,
        "reason": {"accepted": "confirmed", "rejected": "model right"}.get(status, ""),
    }  # fmt: skip
    await tx.execute(insert(schema.claim).values(**claim))
    if status == "accepted" and named:
        await add_example(tx, f"c{n}", image, category)


async def add_example(tx: Any, claim_id: str, image: str, category: Category) -> None:
    await tx.execute(
        insert(schema.example).values(
            id=f"e{claim_id}", claim_id=claim_id, campaign_id=CAMPAIGN, round_id=ROUND, image_id=image,
            question="q", answer="4", wrong_answer="3", category=category.value, posterior=0.9, provenance={},
        )
    )  # fmt: skip


async def mapped(database: Database) -> Coverage:
    async with database.read() as tx:
        return await coverage(tx, await find_campaign(tx, "town"))


async def test_the_map_counts_what_is_there(database: Database) -> None:
    rows = await fill(database)
    accepted = [
        (image, category) for image, category, status in rows.claims if status == "accepted" and category
    ]
    waiting = [(image, category) for image, category, status in rows.claims if status in ("open", "disputed")]

    found = await mapped(database)

    assert {row.category for row in found.rows} == set(WANTED)
    for row in found.rows:
        busy, simple = row.cells
        assert busy.collected == sum(category is row.category for _, category in accepted)
        assert busy.open == sum(category is row.category for _, category in waiting)
        assert (simple.collected, simple.open) == (0, 0)
        assert [cell.asked for cell in row.cells] == [
            rows.asked[row.category, kind] for kind in ("untainted", "tainted")
        ]
    assert found.unnamed == sum(category is None for _, category in waiting) > 0
    assert found.collected == len(accepted) > 5
    assert found.judged == sum(n for (_, kind), n in rows.asked.items() if kind == "untainted")


async def test_things_and_sources_are_counted_with_the_examples_about_them(database: Database) -> None:
    rows = await fill(database)
    examples = Counter(image for image, category, status in rows.claims if status == "accepted" and category)

    found = await mapped(database)

    busy = [one for one in rows.images.values() if one["kind"] == "untainted"]
    for thing in ("dog", "bus"):
        mine = [one for one in busy if thing in (one["labels"] or {})]
        (told,) = [one for one in found.things if one.name == thing]
        assert told.pictures == len(mine)
        assert sum(told.examples.values()) == sum(examples[one["id"]] for one in mine)
    assert {one.name for one in found.things} == {"dog", "bus"}
    drawn = [one for one in rows.images.values() if one["source"] != "COCO"]
    assert {(one.name, one.pictures, one.examples) for one in found.sources} == {
        ("Toytown", len(drawn), sum(examples[one["id"]] for one in drawn)),
        ("COCO", 7 + 0, sum(examples.values()) - sum(examples[one["id"]] for one in drawn)),
    } | {("drawn", 1, 0)}


async def test_what_is_not_counted_is_told_by_what_is(database: Database) -> None:
    """Three more sessions without a question; three of eleven busy pictures, with their things."""
    rows = await fill(database)
    async with database.begin() as tx:
        await tx.execute(
            insert(schema.session),
            [
                {
                    "id": f"s{n}", "player_id": "ann", "round_id": ROUND, "campaign_id": CAMPAIGN,
                    "turns": 10, "started_at": -1.0 - n, "poison_rate": 0.4, "salt": "", "commitment": "",
                }
                for n in range(3)
            ],
        )  # fmt: skip
        campaign_id = CampaignId(CAMPAIGN)
        one, all_ = [await queries.asked(tx, campaign_id, sessions=n) for n in (1, 4)]
        told = await queries.things(tx, campaign_id, most=9, pictures=3)
        everything = await queries.things(tx, campaign_id, most=9, pictures=11)

    busy = sum(n for (_, kind), n in rows.asked.items() if kind == "untainted")
    assert (one[ImageKind.UNTAINTED], all_[ImageKind.UNTAINTED]) == (4 * busy, busy)
    # By id: i has nothing, p0 a dog, p1 a dog and a bus; 2 * 11 / 3 and 1 * 11 / 3.
    assert {name: n for name, (n, _) in told.items()} == {"dog": 7, "bus": 4}
    assert {name: n for name, (n, _) in everything.items()} == {"dog": 4, "bus": 4}


async def test_labels_for_a_quest_hold_nobody_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """While questions are labelled, others write and the event loop turns."""
    await fill(database)
    loop, wrote = asyncio.get_running_loop(), threading.Event()

    async def write() -> None:
        async with database.begin() as tx:
            await tx.execute(update(schema.player).values(nickname="other"))
        wrote.set()

    def slow(questions: list[str]) -> list[Category]:
        asyncio.run_coroutine_threadsafe(write(), loop)
        assert wrote.wait(5.0)
        return [Category.COUNTING] * len(questions)

    monkeypatch.setattr(queries, "categories", slow)
    await give_quest(database, PlayerId("ann"), CampaignId(CAMPAIGN), day=1)

    assert wrote.is_set()
    async with database.read() as tx:
        assert await task(tx, PlayerId("ann"), day=1) is not None


async def test_an_empty_campaign_lacks_everything_alike(database: Database) -> None:
    await open_campaign(database)

    found = await mapped(database)

    assert found.balance is None
    assert [row.bounty.missing for row in found.rows if row.bounty] == [pytest.approx(AHEAD / 11)] * 11
    assert {row.bounty.points for row in found.rows if row.bounty} == {0, 7}
    assert not found.things


async def test_a_target_decides_what_is_missing(database: Database) -> None:
    await open_campaign(database)
    async with database.begin() as tx:
        campaign = await find_campaign(tx, "town")
        rules = {"target_mix": {"text": 3, "color": 1}}
        await tx.execute(update(schema.campaign).values(rules=rules))
        found = {one.category: one for one in await bounties_now(tx, campaign.id)}

    assert {one: bounty.share for one, bounty in found.items()} == {Category.TEXT: 0.75, Category.COLOR: 0.25}


async def test_a_quest_is_given_with_its_price_and_sometimes_with_a_thing(database: Database) -> None:
    """Dogs and buses are on most pictures; all examples are about one with a bus only."""
    await fill(database)
    bus = "p4"
    async with database.begin() as tx:
        await tx.execute(schema.example.delete())
        for claim_id in (await tx.execute(schema.claim.select())).scalars().all()[:9]:
            await add_example(tx, claim_id, bus, Category.TEXT)
        assert await rare_thing(tx, CampaignId(CAMPAIGN), Category.TEXT, start="") == "dog"
    for day in range(40):
        await give_quest(database, PlayerId("ann"), CampaignId(CAMPAIGN), day=day)
    async with database.read() as tx:
        given = [await task(tx, PlayerId("ann"), day=day) for day in range(40)]
        prices = {one.category: one.points for one in await bounties_now(tx, CampaignId(CAMPAIGN))}

    quests = [one for one in given if one is not None]
    assert len(quests) == 40
    assert all(one.points == prices[one.category] for one in quests)
    things = [one.thing for one in quests if one.points]
    assert 0 < sum(thing is not None for thing in things) < len(things)
    assert all(one.thing is None for one in quests if not one.points)


def test_questions_are_spread_as_in_the_newest_sessions() -> None:
    def some(category: Category, kind: ImageKind, n: int) -> list[Answer]:
        return [Answer(category, kind, False, Found(1, 0, 0, 0))] * n

    answers = [
        *some(Category.TEXT, ImageKind.UNTAINTED, 3),
        *some(Category.COLOR, ImageKind.UNTAINTED, 1),
        *some(Category.COLOR, ImageKind.TAINTED, 2),
    ]

    told = spread({ImageKind.UNTAINTED: 400, ImageKind.TAINTED: 10}, answers)

    assert told == {
        (Category.TEXT, ImageKind.UNTAINTED): 300,
        (Category.COLOR, ImageKind.UNTAINTED): 100,
        (Category.COLOR, ImageKind.TAINTED): 10,
    }
    assert spread({ImageKind.UNTAINTED: 5}, []) == {}
