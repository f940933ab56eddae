"""Tells whoever waits in line for the model how many come first: one message, edited, then taken away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from stumper.errors import StumperError
from stumper.front.i18n import Words
from stumper.front.telegram.talk import Talk
from stumper.vlm.line import Ticket

_LONG_S: Final = 1.5
"""A question that waits in line for longer is told its place; most are answered sooner."""
_LOOK_S: Final = 0.5
_PAUSE_S: Final = 3.0
"""At least so long between two edits: Telegram lets about one message a second pass in a chat, and the answer
will want its own.
"""


@asynccontextmanager
async def place_told(talk: Talk) -> AsyncIterator[None]:
    """Whoever waits in line within this block reads their place; the message is gone when the block ends.

    Its number is kept: a bot that was killed meanwhile takes it away when the question comes again.
    """
    ticket, out = Ticket(), asyncio.Event()
    telling = asyncio.create_task(_tell(talk, ticket, out))
    try:
        with ticket.held():
            yield
    finally:
        out.set()
        await telling  # not broken off: a message on its way, of unknown number, could not be taken away
        await take_away(talk)


async def take_away(talk: Talk) -> None:
    """Deletes the message with the place, if there is one."""
    if talk.stand.line is not None:
        await talk.parts.telegram.delete(talk.chat_id, talk.stand.line)
        await talk.keep(line=None)


async def _tell(talk: Talk, ticket: Ticket, out: asyncio.Event) -> None:
    told: int | None = None
    wait_s = _LONG_S
    while not await _set_within(out, wait_s):
        place, wait_s = ticket.ahead, _LOOK_S
        if place == told:
            continue
        told, wait_s = place, _PAUSE_S
        with suppress(StumperError):  # the answer tells more; where that cannot be sent either, it says so
            await _show(talk, _in_words(place, talk.words))


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


async def _show(talk: Talk, text: str) -> None:
    if talk.stand.line is None:
        await talk.keep(line=await talk.say(text))
    else:
        await talk.change(talk.stand.line, text)


def _in_words(place: int | None, words: Words) -> str:
    """``place``: how many come first; None once the model has the question."""
    if place is None:
        return "⏳ " + words("Pixel is thinking")
    if place == 0:
        return "⏳ " + words("Many are asking. You are next!")
    return "⏳ " + words("Many are asking. Before you: {n}", n=place)
