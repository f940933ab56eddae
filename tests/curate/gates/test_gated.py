"""Gates in the game: what they stop is not dealt, paid or merged; the operator has the last word."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import insert, literal, select, update

from stumper.curate.desk.dealing import next_claim
from stumper.curate.desk.queries import disputes
from stumper.curate.peers import rule_by_hand
from stumper.curate.pipeline import CurateReport, curate
from stumper.errors import Conflict, ModelRefused
from stumper.records import CampaignId, ClaimId, PlayerId, RoundId
from stumper.store import schema
from stumper.store.database import Database
from tests.curate.rows import add_claim, add_trusted
from tests.curate.test_pipeline import row, rows, say, town
from tests.trust.rows import CAMPAIGN, IMAGE, ROUND, open_campaign

__all__ = ["town"]
NOW = 10_000.0
BAD = {
    "insult": ("What the fuck is that?", "a cat", "rejected", "insulting words"),
    "words": ("Who is the idiot there?", "a man", "disputed", "words that may insult"),
    "phone": ("What does the sign say?", "CALL 416-977-6629", "disputed", "may hold personal data"),
    "two": ("How many cats and what colour are they?", "two", "rejected", "several questions in one"),
    "red": ("How many dogs are there?", "red", "rejected", "the correction answers nothing that was asked"),
    "hello": ("hello", "hi", "rejected", "not a question about the picture"),
}


class Guesser:
    """Guesses from a table; None is no answer, an exception is raised."""

    def __init__(self, said: Mapping[str, str | Exception | None]) -> None:
        self.said = said
        self.asked: list[str] = []

    async def guess(self, question: str) -> str | None:
        self.asked.append(question)
        answer = self.said.get(question)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        return


async def run(database: Database, *, guesser: Guesser | None = None) -> CurateReport:
    return await curate(database, CampaignId(CAMPAIGN), RoundId(ROUND), now=NOW, guesser=guesser)


async def add_bad(database: Database) -> None:
    for n, (name, (question, correction, _, _)) in enumerate(BAD.items()):
        await add_claim(database, "ann", name, question=question, correction=correction, at=4_000.0 + n)


async def standing(database: Database) -> dict[str, tuple[str, str]]:
    return {one.id: (one.status, one.reason) for one in await rows(database, schema.claim)}


async def paid(database: Database) -> list[str]:
    return [one.exchange_id for one in await _ledger(database)]


async def _ledger(database: Database) -> list[Any]:
    async with database.read() as tx:
        return list((await tx.execute(select(schema.ledger).where(schema.ledger.c.reason == "claim"))).all())


async def test_the_gates_stop_before_anybody_votes_and_cost_nothing(town: Database) -> None:
    await add_bad(town)

    report = await run(town)
    again = await run(town)

    assert await standing(town) == {name: (status, reason) for name, (_, _, status, reason) in BAD.items()}
    assert (report.rejected, report.disputed, report.examples) == (4, 2, 0)
    assert again == report
    assert await paid(town) == []


async def test_the_desk_deals_only_what_has_passed(town: Database) -> None:
    await add_bad(town)
    await add_claim(town, "ann", "good", at=4_900.0)

    dealt = await next_claim(town, PlayerId("bob"), now=NOW, rng=random.Random(1))

    assert dealt is not None
    assert dealt.id == "good"
    assert await standing(town) == {
        **{name: (status, reason) for name, (_, _, status, reason) in BAD.items()},
        "good": ("open", ""),
    }


async def test_more_bad_claims_than_the_desk_looks_at_do_not_hide_a_good_one(town: Database) -> None:
    for n in range(20):
        await add_claim(town, "ann", f"b{n}", question="fuck you all", at=4_000.0 + n)
    await add_claim(town, "zoe", "good", at=4_900.0)

    dealt = await next_claim(town, PlayerId("bob"), now=NOW, rng=random.Random(1))

    assert dealt is not None
    assert dealt.id == "good"


async def test_a_claim_that_was_stopped_is_merged_with_none(town: Database) -> None:
    await add_claim(town, "ann", "c1", correction="red", at=4_000.0)
    await add_claim(town, "zoe", "c2", correction="red", at=4_001.0)

    report = await run(town)

    assert (report.rejected, report.merged) == (2, 0)


@pytest.mark.parametrize("name", BAD)
async def test_the_operator_overrules_every_gate(town: Database, name: str) -> None:
    await add_bad(town)
    await run(town)
    async with town.read() as tx:
        listed = {
            one.claim.id
            for refused in (False, True)
            for one in await disputes(tx, CampaignId(CAMPAIGN), refused=refused)
        }

    await rule_by_hand(town, ClaimId(name), accept=True, now=NOW)
    report = await run(town)

    assert listed == set(BAD)
    assert (report.accepted, report.examples) == (1, 1)
    assert await paid(town) == [f"s-{name}-x0"]
    with pytest.raises(Conflict):
        await rule_by_hand(town, ClaimId(name), accept=False, now=NOW)


async def test_a_guess_without_the_picture_refuses_before_votes_and_is_asked_once(town: Database) -> None:
    await add_claim(town, "ann", "legs", question="How many legs has the dog?", correction="four", at=4_000.0)
    await add_claim(town, "zoe", "cats", question="How many cats are there?", correction="nine", at=4_001.0)
    await add_bad(town)
    guesser = Guesser({"How many legs has the dog?": "4", "How many cats are there?": "two"})

    await run(town, guesser=guesser)
    await run(town, guesser=guesser)

    found = await standing(town)
    assert found["legs"] == ("rejected", "can be guessed without the picture")
    assert found["cats"] == ("open", "")
    assert (await row(town, "cats")).blind == "two"
    assert sorted(guesser.asked) == ["How many cats are there?", "How many legs has the dog?"]
    assert await paid(town) == []


@pytest.mark.parametrize("answer", [None, ModelRefused("no key")])
async def test_a_guess_that_does_not_come_is_missing(town: Database, answer: Exception | None) -> None:
    await add_claim(town, "ann", "legs", question="How many legs has the dog?", correction="four")

    await run(town, guesser=Guesser({"How many legs has the dog?": answer}))

    assert (await row(town, "legs")).blind is None
    assert (await standing(town))["legs"] == ("open", "")


async def test_what_is_always_answered_becomes_no_further_example_and_is_not_paid(
    sqlite_database: Database,
) -> None:
    town = sqlite_database
    await _same_answers(town, 23)
    for n in range(20):
        await rule_by_hand(town, ClaimId(f"c{n:02}"), accept=True, now=NOW)

    first = await run(town)
    second = await run(town)
    third = await run(town)

    assert (first.accepted, first.rejected, first.examples) == (20, 0, 20)
    assert (second.accepted, second.rejected, second.examples) == (20, 3, 20)
    assert third == second
    guessed = {name for name, (_, reason) in (await standing(town)).items() if "guessed" in reason}
    assert guessed == {"c20", "c21", "c22"}
    assert not {"s-c20-x0", "s-c21-x0", "s-c22-x0"} & set(await paid(town))


async def test_look_alike_pictures_are_one_picture(town: Database) -> None:
    async with town.begin() as tx:
        copied = ["campaign_id", "kind", "width_px", "height_px", "source", "licence", "created_at"]
        await tx.execute(insert(schema.image).from_select(
            ["id", "file", *copied],
            select(literal("j"), literal("zz.png"), *(schema.image.c[name] for name in copied)),
        ))  # fmt: skip
        await tx.execute(update(schema.image).values(look="ffff0000" * 8))
    await add_claim(town, "ann", "c1", image="i", at=4_000.0)
    await add_claim(town, "zoe", "c2", image="j", at=4_001.0)
    await add_claim(town, "ann", "c3", image="j", correction="seven", at=4_002.0)
    await say(town, "c1")
    await say(town, "c3")

    report = await run(town)

    assert (await row(town, "c2")).same_as == "c1"
    assert report.merged == 1
    assert (await row(town, "c3")).reason == "contradicts another claim"


async def _same_answers(database: Database, n: int) -> None:
    """Claims on pictures of their own that all say the same."""
    await open_campaign(database)
    await add_trusted(database, "ann", "bob", "cyd")
    async with database.begin() as tx:
        picture = (await tx.execute(select(schema.image).where(schema.image.c.id == IMAGE))).one()._asdict()
        copies = [{**picture, "id": f"p{k}", "file": f"{k}.png"} for k in range(n)]
        await tx.execute(insert(schema.image), copies)
    for k in range(n):
        question, at = "How many legs has the dog?", 4_000.0 + k
        await add_claim(database, "ann", f"c{k:02}", question=question, image=f"p{k}", at=at)
