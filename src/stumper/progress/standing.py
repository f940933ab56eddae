"""Where a player stands: level, streak, quest, league, badges, team, and what is worth doing next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.progress import queries, quests
from stumper.progress.badges import Badge
from stumper.progress.finish import give_quest
from stumper.progress.leagues import Place, Tier, rising
from stumper.progress.levels import Level, level_of
from stumper.progress.queries import Season, Who
from stumper.progress.quests import Quest
from stumper.progress.seasons import next_entry, place_in
from stumper.progress.streaks import Streak, streak_on
from stumper.records import PlayerId
from stumper.store.database import Database
from stumper.trust.periods import local_day, local_day_ends_at, utc_week, week_starts_at

DOTS = 7


class Goal(StrEnum):
    """What is worth doing next; the first that holds is told."""

    RESTORE = "restore"
    """Sessions that bring the broken streak back."""
    STREAK = "streak"
    """A session before midnight keeps the streak: there is no freeze left."""
    QUEST = "quest"
    """Questions that the quest lacks."""
    RISE = "rise"
    """Places that a player must climb to be among those who rise."""
    LEVEL = "level"
    """Work that the next level lacks."""
    PLAY = "play"


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    goal: Goal
    n: int = 0
    """How many sessions, days of the streak, questions, places or catches; see ``Goal``."""


class Dot(StrEnum):
    """What a day of the week looks like."""

    PLAYED = "played"
    SAVED = "saved"
    MISSED = "missed"
    OPEN = "open"
    """Today, not played yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InLeague:
    """The league of this week; ``place`` is None before the first session of the week."""

    tier: Tier
    place: Place | None
    ends_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    level: Level
    streak: Streak
    streak_ends_at: float | None
    """The player's midnight at which it breaks if they do not play until then; None without a streak."""
    dots: tuple[Dot, ...]
    """The last seven of the player's days; today is the last."""
    quest: Quest | None
    """None where there is no campaign."""
    stars: int
    """Quests done."""
    league: InLeague | None
    """None before the first session ever."""
    newcomer: bool
    """In one of the first two seasons."""
    badges: dict[Badge, float]
    """When each was earned, oldest first."""
    team: str | None
    next: Next


async def standing(database: Database, player_id: PlayerId, *, now: float) -> Standing:
    """Returns where a player stands; chooses today's quest if that was not done yet. Raises NotFound."""
    async with database.read() as tx:
        who = await queries.who(tx, player_id)
        streak = streak_on(await queries.days(tx, player_id), today=local_day(now, who.time_zone))
        task = await queries.task(tx, player_id, day=streak.today)
    if task is None and who.campaign_id is not None:
        await give_quest(database, player_id, who.campaign_id, day=streak.today)
    async with database.read() as tx:
        return await _read(tx, who, streak, now=now)


async def _read(tx: AsyncConnection, who: Who, streak: Streak, *, now: float) -> Standing:
    days = await queries.days(tx, who.player_id)
    seasons = await queries.seasons(tx, who.player_id)
    quest = await _quest(tx, who, day=streak.today)
    league = await _league(tx, who.player_id, seasons, now=now)
    kinds = await queries.badges(tx, who.player_id)
    known = {kind.value for kind in Badge}
    level = level_of(who.work)
    return Standing(
        level=level,
        streak=streak,
        streak_ends_at=None if streak.last_day is None else local_day_ends_at(streak.last_day, who.time_zone),
        dots=dots_of(streak, days),
        quest=quest,
        stars=await queries.stars(tx, who.player_id),
        league=league,
        newcomer=league is None or league.tier is Tier.PAPER,
        badges={Badge(kind): at for kind, at in kinds.items() if kind in known},
        team=who.team,
        next=next_goal(level=level, streak=streak, quest=quest, league=league),
    )


async def _league(
    tx: AsyncConnection, player_id: PlayerId, seasons: list[Season], *, now: float
) -> InLeague | None:
    if not seasons:
        return None
    ends_at = week_starts_at(utc_week(now) + 1)
    if seasons[0].week < utc_week(now):
        entry = await next_entry(tx, player_id, seasons)
        return InLeague(tier=entry.tier, place=None, ends_at=ends_at)
    place = await place_in(tx, seasons[0], player_id)
    return InLeague(tier=seasons[0].tier, place=place, ends_at=ends_at)


async def _quest(tx: AsyncConnection, who: Who, *, day: int) -> Quest | None:
    task = await queries.task(tx, who.player_id, day=day)
    if task is None:
        return None
    asked = await queries.questions_of(tx, who.player_id, day=day)
    done = task.done_at is not None
    found = task.goal if done else min(task.goal, quests.found(asked, task.category))
    return Quest(
        day=day,
        category=task.category,
        goal=task.goal,
        found=found,
        done=done,
        points=task.points,
        thing=task.thing,
    )


def dots_of(streak: Streak, days: dict[int, int]) -> tuple[Dot, ...]:
    """Returns what each of the last seven days looks like, today last."""

    def dot(day: int) -> Dot:
        if days.get(day, 0):
            return Dot.PLAYED
        if day in streak.saved:
            return Dot.SAVED
        return Dot.OPEN if day == streak.today else Dot.MISSED

    return tuple(dot(day) for day in range(streak.today - DOTS + 1, streak.today + 1))


def next_goal(*, level: Level, streak: Streak, quest: Quest | None, league: InLeague | None) -> Next:
    """Returns what is most worth doing next: what would be lost tonight first, then what is near."""
    if streak.lost:
        return Next(goal=Goal.RESTORE, n=streak.restore_sessions)
    if streak.days and not streak.done_today and streak.last_day == streak.today:
        return Next(goal=Goal.STREAK, n=streak.days)
    if quest is not None and not quest.done:
        return Next(goal=Goal.QUEST, n=quest.goal - quest.found)
    climb = 0 if league is None else _climb(league)
    if climb > 0:
        return Next(goal=Goal.RISE, n=climb)
    if level.next_at is not None:
        return Next(goal=Goal.LEVEL, n=level.next_at - level.work)
    return Next(goal=Goal.PLAY)


def _climb(league: InLeague) -> int:
    """Returns how many places lie before those that rise; on paper and in gold there are none."""
    if league.place is None or league.place.points <= 0 or league.tier in (Tier.PAPER, Tier.GOLD):
        return 0
    return max(0, league.place.rank - rising(league.place.size))
