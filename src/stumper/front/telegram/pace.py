"""How fast notices leave: spaced over all chats, and wider within one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from stumper.trust.periods import local_hour

PER_SECOND: Final = 25
"""Telegram lets 30 a second pass; the rest is for answers to those who play."""
CHAT_S: Final = 1.0
NIGHT: Final = (22, 8)
"""No notice from ten in the evening until eight in the morning, by the player's clock."""


class Pace:
    """Lets one through at a time; ``clock`` counts seconds from anywhere and never goes back."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._sleep = sleep
        self._free = float("-inf")
        self._free_in: dict[int, float] = {}

    async def wait(self, chat_id: int) -> None:
        """Returns when a message may leave for this chat."""
        now = self._clock()
        self._free_in = {chat: free for chat, free in self._free_in.items() if free > now}
        at = max(now, self._free, self._free_in.get(chat_id, now))
        self._free, self._free_in[chat_id] = at + 1 / PER_SECOND, at + CHAT_S
        if at > now:
            await self._sleep(at - now)


def sleeps(time_zone: str, *, now: float) -> bool:
    """Tells whether it is night there; an unknown place is taken for Greenwich."""
    evening, morning = NIGHT
    hour = local_hour(now, time_zone)
    return hour >= evening or hour < morning
