"""`stumper serve` as real processes on one database, and players over HTTP who try again like the page."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from stumper import campaigns
from stumper.app import build
from stumper.config import Settings
from stumper.records import Rules
from tests.front.world import QUESTION, World, web_of

AGAIN_S = 0.1
"""The page waits 4 s before it tries a lost connection again."""
CALM_S = 150.0
"""Longest wait for a server on a busy machine."""


async def prepare(settings: Settings) -> None:
    """Makes a campaign with pictures, which no server has to draw."""
    async with build(settings) as app:
        async with app.database.begin() as tx:
            campaign = await campaigns.open_campaign(
                tx,
                name=settings.campaign,
                model_ref=settings.model,
                now=app.clock(),
                rng=random.Random(1),
                rules=Rules(turns=3),
            )
        world = World(app=app, web=web_of(app), clock=app.clock, campaign=campaign)
        await world.add_pictures(tainted=40, untainted=40)


@dataclass
class Server:
    """A process of `stumper serve` and what it has printed."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def until(self, words: str, times: int = 1) -> None:
        deadline = time.monotonic() + CALM_S
        while self.said().count(words) < times:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, f"never said {words!r}: {self.said()}"
            time.sleep(0.05)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=CALM_S)


@contextmanager
def serving(
    settings: Settings, log: Path, *more: str, listener: socket.socket, **settings_too: str
) -> Iterator[Server]:
    """Starts `stumper serve` on an open socket; it is gone at the end, whatever happened."""
    chosen = {
        "STUMPER_DATABASE": settings.database,
        "STUMPER_DATA": str(settings.data),
        "STUMPER_MODEL": settings.model,
        "STUMPER_CAMPAIGN": settings.campaign,
        "STUMPER_SECRET": "of the tests",
        **settings_too,
    }
    plain = {name: value for name, value in os.environ.items() if not name.startswith("STUMPER_")}
    fd = listener.fileno()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "stumper", "serve", "--fd", str(fd), *more],
            env=plain | chosen, stdout=output, stderr=output, pass_fds=[fd], cwd=settings.data,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield Server(process, log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def open_socket() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=128)


@dataclass
class Crowd:
    """Players who play until they are told to stop, and what they were promised."""

    address: str
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    exchanges: set[str] = field(default_factory=set)
    """Ids of answers that were shown."""
    verdicts: dict[str, str] = field(default_factory=dict)
    """Of exchanges, acknowledged."""
    errors: list[str] = field(default_factory=list)
    lost_connections: int = 0
    left_thinking: int = 0
    """Questions whose process died while the model answered: asked again after a minute, not awaited here."""

    async def play(self, name: str) -> None:
        limits = httpx2.Limits(max_keepalive_connections=1)
        async with httpx2.AsyncClient(base_url=self.address, limits=limits, timeout=CALM_S) as phone:
            number = 0
            while not self.stopped.is_set():
                joining = {"nickname": name, "language": "en", "consent": True}
                await self._send(
                    phone, "POST", "/api/players", joining
                )  # a new one: nobody sees all pictures
                session = await self._send(phone, "POST", "/api/sessions", {})
                while session["turn"] and not self.stopped.is_set():
                    number += 1
                    session = await self._turn(phone, session, key=f"{name}-{number}")

    async def _turn(self, phone: httpx2.AsyncClient, session: dict[str, Any], *, key: str) -> Any:
        turn = session["turn"]
        body = {"question": QUESTION, "key": key}
        exchange = await self._send(phone, "POST", f"/api/turns/{turn['id']}/exchanges", body)
        if exchange is None:
            self.left_thinking += 1
            return {"turn": None}
        self.exchanges.add(exchange["id"])
        verdict = {"verdict": "wrong", "correction": "seventeen"}
        after = await self._send(phone, "POST", f"/api/exchanges/{exchange['id']}/verdict", verdict)
        self.verdicts[exchange["id"]] = "wrong"
        return after or await self._send(phone, "GET", f"/api/sessions/{session['id']}", None)

    async def _send(self, phone: httpx2.AsyncClient, method: str, path: str, body: Any) -> Any:
        """Sends a move, again while nobody is reached; None if it was done and only its answer was lost."""
        again = False
        deadline = time.monotonic() + CALM_S
        while time.monotonic() < deadline:
            try:
                reply = await phone.request(method, path, json=body)
            except httpx2.TransportError:
                self.lost_connections += 1
                again = True
                await asyncio.sleep(AGAIN_S)
                continue
            if reply.is_success:
                return reply.json()
            if again and reply.status_code == 409:
                return None
            self.errors.append(f"{method} {path}: {reply.status_code} {reply.text[:200]}")
            raise AssertionError(self.errors[-1])
        raise AssertionError(f"nobody was reached in {CALM_S} s: {method} {path}")
