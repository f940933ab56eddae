"""What decided claims pay: once, by the model's error rate, and by whether a correction cost thought."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from stumper.curate.dues import queries
from stumper.curate.dues.queries import Found
from stumper.curate.payday import PRIOR_RATE, error_rate, pay
from stumper.curate.peers import rule_by_hand, vote
from stumper.curate.settle import settle_all
from stumper.errors import Conflict
from stumper.records import CampaignId, ClaimId, PlayerId, RoundId, Rules, SessionId
from stumper.store import schema
from stumper.store.database import Database
from stumper.trust.grade import grade_session
from stumper.trust.rewards import claim_bonus
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import CAMPAIGN, ROUND, open_campaign

RNG = random.Random(3)
VOTERS = ("bob", "cyd", "dee", "eve")


@pytest.fixture
async def desk(database: Database) -> Database:
    """Five trusted players; one of them has made a claim in the session s-c1."""
    await open_campaign(database)
    await add_trusted(database, "ann", *VOTERS)
    await add_claim(database, "ann", "c1")
    return database


async def decide(database: Database, claim_id: str = "c1", *, good: bool) -> None:
    """Lets all vote alike until the claim is closed."""
    for voter in VOTERS:
        try:
            await vote(
                database, PlayerId(voter), ClaimId(claim_id), model_wrong=good, correction_right=good,
                now=9_000.0, rng=RNG,
            )  # fmt: skip
        except Conflict:
            return


async def lines(database: Database) -> list[tuple[str, str, int]]:
    async with database.read() as tx:
        rows = await tx.execute(select(schema.ledger).order_by(schema.ledger.c.id))
        return [(row.exchange_id, row.reason, row.points) for row in rows]


async def rate_now(database: Database) -> float:
    async with database.read() as tx:
        return error_rate(await queries.found_now(tx, RoundId(ROUND), trust_e=Rules().trust_e))


async def test_a_confirmed_claim_is_paid_with_the_vote_that_confirms_it(desk: Database) -> None:
    await decide(desk, good=True)

    bonus = claim_bonus(await rate_now(desk), rules=Rules())
    assert await lines(desk) == [("s-c1-x0", "claim", bonus.confirmed)]


async def test_a_rejected_claim_costs(desk: Database) -> None:
    await decide(desk, good=False)

    ((_, _, points),) = await lines(desk)
    assert points == -claim_bonus(await rate_now(desk), rules=Rules()).rejected < 0


async def test_a_correction_that_costs_no_thought_pays_less(desk: Database) -> None:
    async with desk.begin() as tx:
        yes_no = {"model_answer": "No.", "correction": "yes"}
        await tx.execute(update(schema.claim).values(yes_no))
    await decide(desk, good=True)

    ((_, _, points),) = await lines(desk)
    assert 0 < points < claim_bonus(await rate_now(desk), rules=Rules()).confirmed / 2 + 1


async def test_a_claim_is_paid_once_whatever_is_decided_later(desk: Database) -> None:
    await decide(desk, good=True)
    before = await lines(desk)
    async with desk.begin() as tx:
        await tx.execute(update(schema.claim).values(status="rejected", reason="model right"))

    await asyncio.gather(*(_pay_again(desk) for _ in range(3)))
    await settle_all(desk, CampaignId(CAMPAIGN), RoundId(ROUND), now=9_500.0)

    assert await lines(desk) == before


async def _pay_again(database: Database) -> None:
    async with database.begin() as tx:
        await pay(tx, RoundId(ROUND), rules=Rules(), now=9_100.0)


async def test_claims_merged_with_a_decided_one_are_paid_when_the_round_is_settled(desk: Database) -> None:
    await add_claim(desk, "eve", "c2")
    async with desk.begin() as tx:
        await tx.execute(update(schema.claim).where(schema.claim.c.id == "c2").values(same_as="c1"))
    await decide(desk, good=True)

    await settle_all(desk, CampaignId(CAMPAIGN), RoundId(ROUND), now=9_500.0)

    assert sorted(exchange for exchange, _, points in await lines(desk) if points > 0) == [
        "s-c1-x0",
        "s-c2-x0",
    ]


async def test_a_claim_made_after_the_days_paid_time_neither_pays_nor_costs(desk: Database) -> None:
    async with desk.begin() as tx:
        long_before = {"started_at": -8_000.0, "finished_at": 0.0}
        await tx.execute(update(schema.session).where(schema.session.c.id == "s-ann").values(long_before))
    await decide(desk, good=True)

    assert await lines(desk) == [("s-c1-x0", "claim", 0)]


async def test_a_gain_waits_until_its_player_is_trusted_and_then_comes_with_the_next_settling(
    desk: Database,
) -> None:
    ann = schema.player.c.id == "ann"
    async with desk.begin() as tx:
        await tx.execute(update(schema.player).where(ann).values(e_value=5.0))
    await decide(desk, good=True)
    waiting = await lines(desk)
    async with desk.begin() as tx:
        await tx.execute(update(schema.player).where(ann).values(e_value=500.0))
    await settle_all(desk, CampaignId(CAMPAIGN), RoundId(ROUND), now=9_500.0)

    assert waiting == []
    assert [(reason, points > 0) for _, reason, points in await lines(desk)] == [("claim", True)]


async def test_however_many_are_paid_at_a_time_the_lines_are_the_same(desk: Database) -> None:
    for n in range(5):
        await add_claim(desk, "bob", f"more{n}", image=f"i{n}", at=6_000.0 - n)
    async with desk.begin() as tx:
        values = {"status": "rejected", "reason": "model right", "posterior": 0.01}
        await tx.execute(update(schema.claim).values(values))
    paid = []
    while not paid or paid[-1]:
        async with desk.begin() as tx:
            paid.append(await pay(tx, RoundId(ROUND), rules=Rules(), now=9_100.0, limit=2))

    assert paid == [2, 2, 2, 0]
    assert [exchange for exchange, _, _ in await lines(desk)] == [
        "s-c1-x0",
        *(f"s-more{n}-x0" for n in (4, 3, 2, 1, 0)),
    ]


async def test_open_and_disputed_claims_pay_nothing(desk: Database) -> None:
    async with desk.begin() as tx:
        await tx.execute(update(schema.claim).values(status="disputed"))
    await _pay_again(desk)

    assert await lines(desk) == []


async def test_the_session_tells_what_became_of_its_claims(desk: Database) -> None:
    before = await grade_session(desk, SessionId("s-c1"), now=9_000.0)
    await decide(desk, good=True)
    after = await grade_session(desk, SessionId("s-c1"), now=9_100.0)

    assert before.lines == ()
    (line,) = after.lines
    assert (line.reason, line.position, line.points) == ("confirmed", 0, after.points)
    assert line.text.startswith(f"+{line.points}: Others confirmed it")
    assert after.payable == after.balance_shown > 0


async def test_the_error_rate_is_that_of_the_round(desk: Database) -> None:
    """Each of 60 trusted players judged one complex answer, and marked it wrong: so do few models fare."""
    low = await rate_now(desk)
    for n in range(60):
        await add_claim(desk, "bob", f"more{n}", image=f"i{n}")

    assert low == pytest.approx((PRIOR_RATE * 50 + 1 * 0.85 / 0.8) / 51)
    assert await rate_now(desk) > 0.6


@given(st.integers(0, 1000), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_rate_is_a_share_and_grows_with_what_is_marked(
    judged: int, wrong: float, decided: float, upheld: float
) -> None:
    marked = int(judged * wrong)
    sound = int(marked * decided * upheld)
    unsound = int(marked * decided) - sound
    rate = error_rate(Found(judged, marked, sound, unsound))

    assert 0.0 < rate <= 1.0
    assert rate >= error_rate(Found(judged, max(0, marked - 1), sound, unsound))
    assert rate >= error_rate(Found(judged, marked, sound, unsound + 1))


def test_a_rate_is_found_again_from_many_answers() -> None:
    """pi = .5: 80 % of the errors and 10 % of the right answers are marked, so 8 marks in 9 are upheld."""
    rate = error_rate(Found(judged=10_000, wrong=4_500, model_wrong=4_000, model_right=500))

    assert rate == pytest.approx(0.5, abs=0.005)


async def test_settling_a_round_tells_what_is_certain_as_truth_about_the_picture(desk: Database) -> None:
    await rule_by_hand(desk, ClaimId("c1"), accept=True, now=9_000.0)

    await settle_all(desk, CampaignId(CAMPAIGN), RoundId(ROUND), now=9_500.0)

    async with desk.read() as tx:
        known = (await tx.execute(select(schema.image.c.known))).scalar_one()
    assert known == [{"question": "How many cats are there?", "answer": "four", "claim": "c1"}]
