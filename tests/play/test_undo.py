"""Taking a verdict back: the rule alone, and the game with its tables, claims and grades."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from stumper.curate.desk.queries import queue
from stumper.curate.peers import rule_by_hand
from stumper.errors import Conflict, NotYours
from stumper.play.state import UNDO_S
from stumper.records import ClaimId, SessionId, Verdict
from stumper.store.schema import assignment, claim, exchange, session
from stumper.trust.grade import grade_session
from tests.play.conftest import Table, World

RIGHT, WRONG = Verdict.CORRECT, Verdict.WRONG


async def caught(world: World) -> Table:
    """A player who has just called an answer wrong on a picture whose truth nobody knows, with 100 s left."""
    table = await world.started()
    await world.to_turn(table, control=False)
    world.clock.now += 20.0
    asked = await table.ask()
    table.view = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="nine")
    return table


async def last(world: World) -> dict[str, object]:
    async with world.database.read() as tx:
        query = select(exchange).order_by(exchange.c.asked_at.desc()).limit(1)
        return dict((await tx.execute(query)).one()._mapping)


async def test_a_wrong_verdict_is_taken_back_with_its_claim_and_its_time(world: World) -> None:
    table = await caught(world)
    assert table.view.undo is not None
    next_turn = table.turn_id
    world.clock.now += 4.0

    view = await table.game.undo(table.player_id, table.view.undo)

    assert view.turn is not None
    assert view.turn.exchanges[0].verdict is None
    assert view.turn.seconds_left == pytest.approx(100.0)
    assert view.undo is None
    assert await world.count(claim) == 0
    opened = await world.turn(next_turn)
    assert (opened.opened_at, opened.deadline_at, opened.closed_at) == (None, None, None)
    kept = await last(world)
    assert (kept["verdict"], kept["correction"], kept["judged_at"]) == (None, None, None)


async def test_undo_twice_does_it_once(world: World) -> None:
    table = await caught(world)
    assert table.view.undo is not None

    once = await table.game.undo(table.player_id, table.view.undo)
    twice = await table.game.undo(table.player_id, table.view.undo)

    assert once == twice


async def test_the_verdict_after_an_undo_is_the_one_that_counts(world: World) -> None:
    table = await caught(world)
    undone = table.view.undo
    assert undone is not None
    await table.game.undo(table.player_id, undone)

    view = await table.game.judge(table.player_id, undone, verdict=RIGHT)

    assert view.turn is not None
    assert view.turn.exchanges[0].verdict is RIGHT
    assert await world.count(claim) == 0


async def test_a_right_verdict_is_taken_back_and_its_clock_ran_on(lite: World) -> None:
    table = await lite.started()
    asked = await table.ask()
    await table.game.judge(table.player_id, asked.id, verdict=RIGHT)
    lite.clock.now += 5.0

    view = await table.game.undo(table.player_id, asked.id)

    assert view.turn is not None
    assert view.turn.exchanges[0].verdict is None
    assert view.turn.seconds_left == 115.0


async def test_a_verdict_stays_after_five_seconds_and_the_grace(lite: World) -> None:
    table = await caught(lite)
    undone = table.view.undo
    assert undone is not None
    lite.clock.now += 7.1

    with pytest.raises(Conflict, match="5 seconds"):
        await table.game.undo(table.player_id, undone)

    assert await lite.count(claim) == 1


@pytest.mark.parametrize("move", ["ask", "skip"])
async def test_a_verdict_stays_once_the_player_has_gone_on(lite: World, move: str) -> None:
    table = await caught(lite)
    undone = table.view.undo
    assert undone is not None
    if move == "ask":
        await table.ask(key="k2")
    else:
        await table.game.skip(table.player_id, table.turn_id)

    with pytest.raises(Conflict, match="before you go on"):
        await table.game.undo(table.player_id, undone)


async def test_leaving_the_picture_keeps_its_last_verdict(lite: World) -> None:
    table = await lite.started()
    asked = await table.ask()
    await table.game.judge(table.player_id, asked.id, verdict=RIGHT)

    view = await table.game.skip(table.player_id, table.turn_id)

    assert view.undo is None
    with pytest.raises(Conflict, match="before you go on"):
        await table.game.undo(table.player_id, asked.id)


async def test_only_the_newest_verdict_is_taken_back(lite: World) -> None:
    table = await lite.started()
    first = await table.ask()
    await table.game.judge(table.player_id, first.id, verdict=RIGHT)
    second = await table.ask(key="k2")
    view = await table.game.judge(table.player_id, second.id, verdict=RIGHT)

    with pytest.raises(Conflict):
        await table.game.undo(table.player_id, first.id)

    assert view.undo == second.id


async def test_the_last_verdict_of_a_session_is_taken_back_until_its_result_is_seen(lite: World) -> None:
    table = await lite.started(quick=True)
    for _ in range(2):
        table.view = await table.game.skip(table.player_id, table.turn_id)
    asked = await table.ask()
    done = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="nine")
    assert (done.finished, done.undo, done.undo_s) == (True, asked.id, UNDO_S)

    view = await table.game.undo(table.player_id, asked.id)

    assert not view.finished
    assert view.turn is not None
    done = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="nine")
    assert done.finished
    await grade_session(lite.database, SessionId(done.id), now=lite.clock())
    with pytest.raises(Conflict, match="result"):
        await table.game.undo(table.player_id, asked.id)


async def test_an_old_session_does_not_go_on_beside_a_new_one(lite: World) -> None:
    table = await lite.started(quick=True)
    for _ in range(2):
        table.view = await table.game.skip(table.player_id, table.turn_id)
    asked = await table.ask()
    await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="nine")
    await table.game.start(table.player_id, quick=True)

    with pytest.raises(Conflict, match="another session"):
        await table.game.undo(table.player_id, asked.id)

    assert await lite.count(session, session.c.finished_at.is_(None)) == 1


async def test_nobody_undoes_another_players_verdict(lite: World) -> None:
    table = await caught(lite)
    thief = await lite.player("Eve")
    assert table.view.undo is not None

    with pytest.raises(NotYours):
        await table.game.undo(thief.id, table.view.undo)


async def test_a_catch_that_lies_on_a_desk_stays(world: World) -> None:
    table = await caught(world)
    judge = await world.player("Bea")
    assert table.view.undo is not None
    async with world.database.begin() as tx:
        claim_id = (await tx.execute(select(claim.c.id))).scalar_one()
        row = {"player_id": judge.id, "claim_id": claim_id, "gold": False, "dealt_at": 0.0}
        await tx.execute(insert(assignment).values(row))

    with pytest.raises(Conflict, match="judging"):
        await table.game.undo(table.player_id, table.view.undo)

    assert (await last(world))["verdict"] == WRONG
    assert await world.count(claim) == 1


@pytest.mark.parametrize("accept", [True, False])
async def test_a_catch_that_an_operator_has_decided_stays_with_its_pay(world: World, accept: bool) -> None:
    table = await caught(world)
    assert table.view.undo is not None
    async with world.database.read() as tx:
        claim_id = ClaimId((await tx.execute(select(claim.c.id))).scalar_one())
    await rule_by_hand(world.database, claim_id, accept=accept, now=world.clock())

    with pytest.raises(Conflict, match="judging"):
        await table.game.undo(table.player_id, table.view.undo)

    assert (await last(world))["verdict"] == WRONG
    assert await world.count(claim) == 1


async def test_a_claim_is_dealt_once_it_cannot_be_taken_back(world: World) -> None:
    await caught(world)
    judge = await world.player("Bea")
    campaigns = [world.campaign.id]

    async with world.database.begin() as tx:
        young, old = [
            await queue(tx, judge.id, campaigns=campaigns, now=world.clock() + seconds, limit=9)
            for seconds in (7.0, 10.0)
        ]
        await tx.execute(update(session).values(graded_at=1.0))
        graded = await queue(tx, judge.id, campaigns=campaigns, now=world.clock(), limit=9)

    assert (len(young), len(old), len(graded)) == (0, 1, 1)


async def test_a_verdict_in_the_last_second_leaves_a_moment_to_judge_again(lite: World) -> None:
    table = await lite.started()
    asked = await table.ask()
    lite.clock.now += 121.0
    done = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="nine")
    assert done.undo == asked.id

    view = await table.game.undo(table.player_id, asked.id)

    assert view.turn is not None
    assert view.turn.seconds_left == UNDO_S
