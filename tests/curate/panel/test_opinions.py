"""What judges think of claims: asked once, kept, gone on with after a stop; never inside a transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from stumper.curate.panel import queries
from stumper.curate.panel.ask import Cost, Opinion
from stumper.curate.panel.opinions import BATCH, Asked, ask_about_claims, backing, by_claim, pooled
from stumper.curate.panel.rubric import Case, Dimensions
from stumper.curate.queries import YOUNG_S
from stumper.errors import ModelRefused, NotFound
from stumper.records import CampaignId, ClaimId
from stumper.store import schema
from stumper.store.database import Database
from stumper.vlm.picture import ball
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import CAMPAIGN, open_campaign

NOW = 10_000.0
DOUBTS = Dimensions(correct=0.0, complete=1.0, grounded=0.1, reference_grounded=0.8, answerable=1.0)


class Thinks:
    """A judge that says one thing, and remembers what it was asked."""

    def __init__(self, name: str = "judge", says: Callable[[Case], Opinion] | None = None) -> None:
        self.name = name
        self.cost = Cost()
        self.cases: list[Case] = []
        self._says = says or (lambda _: Opinion(judge=name, score=0.0, dimensions=DOUBTS, wavering=0.1))

    async def opinion(self, case: Case) -> Opinion:
        self.cases.append(case)
        return self._says(case)

    async def close(self) -> None: ...


class OnePicture:
    """A file store in which every key is one picture."""

    def __init__(self, data: bytes | None) -> None:
        self._data = data

    async def get(self, key: str) -> bytes:
        if self._data is None:
            raise NotFound(f"The file {key} is not there.")
        return self._data

    async def put(self, data: bytes, *, suffix: str) -> str:
        raise AssertionError((data, suffix))

    async def exists(self, key: str) -> bool:
        raise AssertionError(key)


RED = OnePicture(ball("red"))


async def ask(database: Database, *judges: Thinks, files: OnePicture = RED, **more: Any) -> Asked:
    return await ask_about_claims(database, files, judges, CampaignId(CAMPAIGN), clock=lambda: NOW, **more)


async def rows(database: Database) -> list[Any]:
    async with database.read() as tx:
        return list(await tx.execute(select(schema.opinion).order_by(schema.opinion.c.claim_id)))


async def kept(database: Database) -> list[queries.Kept]:
    async with database.read() as tx:
        return await queries.kept(tx, CampaignId(CAMPAIGN))


async def change(database: Database, claim_id: str, **values: Any) -> None:
    async with database.begin() as tx:
        await tx.execute(update(schema.claim).where(schema.claim.c.id == claim_id).values(values))


@pytest.fixture
async def claims(database: Database) -> Database:
    await open_campaign(database)
    await add_trusted(database, "ann")
    for claim_id, status in (("settled", "accepted"), ("open", "open"), ("disputed", "disputed")):
        await add_claim(database, "ann", claim_id, question=f"How many {claim_id} cats?")
        await change(database, claim_id, status=status, votes=3)
    return database


async def test_each_claim_is_asked_once_of_each_judge(claims: Database) -> None:
    one, two = Thinks("one"), Thinks("two")

    first = await ask(claims, one)
    again = await ask(claims, one, two)

    assert (first.claims, first.kept) == (3, 3)
    assert (again.claims, again.kept) == (3, 3)
    assert {case.question.split()[2] for case in one.cases} == {"disputed", "open", "settled"}
    assert (one.cases[0].reference, one.cases[0].answer) == ("four", "three")
    assert one.cases[0].picture is not None
    assert one.cases[0].picture.startswith(b"\xff\xd8")  # a JPEG
    assert len(two.cases) == 3
    found = by_claim(await kept(claims))
    assert found[ClaimId("disputed")] == {"one": 0.8, "two": 0.8}


async def test_a_run_that_was_killed_goes_on_where_it_was(database: Database) -> None:
    await open_campaign(database)
    await add_trusted(database, "ann")
    for n in range(BATCH + 2):
        await add_claim(database, "ann", f"c{n:03}", at=float(n))

    def dies(case: Case) -> Opinion:
        if len(mortal.cases) > BATCH:
            raise ModelRefused("the key was taken back")
        return Opinion(judge="judge", score=0.0, dimensions=DOUBTS)

    mortal, well = Thinks(says=dies), Thinks()
    with pytest.raises(ModelRefused):
        await ask(database, mortal)
    assert len(await rows(database)) == BATCH
    came = await ask(database, well)

    assert (came.claims, len(well.cases)) == (2, 2)
    assert len(await rows(database)) == BATCH + 2


async def test_what_cannot_be_read_is_kept_as_missing_and_who_was_away_is_asked_again(
    claims: Database,
) -> None:
    babbles = Thinks("babbles", lambda _: Opinion(judge="babbles", why="no object"))
    away = Thinks("away", lambda _: Opinion(judge="away", why="busy", away=True))

    came = await ask(claims, babbles, away)
    await ask(claims, babbles, away)

    assert (came.kept, came.unreadable, came.away) == (3, 3, 3)
    assert set(came.faults) == {"babbles: no object", "away: busy"}
    assert [row.score for row in await rows(claims)] == [None] * 3
    assert (len(babbles.cases), len(away.cases)) == (3, 6)
    assert by_claim(await kept(claims)) == {}


async def test_a_limit_counts_claims_that_are_asked_about_the_disputed_ones_first(claims: Database) -> None:
    judge = Thinks()

    assert (await ask(claims, judge, limit=1)).claims == 1
    assert (await ask(claims, judge, limit=1)).claims == 1
    assert [case.question.split()[2] for case in judge.cases] == ["disputed", "open"]


async def test_claims_that_are_young_merged_or_forgotten_are_not_asked_about(claims: Database) -> None:
    await change(claims, "settled", same_as="open")
    await change(claims, "open", question="")
    await change(claims, "disputed", created_at=NOW - YOUNG_S + 1)

    assert (await ask(claims, Thinks())).claims == 0


@pytest.mark.parametrize("files", [OnePicture(None), OnePicture(b"no picture")])
async def test_a_claim_without_a_picture_is_told_and_not_asked_about(
    claims: Database, files: OnePicture
) -> None:
    judge = Thinks()

    came = await ask(claims, judge, files=files)

    assert (came.without_picture, came.claims, judge.cases) == (3, 0, [])
    assert came.faults
    assert await rows(claims) == []


async def test_of_two_prompts_the_newer_opinion_counts(claims: Database) -> None:
    row = {"claim_id": "open", "judge": "judge", "facts": {}}
    async with claims.begin() as tx:
        await tx.execute(insert(schema.opinion).values(**row, prompt="z", score=0.1, asked_at=1.0))
        await tx.execute(insert(schema.opinion).values(**row, prompt="a", score=0.9, asked_at=2.0))

    assert [one.score for one in await kept(claims)] == [0.9]


async def test_an_opinion_about_a_claim_that_has_gone_is_dropped(claims: Database) -> None:
    gone = queries.Kept(ClaimId("gone"), "judge", "p", 0.5, {}, NOW)
    there = gone._replace(claim_id=ClaimId("open"))

    async with claims.begin() as tx:
        await queries.keep(tx, [gone, there])
        await queries.keep(tx, [there._replace(score=0.9)])

    assert [(row.claim_id, row.score) for row in await rows(claims)] == [("open", 0.5)]


@pytest.mark.parametrize(
    ("grounded", "reference", "answerable", "expected"),
    [
        (0.0, 1.0, 1.0, 1.0),
        (1.0, 1.0, 1.0, 0.0),  # the model was right as well
        (0.0, 0.2, 1.0, 0.2),  # so is the correction wrong
        (0.0, 1.0, 0.3, 0.3),  # nobody can tell
        (None, None, None, None),
    ],
)
def test_a_claim_is_backed_as_far_as_its_weakest_part(
    grounded: float | None, reference: float | None, answerable: float | None, expected: float | None
) -> None:
    found = Dimensions(
        correct=0.0, complete=1.0, grounded=grounded, reference_grounded=reference, answerable=answerable
    )

    assert backing(found) == expected


def test_judges_of_a_claim_are_pooled_if_there_are_enough() -> None:
    assert pooled({"a": 0.2, "b": 0.4, "c": 0.9}, least=2) == 0.4
    assert pooled({"a": 0.2}, least=2) is None
    assert pooled({}) is None
