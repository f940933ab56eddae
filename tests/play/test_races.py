"""Two requests at once: never two answers to one question, never two verdicts, never two sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from stumper.errors import AlreadyJudged, Conflict, StillThinking
from stumper.play.views import ExchangeView
from stumper.records import Verdict
from stumper.store.schema import claim, exchange, session, turn
from stumper.vlm import Script, ScriptedModel
from tests.play.conftest import GatedModel, World


async def _together(moves: list[Awaitable[object]]) -> list[object]:
    return await asyncio.gather(*moves, return_exceptions=True)


async def test_twenty_requests_with_one_key_make_one_exchange(world: World) -> None:
    table = await world.started()
    model = world.model = GatedModel(Script())
    phones = [world.game() for _ in range(20)]
    asking = asyncio.create_task(
        _together(
            [phone.ask(table.player_id, table.turn_id, question="How many?", key="a") for phone in phones]
        )
    )
    await model.asked.wait()

    model.gate.set()
    got = await asking

    answers = [one for one in got if isinstance(one, ExchangeView)]
    assert len(answers) >= 1
    assert all(isinstance(one, ExchangeView | StillThinking) for one in got)
    assert model.calls == 1
    assert await world.exchanges(table.turn_id) == 1
    assert await table.ask("How many?", key="a") == answers[0]


async def test_two_questions_at_once_are_one_question_and_one_refusal(world: World) -> None:
    table = await world.started()
    questions = [
        world.game().ask(table.player_id, table.turn_id, question="How many?", key=key) for key in "abcd"
    ]

    got = await _together(questions)

    assert sum(isinstance(one, ExchangeView) for one in got) == 1
    assert sum(isinstance(one, Conflict) for one in got) == 3
    assert await world.exchanges(table.turn_id) == 1


async def test_two_tabs_with_different_verdicts_leave_one_verdict(world: World) -> None:
    table = await world.started()
    await world.to_turn(table, control=False)
    asked = await table.ask()

    got = await _together(
        [
            world.game().judge(table.player_id, asked.id, verdict=Verdict.WRONG, correction=correction)
            for correction in ("nine", "ten", "eleven", "twelve")
        ]
    )

    assert sum(isinstance(one, AlreadyJudged) for one in got) == 3
    assert await world.count(claim) == 1
    assert await world.count(exchange, exchange.c.verdict.is_not(None)) == 1
    assert await world.count(turn, turn.c.opened_at.is_not(None), turn.c.closed_at.is_(None)) == 1


async def test_the_same_verdict_from_two_tabs_is_one_verdict_and_two_views(world: World) -> None:
    table = await world.started()
    await world.to_turn(table, control=False)
    asked = await table.ask()

    got = await _together(
        [
            world.game().judge(table.player_id, asked.id, verdict=Verdict.WRONG, correction="nine")
            for _ in range(4)
        ]
    )

    assert all(one == got[0] for one in got)
    assert await world.count(claim) == 1


async def test_a_double_tap_on_start_deals_one_session(world: World) -> None:
    player = await world.player()

    got = await _together([world.game().start(player.id) for _ in range(6)])

    assert all(one == got[0] for one in got)
    assert await world.count(session) == 1


async def test_skip_and_the_model_s_answer_cross(world: World) -> None:
    table = await world.started()
    model = world.model = GatedModel(Script())
    asking = asyncio.create_task(table.ask())
    await model.asked.wait()

    view = await world.game().skip(table.player_id, table.turn_id)
    model.gate.set()
    answered = await asking

    assert view.position == 1
    assert answered.answer
    assert (await world.turn(table.turn_id)).closed_at == world.clock.now
    assert (await world.game().view(table.player_id, table.view.id)).position == 1


async def test_an_answer_that_comes_after_another_question_is_dropped(world: World) -> None:
    table = await world.started()
    stuck = world.model = GatedModel(Script(text="late"))
    slow = asyncio.create_task(table.ask("First?", key="a"))
    await stuck.asked.wait()
    world.clock.now += 66  # the first process is taken for dead
    world.model = ScriptedModel(Script(text="in time"))

    second = await world.game().ask(table.player_id, table.turn_id, question="Second?", key="b")
    stuck.gate.set()
    [late] = await _together([slow])

    assert second.answer is not None
    assert isinstance(late, Conflict)
    assert await world.exchanges(table.turn_id) == 1


async def test_a_cancelled_request_lets_the_next_one_ask_at_once(world: World) -> None:
    table = await world.started()
    model = world.model = GatedModel(Script())
    asking = asyncio.create_task(table.ask(key="a"))
    await model.asked.wait()

    asking.cancel()
    await _together([asking])
    world.model = ScriptedModel()

    assert (await table.ask(key="a")).answer
