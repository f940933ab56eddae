"""The moves on a real database with a scripted model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from stumper.campaigns import set_paused, set_status
from stumper.errors import (
    CampaignPaused,
    ModelTimeout,
    ModelUnavailable,
    PoolEmpty,
    RoundClosed,
    StillThinking,
    StoreError,
    TurnClosed,
)
from stumper.play.views import ExchangeView
from stumper.records import (
    RoundId,
    RoundStatus,
    Rules,
    Turn,
    TurnEnd,
    Verdict,
)
from stumper.store.database import Database
from stumper.store.schema import claim, exchange, round_, session, turn
from stumper.vlm import Script, ScriptedModel
from tests.play.conftest import SlowModel, Table, World, furnish

RIGHT, WRONG = Verdict.CORRECT, Verdict.WRONG


async def _round_id(world: World) -> RoundId:
    async with world.database.read() as tx:
        return RoundId((await tx.execute(select(round_.c.id))).scalar_one())


async def test_a_session_has_ten_turns_half_of_them_controls_and_opens_the_first(world: World) -> None:
    table = await world.started()

    assert (table.view.turns, table.view.position, table.view.finished) == (10, 0, False)
    assert table.view.turn is not None
    assert table.view.turn.seconds_left == 120.0
    assert await world.count(turn, turn.c.control) == 5
    assert await world.count(turn, turn.c.opened_at.is_not(None)) == 1


async def test_a_whole_session_ends_with_its_secrets(world: World) -> None:
    table = await world.started(quick=True)
    view = table.view

    while view.turn is not None:
        asked = await table.game.ask(table.player_id, view.turn.id, question="What is this?", key="k")
        view = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="a heron")

    summary = await table.game.summary(table.player_id, view.id)
    assert view.finished
    assert view.position == 3
    assert summary.session.finished_at == world.clock.now
    assert [one.turn.end for one in summary.turns] == [TurnEnd.WRONG] * 3
    assert all(one.exchanges[0].correction == "a heron" for one in summary.turns)


async def test_wrong_off_control_becomes_a_claim_and_on_control_does_not(world: World) -> None:
    table = await world.started()
    for control in (True, False):
        await world.to_turn(table, control=control)
        asked = await table.ask()
        table.view = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction=" 17 cats ")

    async with world.database.read() as tx:
        claims = (await tx.execute(select(claim, exchange).join(exchange))).all()
    assert len(claims) == 1
    assert claims[0].correction == "17 cats"
    assert claims[0].model_answer == asked.answer
    assert claims[0].question == "How many cats are there?"


async def test_correct_keeps_the_turn_until_its_questions_are_used_up(lite: World) -> None:
    table = await lite.started()
    first = table.turn_id

    for number in range(8):
        assert table.turn_id == first
        asked = await table.ask(key=f"k{number}")
        table.view = await table.game.judge(table.player_id, asked.id, verdict=RIGHT)

    assert table.turn_id != first
    assert (await lite.turn(first)).end == TurnEnd.DONE


async def test_the_same_key_returns_the_same_exchange_and_asks_the_model_once(world: World) -> None:
    model = world.model = ScriptedModel()
    table = await world.started()

    first = await table.ask("How many cats?", key="a")
    again = await table.ask("Something else?", key="a")

    assert again == first
    assert model.calls == 1
    assert await world.exchanges(table.turn_id) == 1


async def test_the_clock_stands_still_while_the_model_thinks(world: World) -> None:
    table = await world.started()
    world.clock.now += 20
    world.model = SlowModel(world.clock, seconds=300)

    await table.ask()

    view = await table.game.view(table.player_id, table.view.id)
    assert view.turn is not None
    assert view.turn.id == table.turn_id
    assert view.turn.seconds_left == pytest.approx(100.0)
    assert not view.turn.paused


async def test_a_model_that_fails_keeps_question_time_and_number_of_questions(world: World) -> None:
    table = await world.started()
    world.model = ScriptedModel(Script(fail_every=1))
    world.clock.now += 30

    with pytest.raises(ModelUnavailable, match="question is kept"):
        await table.ask(key="a")
    world.clock.now += 3600
    waiting = await table.game.view(table.player_id, table.view.id)
    world.model = ScriptedModel()
    answered = await table.ask(key="a")
    after = await table.game.view(table.player_id, table.view.id)

    assert waiting.turn is not None
    assert waiting.turn.paused
    assert waiting.turn.seconds_left == pytest.approx(90.0)
    assert waiting.turn.questions_left == 8
    assert waiting.turn.exchanges[0].question == "How many cats are there?"
    assert answered.answer
    assert answered.id == waiting.turn.exchanges[0].id
    assert after.turn is not None
    assert after.turn.seconds_left == pytest.approx(90.0)
    assert after.turn.questions_left == 7


async def test_a_question_the_model_failed_on_gives_way_to_another_one(lite: World) -> None:
    table = await lite.started()
    lite.model = ScriptedModel(Script(fail_every=1))
    with pytest.raises(ModelUnavailable):
        await table.ask("First?", key="a")
    lite.clock.now += 50
    lite.model = ScriptedModel()

    asked = await table.ask("Second?", key="b")

    view = await table.game.view(table.player_id, table.view.id)
    assert view.turn is not None
    assert [one.question for one in view.turn.exchanges] == ["Second?"]
    assert asked.number == 0
    assert view.turn.seconds_left == pytest.approx(120.0)


async def _die_while_asking(world: World, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the rows as a process that was killed between the two transactions leaves them."""

    async def no_farewell(*_: object) -> None:
        return

    monkeypatch.setattr(table.game, "_give_up", no_farewell)
    world.model = ScriptedModel(Script(fail_every=1))
    with pytest.raises(ModelUnavailable):
        await table.ask(key="a")
    monkeypatch.undo()
    table.game._forsaken.clear()  # nobody else knows that it is dead
    world.model = ScriptedModel()


async def test_a_crash_while_the_model_thinks_is_healed_by_the_same_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = await world.started()
    await _die_while_asking(world, table, monkeypatch)

    with pytest.raises(StillThinking):
        await table.ask(key="a")
    world.clock.now += 66
    answered = await table.ask(key="a")

    view = await table.game.view(table.player_id, table.view.id)
    assert answered.answer
    assert view.turn is not None
    assert view.turn.seconds_left == pytest.approx(120.0)
    assert await world.exchanges(table.turn_id) == 1


async def test_a_question_of_a_dead_process_does_not_block_another_question(
    lite: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = await lite.started()
    await _die_while_asking(lite, table, monkeypatch)

    with pytest.raises(StillThinking):
        await table.ask("Another?", key="b")
    lite.clock.now += 66

    assert (await table.ask("Another?", key="b")).answer


async def test_a_model_that_never_answers_is_given_up(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stumper.play.game.PATIENCE_S", 0.01)
    table = await lite.started()
    lite.model = ScriptedModel(Script(slow_s=5))

    with pytest.raises(ModelTimeout, match="too long"):
        await table.ask(key="a")
    lite.model = ScriptedModel()
    monkeypatch.setattr("stumper.play.game.PATIENCE_S", 60.0)  # a busy machine may need more than 10 ms

    assert (await table.ask(key="a")).answer


async def test_a_verdict_may_be_two_seconds_late_and_no_more(lite: World) -> None:
    table = await lite.started()
    first = await table.ask(key="a")
    lite.clock.now += 121.9
    seen = await table.game.view(table.player_id, table.view.id)
    table.view = await table.game.judge(table.player_id, first.id, verdict=WRONG, correction="nine")
    second = await table.ask(key="b")
    lite.clock.now += 122.1

    with pytest.raises(TurnClosed):
        await table.game.judge(table.player_id, second.id, verdict=WRONG, correction="nine")

    assert seen.turn is not None
    assert seen.turn.seconds_left == 0.0
    assert table.view.position == 1


async def test_a_late_turn_closes_when_it_is_looked_at_and_the_next_one_opens(world: World) -> None:
    table = await world.started()
    first = await world.turn(table.turn_id)
    world.clock.now += 86_400

    view = await table.game.start(table.player_id)

    closed = await world.turn(first.id)
    assert view.id == table.view.id
    assert view.position == 1
    assert view.turn is not None
    assert view.turn.seconds_left == 120.0
    assert (closed.end, closed.closed_at) == (TurnEnd.TIMEOUT, first.deadline_at)


async def test_the_last_turn_ends_the_session_also_by_its_time(lite: World) -> None:
    table = await lite.started(quick=True)
    view = table.view
    for _ in range(3):
        lite.clock.now += 200
        view = await table.game.view(table.player_id, view.id)

    assert view.finished
    assert view.turn is None
    summary = await table.game.summary(table.player_id, view.id)
    assert summary.session.finished_at == summary.turns[-1].turn.deadline_at


async def test_start_resumes_the_unfinished_session(world: World) -> None:
    table = await world.started()

    again = await world.game().start(table.player_id)

    assert again == table.view
    assert await world.count(session) == 1


async def test_a_session_goes_on_after_its_round_has_closed(lite: World) -> None:
    table = await lite.started(quick=True)
    async with lite.database.begin() as tx:
        await set_status(tx, await _round_id(lite), RoundStatus.CLOSING, now=lite.clock.now)
    view = await table.game.start(table.player_id)

    while view.turn is not None:
        asked = await table.game.ask(table.player_id, view.turn.id, question="What is it?", key="k")
        view = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="a heron")

    assert view.finished
    assert await lite.count(claim) in (1, 2)
    with pytest.raises(RoundClosed, match="closing"):
        await table.game.start(table.player_id)


async def test_a_pause_lets_what_is_open_be_finished_and_nothing_begin(lite: World) -> None:
    table = await lite.started(quick=True)
    async with lite.database.begin() as tx:
        assert await set_paused(tx, lite.campaign, paused=True, actor="ada", now=lite.clock.now)
    view = await table.game.start(table.player_id)
    assert view.turn is not None

    while view.turn is not None:
        asked = await table.game.ask(table.player_id, view.turn.id, question="What is it?", key="k")
        view = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="a heron")
    with pytest.raises(CampaignPaused, match=r"'toytown' pauses.*can be finished"):
        await table.game.start(table.player_id)
    async with lite.database.begin() as tx:
        await set_paused(tx, lite.campaign, paused=False, actor="ada", now=lite.clock.now)

    assert (await table.game.start(table.player_id)).turn is not None


async def test_the_same_verdict_again_shows_where_the_player_stands(world: World) -> None:
    table = await world.started()
    await world.to_turn(table, control=False)
    asked = await table.ask()
    first = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="nine")

    again = await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction=" nine")

    assert again == first
    assert await world.count(claim) == 1


async def test_skip_leaves_the_picture_once(lite: World) -> None:
    table = await lite.started()
    first = table.turn_id

    once = await table.game.skip(table.player_id, first)
    twice = await table.game.skip(table.player_id, first)

    assert once == twice
    assert once.position == 1
    assert (await lite.turn(first)).end == TurnEnd.SKIPPED


async def test_leaving_a_picture_after_its_verdicts_is_done_not_skipped(lite: World) -> None:
    table = await lite.started()
    asked = await table.ask()
    await table.game.judge(table.player_id, asked.id, verdict=RIGHT)

    await table.game.skip(table.player_id, table.turn_id)

    assert (await lite.turn(table.turn_id)).end == TurnEnd.DONE


async def test_no_picture_is_dealt_twice_to_a_player(sqlite_database: Database, tmp_path: Path) -> None:
    world = await furnish(sqlite_database, tmp_path, simple=10, complex_=10)
    table = await world.started()
    view = table.view
    for _ in range(20):
        assert view.turn is not None
        view = await table.game.skip(table.player_id, view.turn.id)
        if view.finished and await world.count(session) == 1:
            view = await table.game.start(table.player_id)

    assert await world.count(turn) == 20
    with pytest.raises(PoolEmpty):
        await table.game.start(table.player_id)


async def test_the_same_seed_deals_and_falsifies_the_same(tmp_path: Path, sqlite_template: Path) -> None:
    one = await _played_alone(tmp_path / "one", sqlite_template)
    two = await _played_alone(tmp_path / "two", sqlite_template)

    assert one == two


async def _played_alone(folder: Path, template: Path) -> tuple[list[ExchangeView], list[Turn]]:
    database = Database(f"sqlite:///{shutil.copy(template, folder.with_suffix('.db'))}")
    world = await furnish(database, folder, rules=Rules(poison_rate=0.5))
    table = await world.started()
    view, said = table.view, []
    while view.turn is not None:
        said.append(await table.game.ask(table.player_id, view.turn.id, question="How many?", key="k"))
        view = await table.game.judge(table.player_id, said[-1].id, verdict=WRONG, correction="90")
    summary = await table.game.summary(table.player_id, view.id)
    await database.close()
    return said, [one.turn for one in summary.turns]


async def test_a_question_whose_answer_could_not_be_stored_is_asked_again_at_once(
    lite: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = await lite.started()

    async def away(*_: object) -> None:
        raise StoreError("The database is away.")

    monkeypatch.setattr(table.game, "_keep", away)
    with pytest.raises(StoreError):
        await table.ask(key="a")
    monkeypatch.undo()

    assert (await table.ask(key="a")).answer
    assert await lite.exchanges(table.turn_id) == 1


async def test_a_server_that_starts_again_asks_what_waited_at_once(
    lite: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = await lite.started()
    await _die_while_asking(lite, table, monkeypatch)
    lite.clock.now += 1
    table.game._born = lite.clock()

    assert (await table.ask(key="a")).answer
