"""A limit for every route, counted by player or by address, and who may say what address that is."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Request
from pydantic import ValidationError

from stumper.config import Settings
from stumper.front import parts
from stumper.front.auth import COOKIE, address_of
from stumper.front.pace import ADDRESS, FREE
from stumper.store.cache import MemoryCache
from tests.front.conftest import Worlds
from tests.front.test_walk import ALL, address
from tests.front.world import World, join


class Spent(MemoryCache):
    """Every limit is spent."""

    async def incr(self, key: str, *, ttl_s: float) -> int:
        return await super().incr(key, ttl_s=ttl_s) + 10**6


@pytest.mark.parametrize("joined", [False, True])
async def test_every_route_has_a_limit_but_files_and_health(
    worlds: Worlds, monkeypatch: pytest.MonkeyPatch, joined: bool
) -> None:
    async with worlds() as world, world.phone() as phone:
        if joined:
            await join(phone)
        spent = Spent()
        monkeypatch.setattr(world.app.cache, "incr", spent.incr)
        refused = {}
        for name, route in ALL.items():
            reply = await phone.request(name.split()[0], address(route, {"number": "1"}))
            refused[name] = (reply.status_code, "retry-after" in reply.headers)

    waits = {name: got for name, got in refused.items() if ALL[name].path not in FREE}
    strangers = {(429, True)} if joined else {(429, True), (401, False)}
    assert set(waits.values()) == strangers
    assert (429, True) not in [refused[name] for name in set(refused) - set(waits)]


async def test_a_refusal_says_when_to_come_back(world: World, phone: httpx2.AsyncClient) -> None:
    for _ in range(ADDRESS.times):
        await ADDRESS.spend(world.app.cache, "127.0.0.1")

    refused = await phone.get("/privacy")
    health = await phone.get("/healthz")
    await join(phone)
    player = await phone.get("/privacy")

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    assert health.status_code == 200
    assert player.status_code == 200, "a player is not refused for what neighbours do"


async def test_a_forged_cookie_counts_as_its_address(world: World) -> None:
    for _ in range(ADDRESS.times):
        await ADDRESS.spend(world.app.cache, "127.0.0.1")

    async with world.phone(cookie=f"{COOKIE}=forged") as phone:
        assert (await phone.get("/privacy")).status_code == 429


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_household_of_ipv6_is_one_stranger(host: str, counted: str) -> None:
    assert address_of(Request({"type": "http", "client": (host, 1), "headers": []})) == counted


def test_without_an_address_it_is_the_unknown_one() -> None:
    assert address_of(Request({"type": "http", "client": None, "headers": []})) == "unknown"


async def _seen(trusted: str, *, peer: str, forwarded: str) -> str:
    """The address that the game sees behind uvicorn's own reading of the header."""
    web = FastAPI()
    web.get("/seen")(_tell)
    config = uvicorn.Config(web, forwarded_allow_ips=Settings(trusted_proxies=trusted).trusted_proxies)
    config.load()
    transport = httpx2.ASGITransport(app=config.loaded_app, client=(peer, 5))
    async with httpx2.AsyncClient(transport=transport, base_url="http://game.test") as client:
        reply: dict[str, Any] = (await client.get("/seen", headers={"X-Forwarded-For": forwarded})).json()
    return str(reply["seen"])


async def _tell(request: Request) -> dict[str, str]:
    return {"seen": address_of(request)}


@pytest.mark.parametrize(
    ("trusted", "peer", "seen"),
    [
        ("127.0.0.1", "127.0.0.1", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8, 127.0.0.1", "10.1.2.3", "198.51.100.7"),
        ("", "127.0.0.1", "127.0.0.1"),
    ],
)
async def test_only_a_trusted_proxy_says_who_asks(trusted: str, peer: str, seen: str) -> None:
    assert await _seen(trusted, peer=peer, forwarded="198.51.100.7") == seen


async def test_a_forwarded_address_before_the_trusted_ones_is_not_believed() -> None:
    forged = "6.6.6.6, 198.51.100.7, 10.0.0.2"
    assert await _seen("127.0.0.1,10.0.0.0/8", peer="127.0.0.1", forwarded=forged) == "198.51.100.7"


@pytest.mark.parametrize("trusted", ["*", "127.0.0.1,*", "my-proxy"])
def test_not_everybody_can_be_a_proxy(trusted: str) -> None:
    with pytest.raises(ValidationError, match="choose their own"):
        Settings(trusted_proxies=trusted)


async def test_joins_from_one_household_are_counted_together(world: World) -> None:
    limit = parts.JOINS
    request = Request({"type": "http", "client": ("2001:db8::1", 1), "headers": []})
    for _ in range(limit.times):
        await limit.spend(world.app.cache, "2001:db8::/64")
    with pytest.raises(parts.TooMany):
        await parts.may_join(request, world.app)
