"""Several web processes on one PostgreSQL: renewed, killed and stopped while people play; no move is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx2
import psutil
import pytest

from stumper.config import Settings
from stumper.store.database import Database
from tests.front.replicas import CALM_S, Crowd, Server, open_socket, prepare, serving

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

RENEWED = "processes were renewed"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, postgres: str, postgres_template: str) -> Iterator[str]:
    """Of PostgreSQL only: SQLite has one writer, and its processes are not the subject here."""
    from tests.conftest import _postgres_copy

    yield from _postgres_copy(postgres, template=postgres_template)


@pytest.fixture
async def settings(database_url: str, tmp_path: Path) -> Settings:
    chosen = Settings(data=tmp_path, database=database_url, model="scripted:text=two", campaign="zoo")
    await prepare(chosen)
    return chosen


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with open_socket() as opened:
        yield opened


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def _players(crowd: Crowd, n: int = 4) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(crowd.play(f"player{number}")) for number in range(n)]
    try:
        yield
    finally:
        crowd.stopped.set()
        await asyncio.gather(*tasks)


async def _until_more_moves(crowd: Crowd, n: int = 8) -> None:
    wanted = len(crowd.verdicts) + n
    async with asyncio.timeout(120):
        while len(crowd.verdicts) < wanted and not crowd.errors:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _is_kept(settings: Settings, crowd: Crowd) -> None:
    """Everything the players were promised is in the database, once."""
    database = Database(settings.database)
    async with database.read() as tx:
        rows = (await tx.exec_driver_sql("SELECT id, verdict, turn_id, number FROM exchange")).all()
    await database.close()
    kept = {row.id: row.verdict for row in rows}
    assert {id_: kept.get(id_) for id_ in crowd.verdicts} == crowd.verdicts
    assert crowd.exchanges <= kept.keys()
    assert len({(row.turn_id, row.number) for row in rows}) == len(rows)


def _children(server: Server) -> list[int]:
    found = psutil.Process(server.process.pid).children()
    return [child.pid for child in found if "spawn_main" in " ".join(child.cmdline())]


async def test_players_notice_no_renewal_and_no_kill(
    settings: Settings, listener: socket.socket, tmp_path: Path
) -> None:
    crowd = Crowd(_address(listener))
    with serving(settings, tmp_path / "log", "--processes", "2", listener=listener) as server:
        await asyncio.to_thread(server.until, "2 processes")
        before = _children(server)
        async with _players(crowd):
            await _until_more_moves(crowd)
            server.process.send_signal(signal.SIGHUP)
            await asyncio.to_thread(server.until, RENEWED)
            await _until_more_moves(crowd)
            renewed = _children(server)
            assert (crowd.errors, crowd.left_thinking) == ([], 0)

            os.kill(renewed[0], signal.SIGKILL)
            await asyncio.to_thread(server.until, "another one is started")
            await _until_more_moves(crowd)
        async with httpx2.AsyncClient() as probe:
            told = (await probe.get(f"{_address(listener)}/readyz")).json()
        assert await asyncio.to_thread(server.stop) == 0

    assert len(before) == len(renewed) == 2
    assert not set(before) & set(renewed)
    assert told["checks"]["versions"]
    assert crowd.errors == []
    await _is_kept(settings, crowd)


async def test_two_servers_without_a_parent_are_restarted_in_turn(
    settings: Settings, listener: socket.socket, tmp_path: Path
) -> None:
    """As two units, or one unit and its socket: whoever holds the socket keeps what waits in it."""
    crowd = Crowd(_address(listener))
    with ExitStack() as servers:

        def started(name: str) -> Server:
            server = servers.enter_context(serving(settings, tmp_path / name, listener=listener))
            server.until("Stumper is at")
            return server

        first = await asyncio.to_thread(started, "first")
        async with _players(crowd, n=3):
            await _until_more_moves(crowd)
            # Alone on the socket: what comes between the two waits in it.
            assert await asyncio.to_thread(first.stop) == 0
            second = await asyncio.to_thread(started, "second")
            await _until_more_moves(crowd)
            await asyncio.to_thread(started, "third")
            assert await asyncio.to_thread(second.stop) == 0
            await _until_more_moves(crowd)

    assert (crowd.errors, crowd.left_thinking) == ([], 0)
    await _is_kept(settings, crowd)


async def test_children_whose_parent_was_killed_stop(
    settings: Settings, listener: socket.socket, tmp_path: Path
) -> None:
    with serving(settings, tmp_path / "log", "--processes", "2", listener=listener) as server:
        await asyncio.to_thread(server.until, "2 processes")
        children = [psutil.Process(pid) for pid in _children(server)]
        server.process.kill()
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, CALM_S)
        for child in alive:
            child.kill()

    assert len(children) == 2
    assert alive == []
