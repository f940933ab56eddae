"""python benchmarks/boards.py [--database URL] [--players 50000] [--lines 1000000]

What boards cost when many play. Fills a fresh database (a temporary SQLite file without a URL) with players,
ledger lines of five weeks and a full set of leagues, then prints the milliseconds of: the scores that a
grading writes beside its ledger lines, the first fifty of all time and of this week, the eleven around a
player, their league, and their standing. Of a hundred; beside other work the least says most.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.progress.boards.tables import Tab, board
from stumper.progress.standing import standing
from stumper.records import LedgerLine, PlayerId, Rules
from stumper.store import schema
from stumper.store.database import Database
from stumper.store.migrate import migrate
from stumper.trust import queries
from stumper.trust.periods import local_day, utc_week, week_starts_at

NOW = week_starts_at(2968) + 4 * 86_400.0
WEEKS, CHUNK, MEASURED = 5, 20_000, 100
_SUMS = """
INSERT INTO score (period, player_id, points, updated_at)
SELECT {period}, player_id, SUM(points), MAX(written_at) FROM ledger WHERE written_at >= {since}
GROUP BY player_id
"""


async def fill(database: Database, *, players: int, lines: int) -> None:
    """Writes players, leagues of this week, and the ledger with its sums."""
    rng = random.Random(1)
    async with database.begin() as tx:
        await _campaign(tx)
        await _chunks(tx, schema.player, [_player(n) for n in range(players)])
        leagues = -(-players // 30)
        await _chunks(tx, schema.league, [_league(n) for n in range(leagues)])
        seats = [
            {"player_id": f"p{n}", "week": utc_week(NOW), "league_id": f"l{n // 30}", "joined_at": NOW - 9e4}
            for n in range(players)
        ]
        await _chunks(tx, schema.member, seats)
        days = [(who, back) for who in range(MEASURED) for back in range(60) if rng.random() < 0.8]
        await _chunks(tx, schema.session, [_session(who, back) for who, back in days])
    for start in range(0, lines, CHUNK):
        rows = [_line(rng.randrange(players), rng) for _ in range(min(CHUNK, lines - start))]
        async with database.begin() as tx:
            await tx.execute(insert(schema.ledger), rows)
    week = week_starts_at(utc_week(NOW))
    day = NOW // 86_400 * 86_400
    periods = ((f"'w{utc_week(NOW)}'", week), (f"'d{day // 86_400:.0f}'", day), ("'all'", 0.0))
    async with database.begin() as tx:
        for period, since in periods:
            await tx.execute(text(_SUMS.format(period=period, since=since)))
    async with database.begin() as tx:
        await tx.execute(text("ANALYZE"))


async def _chunks(tx: AsyncConnection, table: object, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), CHUNK):
        await tx.execute(insert(table), rows[start : start + CHUNK])  # type: ignore[call-overload]


async def _campaign(tx: AsyncConnection) -> None:
    await tx.execute(
        insert(schema.campaign).values(id="c", name="c", licence="", rules=asdict(Rules()), created_at=0.0)
    )
    await tx.execute(
        insert(schema.round_).values(
            id="r", campaign_id="c", number=1, model_ref="", status="open", opened_at=0.0
        )
    )


def _player(n: int) -> dict[str, object]:
    return {
        "id": f"p{n}", "nickname": f"Player {n}", "language": "en", "kind": "human", "consent_at": 0.0,
        "licence": "", "e_value": 1.0, "created_at": 0.0,
    }  # fmt: skip


def _league(n: int) -> dict[str, object]:
    return {"id": f"l{n}", "week": utc_week(NOW), "tier": 1, "number": n + 1, "members": 30}


def _session(who: int, back: int) -> dict[str, object]:
    at = NOW - 86_400.0 * back
    return {
        "id": f"s{who}-{back}", "player_id": f"p{who}", "round_id": "r", "campaign_id": "c", "turns": 10,
        "started_at": at - 600, "finished_at": at, "graded_at": at, "poison_rate": 0.4, "salt": "",
        "commitment": "", "day": local_day(at, "UTC"),
    }  # fmt: skip


def _line(who: int, rng: random.Random) -> dict[str, object]:
    return {
        "player_id": f"p{who}", "reason": rng.choice(("hit", "hit", "false_alarm")),
        "points": rng.choice((20, 20, 20, -20)), "written_at": NOW - rng.random() * WEEKS * 7 * 86_400,
    }  # fmt: skip


async def milliseconds(move: Callable[[PlayerId], Awaitable[object]]) -> list[float]:
    """Milliseconds of the move for a hundred players, one after the other."""
    took = []
    for n in range(MEASURED):
        start = time.perf_counter()
        await move(PlayerId(f"p{n}"))
        took.append(1_000 * (time.perf_counter() - start))
    return took


def five_lines(player_id: PlayerId) -> list[LedgerLine]:
    """What a careful session brings."""
    return [
        LedgerLine(
            player_id=player_id, session_id=None, exchange_id=None, reason="hit", points=20, written_at=NOW
        )
        for _ in range(5)
    ]


async def measure(database: Database) -> dict[str, list[float]]:
    """Milliseconds of every move, by its name."""

    async def ledger_only(player_id: PlayerId) -> None:
        async with database.begin() as tx:
            rows = [
                {"player_id": player_id, "reason": "hit", "points": 20, "written_at": NOW} for _ in range(5)
            ]
            await tx.execute(insert(schema.ledger), rows)

    async def with_scores(player_id: PlayerId) -> None:
        async with database.begin() as tx:
            await queries.write_lines(tx, five_lines(player_id))

    def of(tab: Tab) -> Callable[[PlayerId], Awaitable[object]]:
        return lambda player_id: board(database, tab, me=player_id, now=NOW)

    moves: dict[str, Callable[[PlayerId], Awaitable[object]]] = {
        "five ledger lines alone": ledger_only,
        "five ledger lines and their scores": with_scores,
        "first 50 of all time": of(Tab.ALL),
        "first 50 of this week": of(Tab.WEEK),
        "me and 5 on each side": of(Tab.NEAR),
        "my league": of(Tab.LEAGUE),
        "standing": lambda player_id: standing(database, player_id, now=NOW),
    }
    return {name: await milliseconds(move) for name, move in moves.items()}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--database", help="an empty database; a temporary SQLite file without it")
    parser.add_argument("--players", type=int, default=50_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(arguments.database or f"sqlite:///{Path(folder) / 'boards.db'}")
        await migrate(database)
        await fill(database, players=arguments.players, lines=arguments.lines)
        size = f"{arguments.players:,} players, {arguments.lines:,} lines"
        print(f"| {size} | least ms | median ms | slowest ms |\n|---|---|---|---|")
        for name, took in (await measure(database)).items():
            print(f"| {name} | {min(took):.1f} | {statistics.median(took):.1f} | {max(took):.1f} |")
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
