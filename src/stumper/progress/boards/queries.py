"""SQL of boards. They read `score`, which `trust.queries` writes with every line of the ledger.

More points come first, then who was there earlier. Whoever was forgotten is on no board, nor are models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.progress.leagues import Entrant, Tier
from stumper.records import PlayerId, PlayerKind
from stumper.store.schema import league, member, player, score, team

_SHOWN = player.c.forgotten_at.is_(None) & (player.c.kind != PlayerKind.MODEL.value)
_FIRST = (score.c.points.desc(), score.c.updated_at, score.c.player_id)
_LAST = (score.c.points, score.c.updated_at.desc(), score.c.player_id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a board."""

    rank: int
    """From 1."""
    player_id: PlayerId
    nickname: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """A team on the board of teams."""

    rank: int
    team_id: str
    name: str
    members: int
    """Those who have points this week."""
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeagueRow:
    """A player of a league, with the name that others see."""

    entrant: Entrant
    nickname: str


async def top(tx: AsyncConnection, period: str, *, limit: int) -> list[Row]:
    """Returns the first players of a period."""
    rows = await tx.execute(_lines(period).order_by(*_FIRST).limit(limit))
    return _ranked(rows, first=1)


async def around(tx: AsyncConnection, period: str, player_id: PlayerId, *, span: int) -> list[Row]:
    """Returns a player with up to ``span`` on each side; nothing if they have no points in the period."""
    me = (await tx.execute(_lines(period).where(score.c.player_id == player_id))).first()
    if me is None:
        return []
    above = (await tx.execute(_lines(period).where(_before(me)).order_by(*_LAST).limit(span))).all()
    below = (await tx.execute(_lines(period).where(_after(me)).order_by(*_FIRST).limit(span))).all()
    rank = await _rank(tx, period, me)
    return _ranked([*reversed(above), me, *below], first=rank - len(above))


async def around_each(
    tx: AsyncConnection, period: str, players: Collection[PlayerId], *, span: int
) -> dict[PlayerId, list[Row]]:
    """Returns for each of some thousand players what ``around`` does; who has no points is left out.

    Two walks over the period, however many they are; for a few players ``around`` is quicker.
    """
    ranked = _lines(period).add_columns(func.row_number().over(order_by=_FIRST).label("rank")).subquery()
    which = select(ranked.c.player_id, ranked.c.rank).where(ranked.c.player_id.in_(players))
    ranks = {PlayerId(row.player_id): int(row.rank) for row in await tx.execute(which)}
    near = {id_: range(rank - span, rank + span + 1) for id_, rank in ranks.items()}
    lines = select(ranked).where(ranked.c.rank.in_({rank for places in near.values() for rank in places}))
    found = {
        row.rank: Row(
            rank=row.rank, player_id=PlayerId(row.player_id), nickname=row.nickname, points=row.points
        )
        for row in await tx.execute(lines)
    }
    return {id_: [found[rank] for rank in places if rank in found] for id_, places in near.items()}


async def _rank(tx: AsyncConnection, period: str, me: Any) -> int:
    """Counts those with more points by an index alone, then the few with as many who were there earlier,
    and takes off those who are not shown. In one condition, with `player` joined, it took 200 ms for the
    last of 50,000.
    """
    here = select(func.count()).select_from(score).where(score.c.period == period)
    more = here.where(score.c.points > me.points)
    tied = here.where(score.c.points == me.points, _earlier(me))
    hidden = here.where(score.c.player_id.in_(select(player.c.id).where(~_SHOWN)), _before(me))
    counts = (await tx.execute(select(*(one.scalar_subquery() for one in (more, tied, hidden))))).one()
    return int(counts[0]) + int(counts[1]) - int(counts[2]) + 1


def _lines(period: str) -> Select[Any]:
    return (
        select(score.c.player_id, player.c.nickname, score.c.points, score.c.updated_at)
        .join(player, player.c.id == score.c.player_id)
        .where(score.c.period == period, _SHOWN)
    )


def _earlier(me: Any) -> ColumnElement[bool]:
    """Of those with as many points."""
    at = score.c.updated_at
    return or_(at < me.updated_at, and_(at == me.updated_at, score.c.player_id < me.player_id))


def _before(me: Any) -> ColumnElement[bool]:
    """The places above one; the first condition lets an index do the work."""
    more = score.c.points > me.points
    return and_(score.c.points >= me.points, or_(more, and_(score.c.points == me.points, _earlier(me))))


def _after(me: Any) -> ColumnElement[bool]:
    tied = score.c.points == me.points
    return and_(
        score.c.points <= me.points,
        or_(
            score.c.points < me.points,
            tied & (score.c.updated_at > me.updated_at),
            tied & (score.c.updated_at == me.updated_at) & (score.c.player_id > me.player_id),
        ),
    )


def _ranked(rows: Iterable[Any], *, first: int) -> list[Row]:
    return [
        Row(rank=rank, player_id=PlayerId(row.player_id), nickname=row.nickname, points=row.points)
        for rank, row in enumerate(rows, start=first)
    ]


async def seats(
    tx: AsyncConnection, players: Collection[PlayerId], *, week: int
) -> dict[PlayerId, tuple[str, Tier]]:
    """Returns the league of a week and its tier for each of some thousand players who are in one."""
    rows = await tx.execute(
        select(member.c.player_id, member.c.league_id, league.c.tier)
        .join(league, league.c.id == member.c.league_id)
        .where(member.c.week == week, member.c.player_id.in_(players))
    )
    return {PlayerId(row.player_id): (row.league_id, Tier(row.tier)) for row in rows}


async def team_of_each(tx: AsyncConnection, players: Collection[PlayerId]) -> dict[PlayerId, str | None]:
    """Returns the team's id of each of some thousand players."""
    rows = await tx.execute(select(player.c.id, player.c.team_id).where(player.c.id.in_(players)))
    return {PlayerId(row.id): row.team_id for row in rows}


async def league_rows(tx: AsyncConnection, league_id: str, *, period: str) -> list[LeagueRow]:
    """Returns the players of a league with their points in its week, in no order."""
    return (await rows_of_leagues(tx, [league_id], period=period)).get(league_id, [])


async def rows_of_leagues(
    tx: AsyncConnection, league_ids: Collection[str], *, period: str
) -> dict[str, list[LeagueRow]]:
    """Returns the players of each league with their points in their week, in no order."""
    mine = and_(score.c.player_id == member.c.player_id, score.c.period == period)
    rows = await tx.execute(
        select(
            member.c.league_id,
            member.c.player_id,
            player.c.nickname,
            func.coalesce(score.c.points, 0).label("points"),
            func.coalesce(score.c.updated_at, member.c.joined_at).label("reached_at"),
        )
        .select_from(member.join(player, player.c.id == member.c.player_id).outerjoin(score, mine))
        .where(member.c.league_id.in_(league_ids), _SHOWN)
    )
    found: dict[str, list[LeagueRow]] = {}
    for row in rows:
        entrant = Entrant(
            player_id=PlayerId(row.player_id), points=row.points, reached_at=float(row.reached_at)
        )
        found.setdefault(row.league_id, []).append(LeagueRow(entrant=entrant, nickname=row.nickname))
    return found


async def teams(tx: AsyncConnection, period: str, *, limit: int) -> list[TeamRow]:
    """Returns the first teams of a period, by the sum of their members' points."""
    points = func.sum(score.c.points)
    rows = await tx.execute(
        select(team.c.id, team.c.name, func.count().label("members"), points.label("points"))
        .select_from(
            team.join(player, player.c.team_id == team.c.id).join(
                score, and_(score.c.player_id == player.c.id, score.c.period == period)
            )
        )
        .where(_SHOWN)
        .group_by(team.c.id, team.c.name)
        .order_by(points.desc(), func.max(score.c.updated_at), team.c.id)
        .limit(limit)
    )
    return [
        TeamRow(rank=rank, team_id=row.id, name=row.name, members=row.members, points=int(row.points))
        for rank, row in enumerate(rows, start=1)
    ]
