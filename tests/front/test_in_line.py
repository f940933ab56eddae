"""A question that waits in line: its place in the stream, a full line, and a spent budget, over the API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from stumper.front import stream
from stumper.spending import Budget, Unit
from stumper.spending.queries import set_budget
from stumper.store.schema import exchange
from stumper.vlm.openai import OpenAIModel
from tests.fake_endpoint import FakeEndpoint, fake_endpoint
from tests.front.conftest import Worlds
from tests.front.world import World, ask, join, start

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
async def busy(worlds: Worlds, server: FakeEndpoint, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """One question at a time, two may wait; every answer takes a while."""
    monkeypatch.setattr(stream, "LONG_S", 0.02)
    monkeypatch.setattr(stream, "_LOOK_S", 0.01)
    server.delay_s, server.broken = 0.3, False
    async with worlds(model=f"openai:{server.url}#sees", model_at_once=1, model_line=2) as opened:
        yield opened


async def seated(world: World, stack: AsyncExitStack, players: int) -> list[tuple[httpx2.AsyncClient, Any]]:
    found = []
    for number in range(players):
        phone = await stack.enter_async_context(world.phone())
        await join(phone, f"P{number}")
        found.append((phone, (await start(phone))["turn"]))
    return found


async def put(phone: httpx2.AsyncClient, turn: Any) -> httpx2.Response:
    body = {"question": "What colour is it?", "key": "k"}
    return await phone.post(f"/api/turns/{turn['id']}/exchanges", json=body, headers=STREAM)


def events(reply: httpx2.Response) -> list[tuple[str, Any]]:
    parts = [event.split("\n") for event in reply.text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in parts]


async def in_order(world: World, stack: AsyncExitStack, players: int) -> list[httpx2.Response]:
    """All ask, one after the other has come to the line; it holds three."""
    model = await world.app.open_model(world.app.settings.model)
    assert isinstance(model, OpenAIModel)
    line, asking = model._pool.line, []
    for number, (phone, turn) in enumerate(await seated(world, stack, players), 1):
        asking.append(asyncio.create_task(put(phone, turn)))
        while line.inside + line.waiting < min(number, 3):  # noqa: ASYNC110 (it has no event)
            await asyncio.sleep(0.005)
    return await asyncio.gather(*asking)


async def test_who_waits_sees_their_place_and_one_too_many_is_told_at_once(busy: World) -> None:
    async with AsyncExitStack() as stack:
        first, second, third, fourth = await in_order(busy, stack, 4)

    assert [name for name, _ in events(first)] == ["word", "word", "word", "exchange"]
    assert [data for name, data in events(second) if name == "place"] == [0, None]
    # The middle may be missed on a machine with much else to do.
    assert [data for name, data in events(third) if name == "place"] in ([1, 0, None], [1, None])
    assert events(third)[-1][1]["answer"].startswith("It is")
    assert fourth.status_code == 503
    assert fourth.headers["retry-after"]
    error = fourth.json()["error"]
    assert error["code"] == "model_busy"
    assert "the line is full" in error["message"]


async def test_a_failure_after_the_wait_is_an_event_in_the_players_language(
    busy: World, server: FakeEndpoint
) -> None:
    async with AsyncExitStack() as stack:
        (one, turn), (other, later) = await seated(busy, stack, 2)
        asking = asyncio.create_task(put(one, turn))
        await asyncio.sleep(0.1)
        other.headers["Accept-Language"] = "es"
        waiting = asyncio.create_task(put(other, later))
        await asyncio.sleep(0.1)
        server.broken = True
        await asking
        told = events(await waiting)

    name, refusal = told[-1]
    assert (name, refusal["status"], refusal["code"]) == ("refused", 503, "model_unavailable")
    assert refusal["message"].startswith("Pixel no puede")


async def test_who_hangs_up_keeps_the_place_and_gets_the_answer_later(busy: World) -> None:
    async with AsyncExitStack() as stack:
        (one, turn), (other, later) = await seated(busy, stack, 2)
        asking = asyncio.create_task(put(one, turn))
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(put(other, later))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asking
        await asyncio.sleep(0.6)
        again = await put(other, later)

    assert again.status_code == 201
    assert [name for name, _ in events(again)][-1] == "exchange"
    async with busy.app.database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(exchange))).scalar_one() == 2


async def test_a_spent_budget_is_told_plainly_and_the_session_can_be_finished(busy: World) -> None:
    async with busy.app.database.begin() as tx:
        await set_budget(tx, busy.campaign.id, Budget(Unit.CALLS, 1), now=0.0)
    async with AsyncExitStack() as stack:
        (phone, turn), (other, later) = await seated(busy, stack, 2)
        answered = await ask(phone, turn)
        refused = await ask(other, later)
        skipped = await other.post(f"/api/turns/{later['id']}/skip")
        third = await stack.enter_async_context(busy.phone())
        await join(third, "Late")
        rests = await third.post("/api/sessions", json={})

    assert answered.status_code == 201
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "budget_spent")
    assert "new questions are possible when its operator allows more" in refused.json()["error"]["message"]
    assert skipped.json()["position"] == 1
    assert (rests.status_code, rests.json()["error"]["code"]) == (409, "budget_spent")
    assert "rests" in rests.json()["error"]["message"]
