"""Updates fetched by polling: nothing is lost when the bot is killed, and nothing is done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from stumper.errors import BadSetting, Conflict
from stumper.front.telegram import polling
from stumper.front.telegram.bot import ChatBot
from stumper.front.telegram.client import Telegram
from stumper.front.telegram.polling import Unfinished, poll
from stumper.store.schema import exchange
from tests.fake_telegram import FakeTelegram
from tests.front.telegram.conftest import ADA, Worlds, new_bot
from tests.front.telegram.people import Person
from tests.front.world import World


@asynccontextmanager
async def polled(bot: ChatBot) -> AsyncIterator[None]:
    """The bot asks for updates while the block runs, and is killed at its end."""
    task = asyncio.create_task(poll(bot))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 (the fake is filled by another thread)
            await asyncio.sleep(0.01)


async def questions(world: World) -> list[str]:
    async with world.app.database.read() as tx:
        return list((await tx.execute(select(exchange.c.question))).scalars())


async def test_a_conversation_by_polling_with_every_update_twice(
    world: World, fake: FakeTelegram, bot: ChatBot, ada: Person
) -> None:
    async def give(update: object, seen: Callable[[], bool]) -> None:
        fake.waiting += [update, update]
        await until(seen)

    async with polled(bot):
        await give(fake.said(ADA, "/start"), lambda: len(ada.chat) == 1)
        await give(ada.tap_update("join:"), lambda: len(ada.chat) == 2)
        await give(ada.tap_update("quick"), lambda: len(ada.chat) == 4)
        asked = fake.said(ADA, "How many dots?")
        await give(asked, lambda: len(ada.chat) == 5)
        await until(lambda: not fake.waiting)
        await give(asked, lambda: not fake.waiting)  # once more, long after

    assert len(ada.chat) == 5
    assert await questions(world) == ["How many dots?"]


async def test_what_a_killed_bot_was_doing_is_done_by_the_next_one(
    worlds: Worlds, fake: FakeTelegram, telegram: Telegram
) -> None:
    async with worlds(model="scripted:text=two&slow=1") as world:
        ada = Person(ADA, fake, new_bot(world, telegram))
        await ada.join()
        await ada.tap("quick")
        async with polled(ada.bot):
            fake.waiting.append(fake.said(ADA, "How many dots?"))
            await asyncio.sleep(0.6)
        assert "🤖" not in ada.last.text

        async with polled(new_bot(world, telegram)):
            await until(lambda: "🤖" in ada.last.text)

        assert await questions(world) == ["How many dots?"]


@pytest.mark.slow
async def test_a_slow_model_holds_up_nobody_else(
    worlds: Worlds, fake: FakeTelegram, telegram: Telegram
) -> None:
    async with worlds(model="scripted:text=two&slow=3") as world:
        ada = Person(ADA, fake, new_bot(world, telegram))
        bob = Person(4712, fake, ada.bot)
        await ada.join()
        await ada.tap("quick")
        async with polled(ada.bot):
            fake.waiting += [fake.said(ADA, "How many dots?"), fake.said(bob.id, "/start")]
            await until(lambda: bool(bob.chat))
            assert "🤖" not in ada.last.text


async def test_an_outage_of_telegram_is_sat_out(
    fake: FakeTelegram, bot: ChatBot, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_AWAY_S", 0.01)
    fake.fail("getUpdates", *[(502, "Bad Gateway")] * 9)
    fake.fail("sendMessage", *[(500, "Internal")] * 9)

    async with polled(bot):
        fake.waiting.append(fake.said(ADA, "/start"))
        await until(lambda: bool(ada.chat))


async def test_a_second_bot_is_told_to_stop(
    fake: FakeTelegram, bot: ChatBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_AWAY_S", 0.01)
    fake.fail("getUpdates", *[(409, "Conflict: terminated by other getUpdates request")] * 6)

    with pytest.raises(Conflict, match="Stop one of the two"):
        await poll(bot)


async def test_a_token_that_is_taken_back_stops_the_bot(fake: FakeTelegram, bot: ChatBot) -> None:
    fake.fail("getUpdates", (401, "Unauthorized"))

    with pytest.raises(BadSetting, match="@BotFather"):
        await poll(bot)


async def test_an_update_is_given_up_only_when_it_and_all_before_are_done() -> None:
    unfinished, gate = Unfinished(), asyncio.Event()
    slow = asyncio.create_task(_wait(gate))
    unfinished.add(5, slow)
    unfinished.add(6, None)
    assert (unfinished.offset, unfinished.busy) == (5, True)
    assert unfinished.known(5)
    assert unfinished.known(6)

    gate.set()
    await slow
    await asyncio.sleep(0)

    assert (unfinished.offset, unfinished.busy) == (7, False)
    assert not unfinished.known(2), "after a quiet week Telegram counts from anywhere"


async def _wait(gate: asyncio.Event) -> None:
    await gate.wait()
