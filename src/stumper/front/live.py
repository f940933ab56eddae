"""Boards in motion: each is worked out once for all who look at it in this process, when news come.

However many changes and viewers there are, a board is worked out at most once a second, and at most for a
tenth of the time. A viewer who is slow gets the newest board when they are ready for it, never a queue of old
ones; one who takes nothing for half a minute is let go.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing, suppress
from typing import Final

import structlog
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.types import Message, Send

from stumper.front.stream import HEADERS
from stumper.progress.boards.tables import Board, Tab
from stumper.progress.boards.together import Boards, boards_of
from stumper.records import PlayerId
from stumper.store.database import Database
from stumper.store.news import News, Topic

log = structlog.get_logger()

PAUSE_S: Final = 1.0
_BUSY: Final = 10.0
"""A board that takes long to work out rests this many times as long."""
POLL_S: Final = 5.0
"""How often it is looked whether something has changed while other processes cannot be heard."""
SLOW_S: Final = 30.0
"""And while they can: a word may be lost with its process, and days end without one."""
_TICK_S: Final = 0.5
PULSE_S: Final = 15.0
"""Proxies close lines on which nothing comes for a minute."""
STUCK_S: Final = 30.0
_LIFE_S: Final = 600.0
"""Then the page asks anew: who is signed out meanwhile should not go on looking."""
MOST: Final = 2000
"""Viewers of one board in one process; more renew themselves by asking."""


class Live:
    """The boards that are looked at in this process."""

    def __init__(
        self, database: Database, news: News, *, clock: Callable[[], float], ends: Callable[[], bool]
    ) -> None:
        """``ends`` says whether the process was asked to stop: then every stream ends within a second."""
        self._shows = {tab: Show(tab, database, news, clock=clock, ends=ends) for tab in Tab}

    def show(self, tab: Tab) -> Show:
        return self._shows[tab]


class Show:
    """One board, and those who look at it; nothing is done while nobody does."""

    def __init__(
        self,
        tab: Tab,
        database: Database,
        news: News,
        *,
        clock: Callable[[], float],
        ends: Callable[[], bool],
    ) -> None:
        self.drawn: dict[Hashable, str] = {}
        """Pages of the board as it is now, for who else would see the same."""
        self.seen_at = 0.0
        """When the board was worked out, by ``clock``."""
        self._tab = tab
        self._database = database
        self._news = news
        self._clock = clock
        self._ends = ends
        self._viewers: Counter[PlayerId | None] = Counter()
        self._boards: Boards = {}
        self._wake = asyncio.Event()
        self._turns = 0
        """How often the board was worked out: who has seen fewer has something to see."""
        self._turned = asyncio.Event()
        """Set, and replaced by a new one, at each turn."""
        self._running: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        return self._viewers.total() >= MOST

    async def watch(self, me: PlayerId | None) -> AsyncGenerator[Board | None]:
        """Yields the player's board whenever it was worked out, None now and then without; ends with the
        process.
        """
        self._enter(me)
        seen = self._turns
        try:
            while not self._ends():
                if self._turns == seen:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._turned.wait(), PULSE_S)
                news, seen = self._turns != seen, self._turns
                yield self._boards.get(me) if news else None
        finally:
            self._leave(me)

    def _enter(self, me: PlayerId | None) -> None:
        self._viewers[me] += 1
        self._wake.set()  # the page may be older than the last news
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    def _leave(self, me: PlayerId | None) -> None:
        self._viewers -= Counter([me])
        if not self._viewers and self._running is not None:
            self._running.cancel()
            self._running = None

    async def _run(self) -> None:
        stop = self._news.listen(Topic.BOARDS, self._wake.set)
        try:
            while not self._ends():
                self._wake.clear()
                began_s = _now()
                await self._look()
                pause_s = max(PAUSE_S, _BUSY * (_now() - began_s))
                await self._rest(pause_s, max(pause_s, SLOW_S if self._news.whole else POLL_S))
        finally:
            stop()
            self._boards = {}
            self._turn()

    async def _look(self) -> None:
        players = [player for player in self._viewers if player is not None]
        try:
            now = self._clock()
            self._boards = await boards_of(self._database, self._tab, players, now=now)
        except Exception:  # those who look would wait for ever; next time it may be well again
            log.warning("a board cannot be worked out", board=self._tab, exc_info=True)
            return
        self.seen_at = now
        self.drawn.clear()
        self._turn()

    def _turn(self) -> None:
        self._turns += 1
        self._turned.set()
        self._turned = asyncio.Event()

    async def _rest(self, least_s: float, most_s: float) -> None:
        """Returns at the first news after ``least_s``, after ``most_s`` without any, or when all ends."""
        began_s = _now()
        while not self._ends():
            passed_s = _now() - began_s
            if passed_s < least_s:
                await asyncio.sleep(min(least_s - passed_s, _TICK_S))
            elif self._wake.is_set() or passed_s >= most_s:
                return
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), min(most_s - passed_s, _TICK_S))


def _now() -> float:
    return asyncio.get_running_loop().time()


class LiveResponse(StreamingResponse):
    """A board as a stream of ``board`` events, each a piece of HTML as JSON, and comments in between."""

    def __init__(self, show: Show, me: PlayerId | None, draw: Callable[[Board], str]) -> None:
        self._events = _events(show, me, draw)
        super().__init__(self._events, media_type="text/event-stream", headers=HEADERS)

    async def stream_response(self, send: Send) -> None:
        """As Starlette's, but for a reader who takes nothing any more."""

        async def send_within(message: Message) -> None:
            async with asyncio.timeout(STUCK_S):
                await send(message)

        async with aclosing(self._events):
            try:
                await super().stream_response(send_within)
            except TimeoutError:
                log.info("somebody who takes nothing was let go")


async def _events(show: Show, me: PlayerId | None, draw: Callable[[Board], str]) -> AsyncGenerator[bytes]:
    ends_s = _now() + _LIFE_S * random.uniform(0.75, 1.0)
    before = ""
    # Not all at the same moment: a process that ends sends everybody to another one.
    yield format_sse_event(retry=random.randint(1000, 3000), comment="")
    async with aclosing(show.watch(me)) as boards:
        async for board in boards:
            page = before if board is None else draw(board)
            if page != before:
                before = page
                yield format_sse_event(event="board", data_str=json.dumps(page, ensure_ascii=False))
            elif board is None:
                yield format_sse_event(comment="")
            if _now() >= ends_s:
                return
