"""The end of a session: seats in leagues, news of the last week, quests, badges; once, however often."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from sqlalchemy import func, insert, select

from stumper.progress import queries
from stumper.progress.badges import TAUGHT, Badge
from stumper.progress.finish import finish, settle_left
from stumper.progress.leagues import SIZE, Tier
from stumper.progress.news.post import unseen
from stumper.progress.queries import Season
from stumper.progress.standing import Dot, Goal, standing
from stumper.records import Category, PlayerId, SessionId
from stumper.store import schema
from stumper.store.database import Database
from stumper.trust.periods import week_starts_at
from tests.progress.rows import Visit, add_players, add_visits, ledger_lines, scores
from tests.trust.rows import open_campaign

MONDAY = week_starts_at(2968)
NOW = MONDAY + 3_600.0
DAY = 86_400.0
RNG = random.Random(3)


async def play(database: Database, player_id: str, *, at: float, **marks: object) -> None:
    session_id = f"{player_id}-{at:.0f}"
    await add_visits(database, [Visit(player_id=player_id, session_id=session_id, at=at, **marks)])  # type: ignore[arg-type]
    await finish(database, SessionId(session_id), now=at, rng=RNG)


async def seasons_of(database: Database, player_id: str) -> list[Season]:
    async with database.read() as tx:
        return await queries.seasons(tx, PlayerId(player_id))


@pytest.mark.slow
async def test_leagues_fill_to_thirty_and_never_more_when_all_come_at_once(database: Database) -> None:
    await open_campaign(database)
    players = [f"p{n}" for n in range(70)]
    await add_players(database, players)
    await add_visits(database, [Visit(player_id=id_, session_id=f"s-{id_}", at=NOW) for id_ in players])
    ids = [SessionId(f"s-{id_}") for id_ in players for _ in range(2)]

    await asyncio.gather(*(finish(database, id_, now=NOW, rng=RNG) for id_ in ids))

    async with database.read() as tx:
        told = dict((await tx.execute(select(schema.league.c.id, schema.league.c.members))).all())  # type: ignore[arg-type]
        seats = select(schema.member.c.league_id, func.count()).group_by(schema.member.c.league_id)
        taken = dict((await tx.execute(seats)).all())  # type: ignore[arg-type]
    assert taken == told
    assert sum(taken.values()) == 70
    assert sorted(taken.values()) == [10, SIZE, SIZE]


@pytest.mark.slow
async def test_newcomers_play_on_paper_twice_and_then_on_wood_or_tin(database: Database) -> None:
    await open_campaign(database)
    players = [f"p{n}" for n in range(10)]
    await add_players(database, players)
    for week in range(4):
        for n, id_ in enumerate(players):
            await play(database, id_, at=NOW + 7 * DAY * week + n, hits=1 + n % 3)

    first, last = await seasons_of(database, "p2"), await seasons_of(database, "p0")

    # p2, p5 and p8 have most points each week: of ten, three rise, and of these three on tin the first
    assert [one.tier for one in first] == [Tier.COPPER, Tier.TIN, Tier.PAPER]
    assert [one.tier for one in last] == [Tier.WOOD, Tier.WOOD, Tier.PAPER]


async def test_who_skips_a_week_keeps_the_tier_and_hears_of_the_last_one(database: Database) -> None:
    await open_campaign(database)
    await add_players(database, ["a", "b"])
    for week in range(2):
        await play(database, "a", at=NOW + 7 * DAY * week, hits=2)
        await play(database, "b", at=NOW + 7 * DAY * week, hits=1)

    await play(database, "b", at=NOW + 7 * DAY * 6)

    assert (await seasons_of(database, "b"))[0].tier is Tier.WOOD
    async with database.read() as tx:
        news = await unseen(tx, PlayerId("b"))
    assert [(one.about, one.facts["rank"], one.facts["size"]) for one in news] == [
        ("w2968", 2, 2),
        ("w2969", 2, 2),
    ]
    assert news[-1].facts | {"tier": 0, "next": 1} == news[-1].facts


async def test_a_clock_that_was_set_back_gives_no_second_seat(database: Database) -> None:
    await open_campaign(database)
    await add_players(database, ["a"])
    await play(database, "a", at=NOW)

    await play(database, "a", at=NOW - 8 * DAY)

    assert [one.week for one in await seasons_of(database, "a")] == [2968]


async def test_a_session_without_a_judged_answer_counts_for_nothing(database: Database) -> None:
    await open_campaign(database)
    await add_players(database, ["a"])

    await play(database, "a", at=NOW, judged=False)

    now = await standing(database, PlayerId("a"), now=NOW)
    assert (now.streak.days, now.league, now.dots[-1]) == (0, None, Dot.OPEN)


async def test_finishing_twice_changes_nothing(database: Database) -> None:
    await open_campaign(database)
    await add_players(database, ["a"])
    await play(database, "a", at=NOW, hits=3)
    before = [await scores(database), await ledger_lines(database), await seasons_of(database, "a")]

    await finish(database, SessionId(f"a-{NOW:.0f}"), now=NOW + 8 * DAY, rng=RNG)

    after = await seasons_of(database, "a")
    assert [await scores(database), await ledger_lines(database)] == before[:2]
    assert after[-1:] == before[2]
    assert (await standing(database, PlayerId("a"), now=NOW)).badges.keys() == {"sharp"}


async def test_what_a_crash_left_ungraded_is_settled_and_keeps_its_day(database: Database) -> None:
    await open_campaign(database)
    await add_players(database, ["a"], zones=["Pacific/Kiritimati"])
    await add_visits(database, [Visit(player_id="a", session_id="s", at=NOW, hits=1)])

    settled = await settle_left(database, PlayerId("a"), now=NOW + DAY, rng=RNG)
    again = await settle_left(database, PlayerId("a"), now=NOW + DAY, rng=RNG)

    assert (settled, again) == (1, 0)
    now = await standing(database, PlayerId("a"), now=NOW + DAY)
    assert (now.streak.days, now.streak.done_today, now.dots[-2:]) == (1, False, (Dot.PLAYED, Dot.OPEN))


async def test_a_quest_is_done_with_three_such_questions_and_stays_done(database: Database) -> None:
    await open_campaign(database)
    await add_players(database, ["a"])
    quest = (await standing(database, PlayerId("a"), now=NOW)).quest
    assert quest is not None
    questions = {
        Category.COUNTING: "How many cats are there?", Category.COLOR: "What colour is the cat?",
        Category.TEXT: "What does the sign say?", Category.EXISTENCE: "Is there a cat?",
    }  # fmt: skip
    async with database.begin() as tx:
        await tx.execute(schema.quest.update().values(category=Category.COUNTING.value, goal=1))

    await play(database, "a", at=NOW, question=questions[Category.TEXT])
    lacking = await standing(database, PlayerId("a"), now=NOW)
    await play(database, "a", at=NOW + 60, question=questions[Category.COUNTING])
    done = await standing(database, PlayerId("a"), now=NOW + 60)

    assert (lacking.quest.found, lacking.quest.done, lacking.next.goal) == (0, False, Goal.QUEST)  # type: ignore[union-attr]
    assert (done.quest.found, done.quest.done, done.stars) == (1, True, 1)  # type: ignore[union-attr]


async def test_badges_for_catches_come_with_the_next_session(database: Database) -> None:
    await open_campaign(database)
    await add_players(database, ["a", "b", "v1", "v2"])
    await play(database, "a", at=NOW)
    await play(database, "b", at=NOW)
    async with database.begin() as tx:
        for n, (who, decided_at) in enumerate([("b", NOW + 1), ("a", NOW + 2)]):
            await tx.execute(insert(schema.claim).values(_claim(n, who, decided_at)))
            await tx.execute(insert(schema.example).values(_example(n)))
        votes = [_vote(0, "v1"), _vote(0, "v2")]
        await tx.execute(insert(schema.vote), votes)

    await play(database, "a", at=NOW + 60)
    await play(database, "b", at=NOW + 60)

    assert (await standing(database, PlayerId("a"), now=NOW)).badges.keys() == set()
    assert (await standing(database, PlayerId("b"), now=NOW)).badges.keys() == {"pioneer", "against"}


def _claim(n: int, player_id: str, decided_at: float) -> dict[str, object]:
    return {
        "id": f"c{n}", "exchange_id": f"{player_id}-{NOW:.0f}-0-x", "campaign_id": "c", "round_id": "r",
        "player_id": player_id, "image_id": "i", "question": "How many?", "model_answer": "2",
        "correction": "3", "status": "accepted", "created_at": NOW, "decided_at": decided_at,
    }  # fmt: skip


def _example(n: int) -> dict[str, object]:
    return {
        "id": f"e{n}", "claim_id": f"c{n}", "campaign_id": "c", "round_id": "r", "image_id": "i",
        "question": "How many?", "answer": "3", "wrong_answer": "2", "category": "counting",
        "posterior": 0.99, "provenance": {},
    }  # fmt: skip


def _vote(n: int, voter: str) -> dict[str, object]:
    return {
        "id": f"{n}{voter}", "claim_id": f"c{n}", "player_id": voter, "model_wrong": False,
        "correction_right": False, "unanswerable": False, "gold": False, "voted_at": NOW,
    }  # fmt: skip


@pytest.mark.parametrize("passed", [True, False])
async def test_a_teacher_is_one_whose_catches_a_model_that_plays_has_learned(
    database: Database, passed: bool
) -> None:
    await open_campaign(database)
    await add_players(database, ["a"])
    release = {"id": "l", "campaign_id": "c", "round_id": "r", "version": 1, "digest": "", "path": ""}
    comparison = {"id": "v", "release_id": "l", "base_ref": "x", "tuned_ref": "y", "figures": {}}
    async with database.begin() as tx:
        await tx.execute(insert(schema.release).values(**release, examples=TAUGHT, created_at=NOW))
        await tx.execute(insert(schema.evaluation).values(**comparison, passed=passed, evaluated_at=NOW))
    for n in range(TAUGHT):
        at = NOW + 60 * n
        await play(database, "a", at=at)
        async with database.begin() as tx:
            claimed = {**_claim(n, "a", at), "exchange_id": f"a-{at:.0f}-0-x"}
            await tx.execute(insert(schema.claim).values(claimed))
            await tx.execute(insert(schema.example).values(_example(n)))
            lesson = {"evaluation_id": "v", "example_id": f"e{n}", "answer": "3", "learned": True}
            await tx.execute(insert(schema.lesson).values(lesson))

    await play(database, "a", at=NOW + 6_000)

    badges = (await standing(database, PlayerId("a"), now=NOW + 6_000)).badges
    assert (Badge.TEACHER in badges) is passed


async def test_a_streak_that_is_regained_brings_a_badge(database: Database) -> None:
    await open_campaign(database)
    await add_players(database, ["a"])
    await play(database, "a", at=NOW)
    await play(database, "a", at=NOW + DAY)
    back = NOW + 5 * DAY

    lost = await standing(database, PlayerId("a"), now=back)
    await play(database, "a", at=back)
    half = await standing(database, PlayerId("a"), now=back)
    await play(database, "a", at=back + 60)
    again = await standing(database, PlayerId("a"), now=back + 60)

    assert (lost.next.goal, lost.next.n, half.next.n) == (Goal.RESTORE, 2, 1)
    assert (again.streak.days, set(again.badges)) == (3, {"phoenix"})
    assert Counter(again.dots)[Dot.SAVED] == 3
