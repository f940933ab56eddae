"""In the evening players hear that their streak ends at midnight: once, and only where that is so."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from stumper.progress.finish import finish
from stumper.progress.reminders import ends_tonight, is_evening, remind
from stumper.progress.streaks import streak_on
from stumper.records import SessionId
from stumper.store import schema
from stumper.store.database import Database
from tests.progress.rows import Visit, add_players, add_visits, change_player
from tests.trust.rows import open_campaign

DAY_S = 86_400.0
MONDAY = 1_795_392_000.0  # 00:00 UTC, 23 November 2026
EVENING = MONDAY + 4 * DAY_S + 19 * 3600  # Friday, 19:00 UTC


async def play_on(database: Database, player_id: str, days: Sequence[int]) -> None:
    """Finishes a session at noon (UTC) of each day after Monday."""
    visits = [
        Visit(player_id=player_id, session_id=f"{player_id} {day}", at=MONDAY + (day + 0.5) * DAY_S)
        for day in days
    ]
    await add_visits(database, visits)
    for visit in visits:
        await finish(database, SessionId(visit.session_id), now=visit.at + 1, rng=random.Random(1))


async def add_link(database: Database, player_id: str, *, blocked_at: float | None = None) -> None:
    row = {"service": "telegram", "external_id": f"of {player_id}", "player_id": player_id}
    async with database.begin() as tx:
        await tx.execute(insert(schema.link).values(**row, facts={}, blocked_at=blocked_at, made_at=1.0))


async def told(database: Database) -> list[tuple[str, int]]:
    async with database.read() as tx:
        rows = await tx.execute(
            select(schema.message.c.player_id, schema.message.c.facts)
            .where(schema.message.c.kind == "streak")
            .order_by(schema.message.c.player_id)
        )
        return [(row.player_id, row.facts["days"]) for row in rows]


async def test_who_has_no_freeze_left_hears_of_it_once(database: Database) -> None:
    await open_campaign(database)
    ids = ["none left", "one left", "played", "one day", "broken", "not linked", "blocked", "no notices"]
    await add_players(database, ids)
    for player_id in ids:
        await play_on(
            database,
            player_id,
            {"one left": [0, 1, 2], "played": [0, 1, 4], "one day": [1], "broken": [0]}.get(
                player_id, [0, 1]
            ),
        )
        if player_id != "not linked":
            await add_link(database, player_id, blocked_at=5.0 if player_id == "blocked" else None)
    await change_player(database, "no notices", notices=False)

    for _ in range(2):
        assert await remind(database, now=EVENING, rng=random.Random(2)) == 1

    assert await told(database) == [("none left", 2)]


@pytest.mark.parametrize(("zone", "hears"), [("UTC", True), ("Asia/Kolkata", False), ("America/Lima", False)])
async def test_it_is_the_players_own_evening_that_counts(database: Database, zone: str, hears: bool) -> None:
    await open_campaign(database)
    await add_players(database, ["p"], zones=[zone])
    await add_link(database, "p")
    await play_on(database, "p", [0, 1])

    await remind(database, now=EVENING, rng=random.Random(2))

    assert bool(await told(database)) is hears


@given(
    st.integers(0, 10**7), st.sampled_from(["UTC", "Asia/Kathmandu", "America/Lima", "Pacific/Kiritimati"])
)
def test_four_hours_of_a_day_are_evening(quarter: int, zone: str) -> None:
    hours = [is_evening(900.0 * (quarter + n), zone) for n in range(96)]

    assert sum(hours) == 16


@given(st.sets(st.integers(0, 30), min_size=1), st.integers(0, 33))
def test_a_streak_that_ends_tonight_is_gone_tomorrow_and_stays_if_played(days: set[int], today: int) -> None:
    sessions = {day: 1 for day in days if day <= today}
    ends = ends_tonight(streak_on(sessions, today=today))
    length = streak_on(sessions, today=today).days

    if ends:
        assert streak_on(sessions, today=today + 1).days == 0
        assert streak_on({**sessions, today: 1}, today=today + 1).days == length + 1
    elif length > 1:
        assert streak_on(sessions, today=today + 1).days == length
