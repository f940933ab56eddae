"""The line in front of a model: so many questions at a time; the others wait in the order they came.

A line has a longest length: a player's question beyond it is refused at once instead of being kept for
minutes; evaluation and other batch work waits. Who waits may look at their place at any time (`Ticket`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar

from stumper.errors import ModelBusy


class Ticket:
    """The place of one question, for whoever asked it."""

    def __init__(self) -> None:
        self._look: Callable[[], int] | None = None

    @property
    def ahead(self) -> int | None:
        """How many come first, from 0; None while the question waits in no line."""
        return None if self._look is None else self._look()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Whatever is asked within this block waits under this ticket."""
        token = _TICKET.set(self)
        try:
            yield
        finally:
            _TICKET.reset(token)

    @contextmanager
    def waiting(self, look: Callable[[], int]) -> Iterator[None]:
        self._look = look
        try:
            yield
        finally:
            self._look = None


# Between whoever asks and the line are the game and the port to any model, which know nothing of lines.
_TICKET: ContextVar[Ticket | None] = ContextVar("ticket", default=None)


_IN_PERSON: ContextVar[bool] = ContextVar("in_person", default=False)


@contextmanager
def in_person() -> Iterator[None]:
    """Whoever asks within this block would rather be refused than wait in a full line; batch work waits."""
    token = _IN_PERSON.set(True)
    try:
        yield
    finally:
        _IN_PERSON.reset(token)


class Line:
    """First come, first served. ``room`` tells how many may be inside now; it may change at any time."""

    def __init__(self, *, room: Callable[[], int], longest: int) -> None:
        self._room = room
        self._longest = longest
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def inside(self) -> int:
        return self._inside

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Waits for its turn and holds a place. Raises ModelBusy at once in a full line (`in_person`)."""
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    async def _enter(self) -> None:
        self._admit()  # there may be more room than when somebody left last
        if not self._waiting and self._inside < self._room():
            self._inside += 1
            return
        if _IN_PERSON.get() and len(self._waiting) >= self._longest:
            raise ModelBusy(f"{len(self._waiting)} questions wait for the model already. Ask again later.")
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        ticket = _TICKET.get() or Ticket()
        try:
            with ticket.waiting(lambda: self._waiting.index(mine) if mine in self._waiting else 0):
                await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # it was let in at the very moment its player left
                self._leave()
            else:
                with suppress(ValueError):
                    self._waiting.remove(mine)
            raise

    def _leave(self) -> None:
        self._inside -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._inside < self._room():
            first = self._waiting.popleft()
            if not first.done():  # else its player has gone
                self._inside += 1
                first.set_result(None)
