"""Taking back, leaving with a reason, reporting, more time, and the end that waits for Undo."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from stumper.front.telegram.client import Telegram
from stumper.store.schema import claim, complaint, exchange, link, session, turn
from tests.fake_telegram import FakeTelegram
from tests.front.telegram.conftest import ADA, new_bot
from tests.front.telegram.people import Person
from tests.front.world import World


async def column(world: World, what: object) -> list[object]:
    async with world.app.database.read() as tx:
        return list((await tx.execute(select(what))).scalars())  # type: ignore[call-overload]


async def playing(ada: Person) -> None:
    await ada.join()
    await ada.tap("quick")


async def test_right_is_taken_back_in_the_same_message(world: World, ada: Person) -> None:
    await playing(ada)
    await ada.say("How many dots?")
    await ada.tap("right:")
    sent = len(ada.chat)

    await ada.tap("undo:")

    assert await column(world, exchange.c.verdict) == [None]
    assert len(ada.chat) == sent
    await ada.tap("wrong:")
    await ada.say("seventeen")
    assert await column(world, exchange.c.verdict) == ["wrong"]


async def test_wrong_is_taken_back_and_its_picture_comes_again(world: World, ada: Person) -> None:
    await playing(ada)
    await ada.say("How many dots?")
    await ada.tap("wrong:")
    await ada.say("seventeen")
    (first, second) = [shown.photo for shown in ada.chat if shown.photo]
    assert first != second
    undo = ada.tap_update("undo:")

    await ada.send(undo)
    await ada.send({**undo, "update_id": undo["update_id"] + 500})  # tapped twice

    assert [shown.photo for shown in ada.chat if shown.photo] == [first, second, first]
    assert await column(world, exchange.c.correction) == [None]
    assert await column(world, claim.c.id) == []
    await ada.tap("right:")
    await ada.tap("next:")
    assert [shown.photo for shown in ada.chat if shown.photo][-1] == second
    assert "2/3" in ada.last.text


async def test_after_its_time_undo_gets_a_kind_answer(world: World, fake: FakeTelegram, ada: Person) -> None:
    await playing(ada)
    await ada.say("How many dots?")
    await ada.tap("right:")
    world.clock.now += 8
    fake.calls.clear()

    await ada.tap("undo:")

    (told,) = fake.named("answercallbackquery")
    assert "too late" in told["text"]
    assert await column(world, exchange.c.verdict) == ["correct"]


async def to_the_last_verdict(world: World, ada: Person) -> str:
    """Plays until the last verdict is given and the end is not told; returns the last turn."""
    await playing(ada)
    for _ in range(3):
        await ada.say("How many dots?")
        world.clock.now += 15
        await ada.tap("wrong:")
        await ada.say("seventeen")
    assert "last picture" not in ada.last.text
    (last,) = [stand["turn_id"] for stand in await column(world, link.c.facts)]  # type: ignore[index]
    return str(last)


async def test_the_end_waits_for_undo_and_comes_by_itself(world: World, ada: Person) -> None:
    last = await to_the_last_verdict(world, ada)
    await ada.bot._look(ADA, last)  # type: ignore[arg-type]
    assert await column(world, session.c.graded_at) == [None]

    world.clock.now += 8
    await ada.bot._look(ADA, last)  # type: ignore[arg-type]
    await ada.bot._look(ADA, last)  # type: ignore[arg-type]

    assert sum("last picture" in shown.text for shown in ada.chat) == 1
    assert await column(world, session.c.graded_at) == [world.clock.now]


async def test_the_last_verdict_is_taken_back(world: World, ada: Person) -> None:
    await to_the_last_verdict(world, ada)

    await ada.tap("undo:")

    assert await column(world, session.c.finished_at) == [None]
    await ada.tap("right:")
    await ada.tap("next:")
    assert "last picture" in ada.last.text


@pytest.mark.parametrize("move", ["/quick", "And now?"])
async def test_whoever_goes_on_sees_the_end_first(world: World, ada: Person, move: str) -> None:
    await to_the_last_verdict(world, ada)
    sent = len(ada.chat)

    await ada.say(move)

    assert "last picture" in ada.chat[sent].text
    assert "Time is up" not in ada.last.text
    assert world.clock.now in await column(world, session.c.graded_at)


async def test_a_bot_that_starts_tells_the_end_that_was_left(
    world: World, telegram: Telegram, ada: Person
) -> None:
    await to_the_last_verdict(world, ada)
    world.clock.now += 60
    task = asyncio.create_task(new_bot(world, telegram).keep_time())

    for _ in range(100):
        await asyncio.sleep(0.02)
        if "last picture" in ada.last.text:
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert "last picture" in ada.last.text


async def test_a_right_answer_that_comes_twice_is_kept_once(
    world: World, fake: FakeTelegram, telegram: Telegram, ada: Person
) -> None:
    await playing(ada)
    await ada.say("How many dots?")
    await ada.tap("wrong:")
    update = fake.said(ADA, "seventeen")
    fake.fail("editmessagetext", *[(500, "Internal")] * 4)  # killed after the verdict was kept
    with pytest.raises(Exception, match="cannot be reached"):
        await ada.send(update)

    await Person(ADA, fake, new_bot(world, telegram)).send(update)

    assert await column(world, exchange.c.correction) == ["seventeen"]
    assert any("You say: wrong. Thank you!" in shown.text for shown in ada.chat)
    assert not any("Time is up" in shown.text for shown in ada.chat)
    assert "2/3" in ada.last.text


async def test_a_reason_is_kept_with_a_skip(world: World, ada: Person) -> None:
    await playing(ada)

    await ada.tap("why:")
    await ada.tap("stay:")
    await ada.tap("why:")
    await ada.tap("skip:unclear")

    assert "unclear" in await column(world, turn.c.reason)
    assert "2/3" in ada.last.text


async def test_a_picture_is_reported_once(world: World, fake: FakeTelegram, ada: Person) -> None:
    await playing(ada)
    await ada.tap("why:")
    await ada.tap("report:")
    flag = ada.showing("flag:private").button("flag:private")

    for _ in range(2):
        await ada.send(fake.tapped(ADA, 1, flag))

    assert await column(world, complaint.c.reason) == ["private"]
    assert "2/3" in ada.last.text


async def test_more_time_is_offered_near_the_end_and_given(world: World, ada: Person) -> None:
    await playing(ada)
    bar = ada.showing("next:")
    assert not any(one["callback_data"].startswith("more:") for one in bar.buttons)
    turn_id = bar.button("next:").removeprefix("next:")
    world.clock.now += 95
    await ada.bot._look(ADA, turn_id)  # type: ignore[arg-type]
    assert "0:25 left" in bar.text

    await ada.tap("more:")

    assert "2:25 left" in bar.text
    assert await column(world, turn.c.extensions) == [1, 0, 0]
    assert not any(one["callback_data"].startswith("more:") for one in bar.buttons)


@pytest.mark.parametrize("data", ["why:x", "skip:unclear:x", "skip:x", "flag:private:x", "more:x", "undo:x",
                                  "end:x", "boards:x", "stay:", "report:"])  # fmt: skip
async def test_a_button_that_says_nothing_breaks_nothing(
    world: World, fake: FakeTelegram, ada: Person, data: str
) -> None:
    await playing(ada)

    await ada.send(fake.tapped(ADA, 1, data))

    assert not any("broke" in shown.text for shown in ada.chat)
    assert await column(world, turn.c.end) == [None, None, None]
