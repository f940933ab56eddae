"""Somebody in front of a phone: writes, taps, and sees what the chat shows."""

from __future__ import annotations

import json
from typing import Any

from stumper.front.telegram.bot import ChatBot
from stumper.front.telegram.incoming import read
from tests.fake_telegram import FakeTelegram, Shown


class Person:
    """One user; what they do is given to the bot at once."""

    def __init__(self, id_: int, fake: FakeTelegram, bot: ChatBot) -> None:
        self.id = id_
        self.fake = fake
        self.bot = bot

    @property
    def chat(self) -> list[Shown]:
        return self.fake.chats[self.id]

    @property
    def last(self) -> Shown:
        return self.chat[-1]

    def showing(self, start: str) -> Shown:
        """Returns the newest message with a button whose data begins so."""
        return next(
            shown
            for shown in reversed(self.chat)
            if any(one.get("callback_data", "").startswith(start) for one in shown.buttons)
        )

    async def send(self, update: Any) -> Any:
        """Gives an update to the bot, and returns it."""
        incoming = read(self.bot.telegram.parse(json.dumps(update).encode()))
        assert incoming is not None
        await self.bot.take(incoming)
        return update

    async def say(self, text: str, **more: Any) -> Any:
        return await self.send(self.fake.said(self.id, text, **more))

    def tap_update(self, start: str) -> Any:
        """The update of a tap on the newest button whose data begins so."""
        shown = self.showing(start)
        return self.fake.tapped(self.id, shown.id, shown.button(start))

    async def tap(self, start: str) -> Any:
        return await self.send(self.tap_update(start))

    async def join(self, payload: str = "") -> None:
        await self.say(f"/start {payload}".strip())
        await self.tap("join:")

    async def play_quickly(self, clock: Any) -> None:
        """Plays a session of three pictures to its end."""
        await self.say("/quick")
        for _ in range(3):
            await self.play_picture(clock, wrong=True)

    async def play_picture(self, clock: Any, *, wrong: bool) -> None:
        """Asks, waits, and marks the answer; right ones are left for the next picture, the last end the
        session.
        """
        await self.say("How many dots are there?")
        clock.now += 15
        if wrong:
            await self.tap("wrong:")
            await self.say("seventeen")
            answer = [shown for shown in self.chat if shown.text.startswith("🤖")][-1]
            if any(one.get("callback_data", "").startswith("end:") for one in answer.buttons):
                await self.tap("end:")
        else:
            await self.tap("right:")
            await self.tap("next:")
