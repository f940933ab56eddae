"""What every cache must do: memory and Redis pass the same tests."""

from __future__ import annotations

import asyncio
import builtins
import uuid
from collections.abc import AsyncIterator

import pytest

from stumper.errors import BadSetting
from stumper.store.cache import Cache, MemoryCache, RedisCache, open_cache


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    opened: Cache = MemoryCache()
    if request.param == "redis":
        # Patient: the tests may share the machine with much else.
        opened = RedisCache(request.getfixturevalue("redis_url"), timeout_s=30)
    yield opened
    await opened.close()


@pytest.fixture
def key() -> str:
    """The tests of one run share a Redis."""
    return uuid.uuid4().hex


async def test_counting_starts_at_one(cache: Cache, key: str) -> None:
    assert [await cache.incr(key, ttl_s=60) for _ in range(3)] == [1, 2, 3]


@pytest.mark.slow
async def test_concurrent_counts_are_all_different(cache: Cache, key: str) -> None:
    counts = await asyncio.gather(*(cache.incr(key, ttl_s=60) for _ in range(100)))

    assert sorted(counts) == list(range(1, 101))


async def test_counting_on_does_not_prolong_the_window(cache: Cache, key: str) -> None:
    await cache.incr(key, ttl_s=1.5)
    await asyncio.sleep(0.4)
    assert await cache.incr(key, ttl_s=1.5) == 2

    await asyncio.sleep(1.2)

    assert await cache.incr(key, ttl_s=1.5) == 1


async def test_two_keys_count_apart(cache: Cache, key: str) -> None:
    await cache.incr(key, ttl_s=60)

    assert await cache.incr(key + "b", ttl_s=60) == 1


async def test_a_value_is_there_until_its_time_is_over(cache: Cache, key: str) -> None:
    await cache.set(key, "grün", ttl_s=1)
    assert await cache.get(key) == "grün"

    await asyncio.sleep(1.1)

    assert await cache.get(key) is None


async def test_a_count_reads_as_a_value(cache: Cache, key: str) -> None:
    await cache.incr(key, ttl_s=60)
    await cache.incr(key, ttl_s=60)

    assert await cache.get(key) == "2"


async def test_nothing_is_found_under_a_new_key(cache: Cache, key: str) -> None:
    assert await cache.get(key) is None


async def test_memory_does_not_keep_what_is_over() -> None:
    now = 0.0
    cache = MemoryCache(clock=lambda: now)
    for number in range(MemoryCache.SWEEP_ABOVE):
        await cache.incr(f"ip-{number}", ttl_s=1)

    now = 2.0
    await cache.incr("one more", ttl_s=1)

    assert len(cache._values) == 1


async def test_a_redis_that_is_away_limits_nobody() -> None:
    cache = RedisCache("redis://127.0.0.1:1")

    await cache.set("key", "value", ttl_s=1)

    assert await cache.incr("key", ttl_s=1) == 0
    assert await cache.get("key") is None
    await cache.close()


def test_the_address_picks_the_cache() -> None:
    assert isinstance(open_cache("memory:"), MemoryCache)
    assert isinstance(open_cache("redis://localhost:6379/0"), RedisCache)


def test_another_kind_of_cache_is_refused_with_what_to_write() -> None:
    with pytest.raises(BadSetting, match="STUMPER_CACHE"):
        open_cache("memcached://localhost")


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: object, **named: object) -> object:
        if name.startswith("redis"):
            raise ImportError(name)
        return real(name, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)

    with pytest.raises(BadSetting, match=r"stumper\[redis\]"):
        open_cache("redis://localhost")
