"""The boards of many players at once, by as many statements as for one: for pages that renew themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.progress.boards import queries
from stumper.progress.boards.tables import SPAN, TOP, Board, Tab, league_board, period_of
from stumper.records import PlayerId
from stumper.store.database import Database
from stumper.trust.periods import utc_week, week_period

Boards = Mapping[PlayerId | None, Board]
"""By player; a stranger's, which everybody sees who has nothing of their own on it, by None."""


async def boards_of(database: Database, tab: Tab, players: Collection[PlayerId], *, now: float) -> Boards:
    """Returns a stranger's board, and each player's as ``tables.board`` gives it."""
    async with database.read() as tx:
        if tab is Tab.LEAGUE:
            return await _leagues(tx, players, now=now)
        if tab is Tab.TEAMS:
            return await _teams(tx, players, now=now)
        if tab is Tab.NEAR:
            return await _near(tx, players, now=now)
        return await _global(tx, tab, players, now=now)


async def _leagues(tx: AsyncConnection, players: Collection[PlayerId], *, now: float) -> Boards:
    week = utc_week(now)
    period, ends_at = period_of(Tab.LEAGUE, now=now)
    nothing = Board(tab=Tab.LEAGUE, ends_at=ends_at)
    seats = await queries.seats(tx, players, week=week)
    tiers = dict(seats.values())
    rows = await queries.rows_of_leagues(tx, tiers.keys(), period=period)
    boards = {id_: league_board(rows.get(id_, []), tier, week=week) for id_, tier in tiers.items()}
    return {None: nothing} | {id_: boards[seats[id_][0]] if id_ in seats else nothing for id_ in players}


async def _near(tx: AsyncConnection, players: Collection[PlayerId], *, now: float) -> Boards:
    period, ends_at = period_of(Tab.NEAR, now=now)
    rows = await queries.around_each(tx, period, players, span=SPAN)
    nothing = Board(tab=Tab.NEAR, ends_at=ends_at)
    return {None: nothing} | {id_: replace(nothing, rows=tuple(rows.get(id_, ()))) for id_ in players}


async def _global(tx: AsyncConnection, tab: Tab, players: Collection[PlayerId], *, now: float) -> Boards:
    period, ends_at = period_of(tab, now=now)
    rows = await queries.top(tx, period, limit=TOP)
    board = Board(tab=tab, rows=tuple(rows), ends_at=ends_at)
    below = set(players) - {row.player_id for row in rows}
    # Whoever is not among fewer than all that fit has no points.
    own = await queries.around_each(tx, period, below, span=0) if below and len(rows) == TOP else {}
    return {None: board} | {id_: replace(board, me=own[id_][0]) if id_ in own else board for id_ in players}


async def _teams(tx: AsyncConnection, players: Collection[PlayerId], *, now: float) -> Boards:
    rows = await queries.teams(tx, week_period(utc_week(now)), limit=TOP)
    board = Board(tab=Tab.TEAMS, teams=tuple(rows), ends_at=period_of(Tab.TEAMS, now=now)[1])
    mine = await queries.team_of_each(tx, players)
    return {None: board} | {id_: replace(board, my_team=mine.get(id_)) for id_ in players}
