"""A web process that is asked to stop: what was begun is finished, streamed answers too; nothing is new."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from stumper.config import Settings
from stumper.errors import BadSetting
from stumper.front import stream
from stumper.front.server import listen, run_server, serve
from tests.front.conftest import Worlds
from tests.front.world import join, start

LONG = "one two three four five six seven eight nine ten"


@asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[tuple[str, asyncio.Task[None]]]:
    """A real server in this process; yields its address and the task that ends with it."""
    listening = asyncio.Event()

    def told(stop: Callable[[], None]) -> None:
        listening.set()

    with listen(settings) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        task = asyncio.create_task(serve(settings, say=lambda _: None, listener=listener, on_ready=told))
        waiting = asyncio.create_task(listening.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        yield address, task
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await task


@pytest.fixture
async def settings(worlds: Worlds, tmp_path: Path) -> Settings:
    async with worlds(model=f"scripted:text={LONG.replace(' ', '+')}", campaign="zoo") as world:
        return world.app.settings.model_copy(update={"port": 0})


async def test_a_streamed_answer_is_finished_and_then_nobody_is_taken(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "WORD_S", 0.05)
    async with _serving(settings) as (address, server), httpx2.AsyncClient(base_url=address) as phone:
        await join(phone)
        turn = (await start(phone))["turn"]
        body, heard = {"question": "How many dots are there?", "key": "k"}, ""
        headers = {"Accept": "text/event-stream"}
        url = f"/api/turns/{turn['id']}/exchanges"
        async with phone.stream("POST", url, json=body, headers=headers) as answer:
            async for part in answer.aiter_text():
                if not heard:
                    os.kill(os.getpid(), signal.SIGTERM)
                heard += part
        await asyncio.wait_for(server, timeout=10)

        assert heard.count("event: word") == len(LONG.split())
        assert "event: exchange" in heard
        with pytest.raises(httpx2.ConnectError):
            await httpx2.AsyncClient().get(f"{address}/healthz")


async def test_an_open_board_does_not_keep_the_process(settings: Settings) -> None:
    headers = {"Accept": "text/event-stream"}
    async with _serving(settings) as (address, server), httpx2.AsyncClient(base_url=address) as phone:
        heard = ""
        async with phone.stream("GET", "/boards?tab=week", headers=headers) as answer:
            async for part in answer.aiter_text():
                if not heard:
                    os.kill(os.getpid(), signal.SIGTERM)
                heard += part
        await asyncio.wait_for(server, timeout=10)

    assert "retry: " in heard


async def test_players_are_served_while_the_proxy_learns_that_it_stops(settings: Settings) -> None:
    async with (
        _serving(settings.model_copy(update={"drain_s": 0.6})) as (address, server),
        httpx2.AsyncClient(base_url=address) as phone,
    ):
        ready = await phone.get("/readyz")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.05)
        stopping = await phone.get("/readyz")
        await join(phone)

        assert (ready.status_code, stopping.status_code) == (200, 503)
        assert stopping.headers["connection"] == "close"
        await asyncio.wait_for(server, timeout=10)


async def test_an_answer_that_takes_too_long_does_not_keep_the_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "WORD_S", 30.0)
    async with _serving(settings.model_copy(update={"stop_s": 1})) as (address, server):
        async with httpx2.AsyncClient(base_url=address) as phone:
            await join(phone)
            turn = (await start(phone))["turn"]
            asking = phone.stream(
                "POST",
                f"/api/turns/{turn['id']}/exchanges",
                json={"question": "How many dots are there?", "key": "k"},
                headers={"Accept": "text/event-stream"},
            )
            with pytest.raises(httpx2.TransportError):  # noqa: PT012
                async with asking as answer:
                    async for _ in answer.aiter_text():
                        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(server, timeout=10)


async def test_signals_are_given_back_afterwards(settings: Settings) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with _serving(settings):
        pass

    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_taken_port_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadSetting, match=rf"127\.0\.0\.1:{port}.*--port"):
            run_server(Settings(data=tmp_path, port=port, campaign="zoo"), say=lambda _: None)


def test_a_number_that_is_no_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="--fd 999 is no open socket"):
        run_server(Settings(data=tmp_path), say=lambda _: None, fd=999)


def test_one_bot_is_not_served_by_two_processes(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="stumper telegram"):
        run_server(Settings(data=tmp_path, processes=2, telegram_webhook=True), say=lambda _: None)
