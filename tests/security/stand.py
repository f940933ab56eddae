"""A game under attack: requests are made from ordinary functions, as hypothesis and schemathesis need it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal

from stumper.front.auth import COOKIE
from tests.front.world import QUESTION, URL, World, open_world

STEP_S = 0.2
"""So much time passes with every request: below every limit of how fast one may be."""


@dataclass(slots=True)
class Stand:
    """A world in a thread of its own, and a player in it who has a session open."""

    portal: BlockingPortal
    world: World
    client: httpx2.AsyncClient
    cookie: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    """What a path may name, by the name of the parameter: what is open just now."""
    sent: int = 0

    def send(
        self, method: str, path: str, *, signed_in: bool = True, headers: Any = None, **more: Any
    ) -> httpx2.Response:
        """Sends one request, as the player unless told otherwise."""
        self.world.clock.now += STEP_S
        self.sent += 1
        sent = list(httpx2.Headers(headers).raw) if not isinstance(headers, list) else headers
        if signed_in:
            sent = [*sent, (b"cookie", f"{COOKIE}={self.cookie}".encode())]

        async def ask() -> httpx2.Response:
            self.client.cookies.clear()
            return await self.client.request(method, path, headers=sent, **more)

        return self.portal.call(ask)

    def renew(self) -> None:
        """Joins as a new player with a session open, a question answered and a claim to judge."""
        reply = self.send(
            "POST",
            "/api/players",
            signed_in=False,
            json={"nickname": "Ada", "language": "en", "consent": True},
        )
        assert reply.status_code == 201, reply.text
        self.cookie = reply.cookies[COOKIE]
        self.learn(self.send("POST", "/api/sessions", json={}).json())
        asked = self.send(
            "POST", f"/api/turns/{self.ids['turn_id']}/exchanges", json={"question": QUESTION, "key": "first"}
        )
        self.ids["exchange_id"] = asked.json()["id"]

    def learn(self, told: Any) -> None:
        """Remembers the ids of a session that a response shows; begins anew where it is over."""
        if not isinstance(told, dict) or "commitment" not in told:
            return
        turn = told.get("turn")
        if turn is None:
            self.ids.pop("turn_id", None)
            return
        self.ids |= {"session_id": told["id"], "turn_id": turn["id"]}
        if turn["exchanges"]:
            self.ids["exchange_id"] = turn["exchanges"][-1]["id"]

    def ready(self) -> None:
        """Sees to it that there is an open turn."""
        seen = self.send("GET", f"/api/sessions/{self.ids.get('session_id', 'none')}")
        self.learn(seen.json())
        if seen.status_code != 200 or "turn_id" not in self.ids:
            self.renew()


@contextmanager
def stand(folder: Path, *, template: Path, http: bool = False, **more: Any) -> Iterator[Stand]:
    """Opens a world; ``http`` puts a real server on a loopback port before it."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_world(folder, template=template, **more)) as world,
    ):
        if not http:
            transport = httpx2.ASGITransport(app=world.web, raise_app_exceptions=False)
            yield from _with_client(portal, world, URL, transport=transport)
            return
        with _served(portal, world) as address:
            yield from _with_client(portal, world, address)


def _with_client(portal: BlockingPortal, world: World, address: str, **more: Any) -> Iterator[Stand]:
    client = httpx2.AsyncClient(base_url=address, timeout=30, **more)
    with portal.wrap_async_context_manager(client):
        yield Stand(portal, world, client)


@contextmanager
def _served(portal: BlockingPortal, world: World) -> Iterator[str]:
    config = uvicorn.Config(world.web, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        serving = portal.start_task_soon(server._serve, [listening])
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            serving.result(30)
