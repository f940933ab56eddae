"""Who waits in line reads their place in the chat: one message, edited seldom, gone when the answer comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from stumper.front.telegram import in_line, queries
from stumper.front.telegram.bot import ChatBot
from stumper.front.telegram.client import Telegram
from stumper.front.telegram.in_line import place_told
from stumper.front.telegram.talk import Talk
from stumper.vlm.line import Line
from stumper.vlm.openai import OpenAIModel
from tests.fake_endpoint import FakeEndpoint, fake_endpoint
from tests.fake_telegram import FakeTelegram
from tests.front.telegram.conftest import ADA, Worlds, new_bot
from tests.front.telegram.people import Person
from tests.front.world import World


@pytest.fixture(scope="module")
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as endpoint:
        yield endpoint


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_line, "_LONG_S", 0.02)
    monkeypatch.setattr(in_line, "_LOOK_S", 0.01)
    monkeypatch.setattr(in_line, "_PAUSE_S", 0.05)


@pytest.fixture
async def busy(worlds: Worlds, server: FakeEndpoint) -> AsyncIterator[World]:
    """One question at a time, two may wait; every answer takes a while."""
    server.delay_s, server.broken = 0.3, False
    async with worlds(model=f"openai:{server.url}#sees", model_at_once=1, model_line=2) as opened:
        yield opened


async def asking(bot: ChatBot, fake: FakeTelegram, stack: AsyncExitStack, people: int) -> list[Person]:
    """All ask, one after the other has come to the line; returns once every question is taken care of."""
    model = await bot.parts.app.open_model(bot.parts.app.settings.model)
    assert isinstance(model, OpenAIModel)
    line, found = model._pool.line, [Person(ADA + number, fake, bot) for number in range(people)]
    for person in found:
        await person.join()
        await person.tap("quick")
    group = await stack.enter_async_context(asyncio.TaskGroup())
    for number, person in enumerate(found, 1):
        group.create_task(person.say("How many dots are there?"))
        while line.inside + line.waiting < min(number, 3):  # noqa: ASYNC110 (it has no event)
            await asyncio.sleep(0.005)
    return found


def told(fake: FakeTelegram, person: Person) -> list[tuple[str, str]]:
    """What was said of the place in a person's chat: the calls and their texts."""
    calls = ("sendmessage", "editmessagetext", "deletemessage")
    return [
        (name, given.get("text", ""))
        for name, given in fake.calls
        if name in calls
        and given["chat_id"] == str(person.id)
        and (name == "deletemessage" or "⏳" in given["text"])
    ]


async def test_who_waits_reads_their_place_until_the_answer_replaces_it(
    busy: World, fake: FakeTelegram, telegram: Telegram
) -> None:
    async with AsyncExitStack() as stack:
        first, second, third = await asking(new_bot(busy, telegram), fake, stack, 3)

    assert told(fake, first) == []
    assert told(fake, second) == [
        ("sendmessage", "⏳ Many are asking. You are next!"),
        ("editmessagetext", "⏳ Pixel is thinking"),
        ("deletemessage", ""),
    ]
    begun, *between, over = told(fake, third)
    assert (begun, over) == (("sendmessage", "⏳ Many are asking. Before you: 1"), ("deletemessage", ""))
    # The middle may be missed on a machine with much else to do.
    assert ("editmessagetext", "⏳ Pixel is thinking") in between
    for person in (first, second, third):
        assert not any("⏳" in shown.text for shown in person.chat)
        assert person.last.text.startswith("🤖")


async def test_one_too_many_is_told_in_their_language_and_may_ask_again(
    busy: World, fake: FakeTelegram, telegram: Telegram
) -> None:
    bot = new_bot(busy, telegram)
    late = Person(9, fake, bot)
    await late.say("/start")
    await late.tap("lang:es")
    await late.tap("join:es")
    await late.tap("quick")
    async with AsyncExitStack() as stack:
        await asking(bot, fake, stack, 3)
        await late.say("How many dots are there?")
        refused = late.last

    assert refused.text.startswith("Muchísima gente")
    assert refused.button("again:")
    assert told(fake, late) == []


async def test_edits_keep_their_pause_however_fast_the_line_moves(
    world: World, fake: FakeTelegram, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_line, "_PAUSE_S", 0.2)
    await ada.join()
    async with world.app.database.read() as tx:
        link = await queries.find_link(tx, ADA)
    line = Line(room=lambda: 1, longest=99)

    async def somebody() -> None:
        async with line.place():
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as others:
        for _ in range(30):
            others.create_task(somebody())
        await asyncio.sleep(0)
        async with place_told(Talk(ada.bot.parts, chat_id=ADA, link=link)), line.place():
            pass

    moments = [at for (name, _), at in zip(fake.calls, fake.at, strict=True) if name == "editmessagetext"]
    assert 1 <= len(moments) <= 4
    assert all(later - earlier >= 0.15 for earlier, later in pairwise(moments))


async def test_a_killed_bots_message_is_taken_away_by_the_next(
    world: World, fake: FakeTelegram, telegram: Telegram, ada: Person
) -> None:
    await ada.join()
    await ada.tap("quick")
    async with world.app.database.read() as tx:
        link = await queries.find_link(tx, ADA)
    assert link is not None
    talk = Talk(ada.bot.parts, chat_id=ADA, link=link)
    await talk.keep(line=await talk.say("⏳ Many are asking. Before you: 7"))

    await Person(ADA, fake, new_bot(world, telegram)).say("How many dots are there?")

    assert not any("⏳" in shown.text for shown in ada.chat)
    assert ada.last.text.startswith("🤖")
