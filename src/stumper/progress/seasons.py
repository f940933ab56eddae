"""A player's seasons: a seat in a league with their first session of a week, and how the last one ended.

No job closes a week: its points cannot change any more, so who rose and who fell is worked out when somebody
looks.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.progress import leagues, queries
from stumper.progress.boards.queries import league_rows
from stumper.progress.leagues import Place, Tier
from stumper.progress.news.post import MessageKind, write
from stumper.progress.queries import Season
from stumper.records import PlayerId
from stumper.trust.periods import utc_week, week_period


class Entry(NamedTuple):
    """The tier in which a player's next season is played, and how the last one ended."""

    tier: Tier
    last: Place | None


async def join_league(tx: AsyncConnection, player_id: PlayerId, *, now: float, rng: random.Random) -> None:
    """Gives the player a seat for this week, unless they have one, and tells them how their last one ended.

    Hold the player's row before (``queries.lock_player``).
    """
    week = utc_week(now)
    seasons = await queries.seasons(tx, player_id)
    # >, not only ==: a clock that was set back must not give a seat in a week that is over.
    if seasons and seasons[0].week >= week:
        return
    entry = await next_entry(tx, player_id, seasons)
    if entry.last is not None:
        facts = {"rank": entry.last.rank, "size": entry.last.size, "points": entry.last.points}
        facts |= {"tier": int(seasons[0].tier), "next": int(entry.tier)}
        about = week_period(seasons[0].week)
        await write(tx, player_id, MessageKind.LEAGUE, about=about, facts=facts, now=now, rng=rng)
    await queries.take_seat(tx, player_id, week=week, tier=entry.tier, now=now)


async def next_entry(tx: AsyncConnection, player_id: PlayerId, seasons: Sequence[Season]) -> Entry:
    """Returns where a player goes after these seasons (newest first), all of them over."""
    if not seasons:
        return Entry(Tier.PAPER, None)
    place = await place_in(tx, seasons[0], player_id)
    move = 0 if place is None else place.move
    return Entry(leagues.next_tier(seasons[0].tier, move=move, seasons=len(seasons)), place)


async def place_in(tx: AsyncConnection, season: Season, player_id: PlayerId) -> Place | None:
    """Returns where a player stands in a league now, or stood when its week was over."""
    rows = await league_rows(tx, season.league_id, period=week_period(season.week))
    return leagues.place(leagues.ranked(row.entrant for row in rows), player_id, tier=season.tier)
