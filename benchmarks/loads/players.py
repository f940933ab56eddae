"""Players that move as fast as they are answered, and what the server acknowledged to them.

A move is two requests: a question (stored, answered, stored), and the verdict on the answer, whose reply
brings the next picture or leave to ask again. A session is played by a player of its own, so that nobody asks
more often than the game allows (30 questions in 10 seconds).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from loads.wire import Reply, Wire, connect

WRONG_AT_ONCE = 0.5
"""Share of first questions on a picture that catch the model; the second one always does."""


class Refused(Exception):
    """An answer that is no success."""


@dataclass(slots=True)
class Log:
    """What was acknowledged, and how long it took."""

    answers: dict[str, str] = field(default_factory=dict)
    """Exchange -> answer shown."""
    verdicts: dict[str, str] = field(default_factory=dict)
    ask_ms: list[float] = field(default_factory=list)
    judge_ms: list[float] = field(default_factory=list)
    """The verdict on the answer to the question in the same place of ``ask_ms``."""
    errors: list[str] = field(default_factory=list)
    bytes_: int = 0
    """Received, heads included."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A session that nobody has moved in."""

    cookie: str
    session: dict[str, Any]


def checked(reply: Reply, what: str) -> Reply:
    """Raises Refused for anything but a success."""
    if not 200 <= reply.status < 300:
        raise Refused(f"{what}: {reply.status} {reply.body[:200]!r}")
    return reply


async def join(wire: Wire, number: int) -> str:
    """Returns the cookie of a new player, who comes from an address of their own: 300 may join from one in a
    minute.
    """
    body = {"nickname": f"player {number}", "language": "en", "consent": True}
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return checked(await wire.send("POST", "/api/players", body, address=address), "join").cookie()


async def begin(wire: Wire, cookie: str) -> Ready:
    reply = checked(await wire.send("POST", "/api/sessions", {}, cookie=cookie), "start")
    return Ready(cookie, reply.json())


async def make_ready(ports: list[int], number: int, *, signed: bool) -> deque[Ready]:
    """Joins players and deals each a session before anything is measured; nobody joins without ``signed``."""
    ready: deque[Ready] = deque()
    for port in ports:
        wire = await connect(port)
        for n in range(-(-number // len(ports))):
            ready.append(await begin(wire, await join(wire, n) if signed else ""))
        wire.close()
    return ready


class Player:
    """One connection that plays session after session until it is told to stop."""

    def __init__(self, wire: Wire, ready: deque[Ready], log: Log, *, seed: int, signed: bool) -> None:
        self._wire, self._ready, self._log = wire, ready, log
        self._rng = random.Random(seed)
        self._signed = signed

    async def play(self, until: float) -> None:
        """Plays until the clock (`time.perf_counter`) says so; a move that has begun is ended."""
        try:
            while time.perf_counter() < until:
                await self._session(await self._next(), until)
        except (Refused, ConnectionError, KeyError, TypeError) as error:
            self._log.errors.append(repr(error))

    async def _next(self) -> Ready:
        if self._ready:
            return self._ready.popleft()
        number = self._rng.getrandbits(30)
        return await begin(self._wire, await join(self._wire, number) if self._signed else "")

    async def _session(self, ready: Ready, until: float) -> None:
        session, asked = ready.session, 0
        while not session["finished"] and time.perf_counter() < until:
            turn = session["turn"]
            wrong = asked > 0 or self._rng.random() < WRONG_AT_ONCE
            session = await self.move(turn["id"], ready.cookie, wrong=wrong)
            asked = 0 if wrong else asked + 1

    async def move(self, turn_id: str, cookie: str, *, wrong: bool) -> dict[str, Any]:
        """Asks a question nobody asked before and judges the answer; returns the session as it goes on."""
        began = time.perf_counter()
        said = await self._post(f"/api/turns/{turn_id}/exchanges", self._question(), cookie)
        asked = time.perf_counter()
        self._log.answers[said["id"]] = said["answer"]
        mark = "wrong" if wrong else "correct"
        verdict = {"verdict": mark, "correction": f"no, {self._rng.getrandbits(20)}" if wrong else None}
        judging = time.perf_counter()
        session = await self._post(f"/api/exchanges/{said['id']}/verdict", verdict, cookie)
        self._log.judge_ms.append(1e3 * (time.perf_counter() - judging))
        self._log.ask_ms.append(1e3 * (asked - began))
        self._log.verdicts[said["id"]] = mark
        return session

    def _question(self) -> dict[str, str]:
        return {
            "question": f"How many dogs are there, {self._rng.getrandbits(40)}?",
            "key": f"{self._rng.getrandbits(64):x}",
        }

    async def _post(self, path: str, body: object, cookie: str) -> dict[str, Any]:
        reply = checked(await self._wire.send("POST", path, body, cookie=cookie), path)
        self._log.bytes_ += len(reply.head) + len(reply.body)
        answer: dict[str, Any] = reply.json()
        return answer


async def play_all(
    ports: list[int], ready: deque[Ready], log: Log, *, players: int, seconds: float, signed: bool
) -> float:
    """Lets so many players play at once, spread over the servers; returns the seconds taken."""
    wires = [await connect(ports[n % len(ports)]) for n in range(players)]
    crowd = [Player(wire, ready, log, seed=n, signed=signed) for n, wire in enumerate(wires)]
    began = time.perf_counter()
    await asyncio.gather(*(one.play(began + seconds) for one in crowd))
    took = time.perf_counter() - began
    for wire in wires:
        wire.close()
    return took
