"""A bot over a small game, in front of a fake Bot API that is spoken to over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from stumper.front.telegram.bot import ChatBot
from stumper.front.telegram.client import Telegram
from tests.fake_telegram import TOKEN, FakeTelegram, fake_telegram
from tests.front.telegram.people import Person
from tests.front.world import World, open_world

Worlds = Callable[..., AbstractAsyncContextManager[World]]
ADA = 4711


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    with fake_telegram() as running:
        yield running


@pytest.fixture
def worlds(sqlite_template: Path, tmp_path: Path, fake: FakeTelegram) -> Worlds:
    """Opens a world whose settings name the fake."""
    return partial(
        open_world, tmp_path, template=sqlite_template, telegram_token=TOKEN, telegram_api=fake.url
    )


@pytest.fixture
async def world(worlds: Worlds) -> AsyncIterator[World]:
    async with worlds() as opened:
        yield opened


@pytest.fixture
async def telegram(fake: FakeTelegram) -> AsyncIterator[Telegram]:
    client = Telegram(TOKEN, api=fake.url, first_wait_s=0.01, attempts=4)
    yield client
    await client.close()


@pytest.fixture
def bot(world: World, telegram: Telegram) -> ChatBot:
    return new_bot(world, telegram)


def new_bot(world: World, telegram: Telegram) -> ChatBot:
    """A bot that has just been started: all it knows is in the database."""

    async def sleep(seconds: float) -> None:
        world.clock.now += seconds

    return ChatBot(world.app, telegram, name="pixel_bot", sleep=sleep)


@pytest.fixture
def ada(fake: FakeTelegram, bot: ChatBot) -> Person:
    return Person(ADA, fake, bot)
