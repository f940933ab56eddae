"""What news must do: memory and Redis pass the same tests, and Redis those of going and coming back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from stumper.errors import BadSetting
from stumper.store import news as news_module
from stumper.store.database import Database
from stumper.store.news import MemoryNews, News, RedisNews, TellingDatabase, Topic, changes, open_news
from tests.conftest import NO_REDIS
from tests.servers import find_binary, redis_server

PATIENT_S = 20.0


class Ear:
    """Counts what it hears."""

    def __init__(self) -> None:
        self.heard = 0

    def __call__(self) -> None:
        self.heard += 1


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENT_S):
        while not is_so():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.fixture(params=["memory", "redis"])
async def news(request: pytest.FixtureRequest) -> AsyncIterator[News]:
    opened: News = MemoryNews()
    if request.param == "redis":
        opened = RedisNews(request.getfixturevalue("redis_url"), timeout_s=PATIENT_S)
    yield opened
    await opened.close()


async def test_every_listener_of_the_process_hears_at_once_until_it_stops(news: News) -> None:
    one, two = Ear(), Ear()
    stop = news.listen(Topic.BOARDS, one)
    news.listen(Topic.BOARDS, two)

    news.tell(Topic.BOARDS)
    before = one.heard
    stop()
    news.tell(Topic.BOARDS)

    assert (before, one.heard, two.heard) == (1, 1, 2)


async def test_the_same_listener_twice_stops_once(news: News) -> None:
    ear = Ear()
    stop = news.listen(Topic.BOARDS, ear)
    news.listen(Topic.BOARDS, ear)

    stop()
    news.tell(Topic.BOARDS)

    assert ear.heard == 1


async def test_telling_when_nobody_listens_is_no_fault(news: News) -> None:
    news.tell(Topic.BOARDS)

    await news.close()


@pytest.fixture
async def pair(redis_url: str) -> AsyncIterator[tuple[RedisNews, RedisNews]]:
    opened = RedisNews(redis_url, timeout_s=PATIENT_S), RedisNews(redis_url, timeout_s=PATIENT_S)
    yield opened
    for one in opened:
        await one.close()


async def test_another_process_hears_it_and_the_teller_no_echo(pair: tuple[RedisNews, RedisNews]) -> None:
    teller, other = pair
    mine, theirs = Ear(), Ear()
    teller.listen(Topic.BOARDS, mine)
    other.listen(Topic.BOARDS, theirs)
    await until(lambda: teller.whole and other.whole)
    mine.heard = theirs.heard = 0  # each was told to look when its line opened

    teller.tell(Topic.BOARDS)
    await until(lambda: theirs.heard > 0)
    other.tell(Topic.BOARDS)  # a line keeps the order: an echo of the first would be here before
    await until(lambda: mine.heard > 1)

    assert (mine.heard, theirs.heard) == (2, 2)


async def test_a_hundred_changes_at_once_are_a_few_messages(pair: tuple[RedisNews, RedisNews]) -> None:
    teller, other = pair
    theirs = Ear()
    other.listen(Topic.BOARDS, theirs)
    await until(lambda: other.whole)
    theirs.heard = 0

    for _ in range(100):
        teller.tell(Topic.BOARDS)
    await until(lambda: theirs.heard > 0)
    await teller.close()

    assert theirs.heard <= 2


async def test_what_was_told_last_is_sent_before_closing(pair: tuple[RedisNews, RedisNews]) -> None:
    teller, other = pair
    theirs = Ear()
    other.listen(Topic.BOARDS, theirs)
    await until(lambda: other.whole)
    theirs.heard = 0

    teller.tell(Topic.BOARDS)
    await teller.close()

    await until(lambda: theirs.heard == 1)


async def test_messages_of_another_version_are_left_alone(pair: tuple[RedisNews, RedisNews]) -> None:
    teller, other = pair
    theirs = Ear()
    other.listen(Topic.BOARDS, theirs)
    await until(lambda: other.whole)
    theirs.heard = 0

    for strange in ("", "nonsense", "me weather", "me boards of the house"):
        await teller._redis.publish(teller._channel, strange)
    teller.tell(Topic.BOARDS)
    await until(lambda: theirs.heard > 0)

    assert theirs.heard == 1


@contextmanager
def _at(address: Path, real: str) -> Iterator[None]:
    """Makes a server's socket known under an address that outlives it."""
    address.unlink(missing_ok=True)
    address.symlink_to(real.removeprefix("unix://"))
    yield
    address.unlink()


async def test_redis_goes_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = find_binary("redis-server")
    if binary is None:
        pytest.skip(NO_REDIS)
    monkeypatch.setattr(news_module, "_FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(news_module, "_LONGEST_PAUSE_S", 0.1)
    address = tmp_path / "redis.sock"
    one, two = RedisNews(f"unix://{address}"), RedisNews(f"unix://{address}")
    mine, theirs = Ear(), Ear()
    one.listen(Topic.BOARDS, mine)
    two.listen(Topic.BOARDS, theirs)
    with redis_server(binary) as url, _at(address, url):
        await until(lambda: one.whole and two.whole)
        theirs.heard = 0
    await until(lambda: not one.whole and not two.whole)
    assert theirs.heard == 1  # told to look for itself from now on

    mine.heard = 0
    one.tell(Topic.BOARDS)
    assert mine.heard == 1  # its own process hears it all the same

    with redis_server(binary) as url, _at(address, url):
        await until(lambda: one.whole and two.whole)
        assert theirs.heard >= 2  # what was missed meanwhile is to be looked at
        theirs.heard = 0
        one.tell(Topic.BOARDS)
        await until(lambda: theirs.heard == 1)
        await one.close()
        await two.close()


async def test_a_redis_that_hangs_is_found_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It takes the subscription and says nothing any more, as behind a firewall that forgot the line."""
    monkeypatch.setattr(news_module, "_FIRST_PAUSE_S", 60.0)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.read(4096):
            if b"SUBSCRIBE" in asked:
                writer.write(b"*3\r\n$9\r\nsubscribe\r\n$14\r\nstumper:0:news\r\n:1\r\n")
            elif b"PING" not in asked:
                writer.write(b"-ERR unknown command\r\n" * asked.count(b"*"))
        writer.close()

    async with await asyncio.start_unix_server(silent, tmp_path / "s"):
        news = RedisNews(f"unix://{tmp_path / 's'}?protocol=2&lib_name=&lib_version=", quiet_s=0.05)
        news.listen(Topic.BOARDS, Ear())
        await until(lambda: news.whole)
        await until(lambda: not news.whole)
        await news.close()


async def test_a_redis_that_answers_is_not_given_up(redis_url: str) -> None:
    news, ear = RedisNews(redis_url, quiet_s=0.02), Ear()
    news.listen(Topic.BOARDS, ear)
    await until(lambda: news.whole)
    ear.heard = 0

    await asyncio.sleep(0.3)

    assert (news.whole, ear.heard) == (True, 0)
    await news.close()


def test_the_adapter_follows_the_address_of_the_cache(redis_url: str) -> None:
    assert isinstance(open_news("memory:"), MemoryNews)
    assert isinstance(open_news(redis_url), RedisNews)
    with pytest.raises(BadSetting, match="STUMPER_CACHE"):
        open_news("redis://host:port")


@pytest.fixture
async def telling(database_url: str) -> AsyncIterator[tuple[Database, Ear]]:
    news, ear = MemoryNews(), Ear()
    news.listen(Topic.BOARDS, ear)
    database = TellingDatabase(database_url, news=news)
    yield database, ear
    await database.close()


async def test_a_change_is_told_once_and_after_the_commit(telling: tuple[Database, Ear]) -> None:
    database, ear = telling
    async with database.begin() as tx:
        await tx.execute(text("DELETE FROM score"))
        changes(tx, Topic.BOARDS)
        changes(tx, Topic.BOARDS)
        assert ear.heard == 0

    assert ear.heard == 1


async def test_what_is_rolled_back_is_not_told_nor_by_the_next(telling: tuple[Database, Ear]) -> None:
    database, ear = telling
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.begin() as tx:
            changes(tx, Topic.BOARDS)
            1 / 0  # noqa: B018
    async with database.begin() as tx:
        await tx.execute(text("DELETE FROM score"))

    assert ear.heard == 0


async def test_a_plain_database_bears_the_note(database: Database) -> None:
    async with database.begin() as tx:
        changes(tx, Topic.BOARDS)
