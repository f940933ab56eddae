"""Curation: examples with provenance from confirmed claims, once, whenever and however often it runs."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import select, update

from stumper.curate.peers import vote
from stumper.curate.pipeline import CurateReport, curate, example_id, pseudonym
from stumper.curate.settle import settle_all
from stumper.errors import NotFound
from stumper.records import CampaignId, ClaimId, PlayerId, RoundId
from stumper.store import schema
from stumper.store.database import Database
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import CAMPAIGN, ROUND, open_campaign

RNG = random.Random(2)
VOTERS = ("bob", "cyd", "dee", "eve")


async def say(
    database: Database, claim_id: str, *, wrong: bool = True, right: bool = True, votes: int = 2
) -> None:
    for voter in VOTERS[:votes]:
        await vote(
            database, PlayerId(voter), ClaimId(claim_id), model_wrong=wrong, correction_right=right,
            now=9_000.0, rng=RNG,
        )  # fmt: skip


async def run(database: Database, *, now: float = 10_000.0) -> CurateReport:
    return await curate(database, CampaignId(CAMPAIGN), RoundId(ROUND), now=now)


async def rows(database: Database, table: Any) -> list[Any]:
    async with database.read() as tx:
        return list((await tx.execute(select(table).order_by(table.c.id))).all())


async def row(database: Database, claim_id: str) -> Any:
    async with database.read() as tx:
        return (await tx.execute(select(schema.claim).where(schema.claim.c.id == claim_id))).one()


@pytest.fixture
async def town(database: Database) -> Database:
    await open_campaign(database)
    await add_trusted(database, "ann", "zoe", *VOTERS)
    return database


async def test_a_confirmed_claim_becomes_an_example_that_can_be_explained(town: Database) -> None:
    await add_claim(town, "ann", "c1")
    await say(town, "c1")

    report = await run(town)

    (example,) = await rows(town, schema.example)
    assert report == CurateReport(
        claims=1, accepted=1, rejected=0, disputed=0, open=0, merged=0, votes=2, examples=1, added=1,
        advice="", audit="",
    )  # fmt: skip
    assert (example.id, example.claim_id) == (example_id(ClaimId("c1")), "c1")
    assert (example.question, example.answer, example.wrong_answer) == (
        "How many cats are there?",
        "four",
        "three",
    )
    assert example.category == "counting"
    assert example.posterior > 0.95
    assert example.provenance == {
        "player": pseudonym(CampaignId(CAMPAIGN), PlayerId("ann")),
        "e_value": 500.0,
        "votes": {"cast": 2, "model_wrong": 2, "correction_right": 2, "unanswerable": 0},
        "model": "scripted:",
        "consent": {"licence": "CC BY 4.0", "given_at": 1.0},
        "image": {"licence": "CC0", "source": "drawn"},
        "language": None,
        "asked_by": {"kind": "human"},
        "suggested": None,
    }


async def test_running_again_changes_nothing(town: Database) -> None:
    for n in range(4):
        await add_claim(town, "ann", f"c{n}", image="i", question=f"What is on shelf {n}?", at=5_000.0 + n)
    await say(town, "c0")
    await say(town, "c1", wrong=False, right=False, votes=3)
    await say(town, "c2", right=False, votes=1)
    await run(town)
    before = await rows(town, schema.claim), await rows(town, schema.example)

    again = await run(town, now=20_000.0)

    assert again.added == 0
    assert (await rows(town, schema.claim), await rows(town, schema.example)) == before


async def test_the_same_claim_of_two_players_is_one_example(town: Database) -> None:
    await add_claim(town, "ann", "c1", at=5_000.0)
    await add_claim(town, "zoe", "c2", question="number of cats", correction="4", at=5_001.0)
    await run(town)
    await say(town, "c1")

    report = await run(town)

    assert (report.accepted, report.merged, report.examples) == (2, 1, 1)
    merged = await row(town, "c2")
    assert (merged.same_as, merged.status) == ("c1", "accepted")


async def test_votes_on_merged_claims_count_together(town: Database) -> None:
    await add_claim(town, "ann", "c1", at=5_000.0)
    await add_claim(town, "zoe", "c2", at=5_001.0)
    for claim_id, voter in (("c1", "bob"), ("c2", "cyd")):
        await vote(
            town, PlayerId(voter), ClaimId(claim_id), model_wrong=True, correction_right=True,
            now=9_000.0, rng=RNG,
        )  # fmt: skip

    report = await run(town)

    assert (report.accepted, report.examples) == (2, 1)


async def test_of_two_answers_to_one_question_at_most_one_is_kept(town: Database) -> None:
    await add_claim(town, "ann", "c1", at=5_000.0)
    await add_claim(town, "zoe", "c2", correction="five", at=5_001.0)
    await say(town, "c1")
    await say(town, "c2")

    report = await run(town)

    assert (report.examples, report.disputed) == (0, 2)
    assert (await row(town, "c1")).reason == "contradicts another claim"


async def test_what_contradicts_an_example_is_disputed_and_the_example_stands(town: Database) -> None:
    await add_claim(town, "ann", "c1", at=5_000.0)
    await say(town, "c1")
    await run(town)
    await add_claim(town, "zoe", "c2", correction="five", at=5_001.0)
    await say(town, "c2")

    report = await run(town)

    assert (report.accepted, report.disputed, report.examples) == (1, 1, 1)
    assert (await row(town, "c2")).status == "disputed"


async def test_what_is_no_question_is_rejected_whatever_the_votes(town: Database) -> None:
    await add_claim(town, "ann", "c1", question="hello bot", correction="hi")
    await say(town, "c1")

    report = await run(town)

    assert (report.rejected, report.examples) == (1, 0)
    assert (await row(town, "c1")).reason == "not a question about the picture"


async def test_an_example_stands_when_later_votes_raise_doubt(town: Database) -> None:
    await add_claim(town, "ann", "c1")
    await say(town, "c1")
    await run(town)
    async with town.begin() as tx:
        await tx.execute(update(schema.vote).values(model_wrong=False, correction_right=False))

    report = await run(town)

    assert (report.accepted, report.examples) == (1, 1)


async def test_an_acceptance_is_withdrawn_when_its_voters_lose_their_credit(town: Database) -> None:
    await add_claim(town, "ann", "c1")
    await say(town, "c1")
    async with town.begin() as tx:
        await tx.execute(update(schema.exchange).values(verdict="wrong"))

    await run(town)

    assert (await row(town, "c1")).status == "open"
    assert (await row(town, "c1")).decided_at is None


async def test_settling_keeps_what_it_found_about_voters(town: Database) -> None:
    await add_claim(town, "ann", "c1")
    await say(town, "c1")

    await run(town)
    await run(town, now=20_000.0)

    async with town.read() as tx:
        found = (await tx.execute(select(schema.sight))).all()
    assert {row.player_id for row in found} == {"bob", "cyd"}
    assert all(row.sees - row.alarms > 0.35 and row.fake < 0.2 for row in found)


async def test_an_audited_claim_waits_for_its_votes_and_is_told(town: Database) -> None:
    await add_trusted(town, "fay")
    await add_claim(town, "ann", "c6")
    await say(town, "c6", votes=4)
    early = await run(town)
    await vote(
        town, PlayerId("fay"), ClaimId("c6"), model_wrong=True, correction_right=True, now=9_000.0, rng=RNG
    )
    report = await run(town)

    assert (early.open, early.audit) == (1, "")
    assert report.accepted == 1
    assert "Audited claims: 1, with 5 votes" in report.audit


async def test_rounds_learn_from_one_another_and_settle_only_their_own(town: Database) -> None:
    await add_claim(town, "ann", "c1")
    await say(town, "c1")
    await run(town)
    async with town.begin() as tx:
        await tx.execute(schema.round_.insert().values(await _next_round(tx)))

    ruling = await settle_all(town, CampaignId(CAMPAIGN), RoundId("later"), now=20_000.0)

    assert list(ruling.changes) == []
    assert set(ruling.sights) == {"bob", "cyd"}


async def _next_round(tx: Any) -> dict[str, Any]:
    row = (await tx.execute(select(schema.round_))).mappings().one()
    return {**row, "id": "later", "number": row["number"] + 1, "status": "closed"}


async def test_without_votes_the_operator_is_told_what_to_do(town: Database) -> None:
    assert "No claims yet" in (await run(town)).advice
    await add_claim(town, "ann", "c1")

    report = await run(town)

    assert (report.open, report.examples) == (1, 0)
    assert "/referee" in report.advice


async def test_a_crowd_without_trusted_players_accepts_nothing(town: Database) -> None:
    await add_claim(town, "ann", "c1")
    async with town.begin() as tx:
        await tx.execute(update(schema.player).values(e_value=1.0))

    report = await run(town)

    assert (report.accepted, report.examples) == (0, 0)
    assert "trusted" in report.advice


async def test_progress_is_told_from_start_to_end(town: Database) -> None:
    told: list[tuple[int, int]] = []

    await curate(
        town, CampaignId(CAMPAIGN), RoundId(ROUND), now=1.0, on_progress=lambda d, n: told.append((d, n))
    )

    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


async def test_a_run_goes_on_where_another_was_killed(town: Database) -> None:
    for n in range(3):
        await add_claim(town, "ann", f"c{n}", question=f"What is on shelf {n}?", at=5_000.0 + n)
        await say(town, f"c{n}")
    killed = asyncio.create_task(run(town))
    await asyncio.sleep(0.02)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)

    report = await run(town)

    assert (report.accepted, report.examples) == (3, 3)


async def test_settling_an_unknown_campaign_is_refused(town: Database) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        await settle_all(town, CampaignId("nowhere"), RoundId(ROUND), now=1.0)


def test_a_players_pseudonym_differs_between_campaigns() -> None:
    ann = PlayerId("ann")

    assert pseudonym(CampaignId("a"), ann) != pseudonym(CampaignId("b"), ann)
    assert "ann" not in pseudonym(CampaignId("a"), ann)
