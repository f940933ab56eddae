"""Gains on claims wait until their player is trusted, and are paid then: once, whatever comes first."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from stumper.curate.peers import vote
from stumper.curate.settle import settle_all
from stumper.errors import Conflict
from stumper.records import CampaignId, ClaimId, PlayerId, RoundId, Rules, SessionId
from stumper.store import schema
from stumper.store.database import Database
from stumper.trust.grade import Grade, grade_session
from stumper.trust.rewards import Reason, claim_bonus
from tests.curate.rows import add_claim, add_trusted
from tests.examples import examples
from tests.trust.rows import CAMPAIGN, ROUND, Said, add_player, add_session, attentive, open_campaign

VOTERS = ("bob", "cyd", "dee", "eve")
CLAIM, TEST, BAD = SessionId("s-c1"), SessionId("s-test"), SessionId("s-bad")


async def furnish(database: Database) -> Database:
    """Ann, not trusted, has made a claim; s-test will show that she looks, s-bad that she does not."""
    await open_campaign(database)
    await add_trusted(database, *VOTERS)
    await add_player(database, "ann")
    await add_claim(database, "ann", "c1")
    await add_session(database, "ann", attentive(15), session_id=TEST)
    wrong = [Said(turn=n, poisoned=False, verdict="wrong", at=30.0 * (n + 1)) for n in range(4)]
    await add_session(database, "ann", wrong, session_id=BAD)
    return database


@pytest.fixture
async def desk(database: Database) -> Database:
    return await furnish(database)


async def decide(database: Database, *, good: bool = True) -> None:
    for voter in VOTERS:
        try:
            await vote(
                database, PlayerId(voter), ClaimId("c1"), model_wrong=good, correction_right=good,
                now=9_000.0, rng=random.Random(voter),
            )  # fmt: skip
        except Conflict:
            return


async def grade(database: Database, session_id: SessionId) -> Grade:
    return await grade_session(database, session_id, now=9_100.0)


async def settle(database: Database) -> None:
    await settle_all(database, CampaignId(CAMPAIGN), RoundId(ROUND), now=9_500.0)


async def paid(database: Database) -> list[int]:
    """Points of the lines for claims."""
    async with database.read() as tx:
        lines = select(schema.ledger.c.points).where(schema.ledger.c.reason == "claim")
        return list((await tx.execute(lines)).scalars())


async def promised(database: Database) -> int:
    async with database.read() as tx:
        return int((await tx.execute(select(func.sum(schema.waiting.c.points)))).scalar_one())


async def test_a_gain_waits_and_the_summary_says_so(desk: Database) -> None:
    await decide(desk)

    told, other = await grade(desk, CLAIM), await grade(desk, BAD)

    (line,) = told.lines
    assert (line.reason, line.position, line.points) == (Reason.WAITING, 0, 0)
    assert line.text == f"0: Others confirmed it. {told.waiting:+d} wait until we know you better."
    assert told.waiting == other.waiting == await promised(desk) > 0
    assert Reason.WAITING not in {line.reason for line in other.lines}
    assert (told.points, told.payable, await paid(desk)) == (0, 0, [])


async def test_the_session_that_makes_its_player_trusted_pays_what_waits(desk: Database) -> None:
    await decide(desk)
    waits = await promised(desk)

    after = await grade(desk, TEST)

    assert after.trusted
    assert after.waiting == 0
    assert await paid(desk) == [waits]
    assert after.payable == after.balance_shown == after.points + waits
    assert [line.reason for line in (await grade(desk, CLAIM)).lines] == [Reason.CONFIRMED]


async def test_what_was_promised_is_paid_whatever_the_bonus_is_by_then(desk: Database) -> None:
    await decide(desk)
    async with desk.begin() as tx:
        await tx.execute(update(schema.waiting).values(points=33))
        await tx.execute(update(schema.player).values(e_value=500.0))

    await settle(desk)
    await grade(desk, TEST)

    assert await paid(desk) == [33]


async def test_a_claim_that_is_turned_down_meanwhile_is_not_paid(desk: Database) -> None:
    await decide(desk)
    async with desk.begin() as tx:
        turned = {"status": "rejected", "reason": "rejected by the operator", "posterior": 0.0}
        await tx.execute(update(schema.claim).values(turned))

    before = await grade(desk, CLAIM)
    await settle(desk)
    await grade(desk, TEST)

    assert before.waiting == 0
    (cost,) = await paid(desk)
    assert cost < 0


async def test_a_claim_after_the_days_paid_time_has_nothing_to_wait_for(desk: Database) -> None:
    async with desk.begin() as tx:
        long_before = {"started_at": -8_000.0, "finished_at": 0.0}
        await tx.execute(update(schema.session).where(schema.session.c.id == BAD).values(long_before))
    await decide(desk)

    assert (await grade(desk, CLAIM)).waiting == 0
    assert await paid(desk) == [0]


@pytest.mark.parametrize("early_votes", [0, 1, 2])
async def test_deciding_and_becoming_trusted_at_the_same_moment_pays_once(
    desk: Database, early_votes: int
) -> None:
    """Some votes are in already, so that the deciding one meets the grading at another moment."""
    for voter in VOTERS[:early_votes]:
        await vote(
            desk, PlayerId(voter), ClaimId("c1"), model_wrong=True, correction_right=True,
            now=8_000.0, rng=random.Random(voter),
        )  # fmt: skip

    async def cast(voter: str) -> None:
        await vote(
            desk, PlayerId(voter), ClaimId("c1"), model_wrong=True, correction_right=True,
            now=9_000.0, rng=random.Random(voter),
        )  # fmt: skip

    done = await asyncio.gather(
        *(cast(voter) for voter in VOTERS[early_votes:]),
        *(grade(desk, TEST) for _ in range(3)),
        settle(desk),
        return_exceptions=True,
    )

    assert not [one for one in done if isinstance(one, Exception) and not isinstance(one, Conflict)]
    (points,) = await paid(desk)
    assert 0 < points <= claim_bonus(0.15, rules=Rules()).confirmed
    assert (await grade(desk, CLAIM)).waiting == 0


@pytest.fixture(scope="module")
def furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("waiting") / "stumper.db"))

    async def make() -> None:
        database = Database(f"sqlite:///{path}")
        await furnish(database)
        await database.close()

    asyncio.run(make())
    return path


EVENTS = {
    "confirmed": decide,
    "looks": lambda database: grade(database, TEST),
    "does not look": lambda database: grade(database, BAD),
    "settled": settle,
    "asked": lambda database: grade(database, CLAIM),
}


@settings(max_examples=examples(25), deadline=None)
@given(events=st.lists(st.sampled_from(sorted(EVENTS)), max_size=8))
def test_a_gain_is_paid_once_as_soon_as_claim_and_player_stand(furnished: Path, events: list[str]) -> None:
    async def play(path: Path) -> None:
        database = Database(f"sqlite:///{path}")
        confirmed = was_trusted = False
        for event in events:
            await EVENTS[event](database)  # type: ignore[operator]
            confirmed |= event == "confirmed"
            trusted = (await grade(database, CLAIM)).trusted
            was_trusted = (was_trusted or trusted) and confirmed
            assert len(await paid(database)) == was_trusted
            assert ((await grade(database, CLAIM)).waiting > 0) is (confirmed and not was_trusted)
        await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(shutil.copy(furnished, folder))))
