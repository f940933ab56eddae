"""What may be lost: rate limits and live counters, in memory or in Redis. The rest is in the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import structlog

from stumper.errors import BadSetting

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger()


class Cache(Protocol):
    """Short-lived values by key; two processes share them only through Redis."""

    async def incr(self, key: str, *, ttl_s: float) -> int:
        """Adds one and returns the count; the first call opens a window of ``ttl_s``, later ones keep it."""
        ...

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str, *, ttl_s: float) -> None: ...

    async def fault(self) -> str:
        """Says in one line why nothing is kept just now; empty if all is well."""
        ...

    async def close(self) -> None: ...


def open_cache(url: str, *, clock: Callable[[], float] = time.monotonic) -> Cache:
    """Picks the adapter: ``memory:`` or ``redis://HOST:PORT/NUMBER``. Raises BadSetting for anything else."""
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        return MemoryCache(clock=clock)
    if scheme in {"redis", "rediss", "unix"}:
        return RedisCache(url)
    raise BadSetting(f"Cache {url!r} is not supported. Set STUMPER_CACHE to memory: or redis://HOST.")


def redis_at(url: str, *, connections: int, timeout_s: float) -> tuple[Redis, type[Exception]]:
    """Returns a client with at most so many connections, and what it raises when Redis is away.

    Nothing is sent yet. Raises BadSetting without the package, or for an address that cannot be read.
    """
    try:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.exceptions import RedisError
    except ImportError as error:
        raise BadSetting(
            "The Redis cache needs the redis package: pip install 'stumper[redis]', "
            "or set STUMPER_CACHE=memory:."
        ) from error
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            decode_responses=True,
            max_connections=connections,
            timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            socket_timeout=timeout_s,
        )
    except ValueError as error:  # the message names no password: it is about port, path or scheme
        raise BadSetting(f"The cache's address cannot be read: {error}. Set STUMPER_CACHE.") from error
    return Redis.from_pool(pool), RedisError


class MemoryCache:
    """One process's values; gone when it ends."""

    # Above this many keys the expired ones are dropped, so that one key an address cannot fill the memory.
    SWEEP_ABOVE = 10_000

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[str, tuple[str, float]] = {}
        self._sweep_above = self.SWEEP_ABOVE

    async def incr(self, key: str, *, ttl_s: float) -> int:
        value, ends_at = self._live(key) or ("0", self._clock() + ttl_s)
        self._keep(key, str(int(value) + 1), ends_at)
        return int(value) + 1

    async def get(self, key: str) -> str | None:
        found = self._live(key)
        return found[0] if found else None

    async def set(self, key: str, value: str, *, ttl_s: float) -> None:
        self._keep(key, value, self._clock() + ttl_s)

    async def fault(self) -> str:
        return ""

    async def close(self) -> None:
        self._values.clear()

    def _live(self, key: str) -> tuple[str, float] | None:
        found = self._values.get(key)
        return found if found and found[1] > self._clock() else None

    def _keep(self, key: str, value: str, ends_at: float) -> None:
        self._values[key] = (value, ends_at)
        if len(self._values) > self._sweep_above:
            now = self._clock()
            self._values = {key: kept for key, kept in self._values.items() if kept[1] > now}
            # Twice what is alive: otherwise a full cache would sweep on every call.
            self._sweep_above = max(self.SWEEP_ABOVE, 2 * len(self._values))


class RedisCache:
    """Values shared by every process. While Redis is away nothing is counted: the game goes on unlimited."""

    def __init__(self, url: str, *, timeout_s: float = 1.0) -> None:
        """``timeout_s`` is the longest that a limiter may hold a player's request when Redis hangs."""
        # A crowd shares these connections: one for each request would be thousands on Redis.
        self._redis, self._away = redis_at(url, connections=20, timeout_s=timeout_s)

    async def incr(self, key: str, *, ttl_s: float) -> int:
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(key, 0, px=round(ttl_s * 1000), nx=True)
                pipe.incr(key)
                return int((await pipe.execute())[1])
        except self._away as error:
            log.warning("cache is away, counting nothing", error=str(error))
            return 0

    async def get(self, key: str) -> str | None:
        try:
            found = await self._redis.get(key)
        except self._away as error:
            log.warning("cache is away, reading nothing", error=str(error))
            return None
        return None if found is None else str(found)

    async def set(self, key: str, value: str, *, ttl_s: float) -> None:
        try:
            await self._redis.set(key, value, px=round(ttl_s * 1000))
        except self._away as error:
            log.warning("cache is away, keeping nothing", error=str(error))

    async def fault(self) -> str:
        try:
            await self._redis.ping()
        except self._away as error:
            return str(error).rstrip(".") or type(error).__name__
        return ""

    async def close(self) -> None:
        await self._redis.aclose()
