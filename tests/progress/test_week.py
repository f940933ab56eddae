"""Players over time zones, 300 of them in the slow run, against an independent slow recomputation.

Everything a player sees is compared: streak and freezes from a walk through the calendar, boards and leagues
from the raw ledger. What the slow half knows is who visited when, never what the fast half made of it.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from stumper.progress import queries
from stumper.progress.boards import queries as boards
from stumper.progress.finish import finish
from stumper.progress.leagues import SIZE
from stumper.progress.streaks import streak_on
from stumper.records import PlayerId, SessionId
from stumper.store import schema
from stumper.store.database import Database
from stumper.trust.periods import local_day
from tests.progress.rows import Visit, add_players, add_visits, ledger_lines
from tests.progress.slow import slow_board, slow_next_tier, slow_streak
from tests.trust.rows import open_campaign

DAY = 86_400.0
# The week in which Europe ends its summer time (25 October 2026), and the four after it.
MONDAY = datetime(2026, 10, 19, tzinfo=UTC).timestamp()
ZONES = [
    "Pacific/Kiritimati", "Pacific/Auckland", "Australia/Lord_Howe", "Asia/Tokyo", "Asia/Kolkata",
    "Europe/Berlin", "Africa/Cairo", "UTC", "America/Sao_Paulo", "America/New_York", "America/Havana",
    "Pacific/Honolulu", "Etc/GMT+12",
]  # fmt: skip


def visits(players: Mapping[str, str], *, weeks: int, seed: int) -> list[Visit]:
    """Visits by the players' own clocks: some daily, most now and then, and many near midnight."""
    rng = random.Random(seed)
    found = []
    for id_, zone in players.items():
        keen = rng.choice((0.15, 0.5, 0.85, 0.97))
        for day in range(7 * weeks):
            for n in range(rng.choice((1, 1, 2)) if rng.random() < keen else 0):
                hour = rng.choice((rng.uniform(0, 24), 23.98, 0.02))
                offset = datetime.fromtimestamp(MONDAY + day * DAY, ZoneInfo(zone)).utcoffset()
                assert offset is not None
                at = MONDAY + day * DAY + hour * 3600 - offset.total_seconds() + n
                hits, alarms = rng.choice(((0, 0), (1, 0), (2, 0), (2, 1), (0, 1), (3, 0)))
                found.append(
                    Visit(
                        player_id=id_, session_id=f"{id_}-{day}-{n}", at=at, hits=hits, alarms=alarms,
                        judged=rng.random() < 0.97,
                    )
                )  # fmt: skip
    # Nobody plays before the first Monday or after the last: the slow half need not look there.
    end = MONDAY + 7 * weeks * DAY
    return sorted((one for one in found if MONDAY <= one.at < end), key=lambda one: (one.at, one.session_id))


@pytest.mark.parametrize(
    ("players", "weeks"),
    [(13, 1), pytest.param(150, 1, marks=pytest.mark.slow), pytest.param(40, 5, marks=pytest.mark.slow)],
)
async def test_what_players_see_equals_a_slow_recomputation(
    sqlite_database: Database, players: int, weeks: int
) -> None:
    database = sqlite_database
    await open_campaign(database)
    zones = {f"p{n:04}": ZONES[n % len(ZONES)] for n in range(players)}
    await add_players(database, list(zones), zones=ZONES)
    seen = visits(zones, weeks=weeks, seed=players + weeks)
    await add_visits(database, seen)
    for visit in seen:
        await finish(database, SessionId(visit.session_id), now=visit.at, rng=random.Random(1))

    await _streaks_are_right(database, zones, seen, now=MONDAY + 7 * weeks * DAY - 1)
    lines = await ledger_lines(database)
    await _boards_are_right(database, lines, weeks=weeks)
    await _leagues_are_right(database, lines, seen, weeks=weeks)


async def _streaks_are_right(
    database: Database, zones: Mapping[str, str], seen: list[Visit], *, now: float
) -> None:
    calendar: dict[str, Counter[int]] = defaultdict(Counter)
    for visit in seen:
        if visit.judged:
            on = datetime.fromtimestamp(visit.at, ZoneInfo(zones[visit.player_id])).date()
            calendar[visit.player_id][(on - date(1970, 1, 1)).days] += 1
    async with database.read() as tx:
        for id_, zone in zones.items():
            today = local_day(now, zone)
            days = await queries.days(tx, PlayerId(id_))
            fast, slow = streak_on(days, today=today), slow_streak(calendar[id_], today=today)
            assert days == calendar[id_]
            assert (fast.days, fast.regained) == (slow.length, slow.regained)
            assert not fast.days or fast.freezes == slow.freezes


async def _boards_are_right(database: Database, lines: list[tuple[str, int, float]], *, weeks: int) -> None:
    first = round(MONDAY / DAY)
    week = (first - 4) // 7
    spans = {"all": (0.0, 9e9)}
    spans |= {f"d{first + n}": (MONDAY + n * DAY, MONDAY + (n + 1) * DAY) for n in range(7 * weeks)}
    spans |= {f"w{week + n}": (MONDAY + 7 * n * DAY, MONDAY + 7 * (n + 1) * DAY) for n in range(weeks)}
    async with database.read() as tx:
        for period, (start, end) in spans.items():
            top = await boards.top(tx, period, limit=2_000)
            assert [(row.player_id, row.points) for row in top] == slow_board(lines, start=start, end=end)


async def _leagues_are_right(
    database: Database, lines: list[tuple[str, int, float]], seen: list[Visit], *, weeks: int
) -> None:
    query = select(schema.member, schema.league.c.tier).join(
        schema.league, schema.league.c.id == schema.member.c.league_id
    )
    async with database.read() as tx:
        members = (await tx.execute(query.order_by(schema.member.c.joined_at))).all()
    assert max(Counter(row.league_id for row in members).values()) <= SIZE
    came = {(one.player_id, int((one.at - MONDAY) // (7 * DAY))) for one in seen if one.judged}
    monday_week = (round(MONDAY / DAY) - 4) // 7
    assert {(row.player_id, row.week - monday_week) for row in members} == came

    tier: dict[str, int] = {}
    seasons: Counter[str] = Counter()
    for week in range(weeks):
        start = MONDAY + 7 * week * DAY
        points = dict(slow_board(lines, start=start, end=start + 7 * DAY))
        reached = {who: at for who, gained, at in lines if start <= at < start + 7 * DAY and gained}
        leagues: dict[str, list[tuple[str, int, float]]] = defaultdict(list)
        for row in (row for row in members if row.week - monday_week == week):
            assert row.tier == tier.get(row.player_id, 0)
            at = reached.get(row.player_id, row.joined_at)
            leagues[row.league_id].append((row.player_id, points.get(row.player_id, 0), at))
        for league in leagues.values():
            order = [(who, n) for who, n, _ in sorted(league, key=lambda one: (-one[1], one[2], one[0]))]
            for who, _ in order:
                seasons[who] += 1
                now_in = tier.get(who, 0)
                tier[who] = slow_next_tier(now_in, order=order, player_id=who, seasons=seasons[who])
