"""/healthz and /readyz: who may be restarted, who gets players, and what strangers learn from asking."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import httpx2
import pytest
from sqlalchemy import text

from stumper.errors import StoreError
from stumper.front import ready
from stumper.front.ready import LastAnswers
from stumper.store.cache import RedisCache
from stumper.store.database import Database
from stumper.store.migrate import VERSION_TABLE, head
from tests.front.world import URL, World


@pytest.fixture(autouse=True)
def ask_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "KEPT_S", 0.0)


async def _version_is(world: World, version: str) -> None:
    async with world.app.database.begin() as tx:
        await tx.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :version"), {"version": version})


async def test_a_server_that_can_play_is_ready_and_gives_no_cookie(phone: httpx2.AsyncClient) -> None:
    for address, status in (("/healthz", "ok"), ("/readyz", "ready")):
        reply = await phone.get(address)

        assert (reply.status_code, reply.json()["status"]) == (200, status)
        assert "set-cookie" not in reply.headers


async def test_without_a_database_it_lives_and_is_not_ready(
    phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: Database) -> NoReturn:
        raise StoreError("No connection to postgresql://ada@db.example/secret.")

    monkeypatch.setattr(Database, "read", lost)

    assert (await phone.get("/healthz")).status_code == 200
    away = await phone.get("/readyz")
    assert (away.status_code, away.json()["status"], away.json()["checks"]["database"]) == (
        503,
        "away",
        False,
    )
    assert "example" not in away.text


async def test_a_schema_of_the_next_version_is_served_and_an_older_one_is_not(
    world: World, phone: httpx2.AsyncClient
) -> None:
    for version, status in ((f"{int(head()) + 1:04d}", 200), (f"{int(head()) - 1:04d}", 503)):
        await _version_is(world, version)

        assert (await phone.get("/readyz")).status_code == status


async def test_a_redis_that_is_away_is_told_and_no_reason_to_send_players_elsewhere(world: World) -> None:
    cache = RedisCache("redis://127.0.0.1:1")
    world.web.state.parts = replace(world.app, cache=cache)
    async with world.phone() as phone:
        reply = await phone.get("/readyz")

    assert (reply.status_code, reply.json()["checks"]["cache"]) == (200, False)
    await cache.close()


async def test_a_process_that_stops_says_so_and_still_answers_and_keeps_no_connection(world: World) -> None:
    readiness = world.web.state.readiness
    transport = httpx2.ASGITransport(app=LastAnswers(world.web, readiness))
    async with httpx2.AsyncClient(transport=transport, base_url=URL) as phone:
        before = await phone.get("/")
        readiness.draining = True
        after, probe = await phone.get("/"), await phone.get("/readyz")

    assert "connection" not in before.headers
    assert (after.status_code, after.headers["connection"]) == (200, "close")
    assert (probe.status_code, probe.json()["status"]) == (503, "draining")


async def test_many_probes_ask_the_database_once(
    phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "KEPT_S", 60.0)
    asked = 0

    async def counted(app: object) -> list[object]:
        nonlocal asked
        asked += 1
        return []

    monkeypatch.setattr(ready, "serving", counted)
    for _ in range(5):
        await phone.get("/readyz")

    assert asked == 1


async def test_what_is_wrong_is_logged_once(
    phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lost(_: Database) -> NoReturn:
        raise StoreError("No connection to the database.")

    monkeypatch.setattr(Database, "read", lost)
    for _ in range(3):
        await phone.get("/readyz")

    assert "".join(capsys.readouterr()).count("No connection to the database") == 1
