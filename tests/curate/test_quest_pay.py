"""What a quest adds to accepted claims: its price, up to its goal, once, and never before trust."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update

from stumper.curate.dues.offers import Made, Offer, owed
from stumper.curate.payday import pay
from stumper.records import Category, ExchangeId, PlayerId, RoundId, Rules, SessionId
from stumper.store import schema
from stumper.store.database import Database
from stumper.trust.grade import grade_session
from stumper.trust.rewards import Reason
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import IMAGE, ROUND, add_player, add_session, attentive, open_campaign

TODAY = 0
"""All claims of `add_claim` are judged on 1 January 1970, in UTC."""
DAYS = st.integers(0, 1)


async def set_up(database: Database, *claims: str, trusted: bool = True, **quest: object) -> None:
    """Ann has made these claims ("How many cats are there?"), all accepted, and has a quest for counting."""
    await open_campaign(database)
    if trusted:
        await add_trusted(database, "ann")
    else:
        await add_player(database, "ann")
    for n, claim_id in enumerate(claims):
        await add_claim(database, "ann", claim_id, at=5_000.0 + n)
    values = {"day": TODAY, "category": "counting", "goal": 3, "points": 7, **quest}
    async with database.begin() as tx:
        await tx.execute(update(schema.claim).values(status="accepted", reason="confirmed", posterior=0.99))
        await tx.execute(insert(schema.quest).values(player_id="ann", **values))


async def pay_all(database: Database) -> None:
    async with database.begin() as tx:
        await pay(tx, RoundId(ROUND), rules=Rules(), now=9_000.0)


async def bounties(database: Database) -> dict[str, int]:
    """Points of the bounty lines by exchange, after holding boards against the ledger."""
    async with database.read() as tx:
        lines = select(schema.ledger.c.exchange_id, schema.ledger.c.points)
        rows = await tx.execute(lines.where(schema.ledger.c.reason == "bounty"))
        total = (await tx.execute(select(func.sum(schema.ledger.c.points)))).scalar_one() or 0
        board = select(func.sum(schema.score.c.points)).where(schema.score.c.period == "all")
        assert ((await tx.execute(board)).scalar_one() or 0) == total
        return {row.exchange_id: row.points for row in rows}


async def test_a_quest_adds_its_price_to_at_most_its_goal_oldest_first(database: Database) -> None:
    await set_up(database, "c1", "c2", "c3", "c4")

    await pay_all(database)

    assert await bounties(database) == {f"s-c{n}-x0": 7 for n in (1, 2, 3)}


@pytest.mark.parametrize(("suggested", "paid"), [("need", False), ("model", False), ("opening", True)])
async def test_a_question_made_of_an_idea_pays_no_quest_but_its_claim(
    sqlite_database: Database, suggested: str, paid: bool
) -> None:
    await set_up(sqlite_database, "c1")
    async with sqlite_database.begin() as tx:
        made = schema.exchange.c.id == "s-c1-x0"
        await tx.execute(update(schema.exchange).where(made).values(suggested=suggested))

    await pay_all(sqlite_database)

    assert await bounties(sqlite_database) == ({"s-c1-x0": 7} if paid else {})
    async with sqlite_database.read() as tx:
        line = select(schema.ledger.c.points).where(schema.ledger.c.reason == "claim")
        assert (await tx.execute(line)).scalar_one() > 0


async def test_claims_paid_at_different_times_share_the_goal(database: Database) -> None:
    await set_up(database, "c1", "c2", "c3", goal=2)
    late = schema.claim.c.id != "c1"
    async with database.begin() as tx:
        await tx.execute(update(schema.claim).where(late).values(status="open"))
    await pay_all(database)
    async with database.begin() as tx:
        await tx.execute(update(schema.claim).values(status="accepted"))

    await asyncio.gather(*(pay_all(database) for _ in range(3)))

    assert await bounties(database) == {"s-c1-x0": 7, "s-c2-x0": 7}


@pytest.mark.parametrize(
    ("claim", "quest"),
    [
        ({}, {"category": "text"}),
        ({"category": "text"}, {}),
        ({}, {"points": 0}),
        ({}, {"day": 1}),
        ({"status": "rejected"}, {}),
        ({"model_answer": "No.", "correction": "yes"}, {}),
        ({}, {"thing": "bus"}),
    ],
)
async def test_what_it_did_not_ask_for_pays_nothing_on_top(
    database: Database, claim: dict[str, str], quest: dict[str, object]
) -> None:
    await set_up(database, "c1")
    async with database.begin() as tx:
        if claim:
            await tx.execute(update(schema.claim).values(**claim))
        if quest:
            await tx.execute(update(schema.quest).values(**quest))
        await tx.execute(update(schema.image).values(labels={"dog": 2}))

    await pay_all(database)

    assert await bounties(database) == {}


async def test_a_quest_about_a_thing_pays_where_it_is_pictured(database: Database) -> None:
    await set_up(database, "c1", thing="bus")
    async with database.begin() as tx:
        await tx.execute(update(schema.image).where(schema.image.c.id == IMAGE).values(labels={"bus": 1}))

    await pay_all(database)

    assert await bounties(database) == {"s-c1-x0": 7}


async def test_a_day_is_the_players_own(database: Database) -> None:
    """20 seconds after midnight in London it was still the day before in Lima."""
    await set_up(database, "c1", day=-1)
    async with database.begin() as tx:
        await tx.execute(update(schema.player).values(time_zone="America/Lima"))

    await pay_all(database)

    assert await bounties(database) == {"s-c1-x0": 7}


async def test_a_claim_after_the_days_paid_time_has_no_bounty_either(database: Database) -> None:
    await set_up(database, "c1")
    async with database.begin() as tx:
        long_before = {"started_at": -8_000.0, "finished_at": 0.0}
        await tx.execute(update(schema.session).where(schema.session.c.id == "s-ann").values(long_before))

    await pay_all(database)

    assert await bounties(database) == {}


async def test_a_bounty_waits_for_trust_with_its_gain_and_comes_with_it(database: Database) -> None:
    await set_up(database, "c1", "c2", trusted=False, goal=1)
    await pay_all(database)
    before = await grade_session(database, SessionId("s-c1"), now=9_100.0)
    other = await grade_session(database, SessionId("s-c2"), now=9_100.0)
    waits = before.waiting
    assert await bounties(database) == {}
    assert [line.reason for line in before.lines] == [Reason.WAITING]

    await add_session(database, "ann", attentive(15), session_id="s-test")
    test = await grade_session(database, SessionId("s-test"), now=9_200.0)
    after = await grade_session(database, SessionId("s-c1"), now=9_300.0)

    assert await bounties(database) == {"s-c1-x0": 7}
    assert [(line.reason, line.points) for line in after.lines if line.reason is Reason.BOUNTY] == [
        (Reason.BOUNTY, 7)
    ]
    assert test.trusted
    assert test.waiting == 0
    assert other.waiting == waits == after.balance_shown - test.points
    assert (await grade_session(database, SessionId("s-c2"), now=9_300.0)).points == after.points - 7


async def test_a_promised_bounty_takes_a_place_of_the_goal(database: Database) -> None:
    await set_up(database, "c1", "c2", trusted=False, goal=1)
    async with database.begin() as tx:
        await tx.execute(update(schema.claim).where(schema.claim.c.id == "c2").values(status="open"))
    await pay_all(database)
    async with database.begin() as tx:
        await tx.execute(update(schema.claim).values(status="accepted"))
        await tx.execute(update(schema.player).values(e_value=500.0))
        # The quest cannot change; even if it did, what was promised stays.
        await tx.execute(update(schema.quest).values(points=99))

    await pay_all(database)
    await pay_all(database)

    assert await bounties(database) == {"s-c1-x0": 7}


async def test_every_players_claims_are_held_against_their_own_quest(database: Database) -> None:
    await set_up(database, "c1")
    await add_trusted(database, "bob")
    await add_claim(database, "bob", "b1", question="What is written on the sign?")
    async with database.begin() as tx:
        await tx.execute(update(schema.claim).values(status="accepted"))
        await tx.execute(
            insert(schema.quest).values(player_id="bob", day=TODAY, category="text", goal=3, points=5)
        )

    await pay_all(database)

    assert await bounties(database) == {"s-c1-x0": 7, "s-b1-x0": 5}


@given(
    st.lists(
        st.tuples(DAYS, st.sampled_from(["text", "color"]), st.sets(st.sampled_from(["bus", "dog"]))),
        max_size=20,
    ),
    st.dictionaries(
        DAYS, st.tuples(st.sampled_from(["text", "color"]), st.integers(1, 3), st.sampled_from([None, "bus"]))
    ),
    st.dictionaries(DAYS, st.integers(0, 4)),
)
def test_no_quest_pays_more_than_its_goal_whatever_was_made(
    made: list[tuple[int, str, set[str]]],
    quests: dict[int, tuple[str, int, str | None]],
    had: dict[int, int],
) -> None:
    ann = PlayerId("ann")
    claims = [
        Made(ExchangeId(str(n)), (ann, day), Category(category), frozenset(things))
        for n, (day, category, things) in enumerate(made)
    ]
    offers = {
        (ann, day): Offer(Category(kind), goal, 7, thing) for day, (kind, goal, thing) in quests.items()
    }

    paid = owed(claims, offers, had={(ann, day): n for day, n in had.items()})

    times = Counter(claims[int(id_)].day for id_ in paid)
    for one in claims:
        offer = offers.get(one.day)
        fits = (
            offer is not None
            and offer.category is one.category
            and (offer.thing is None or offer.thing in one.things)
        )
        before = sum(
            other.day == one.day and other.exchange_id in paid for other in claims[: int(one.exchange_id)]
        )
        full = offer is not None and had.get(one.day[1], 0) + before >= offer.goal
        assert (one.exchange_id in paid) == (fits and not full)
    assert all(had.get(day, 0) + n <= offers[ann, day].goal for (_, day), n in times.items())
