"""The end of a session: graded, then its player's league, quest and badges follow.

Three transactions: grading's, which writes the boards too, the quest's, if none was given that day, and the
rest's. What comes after the first may come twice or late (a server was killed between them): each part looks
at what is there and adds what is missing.
"""

from __future__ import annotations

import random
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.bounties import bounties_now, rare_thing
from stumper.curate.desk.queries import service
from stumper.progress import queries, quests
from stumper.progress.badges import Deeds, earned
from stumper.progress.deeds import queries as deeds
from stumper.progress.queries import Played, Who
from stumper.progress.seasons import join_league
from stumper.progress.streaks import streak_on
from stumper.records import CampaignId, PlayerId, PlayerKind, SessionId
from stumper.store.database import Database
from stumper.trust.grade import Grade, grade_session
from stumper.trust.periods import local_day
from stumper.trust.queries import control_exchanges

REFEREE_BATCH: Final = 10
"""Rulings count for a badge in tens, as on the referee's page: no single one shows which case was settled."""


async def finish(database: Database, session_id: SessionId, *, now: float, rng: random.Random) -> Grade:
    """Grades a finished session and lets league, quest and badges follow; again it changes nothing.

    Raises what ``grade_session`` raises.
    """
    grade = await grade_session(database, session_id, now=now)
    async with database.glance() as tx:
        played = await queries.played(tx, session_id)
        who = await queries.who(tx, played.player_id)
    counts = played.day is not None and who.kind is not PlayerKind.MODEL
    if played.day is not None and counts:
        await give_quest(database, played.player_id, played.campaign_id, day=played.day)
    async with database.begin() as tx:
        await queries.lock_player(tx, played.player_id)
        who = await queries.who(tx, played.player_id)
        if played.day is not None and counts:
            await join_league(tx, played.player_id, now=now, rng=rng)
            await _look_at_quest(tx, played, day=played.day, now=now)
        if who.kind is not PlayerKind.MODEL:
            await _give_badges(tx, session_id, played, who, now=now)
    return grade


async def settle_left(database: Database, player_id: PlayerId, *, now: float, rng: random.Random) -> int:
    """Finishes a player's sessions that were played to the end but never graded. Returns how many."""
    async with database.read() as tx:
        left = await queries.left_ungraded(tx, player_id)
    for session_id in left:
        await finish(database, session_id, now=now, rng=rng)
    return len(left)


async def give_quest(database: Database, player_id: PlayerId, campaign_id: CampaignId, *, day: int) -> None:
    """Chooses what the player is to look for on their day, and its price, unless that was chosen before.

    Nobody's writing waits meanwhile: prices may label a thousand questions. Of two choices at once the first
    that is written stays.
    """
    async with database.glance() as tx:
        if await queries.task(tx, player_id, day=day) is not None:
            return
    async with database.read() as tx:
        bounty = quests.choose(await bounties_now(tx, campaign_id), player_id, day=day)
        start = quests.about_a_thing(player_id, day=day) if bounty.points else None
        thing = None if start is None else await rare_thing(tx, campaign_id, bounty.category, start=start)
    task = queries.Task(
        category=bounty.category, goal=quests.GOAL, points=bounty.points, thing=thing, done_at=None
    )
    async with database.begin() as tx:
        await queries.give_task(tx, player_id, task, day=day)


async def _look_at_quest(tx: AsyncConnection, played: Played, *, day: int, now: float) -> None:
    task = await queries.task(tx, played.player_id, day=day)
    if task is None or task.done_at is not None:
        return
    questions = await queries.questions_of(tx, played.player_id, day=day)
    if quests.found(questions, task.category) >= task.goal:
        await queries.finish_task(tx, played.player_id, day=day, now=now)


async def _give_badges(
    tx: AsyncConnection, session_id: SessionId, played: Played, who: Who, *, now: float
) -> None:
    today = local_day(now, who.time_zone)
    done = Deeds(
        full_session=played.turns >= played.rules.turns,
        controls=await control_exchanges(tx, session_id),
        honest=await deeds.honest_answers(tx, played.player_id),
        catches=await deeds.catches(tx, played.player_id),
        fair_run=(await service(tx, played.player_id, batch=REFEREE_BATCH)).streak,
        regained=streak_on(await queries.days(tx, played.player_id), today=today).regained,
    )
    await queries.give_badges(tx, played.player_id, earned(done), now=now)
