"""Telling every process at once that something has changed: within this one, or to all through Redis.

News carry nothing but a topic. Whoever hears of one looks into the database, so news may come twice, and one
that is lost is made up for by looking now and then: often while `whole` is false, seldom while it is true.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.store.cache import redis_at
from stumper.store.database import Database

if TYPE_CHECKING:
    from redis.asyncio.client import PubSub

log = structlog.get_logger()

_KEY: Final = "stumper.news"
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 15.0
_QUIET_S: Final = 10.0
"""After so long without a word Redis is asked whether it is there; after twice as long it is away."""

Heard = Callable[[], None]


class Topic(StrEnum):
    """What can have changed."""

    BOARDS = "boards"


_TOPICS: Final = frozenset(topic.value for topic in Topic)


class News(Protocol):
    """What is told in one process is heard in this one, and in the others as far as they are reached."""

    @property
    def whole(self) -> bool:
        """Whether all that any process tells is heard here just now."""
        ...

    def tell(self, topic: Topic) -> None:
        """Says that something has changed, without waiting; call it in the event loop, after the commit."""
        ...

    def listen(self, topic: Topic, heard: Heard) -> Callable[[], None]:
        """Calls ``heard`` (which must be quick) after each change; returns how to stop that."""
        ...

    async def close(self) -> None:
        """Sends what was told, then hears no more."""
        ...


def open_news(url: str) -> News:
    """Picks the adapter by the cache's address (``store.cache.open_cache``)."""
    return MemoryNews() if urlsplit(url).scheme == "memory" else RedisNews(url)


class MemoryNews:
    """News within one process. Others that write to the same database are not heard."""

    whole = False

    def __init__(self) -> None:
        self._listeners: dict[Topic, list[Heard]] = {topic: [] for topic in Topic}

    def tell(self, topic: Topic) -> None:
        for heard in tuple(self._listeners[topic]):
            heard()

    def listen(self, topic: Topic, heard: Heard) -> Callable[[], None]:
        # Wrapped, for two may listen by functions that are equal, and each stops only its own.
        def mine() -> None:
            heard()

        self._listeners[topic].append(mine)
        return lambda: self._listeners[topic].remove(mine)

    async def close(self) -> None:
        for listeners in self._listeners.values():
            listeners.clear()


class RedisNews:
    """News through one channel of Redis; each process subscribes once, when the first one listens in it.

    While Redis is away news stay within their process, and it is tried again, each time later.
    """

    def __init__(self, url: str, *, timeout_s: float = 1.0, quiet_s: float = _QUIET_S) -> None:
        """Raises BadSetting as ``redis_at`` does. Times are in seconds."""
        self._redis, self._away = redis_at(url, connections=2, timeout_s=timeout_s)
        # Channels do not belong to one of Redis' numbered databases; keys of two installations may.
        self._channel = f"stumper:{self._redis.connection_pool.connection_kwargs.get('db', 0)}:news"
        self._quiet_s = quiet_s
        self._me = secrets.token_hex(8)
        self._here = MemoryNews()
        self._whole = False
        self._unsent: set[Topic] = set()
        self._sending: asyncio.Task[None] | None = None
        self._hearing: asyncio.Task[None] | None = None

    @property
    def whole(self) -> bool:
        return self._whole

    def tell(self, topic: Topic) -> None:
        """Tells listeners of this process at once; to others at most one message is on its way, one waits."""
        self._here.tell(topic)
        self._unsent.add(topic)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    def listen(self, topic: Topic, heard: Heard) -> Callable[[], None]:
        if self._hearing is None:
            self._hearing = asyncio.create_task(self._hear())
        return self._here.listen(topic, heard)

    async def close(self) -> None:
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)
        if self._sending is not None:
            await self._sending
        await self._here.close()
        await self._redis.aclose()

    async def _send(self) -> None:
        while self._unsent:
            topic = self._unsent.pop()
            try:
                await self._redis.publish(self._channel, f"{self._me} {topic}")
            except self._away as error:
                log.warning("cache is away, news stay in this process", error=str(error))

    async def _hear(self) -> None:
        """Subscribes, and again whenever the line is lost."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                async with self._redis.pubsub() as line:
                    await line.subscribe(self._channel)
                    await self._attend(line)
                reason = "Redis says nothing any more"
            except (self._away, OSError) as error:
                reason = str(error)
            if self._whole:
                pause_s = _FIRST_PAUSE_S
                log.warning("cache is away, news of other processes come late", error=reason)
                self._is_whole(False)
            # Not all at the same moment: a Redis that is back has every process on its doorstep.
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _attend(self, line: PubSub) -> None:
        """Hears until Redis is silent although it was asked twice."""
        unanswered = 0
        while unanswered < 2:
            said: dict[str, Any] | None = await line.get_message(timeout=self._quiet_s)
            if said is None:
                unanswered += 1
                await line.ping()
                continue
            unanswered = 0
            if said["type"] == "subscribe":
                self._is_whole(True)
            elif said["type"] == "message":
                self._heard(str(said["data"]))

    def _heard(self, message: str) -> None:
        who, _, topic = message.partition(" ")
        # A topic that is not ours comes from another version of the game.
        if who != self._me and topic in _TOPICS:
            self._here.tell(Topic(topic))

    def _is_whole(self, now: bool) -> None:
        """Both ways something may have been missed, or will be: everybody had better look."""
        self._whole = now
        for topic in Topic:
            self._here.tell(topic)


def changes(tx: AsyncConnection, topic: Topic) -> None:
    """Notes beside a statement what it changes: told once ``tx`` is committed, if by a `TellingDatabase`."""
    tx.info.setdefault(_KEY, set()).add(topic)


class TellingDatabase(Database):
    """A database that tells what its transactions have changed, each after its commit."""

    def __init__(self, url: str, *, news: News, name: str = "stumper") -> None:
        super().__init__(url, name=name)
        self._news = news

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """As ``Database.begin``."""
        async with super().begin() as tx:
            # A new set: the connection remembers its `info` from one transaction to the next.
            changed: set[Topic] = set()
            tx.info[_KEY] = changed
            yield tx
        for topic in changed:
            self._news.tell(topic)
