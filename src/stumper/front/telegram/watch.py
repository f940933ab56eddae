"""Looks at a chat again when its time gets short: one task for all chats, and nothing that must be kept.

What it knows is in the database too (open turns), so a bot that starts fills it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from stumper.records import TurnId

log = structlog.get_logger()

MARKS_S: Final = (60.0, 25.0)
"""The progress bar tells the time so many seconds before the end: more edits would meet Telegram's limits.
At the last one more time may be taken already (`play.rules.more_at`).
"""
AT_ONCE: Final = 8

Look = Callable[[int, TurnId], Awaitable[None]]


class Watch:
    """Calls ``look`` for a chat and its turn at the moment that was asked for last."""

    def __init__(self, *, clock: Callable[[], float], step_s: float = 0.5) -> None:
        self._clock = clock
        self._step_s = step_s
        self._next: dict[int, tuple[float, TurnId]] = {}

    def at(self, when: float, chat_id: int, turn_id: TurnId) -> None:
        """Looks at this chat then, and no more at the moment before."""
        self._next[chat_id] = (when, turn_id)

    def leave(self, chat_id: int) -> None:
        self._next.pop(chat_id, None)

    async def run(self, look: Look) -> None:
        """Looks until it is cancelled; a look that fails is logged, and that chat is left until it moves."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(chat_id: int, turn_id: TurnId) -> None:
            async with places:
                try:
                    await look(chat_id, turn_id)
                except Exception as error:  # the bot's loop: one chat's fault is not the others'
                    log.warning("a clock was not told", error=repr(error))

        async with asyncio.TaskGroup() as looks:
            while True:
                for chat_id, turn_id in self._due():
                    looks.create_task(one(chat_id, turn_id))
                await asyncio.sleep(self._step_s)

    def _due(self) -> list[tuple[int, TurnId]]:
        now = self._clock()
        due = [(chat_id, turn_id) for chat_id, (when, turn_id) in self._next.items() if when <= now]
        for chat_id, _ in due:
            del self._next[chat_id]
        return due


def next_look(seconds_left: float, *, now: float, grace_s: float) -> float:
    """Returns when to look next: at the next mark, or when the grace after the last second is over."""
    marks = [mark for mark in MARKS_S if mark < seconds_left - 1]
    return now + seconds_left - marks[0] if marks else now + seconds_left + grace_s
