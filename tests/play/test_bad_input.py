"""What cannot be taken: a clear refusal with the way out, and nothing lost or paid twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from stumper.errors import (
    AlreadyJudged,
    BadCorrection,
    BadInput,
    BadQuestion,
    Conflict,
    ModelUnavailable,
    NoConsent,
    NotFound,
    NotYours,
    PoolEmpty,
    TurnClosed,
)
from stumper.records import (
    ExchangeId,
    PlayerId,
    SessionId,
    TurnId,
    Verdict,
)
from stumper.store.database import Database
from stumper.store.schema import turn
from stumper.vlm import Script, ScriptedModel
from tests.play.conftest import World, furnish

RIGHT, WRONG = Verdict.CORRECT, Verdict.WRONG


@pytest.mark.parametrize(("said", "shown"), [("a\x00 \u202ecat\n", "a cat"), ("two\n\ncats", "two cats")])
async def test_what_a_model_says_is_made_safe_too(world: World, said: str, shown: str) -> None:
    world.model = ScriptedModel(Script(text=said))
    table = await world.started()
    await world.to_turn(table, control=False)

    assert (await table.ask()).answer == shown


async def test_a_model_that_says_nothing_readable_has_not_answered(lite: World) -> None:
    lite.model = ScriptedModel(Script(text="\x00\n"))
    table = await lite.started()

    with pytest.raises(ModelUnavailable, match="nothing that can be read"):
        await table.ask()


async def test_a_turn_takes_no_question_after_its_time(lite: World) -> None:
    table = await lite.started()
    lite.clock.now += 120.5

    with pytest.raises(TurnClosed, match="Time is up"):
        await table.ask()


@pytest.mark.parametrize(("verdict", "correction"), [(RIGHT, None), (WRONG, "ten")])
async def test_another_verdict_on_the_same_answer_is_refused(
    world: World, verdict: Verdict, correction: str | None
) -> None:
    table = await world.started()
    asked = await table.ask()
    await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction="nine")

    with pytest.raises(AlreadyJudged):
        await table.game.judge(table.player_id, asked.id, verdict=verdict, correction=correction)


async def test_an_answer_must_be_judged_before_the_next_question(lite: World) -> None:
    table = await lite.started()
    await table.ask(key="a")

    with pytest.raises(Conflict, match="right or wrong"):
        await table.ask("And dogs?", key="b")


async def test_a_question_without_answer_cannot_be_judged(lite: World) -> None:
    table = await lite.started()
    lite.model = ScriptedModel(Script(fail_every=1))
    with pytest.raises(ModelUnavailable):
        await table.ask()
    view = await table.game.view(table.player_id, table.view.id)
    assert view.turn is not None

    with pytest.raises(Conflict, match="not answered yet"):
        await table.game.judge(table.player_id, view.turn.exchanges[0].id, verdict=RIGHT)


async def test_nothing_of_another_player_can_be_touched(world: World) -> None:
    table = await world.started()
    asked = await table.ask()
    thief = await world.player("Mallory")
    game = world.game()

    for move in (
        game.ask(thief.id, table.turn_id, question="Mine?", key="x"),
        game.judge(thief.id, asked.id, verdict=RIGHT),
        game.skip(thief.id, table.turn_id),
        game.view(thief.id, table.view.id),
        game.picture(thief.id, table.turn_id),
        game.summary(thief.id, table.view.id),
    ):
        with pytest.raises(NotYours):
            await move


async def test_unknown_ids_are_not_found(world: World) -> None:
    table = await world.started()
    game, player_id = table.game, table.player_id

    for move in (
        game.ask(player_id, TurnId("nope"), question="Hm?", key="x"),
        game.judge(player_id, ExchangeId("nope"), verdict=RIGHT),
        game.skip(player_id, TurnId("nope")),
        game.view(player_id, SessionId("nope")),
        game.picture(player_id, TurnId("nope")),
        game.summary(player_id, SessionId("nope")),
        game.start(player_id, campaign="nope"),
    ):
        with pytest.raises(NotFound, match="nope"):
            await move


async def test_a_picture_is_shown_once_its_turn_is_open(lite: World) -> None:
    table = await lite.started()
    async with lite.database.read() as tx:
        later = (await tx.execute(select(turn.c.id).where(turn.c.position == 1))).scalar_one()

    assert (await table.game.picture(table.player_id, table.turn_id)).startswith(b"\x89PNG")
    with pytest.raises(Conflict, match="not open yet"):
        await table.game.picture(table.player_id, TurnId(later))
    with pytest.raises(Conflict, match="not open yet"):
        await table.game.ask(table.player_id, TurnId(later), question="What?", key="x")


async def test_a_summary_waits_for_the_end(lite: World) -> None:
    table = await lite.started()

    with pytest.raises(Conflict, match="end of the session"):
        await table.game.summary(table.player_id, table.view.id)


@pytest.mark.parametrize("question", ["", "   \n\t ", "\u202e\u0000", "x" * 5_000])
async def test_a_bad_question_is_refused_and_costs_nothing(lite: World, question: str) -> None:
    table = await lite.started()

    with pytest.raises(BadQuestion, match="300"):
        await table.ask(question)

    assert await lite.exchanges(table.turn_id) == 0


@pytest.mark.parametrize("correction", [None, "", " \u200f ", "y" * 301, "FIVE Cats!"])
async def test_a_bad_correction_keeps_the_turn(lite: World, correction: str | None) -> None:
    lite.model = ScriptedModel(Script(text="five cats"))
    table = await lite.started()
    await lite.to_turn(table, control=False)
    asked = await table.ask()

    with pytest.raises(BadCorrection):
        await table.game.judge(table.player_id, asked.id, verdict=WRONG, correction=correction)

    view = await table.game.view(table.player_id, table.view.id)
    assert view.turn is not None
    assert view.turn.exchanges[0].verdict is None


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, "é"])
async def test_a_bad_key_is_refused(lite: World, key: str) -> None:
    table = await lite.started()

    with pytest.raises(BadInput, match="key"):
        await table.ask(key=key)


async def test_what_is_stored_is_what_a_page_may_show(world: World) -> None:
    table = await world.started()

    asked = await table.ask("Is\u202e this\x00 a <b>cafe\u0301</b>?\nYes\ud800")

    assert asked.question == "Is this a <b>caf\u00e9</b>? Yes"


async def test_too_few_pictures_say_how_many_are_missing_and_how_to_add_them(
    sqlite_database: Database, tmp_path: Path
) -> None:
    world = await furnish(sqlite_database, tmp_path, simple=3, complex_=4)
    player = await world.player()

    with pytest.raises(PoolEmpty, match=r"2 simple and 1 complex pictures.*stumper images"):
        await world.game().start(player.id)


async def test_joining_needs_consent_and_a_name(lite: World) -> None:
    game = lite.game()

    with pytest.raises(NoConsent, match="CC BY"):
        await game.join(nickname="Ada", language="en", consent=False)
    for nickname in ("", "\u202e \u0007", "n" * 200):
        with pytest.raises(BadInput, match="name"):
            await game.join(nickname=nickname, language="en", consent=True)
    with pytest.raises(BadInput, match="language"):
        await game.join(nickname="Ada", language="english please", consent=True)
    with pytest.raises(NotFound, match="nobody"):
        await game.start(PlayerId("nobody"))
