"""The promises of curation, on simulated crowds whose truth is known.

The full table comes from `python benchmarks/beliefs.py --mix all`.
"""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select

from benchmarks.beliefs import Crowd, measure, play
from stumper.curate.belief import Ballot
from stumper.curate.desk.dealing import next_claim
from stumper.curate.peers import vote
from stumper.curate.pipeline import curate
from stumper.records import CampaignId, PlayerId, RoundId
from stumper.store import schema
from stumper.store.database import Database
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import CAMPAIGN, ROUND, add_player, open_campaign


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_mixed_crowd_meets_the_target(seed: int) -> None:
    got = measure(players=150, mix="mixed", seed=seed)

    assert got.final_precision >= 0.97
    assert got.final_recall >= 0.85
    assert got.votes <= 3.2


@pytest.mark.slow
def test_a_crowd_with_a_quarter_of_fakers_stays_usable() -> None:
    got = measure(players=150, mix="fakers", seed=4)

    assert got.final_precision >= 0.92
    assert got.final_recall >= 0.8


def test_blind_types_are_practically_never_trusted() -> None:
    crowd: Crowd = play(players=600, mix="hostile", seed=5)
    blind = {"always_wrong", "always_correct", "random"}

    passed = [id_ for id_ in crowd.trusted if crowd.persons[id_].type.name in blind]

    everyone = [id_ for id_, person in crowd.persons.items() if person.type.name in blind]
    assert len(everyone) >= 150
    assert len(passed) / len(everyone) <= 0.01


async def test_votes_through_the_database_find_the_good_claims(sqlite_database: Database) -> None:
    """Nine voters as good as real ones, one who says yes to all, and 24 claims, a third of them good."""
    database = sqlite_database
    await open_campaign(database)
    voters = await add_trusted(database, *(f"v{n}" for n in range(9)), "fan")
    await add_player(database, "ann")
    good = {f"c{n}" for n in range(0, 24, 3)}
    for n in range(24):
        await add_claim(database, "ann", f"c{n}", question=f"What is on shelf {n}?", at=5_000.0 + n)

    await vote_until_done(database, voters, good, random.Random(8))
    report = await curate(database, CampaignId(CAMPAIGN), RoundId(ROUND), now=10_000.0)

    async with database.read() as tx:
        found = set((await tx.execute(select(schema.example.c.claim_id))).scalars())
    assert found <= good
    assert len(found) >= len(good) - 2
    assert report.votes <= 24 * 4.5


async def vote_until_done(
    database: Database, voters: list[PlayerId], good: set[str], rng: random.Random
) -> None:
    waiting = list(voters)
    while waiting:
        voter = rng.choice(waiting)
        dealt = await next_claim(database, voter, now=9_000.0, rng=rng)
        if dealt is None:
            waiting.remove(voter)
            continue
        said = opinion(voter, dealt.id in good, rng)
        await vote(
            database, voter, dealt.id, model_wrong=said.model_wrong, correction_right=said.correction_right,
            now=9_000.0, rng=rng,
        )  # fmt: skip


def opinion(voter: PlayerId, is_good: bool, rng: random.Random) -> Ballot:
    if voter == "fan":
        return Ballot(voter, True, True)
    wrong = rng.random() < (0.85 if is_good else 0.07)
    return Ballot(voter, wrong, wrong and rng.random() < (0.9 if is_good else 0.3))
