"""The boards as players see them: my league, around me, today, this week, all time, and teams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.progress.boards import queries
from stumper.progress.boards.queries import LeagueRow, Row, TeamRow
from stumper.progress.leagues import Tier, falling, ranked, rising
from stumper.progress.queries import seasons, who
from stumper.records import PlayerId
from stumper.store.database import Database
from stumper.trust.periods import ALL, day_period, utc_day, utc_week, week_period, week_starts_at

TOP = 50
SPAN = 5


class Tab(StrEnum):
    """In the order in which they are shown: newcomers are compared with those beside them first."""

    LEAGUE = "league"
    NEAR = "near"
    DAY = "day"
    WEEK = "week"
    ALL = "all"
    TEAMS = "teams"


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board with what is needed to read it."""

    tab: Tab
    rows: tuple[Row, ...] = ()
    me: Row | None = None
    """The player's own line, where it is not among the rows."""
    teams: tuple[TeamRow, ...] = ()
    my_team: str | None = None
    """Id."""
    tier: Tier | None = None
    """Of the league."""
    rising: int = 0
    """How many first rows of the league rise, if they have points; on paper nobody does week by week."""
    falling: int = 0
    """How many last rows fall."""
    ends_at: float | None = None
    """When the day or the week is over; None for all time."""


async def board(database: Database, tab: Tab, *, me: PlayerId | None, now: float) -> Board:
    """Returns a board as it is now; a stranger's league and neighbours are empty."""
    async with database.read() as tx:
        if tab is Tab.LEAGUE:
            return await _league(tx, me, now=now)
        if tab is Tab.TEAMS:
            return await _teams(tx, me, now=now)
        if tab is Tab.NEAR:
            period, ends_at = period_of(tab, now=now)
            rows = await queries.around(tx, period, me, span=SPAN) if me else []
            return Board(tab=tab, rows=tuple(rows), ends_at=ends_at)
        return await _global(tx, tab, me, now=now)


async def _global(tx: AsyncConnection, tab: Tab, me: PlayerId | None, *, now: float) -> Board:
    period, ends_at = period_of(tab, now=now)
    rows = await queries.top(tx, period, limit=TOP)
    mine = None
    if me is not None and all(row.player_id != me for row in rows):
        mine = next((row for row in await queries.around(tx, period, me, span=0)), None)
    return Board(tab=tab, rows=tuple(rows), me=mine, ends_at=ends_at)


def period_of(tab: Tab, *, now: float) -> tuple[str, float | None]:
    """Returns the period of a board of players, and when it is over."""
    day, week = utc_day(now), utc_week(now)
    return {
        Tab.DAY: (day_period(day), (day + 1) * 86_400.0),
        Tab.ALL: (ALL, None),
    }.get(tab, (week_period(week), week_starts_at(week + 1)))


async def _league(tx: AsyncConnection, me: PlayerId | None, *, now: float) -> Board:
    week = utc_week(now)
    mine = await seasons(tx, me) if me else []
    if not mine or mine[0].week != week:
        return Board(tab=Tab.LEAGUE, ends_at=week_starts_at(week + 1))
    found = await queries.league_rows(tx, mine[0].league_id, period=week_period(week))
    return league_board(found, mine[0].tier, week=week)


def league_board(found: Iterable[LeagueRow], tier: Tier, *, week: int) -> Board:
    """Returns the board of a league of this tier and week; all its players see the same."""
    found = tuple(found)
    names = {row.entrant.player_id: row.nickname for row in found}
    table = ranked(row.entrant for row in found)
    rows = [
        Row(rank=rank, player_id=one.player_id, nickname=names[one.player_id], points=one.points)
        for rank, one in enumerate(table, start=1)
    ]
    return Board(
        tab=Tab.LEAGUE,
        rows=tuple(rows),
        tier=tier,
        rising=rising(len(rows)) if Tier.PAPER < tier < Tier.GOLD else 0,
        falling=falling(len(rows)) if tier > Tier.WOOD else 0,
        ends_at=week_starts_at(week + 1),
    )


async def _teams(tx: AsyncConnection, me: PlayerId | None, *, now: float) -> Board:
    week = utc_week(now)
    rows = await queries.teams(tx, week_period(week), limit=TOP)
    mine = (await who(tx, me)).team_id if me else None
    return Board(tab=Tab.TEAMS, teams=tuple(rows), my_team=mine, ends_at=week_starts_at(week + 1))
