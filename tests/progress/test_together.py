"""Boards of many at once are each player's own board; the number of statements does not grow with them."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import event

from stumper.progress.boards import tables, together
from stumper.progress.boards.tables import Tab, board
from stumper.progress.boards.together import boards_of
from stumper.progress.seasons import join_league
from stumper.progress.teams import join_team, make_team
from stumper.records import PlayerId
from stumper.store.database import Database
from stumper.trust.queries import write_lines
from tests.progress.rows import add_players, change_player
from tests.progress.test_boards import NOW, line

PLAYERS = [PlayerId(f"p{n:02}") for n in range(36)]


async def a_week(database: Database) -> None:
    """Thirty-six players: two leagues, a team, ties, some without points, one forgotten and one a model."""
    rng = random.Random(8)
    await add_players(database, PLAYERS)
    async with database.begin() as tx:
        for player_id in PLAYERS[:33]:
            await join_league(tx, player_id, now=NOW, rng=rng)
        for n, player_id in enumerate(PLAYERS[3:]):
            at = NOW - rng.choice((0.0, 86_400.0, 30 * 86_400.0))
            await write_lines(tx, [line(player_id, rng.choice((-20, 20, 40)), at + n)])
    code = await make_team(database, PLAYERS[5], name="Lamps", now=NOW, rng=rng)
    await join_team(database, PLAYERS[6], code=code)
    await change_player(database, PLAYERS[9], forgotten_at=NOW)
    await change_player(database, PLAYERS[10], kind="model")


async def test_everybody_gets_the_board_that_they_would_get_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (tables, together):  # so that many have a line of their own below the first
        monkeypatch.setattr(module, "TOP", 4)
        monkeypatch.setattr(module, "SPAN", 2)
    await a_week(database)

    for tab in Tab:
        found = await boards_of(database, tab, PLAYERS, now=NOW)

        assert set(found) == {None, *PLAYERS}
        for player_id, told in found.items():
            assert told == await board(database, tab, me=player_id, now=NOW), (tab, player_id)


async def test_nobody_asks_for_more_than_a_strangers_boards(database: Database) -> None:
    for tab in Tab:
        assert await boards_of(database, tab, [], now=NOW) == {
            None: await board(database, tab, me=None, now=NOW)
        }


async def test_thirty_players_take_as_many_statements_as_one(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "TOP", 4)
    await a_week(sqlite_database)
    statements: list[str] = []
    event.listen(
        sqlite_database.engine.sync_engine,
        "before_cursor_execute",
        lambda *about: statements.append(about[2]),
    )

    for tab in Tab:
        counts = []
        for players in (PLAYERS[20:21], PLAYERS):
            statements.clear()
            await boards_of(sqlite_database, tab, players, now=NOW)
            counts.append(len(statements))

        assert counts[0] > 0
        assert counts[1] <= max(counts[0], 3), tab
