"""Tells players in the evening that their streak ends at midnight: those who can be told outside the game."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from stumper.progress import queries
from stumper.progress.news.post import MessageKind, write
from stumper.progress.streaks import FREEZES, Streak, streak_on
from stumper.records import PlayerId
from stumper.store.database import Database
from stumper.trust.periods import DAY_S, local_day, local_hour, utc_day

EVENING: Final = (18, 22)
"""Hours of the player's own day: late enough to be true, before the night in which nobody is written to."""
LEAST_DAYS: Final = 2
"""Day one is no streak yet; the step from it to the second is the one that counts (docs/game.md)."""
_CHUNK: Final = 500


async def remind(database: Database, *, now: float, rng: random.Random) -> int:
    """Writes a message to each player whose streak ends tonight; once a day. Returns how many qualified."""
    # Who played no longer ago than two freezes and a day can still lose a streak tonight.
    since = utc_day(now - DAY_S) - FREEZES - 1
    async with database.read() as tx:
        known = await queries.can_be_told(tx, since=since)
    awake = [(player_id, name) for player_id, name in known if is_evening(now, name)]
    told = 0
    for start in range(0, len(awake), _CHUNK):
        told += await _remind(database, awake[start : start + _CHUNK], now=now, rng=rng)
    return told


def is_evening(now: float, time_zone: str) -> bool:
    """Tells whether it is the evening of the player's day."""
    first, last = EVENING
    return first <= local_hour(now, time_zone) < last


def ends_tonight(streak: Streak) -> bool:
    """Tells whether only a session today keeps the streak: there is no freeze left to cover the day."""
    return streak.days >= LEAST_DAYS and not streak.done_today and streak.last_day == streak.today


async def _remind(
    database: Database, players: Sequence[tuple[PlayerId, str]], *, now: float, rng: random.Random
) -> int:
    told = 0
    async with database.begin() as tx:
        played = await queries.days_of_many(tx, [player_id for player_id, _ in players])
        for player_id, time_zone in players:
            today = local_day(now, time_zone)
            streak = streak_on(played.get(player_id, {}), today=today)
            if ends_tonight(streak):
                facts = {"days": streak.days}
                about = f"day {today}"
                await write(tx, player_id, MessageKind.STREAK, about=about, facts=facts, now=now, rng=rng)
                told += 1
    return told
