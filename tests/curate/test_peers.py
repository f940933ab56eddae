"""Who may vote on what, what a vote does, and what a refused vote says."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import event, select, update

from stumper.curate.desk.dealing import ClaimView, Empty, next_claim, why_empty
from stumper.curate.peers import vote
from stumper.errors import AlreadyVoted, Conflict, NotFound, NotYours
from stumper.records import Claim, ClaimId, ClaimStatus, PlayerId, Rules
from stumper.store import schema
from stumper.store.database import Database
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import add_player, open_campaign

RNG = random.Random(1)


async def cast(
    database: Database,
    voter: str,
    claim_id: str = "c1",
    *,
    wrong: bool = True,
    right: bool = True,
    flag: bool = False,
) -> Claim:
    return await vote(
        database,
        PlayerId(voter),
        ClaimId(claim_id),
        model_wrong=wrong,
        correction_right=right,
        unanswerable=flag,
        now=9_000.0,
        rng=RNG,
    )


async def dealt(database: Database, player: str) -> ClaimView | None:
    return await next_claim(database, PlayerId(player), now=9_000.0, rng=RNG)


@pytest.fixture
async def desk(database: Database) -> Database:
    """Five trusted players; one of them has made a claim."""
    await open_campaign(database)
    await add_trusted(database, "ann", "bob", "cyd", "dee", "eve")
    await add_claim(database, "ann", "c1")
    return database


async def test_a_voter_sees_picture_question_and_both_answers_but_not_whose(desk: Database) -> None:
    view = await dealt(desk, "bob")

    assert view == ClaimView(
        id=ClaimId("c1"), campaign_id="c", image_id="i", question="How many cats are there?",
        model_answer="three", correction="four",
    )  # type: ignore[arg-type]  # fmt: skip


async def test_nobody_is_dealt_their_own_claim(desk: Database) -> None:
    assert await dealt(desk, "ann") is None
    assert await why_empty(desk, PlayerId("ann"), now=9_000.0) is Empty.NOTHING_WAITS


async def test_players_who_are_not_trusted_are_dealt_nothing(desk: Database) -> None:
    await add_player(desk, "new", e_value=99.9)

    assert await dealt(desk, "new") is None
    assert await dealt(desk, "nobody") is None
    assert await why_empty(desk, PlayerId("new"), now=9_000.0) is Empty.NOT_TRUSTED
    assert await why_empty(desk, PlayerId("nobody"), now=9_000.0) is Empty.NOT_TRUSTED


async def test_no_claim_is_dealt_twice_to_a_voter(desk: Database) -> None:
    await cast(desk, "bob")

    assert await dealt(desk, "bob") is None
    assert await dealt(desk, "cyd") is not None


async def test_the_oldest_claims_go_first(desk: Database) -> None:
    for n in range(2, 12):
        await add_claim(desk, "ann", f"c{n}", at=5_000.0 + n, image=f"i{n}")
    voters = await add_trusted(desk, *(f"more{n}" for n in range(30)))

    seen = {view.id for view in [await dealt(desk, voter) for voter in voters] if view}

    assert len(seen) >= 6
    assert seen <= {f"c{n}" for n in range(1, 9)}


async def test_whoever_made_a_merged_claim_is_not_dealt_its_leader(desk: Database) -> None:
    await add_claim(desk, "bob", "c2")
    async with desk.begin() as tx:
        await tx.execute(update(schema.claim).where(schema.claim.c.id == "c2").values(same_as="c1"))

    assert await dealt(desk, "bob") is None
    with pytest.raises(NotYours, match="own claim"):
        await cast(desk, "bob")


async def test_two_confirmations_accept(desk: Database) -> None:
    first = await cast(desk, "bob")
    second = await cast(desk, "cyd")

    assert (first.status, first.votes) == (ClaimStatus.OPEN, 1)
    assert (second.status, second.votes, second.reason) == (ClaimStatus.ACCEPTED, 2, "confirmed")
    assert second.posterior is not None
    assert second.posterior > 0.95
    assert second.decided_at == 9_000.0


async def test_a_claim_is_stored_as_it_was_settled(desk: Database) -> None:
    await cast(desk, "bob")
    settled = await cast(desk, "cyd")

    async with desk.read() as tx:
        row = (await tx.execute(select(schema.claim).where(schema.claim.c.id == "c1"))).one()
    assert (row.status, row.votes, row.reason) == ("accepted", 2, "confirmed")
    assert row.posterior == pytest.approx(settled.posterior)


async def test_false_alarms_and_wrong_corrections_are_rejected_with_their_reason(desk: Database) -> None:
    await add_claim(desk, "ann", "c2", image="i2")
    for voter in ("bob", "cyd", "dee"):
        false_alarm = await cast(desk, voter, "c1", wrong=False, right=False)
        wrong_correction = await cast(desk, voter, "c2", wrong=True, right=False)
        if ClaimStatus.REJECTED in (false_alarm.status, wrong_correction.status):
            break

    assert (false_alarm.status, false_alarm.reason) == (ClaimStatus.REJECTED, "model right")
    assert (wrong_correction.status, wrong_correction.reason) == (
        ClaimStatus.REJECTED,
        "wrong correction",
    )


async def test_unanswerable_questions_are_voted_out(desk: Database) -> None:
    await cast(desk, "bob", wrong=False, right=False, flag=True)
    settled = await cast(desk, "cyd", wrong=False, right=False, flag=True)

    assert (settled.status, settled.reason) == (ClaimStatus.REJECTED, "unanswerable")


async def test_a_vote_on_an_unknown_claim_is_refused(desk: Database) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        await cast(desk, "bob", "nowhere")


async def test_a_vote_on_ones_own_claim_is_refused(desk: Database) -> None:
    with pytest.raises(NotYours, match="own claim"):
        await cast(desk, "ann")


async def test_a_second_vote_is_refused_also_when_the_claim_is_closed(desk: Database) -> None:
    await cast(desk, "bob")
    with pytest.raises(AlreadyVoted):
        await cast(desk, "bob")
    await cast(desk, "cyd")
    with pytest.raises(AlreadyVoted):
        await cast(desk, "bob")


async def test_a_vote_on_a_decided_claim_is_refused(desk: Database) -> None:
    await cast(desk, "bob")
    await cast(desk, "cyd")

    with pytest.raises(Conflict, match="decided"):
        await cast(desk, "dee")


@pytest.mark.parametrize("voter", ["new", "nobody"])
async def test_a_vote_by_a_player_who_is_not_trusted_is_refused(desk: Database, voter: str) -> None:
    await add_player(desk, "new", e_value=99.9)

    with pytest.raises(NotYours, match="trusted"):
        await cast(desk, voter)


async def test_a_refused_vote_leaves_nothing_behind(desk: Database) -> None:
    with pytest.raises(NotYours):
        await cast(desk, "ann")

    async with desk.read() as tx:
        assert (await tx.execute(select(schema.vote))).all() == []
        assert (await tx.execute(select(schema.claim.c.votes))).scalar_one() == 0


async def test_the_bar_is_the_campaigns_own(database: Database) -> None:
    await open_campaign(database, rules=Rules(trust_e=600.0))
    await add_trusted(database, "ann", "bob")
    await add_claim(database, "ann", "c1")

    assert await dealt(database, "bob") is None


async def test_a_vote_sent_twice_at_once_counts_once(desk: Database) -> None:
    results = await asyncio.gather(*(cast(desk, "bob") for _ in range(4)), return_exceptions=True)

    assert sum(isinstance(result, Claim) for result in results) == 1
    assert sum(isinstance(result, AlreadyVoted) for result in results) == 3


async def test_voters_at_once_settle_a_claim_once(desk: Database) -> None:
    results = await asyncio.gather(
        *(cast(desk, voter) for voter in ("bob", "cyd", "dee", "eve")), return_exceptions=True
    )

    votes = [result for result in results if isinstance(result, Claim)]
    assert sorted(claim.votes for claim in votes) == [1, 2]
    assert sum(isinstance(result, Conflict) for result in results) == 2


async def test_a_voter_whose_votes_tell_nothing_gets_no_more(sqlite_database: Database) -> None:
    """A fan confirms what everybody else rejects; the queue stops asking them."""
    database = sqlite_database
    await open_campaign(database)
    others = [f"other{n}" for n in range(7)]
    await add_trusted(database, "ann", "fan", *others)
    await add_claim(database, "ann", "last", image="last", at=9_999.0)
    for n in range(20):
        await add_claim(database, "ann", f"c{n}", image=f"i{n}", at=5_000.0 + n)
        await cast(database, "fan", f"c{n}")
        for voter in others:
            try:
                await cast(database, voter, f"c{n}", wrong=False, right=False)
            except Conflict:
                break
        if await why_empty(database, PlayerId("fan"), now=9_000.0) is Empty.NOT_SURE:
            break

    assert 2 <= n < 19
    assert await dealt(database, others[0]) is not None
    assert await why_empty(database, PlayerId("fan"), now=9_000.0) is Empty.NOT_SURE


async def test_whom_the_last_estimate_finds_a_fake_is_not_asked(desk: Database) -> None:
    async with desk.begin() as tx:
        for name, fake in (("bob", 0.5), ("cyd", 0.1)):
            row = {"player_id": name, "campaign_id": "c", "sees": 0.8, "alarms": 0.1, "fake": fake}
            await tx.execute(schema.sight.insert().values(row))

    assert await dealt(desk, "bob") is None
    assert await why_empty(desk, PlayerId("bob"), now=9_000.0) is Empty.NOT_SURE
    assert await dealt(desk, "cyd") is not None
    assert await dealt(desk, "dee") is not None


async def test_an_audited_claim_waits_for_five_votes(desk: Database) -> None:
    """Its id makes it one: see test_audit.py."""
    await add_trusted(desk, "fay", "gus")
    await add_claim(desk, "ann", "c6", image="i6")

    found = [await cast(desk, voter, "c6") for voter in ("bob", "cyd", "dee", "eve", "fay")]

    assert [claim.status for claim in found] == [*[ClaimStatus.OPEN] * 4, ClaimStatus.ACCEPTED]
    assert found[1].posterior is not None
    assert found[1].posterior > 0.95
    with pytest.raises(Conflict):
        await cast(desk, "gus", "c6")


async def test_dealing_and_voting_take_few_statements_and_no_scan(sqlite_database: Database) -> None:
    """A busy machine makes a clock useless here; what costs time is counted instead."""
    database = sqlite_database
    await open_campaign(database)
    await add_trusted(database, "ann", "bob", "cyd")
    await add_claim(database, "ann", "c1")
    asked: list[tuple[str, Any]] = []
    event.listen(
        database.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, _context, _many: asked.append((statement, values)),
    )

    await cast(database, "bob")
    first = len(asked)
    view = await dealt(database, "cyd")
    dealing = len(asked) - first
    await cast(database, "cyd")
    deciding = len(asked) - first - dealing

    assert view is not None
    # BEGIN is one of them; one more looks for settled cases, one deal in four; two pay the claim, one adds
    # it to the boards, one reads what was noticed about those whose word it is, one their quests.
    assert (first, deciding) == (3, 9)
    assert dealing in (5, 6)
    plans = [line for statement, values in asked for line in await plan(database, statement, values)]
    assert any("ix_claim_status_created_at" in line for line in plans)
    # A handful of rows; the newest hundred sessions; counts.
    small = ("SCAN campaign", "SCAN newest", "SCAN found", "SCAN seen")
    assert [line for line in plans if line.startswith("SCAN") and not line.startswith(small)] == []


async def plan(database: Database, statement: str, values: Any) -> list[str]:
    """Returns how SQLite would run a statement."""
    if not statement.startswith(("SELECT", "UPDATE")):
        return []
    async with database.read() as tx:
        rows = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [row.detail for row in rows]
