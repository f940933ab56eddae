"""The referee's desk: settled cases among open ones, better answers, flags, neighbours, and the operator."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from stumper.curate.belief import Rates, gain
from stumper.curate.desk.dealing import next_claim
from stumper.curate.desk.queries import assign, disputes, run_of_right, service
from stumper.curate.peers import rule_by_hand, vote
from stumper.curate.pipeline import curate
from stumper.errors import AlreadyVoted, BadCorrection, Conflict, NotFound, NotYours
from stumper.records import CampaignId, Claim, ClaimId, ClaimStatus, Flag, PlayerId, RoundId
from stumper.store import schema
from stumper.store.database import Database
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import CAMPAIGN, ROUND, add_player, open_campaign

NOW = 9_000.0


async def cast(database: Database, voter: str, claim_id: str, *, yes: bool = True, **more: object) -> Claim:
    said = {
        "model_wrong": yes,
        "correction_right": yes,
        "now": NOW,
        "rng": random.Random(f"{voter} {claim_id}"),
    }
    return await vote(database, PlayerId(voter), ClaimId(claim_id), **(said | more))  # type: ignore[arg-type]


@pytest.fixture
async def desk(sqlite_database: Database) -> Database:
    """Four referees, an open claim, and one settled claim of each kind."""
    database = sqlite_database
    await open_campaign(database)
    await add_trusted(database, "ann", "bob", "cyd", "dee")
    for claim_id in ("open", "good", "bad"):
        await add_claim(database, "ann", claim_id, image=claim_id)
    async with database.begin() as tx:
        for claim_id, status, posterior in (("good", "accepted", 0.99), ("bad", "rejected", 0.01)):
            which = schema.claim.c.id == claim_id
            await tx.execute(update(schema.claim).where(which).values(status=status, posterior=posterior))
    return database


async def deal(database: Database, voter: str, seed: int, now: float = NOW - 60.0) -> str | None:
    view = await next_claim(database, PlayerId(voter), now=now, rng=random.Random(seed))
    return None if view is None else view.id


async def deal_gold(database: Database, voter: str, wanted: str, now: float = NOW - 60.0) -> None:
    for seed in range(200):
        async with database.begin() as tx:
            await tx.execute(schema.assignment.delete())
        if await deal(database, voter, seed, now) == wanted:
            return
    raise AssertionError(f"{wanted} was never dealt")


async def points(database: Database) -> list[tuple[str, int]]:
    async with database.read() as tx:
        rows = await tx.execute(select(schema.ledger.c.reason, schema.ledger.c.points))
        return [(reason, n) for reason, n in rows]


async def test_a_quarter_of_the_cases_is_settled_and_two_fifths_of_these_are_bad(desk: Database) -> None:
    dealt: list[str | None] = []
    for seed in range(200):
        async with desk.begin() as tx:
            await tx.execute(schema.assignment.delete())
        dealt.append(await deal(desk, "bob", seed))

    gold = [claim_id for claim_id in dealt if claim_id != "open"]
    assert 35 <= len(gold) <= 65
    assert 0.2 <= gold.count("bad") / len(gold) <= 0.6


async def test_asking_again_brings_the_same_case(desk: Database) -> None:
    assert len({await deal(desk, "bob", seed) for seed in range(20)}) == 1


async def test_settled_cases_of_one_kind_alone_are_not_dealt(desk: Database) -> None:
    async with desk.begin() as tx:
        await tx.execute(update(schema.claim).where(schema.claim.c.id == "good").values(posterior=0.9))

    for voter in ("bob", "cyd", "dee"):
        assert await deal(desk, voter, 7) == "open"


@pytest.mark.parametrize(
    ("case", "yes", "paid"),
    [
        ("bad", False, [("vote hit", 20)]),
        ("good", False, [("vote false_alarm", -20)]),
        ("bad", True, []),
        ("good", True, []),
    ],
)
async def test_a_settled_case_pays_like_a_control(
    desk: Database, case: str, yes: bool, paid: list[tuple[str, int]]
) -> None:
    await deal_gold(desk, "bob", case)
    before = await cast(desk, "bob", case, yes=yes)

    assert await points(desk) == paid
    assert before.votes == 0
    assert before.status is not ClaimStatus.OPEN


async def test_a_vote_faster_than_anybody_reads_earns_nothing(desk: Database) -> None:
    await deal_gold(desk, "bob", "bad", now=NOW - 1.0)
    await cast(desk, "bob", "bad", yes=False)

    assert await points(desk) == []


async def test_a_settled_case_that_was_not_dealt_is_closed(desk: Database) -> None:
    with pytest.raises(Conflict, match="decided"):
        await cast(desk, "bob", "bad", yes=False)


async def test_a_replayed_vote_on_a_settled_case_is_paid_once(desk: Database) -> None:
    await deal_gold(desk, "bob", "bad")
    await cast(desk, "bob", "bad", yes=False)
    with pytest.raises(AlreadyVoted):
        await cast(desk, "bob", "bad", yes=False)

    assert await points(desk) == [("vote hit", 20)]


async def test_points_of_a_referee_are_told_for_whole_batches(desk: Database) -> None:
    await deal_gold(desk, "bob", "bad")
    await cast(desk, "bob", "bad", yes=False)

    async with desk.read() as tx:
        one_by_one = await service(tx, PlayerId("bob"), batch=1)
        by_ten = await service(tx, PlayerId("bob"), batch=10)
    assert one_by_one == (1, 1, 20, 1)
    assert by_ten == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("said", "streak"),
    [
        ([], 0),
        ([("bad", False)], 1),
        ([("bad", True)], 0),
        ([("bad", False), ("good", True)], 2),
        ([("bad", True), ("good", True)], 1),
        ([("good", True), ("bad", True)], 0),
        ([("good", True), ("open", False), ("bad", False)], 2),
        ([("good", True), ("bad", False), ("open", True)], 2),
    ],
)
async def test_the_streak_counts_settled_cases_judged_right_up_to_the_last_one(
    desk: Database, said: list[tuple[str, bool]], streak: int
) -> None:
    for n, (case, yes) in enumerate(said):
        async with desk.begin() as tx:
            await assign(tx, PlayerId("bob"), ClaimId(case), gold=case != "open", now=NOW - 60.0)
        await cast(desk, "bob", case, yes=yes)
        async with desk.begin() as tx:
            newest = schema.vote.c.claim_id == case
            await tx.execute(update(schema.vote).where(newest).values(voted_at=NOW + n))

    async with desk.read() as tx:
        assert (await service(tx, PlayerId("bob"), batch=1)).streak == streak
        assert (await service(tx, PlayerId("bob"), batch=10)).streak == 0


@given(st.lists(st.booleans()), st.lists(st.booleans()))
def test_a_wrong_one_ends_the_run(newer: list[bool], older: list[bool]) -> None:
    run = run_of_right([*newer, False, *older])

    assert run == run_of_right(newer) <= len(newer)
    assert (run == len(newer)) is all(newer)


async def test_a_better_answer_that_means_the_same_confirms(desk: Database) -> None:
    await cast(desk, "bob", "open", correction_right=False, better="There are 4 cats.")
    await cast(desk, "cyd", "open", correction_right=False, better="five")

    async with desk.read() as tx:
        found = (await tx.execute(select(schema.vote.c.correction_right, schema.vote.c.better))).all()
    assert sorted(found) == [(False, "five"), (True, None)]


async def test_a_better_answer_that_the_model_gave_is_refused(desk: Database) -> None:
    with pytest.raises(BadCorrection):
        await cast(desk, "bob", "open", correction_right=False, better="three")


async def test_two_flags_send_a_claim_to_the_operator_for_good(desk: Database) -> None:
    await cast(desk, "bob", "open", yes=False, flag=Flag.PRIVATE)
    flagged = await cast(desk, "cyd", "open", yes=False, flag=Flag.OFFENSIVE)
    await curate(desk, CampaignId(CAMPAIGN), RoundId(ROUND), now=NOW)

    async with desk.read() as tx:
        (dispute,) = await disputes(tx, CampaignId(CAMPAIGN))
    assert (flagged.status, flagged.reason) == (ClaimStatus.DISPUTED, "flagged by voters")
    assert (dispute.claim.id, dispute.flags) == ("open", ["private", "offensive"])


@pytest.mark.parametrize("accept", [True, False])
async def test_the_operators_word_is_final_and_pays(desk: Database, accept: bool) -> None:
    await rule_by_hand(desk, ClaimId("open"), accept=accept, now=NOW)
    await curate(desk, CampaignId(CAMPAIGN), RoundId(ROUND), now=NOW + 1)

    async with desk.read() as tx:
        query = select(schema.claim.c.status, schema.claim.c.reason).where(schema.claim.c.id == "open")
        status, reason = (await tx.execute(query)).one()
    assert status == ("accepted" if accept else "rejected")
    assert reason == f"{status} by the operator"
    assert [(n > 0) == accept for reason, n in await points(desk) if reason == "claim"][:1] == [True]
    with pytest.raises(Conflict, match="already"):
        await rule_by_hand(desk, ClaimId("open"), accept=accept, now=NOW)


async def test_the_operator_cannot_decide_what_is_unknown(desk: Database) -> None:
    with pytest.raises(NotFound, match="claims list"):
        await rule_by_hand(desk, ClaimId("nope"), accept=True, now=NOW)


@pytest.mark.parametrize("shared", [{"network": "n"}, {"team_id": "t"}])
async def test_neighbours_and_team_mates_do_not_judge_each_other(
    desk: Database, shared: dict[str, str]
) -> None:
    async with desk.begin() as tx:
        await tx.execute(insert(schema.team).values(id="t", name="Owls", code="OWLS", created_at=NOW))
        await tx.execute(update(schema.player).where(schema.player.c.id.in_(["ann", "bob"])).values(**shared))

    assert await deal(desk, "bob", 1) is None
    assert await deal(desk, "cyd", 1) is not None
    with pytest.raises(NotYours, match="network"):
        await cast(desk, "bob", "open")


async def test_a_crowd_without_trusted_players_accepts_nothing_and_says_why(
    sqlite_database: Database,
) -> None:
    await open_campaign(sqlite_database)
    await add_player(sqlite_database, "new", e_value=5.0)
    await add_claim(sqlite_database, "new", "c1")

    assert await deal(sqlite_database, "new", 1) is None
    report = await curate(sqlite_database, CampaignId(CAMPAIGN), RoundId(ROUND), now=NOW)
    assert (report.accepted, report.examples) == (0, 0)
    assert "Only trusted players" in report.advice


async def test_one_player_alone_judges_nothing(sqlite_database: Database) -> None:
    await open_campaign(sqlite_database)
    await add_trusted(sqlite_database, "ann")
    await add_claim(sqlite_database, "ann", "c1")

    assert await deal(sqlite_database, "ann", 1) is None
    report = await curate(sqlite_database, CampaignId(CAMPAIGN), RoundId(ROUND), now=NOW)
    assert (report.open, report.examples) == (1, 0)


@given(st.floats(0, 1), st.floats(0.3, 0.95), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_a_vote_tells_at_most_what_is_unknown(good: float, sees: float, alarms: float, waves: float) -> None:
    by = Rates(sees, min(alarms, sees), 0.9, min(waves, 0.9), 0.6, 0.7)

    assert 0.0 <= gain(good, by) <= 1.0
    assert gain(0.0, by) == gain(1.0, by) == pytest.approx(0.0, abs=1e-9)


def test_a_vote_tells_most_about_what_is_in_doubt() -> None:
    by = Rates(0.8, 0.1, 0.9, 0.2, 0.6, 0.7)

    assert gain(0.5, by) > gain(0.9, by) > gain(0.99, by)
