"""Boards equal the ledger, whoever writes at the same moment; ranks, neighbours and teams by hand."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.progress.boards import queries
from stumper.progress.finish import finish
from stumper.records import LedgerLine, PlayerId, SessionId
from stumper.store.database import Database
from stumper.trust.periods import periods_at
from stumper.trust.queries import write_lines, write_once
from tests.progress.rows import Visit, add_players, add_visits, change_player, ledger_lines, scores
from tests.progress.slow import slow_board
from tests.trust.rows import Said, add_session, open_campaign

NOW = 1_795_392_000.0 + 3_600.0
RNG = random.Random(3)


def line(player_id: str, points: int, at: float = NOW, exchange_id: str | None = None) -> LedgerLine:
    return LedgerLine(
        player_id=PlayerId(player_id), session_id=None, exchange_id=exchange_id,  # type: ignore[arg-type]
        reason="hit", points=points, written_at=at,
    )  # fmt: skip


async def sums_of_the_ledger(database: Database) -> dict[tuple[str, str], int]:
    sums: Counter[tuple[str, str]] = Counter()
    for player_id, points, at in await ledger_lines(database):
        for period in periods_at(at):
            sums[period, player_id] += points
    return dict(sums)


@pytest.mark.slow
async def test_boards_equal_the_ledger_after_fifty_gradings_at_the_same_moment(database: Database) -> None:
    await open_campaign(database)
    players = [f"p{n}" for n in range(25)]
    await add_players(database, players)
    # Two sessions a player, each graded three times at once: nothing may be added twice.
    visits = [
        Visit(player_id=players[n % 25], session_id=f"s{n}", at=NOW - n, hits=1 + n % 4, alarms=n % 2)
        for n in range(50)
    ]
    await add_visits(database, visits)
    ids = [SessionId(visit.session_id) for visit in visits] * 3

    await asyncio.gather(*(finish(database, id_, now=NOW, rng=RNG) for id_ in ids))

    assert len(await ledger_lines(database)) == sum(visit.hits + visit.alarms for visit in visits)
    assert await scores(database) == await sums_of_the_ledger(database)


async def test_a_line_that_was_there_already_is_not_added_to_boards(database: Database) -> None:
    await open_campaign(database)
    await add_players(database, ["a", "b"])
    await add_session(
        database, "a", [Said(turn=n, poisoned=True, verdict="wrong", at=30.0) for n in range(3)]
    )
    lines = [line("a", 20, exchange_id=f"s-x{n}") for n in range(2)]

    async with database.begin() as tx:
        await write_once(tx, lines)
    async with database.begin() as tx:
        await write_once(tx, [*lines, line("a", 7, exchange_id="s-x2")])

    assert (await scores(database))["all", "a"] == 47
    assert await scores(database) == await sums_of_the_ledger(database)


async def test_lines_of_many_players_in_two_orders_do_not_wait_for_each_other(database: Database) -> None:
    players = [f"p{n:02}" for n in range(30)]
    await add_players(database, players)

    async def write(order: list[str]) -> None:
        async with database.begin() as tx:
            await write_lines(tx, [line(id_, 1) for id_ in order])

    orders = [random.Random(n).sample(players, 30) for n in range(20)]
    await asyncio.wait_for(asyncio.gather(*map(write, orders)), 60)

    assert set((await scores(database)).values()) == {20}


BOARD = st.lists(st.tuples(st.integers(0, 8), st.integers(-20, 40), st.integers(0, 20)), max_size=40)


@given(BOARD)
def test_the_slow_board_keeps_the_sum(rows: list[tuple[int, int, int]]) -> None:
    lines = [(f"p{who}", points, float(at)) for who, points, at in sorted(rows, key=lambda row: row[2])]

    assert sum(points for _, points in slow_board(lines, start=0.0, end=99.0)) == sum(row[1] for row in rows)


async def test_ranks_and_neighbours_equal_the_ledger_read_slowly(database: Database) -> None:
    rng = random.Random(5)
    players = [f"p{n:02}" for n in range(40)]
    await add_players(database, players)
    for n in range(150):
        async with database.begin() as tx:
            # few values, so that many are tied
            await write_lines(tx, [line(rng.choice(players), rng.choice((-20, 20, 40)), NOW + n)])
    board = slow_board(await ledger_lines(database), start=0.0, end=9e9)

    async with database.read() as tx:
        top = await queries.top(tx, "all", limit=15)
        near = {id_: await queries.around(tx, "all", PlayerId(id_), span=5) for id_, _ in board}

    assert [(row.player_id, row.points) for row in top] == board[:15]
    assert [row.rank for row in top] == list(range(1, 16))
    for place, (id_, _) in enumerate(board):
        expected = board[max(0, place - 5) : place + 6]
        assert [(row.player_id, row.points) for row in near[id_]] == expected
        assert [row.rank for row in near[id_]] == [
            n for n in range(place - 4, place + 7) if 0 < n <= len(board)
        ]


async def test_the_forgotten_and_models_are_on_no_board(database: Database) -> None:
    await add_players(database, ["a", "b", "c", "d"])
    async with database.begin() as tx:
        await write_lines(tx, [line("a", 90), line("b", 80), line("c", 70), line("d", 60)])
    await change_player(database, "a", forgotten_at=NOW)
    await change_player(database, "b", kind="model")

    async with database.read() as tx:
        top = await queries.top(tx, "all", limit=9)
        near = await queries.around(tx, "all", PlayerId("d"), span=5)
        gone = await queries.around(tx, "all", PlayerId("a"), span=5)

    assert [(row.rank, row.player_id) for row in top] == [(1, "c"), (2, "d")]
    assert [(row.rank, row.player_id) for row in near] == [(1, "c"), (2, "d")]
    assert gone == []
