"""Boards that renew themselves: through two web processes, without Redis, with a slow viewer, to the end."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from starlette.types import Message

from stumper.app import build
from stumper.front import live
from stumper.front.auth import COOKIE, Cookies
from stumper.front.live import Live, Show
from stumper.progress.boards.tables import Tab
from stumper.records import LedgerLine, PlayerId
from stumper.store.news import MemoryNews, Topic
from stumper.trust.queries import write_lines
from tests.contract.test_news import until
from tests.front.conftest import Worlds
from tests.front.world import SECRET, World, join, play_through, start, web_of
from tests.observe.lines import TOKEN, scrape, value

PATIENT_S = 20.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE_S", 0.02)
    monkeypatch.setattr(live, "_BUSY", 0.0)
    monkeypatch.setattr(live, "_TICK_S", 0.05)
    monkeypatch.setattr(live, "POLL_S", 600.0)  # what comes has been told


@dataclass
class Viewer:
    """A browser that keeps a board open: what it was sent, as the ASGI server hears it."""

    boards: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    comments: int = 0
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    takes: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared: the browser reads nothing, and who writes to it waits."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.takes.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        for event in message.get("body", b"").decode().split("\n\n"):
            if found := re.search(r"event: board\ndata: (.*)", event):
                self.boards.put_nowait(json.loads(found[1]))
            elif event.startswith(":"):
                self.comments += 1

    async def next(self, holds: str) -> str:
        """Returns the first board that holds a text."""
        async with asyncio.timeout(PATIENT_S):
            while holds not in (board := await self.boards.get()):
                pass
        return board


@asynccontextmanager
async def watching(
    web: Callable[..., Awaitable[None]], tab: Tab, *, me: str | None = None, language: str = "en"
) -> AsyncIterator[Viewer]:
    """Opens the stream of a board; it is given up at the end."""
    headers = [(b"accept", b"text/event-stream"), (b"accept-language", language.encode())]
    if me is not None:
        cookie = Cookies(SECRET, secure=False).value(PlayerId(me))
        headers.append((b"cookie", f"{COOKIE}={cookie}".encode()))
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": "/boards", "raw_path": b"/boards", "http_version": "1.1",
        "query_string": f"tab={tab}".encode(), "headers": headers, "scheme": "http", "root_path": "",
        "client": ("127.0.0.1", 1), "server": ("stumper.test", 80), "asgi": {"version": "3.0"},
    }  # fmt: skip
    viewer = Viewer()
    viewer.takes.set()
    request = asyncio.ensure_future(web(scope, viewer.receive, viewer.send))
    try:
        yield viewer
    finally:
        viewer.gone.set()
        viewer.takes.set()
        async with asyncio.timeout(PATIENT_S):
            await request


async def gain(world: World, player_id: str, points: int) -> None:
    line = LedgerLine(
        player_id=PlayerId(player_id), session_id=None, exchange_id=None, reason="hit", points=points,
        written_at=world.clock(),
    )  # fmt: skip
    async with world.app.database.begin() as tx:
        await write_lines(tx, [line])


@asynccontextmanager
async def another(world: World) -> AsyncIterator[World]:
    """A second web process on the same database."""
    async with build(world.app.settings, clock=world.clock, rng=random.Random(8), prepare=False) as app:
        yield World(app=app, web=web_of(app), clock=world.clock, campaign=world.campaign)


async def player(world: World, name: str) -> str:
    async with world.phone() as phone:
        return str((await join(phone, name))["id"])


async def test_a_change_through_one_process_is_seen_in_the_other(worlds: Worlds, redis_url: str) -> None:
    async with worlds(cache=redis_url, pictures=2) as one, another(one) as two:
        ada = await player(one, "Ada")
        async with watching(two.web, Tab.WEEK) as viewer:
            await viewer.next("Nobody has points here yet")
            await until(lambda: two.app.news.whole)

            await gain(one, ada, 70)

            assert '<strong class="sum">70</strong>' in await viewer.next("Ada")
        assert viewer.headers["content-type"].startswith("text/event-stream")


async def test_a_real_session_is_on_every_open_board(worlds: Worlds) -> None:
    async with worlds() as world, world.phone() as phone:
        me = str((await join(phone, "Ada"))["id"])
        async with (
            watching(world.web, Tab.ALL) as stranger,
            watching(world.web, Tab.LEAGUE, me=me) as own,
        ):
            await stranger.next("Nobody has points here yet")
            await own.next("Your league of the week waits")
            session = await play_through(phone, world.clock, await start(phone))
            await phone.get(f"/api/sessions/{session['id']}/summary")

            assert "mine" not in await stranger.next("Ada")
            assert "mine" in await own.next("Ada")


@pytest.mark.parametrize("cache", ["memory:", "unix:///nowhere/redis.sock"])
async def test_without_redis_the_other_process_is_looked_after(
    worlds: Worlds, monkeypatch: pytest.MonkeyPatch, cache: str
) -> None:
    monkeypatch.setattr(live, "POLL_S", 0.1)
    async with worlds(pictures=2, cache=cache) as one, another(one) as two:
        ada = await player(one, "Ada")
        async with watching(two.web, Tab.WEEK) as viewer:
            await viewer.next("Nobody")

            await gain(one, ada, 70)

            await viewer.next("Ada")


async def test_each_sees_their_own_line_in_their_own_language(worlds: Worlds) -> None:
    async with worlds(pictures=2) as world:
        ada, bo = await player(world, "Ada"), await player(world, "Bo")
        await gain(world, ada, 40)
        async with (
            watching(world.web, Tab.WEEK, me=ada) as first,
            watching(world.web, Tab.WEEK, me=bo, language="es") as second,
            watching(world.web, Tab.WEEK) as stranger,
        ):
            boards = [await one.next("Ada") for one in (first, second, stranger)]

        assert ["line  mine" in board for board in boards] == [True, False, False]
        assert ["tab=league" in board for board in boards] == [True, True, False]
        assert ["This week" in board for board in boards] == [True, False, True]
        assert not any(ada in board for board in boards)


async def test_a_slow_viewer_holds_nobody_up_and_gets_the_newest_board(worlds: Worlds) -> None:
    async with worlds(pictures=2) as world:
        ada = await player(world, "Ada")
        async with watching(world.web, Tab.WEEK) as slow, watching(world.web, Tab.WEEK) as quick:
            await slow.next("Nobody")
            await quick.next("Nobody")
            slow.takes.clear()
            for n in range(1, 7):
                await gain(world, ada, 10)
                await quick.next(f'<strong class="sum">{10 * n}</strong>')

            slow.takes.set()

            await slow.next('<strong class="sum">60</strong>')
            # One was on its way when it stopped reading; those in between were never kept for it.
            assert slow.boards.qsize() == 0


async def test_who_takes_nothing_is_let_go(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STUCK_S", 0.1)
    async with worlds(pictures=2) as world:
        ada = await player(world, "Ada")
        async with watching(world.web, Tab.WEEK) as stuck:
            await stuck.next("Nobody")
            stuck.takes.clear()
            await gain(world, ada, 10)

            show: Show = world.web.state.live.show(Tab.WEEK)
            await until(lambda: not show._viewers)


async def test_streams_end_when_the_process_is_asked_to_stop(worlds: Worlds) -> None:
    async with worlds(pictures=2) as world, watching(world.web, Tab.WEEK) as viewer:
        await viewer.next("Nobody")
        show: Show = world.web.state.live.show(Tab.WEEK)

        world.web.state.readiness.draining = True

        await until(lambda: not show._viewers)
        assert not viewer.gone.is_set()


async def test_a_full_house_is_told_to_ask_instead(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST", 1)
    async with worlds(pictures=2) as world, watching(world.web, Tab.WEEK) as first:
        await first.next("Nobody")
        async with watching(world.web, Tab.WEEK) as second:
            await until(lambda: second.status != 0)

    assert (first.status, second.status) == (200, 204)


async def test_how_long_somebody_looks_is_no_waiting_time(worlds: Worlds) -> None:
    async with worlds(pictures=2, metrics_token=TOKEN) as world, world.phone() as phone:
        before = await scrape(phone)
        async with watching(world.web, Tab.WEEK) as viewer:
            await viewer.next("Nobody")
        await phone.get("/boards")
        after = await scrape(phone)

    counted = {"route": "/boards", "method": "GET", "status": "200"}
    name = "stumper_request_seconds_count"
    assert value(after, name, **counted) - value(before, name, **counted) == 1


async def test_the_line_is_kept_alive(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PULSE_S", 0.02)
    async with worlds(pictures=2) as world, watching(world.web, Tab.WEEK) as viewer:
        await until(lambda: viewer.comments > 3)

    assert viewer.boards.qsize() == 1  # the same board is not sent again


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When boards were worked out, by the loop's clock."""
    found: list[float] = []
    real = live.boards_of

    async def counted(*given: Any, **more: Any) -> Any:
        found.append(asyncio.get_running_loop().time())
        return await real(*given, **more)

    monkeypatch.setattr(live, "boards_of", counted)
    return found


async def test_many_changes_and_viewers_are_one_look_a_pause(
    worlds: Worlds, looks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE_S", 0.3)
    async with worlds(pictures=2) as world:
        news = MemoryNews()
        show = Live(world.app.database, news, clock=world.clock, ends=lambda: False).show(Tab.WEEK)

        async def look_on(n: int) -> None:
            async for _ in show.watch(PlayerId(f"p{n}")):
                news.tell(Topic.BOARDS)

        viewers = [asyncio.create_task(look_on(n)) for n in range(40)]
        for _ in range(100):
            news.tell(Topic.BOARDS)
            await asyncio.sleep(0.01)
        for viewer in viewers:
            viewer.cancel()
        await asyncio.gather(*viewers, return_exceptions=True)
        await asyncio.sleep(0)
        pauses = [later - sooner for sooner, later in pairwise(looks)]

        assert len(looks) >= 3
        assert min(pauses) >= 0.29
        assert show._running is None
        assert news._listeners[Topic.BOARDS] == []


async def test_a_database_that_is_away_is_waited_for(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POLL_S", 0.05)
    real, fails = live.boards_of, iter([True, True])

    async def shaky(*given: Any, **more: Any) -> Any:
        if next(fails, False):
            raise OSError("the database is away")
        return await real(*given, **more)

    monkeypatch.setattr(live, "boards_of", shaky)
    async with worlds(pictures=2) as world, watching(world.web, Tab.WEEK) as viewer:
        await viewer.next("Nobody")


async def test_names_teams_and_leaving_are_told_too(worlds: Worlds) -> None:
    async with worlds(pictures=2) as world, world.phone() as phone:
        heard: list[None] = []
        counts = []
        await join(phone, "Ada")
        world.app.news.listen(Topic.BOARDS, lambda: heard.append(None))
        for path, data in (
            ("/teams", {"name": "Lamps"}),
            ("/teams/leave", {}),
            ("/me", {"nickname": "Bo", "language": "en", "time_zone": "UTC"}),
            ("/me/forget", {"sure": "1"}),
        ):
            reply = await phone.post(path, data=data)
            assert reply.status_code < 400, reply.text
            counts.append(len(heard))

        assert counts == [1, 2, 3, 4]
