"""The endpoints of one model: a line in front, the load spread over them, retries, and what falls back.

A question waits in the line until one of the endpoints has a place (`Line`), and goes to the one with the
fewest requests under way. What fails there goes to the next one at once; when all have failed it is tried
again after a random pause, and only then, where there is one, the fallback is asked.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from stumper.errors import ModelRefused, ModelUnavailable
from stumper.observe.metrics import MODEL_WAITING
from stumper.observe.work import calling
from stumper.vlm.breaker import Breaker
from stumper.vlm.endpoint import Endpoint, Failed, Patience, Rejected
from stumper.vlm.line import Line
from stumper.vlm.reply import Reply

log = structlog.get_logger()

Ask = Callable[[Endpoint], Awaitable[Reply]]
_JITTER: Final = random.SystemRandom()


@dataclass(slots=True)
class Member:
    """One endpoint of a pool, and how it does."""

    endpoint: Endpoint
    places: asyncio.Semaphore
    breaker: Breaker = field(default_factory=Breaker)
    under_way: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    reply: Reply
    endpoint: Endpoint
    fallback: bool
    seconds: float
    """From the place in the line to the whole answer, retries included."""


class Pool:
    """Safe for concurrent calls on one event loop. ``last`` are asked only when all of ``first`` fail."""

    def __init__(
        self,
        first: Sequence[Endpoint],
        last: Sequence[Endpoint] = (),
        *,
        patience: Patience,
        rng: random.Random = _JITTER,
    ) -> None:
        self._patience = patience
        self._rng = rng
        self._first = [Member(one, asyncio.Semaphore(patience.concurrent)) for one in first]
        self._last = [Member(one, asyncio.Semaphore(patience.concurrent)) for one in last]
        self.line = Line(room=self._room, longest=patience.line)

    @property
    def where(self) -> str:
        """Model and address of the first endpoint, for messages."""
        return self._first[0].endpoint.where

    async def chat(self, request: dict[str, Any]) -> Reply:
        """Posts a chat completion and returns the whole answer. Raises like ``ask``."""
        return (await self.ask(lambda endpoint: endpoint.chat(request))).reply

    async def ask(self, ask: Ask) -> Answered:
        """Asks an endpoint by ``ask`` as soon as there is a place.

        Raises ModelBusy when the line is full, ModelUnavailable, ModelTimeout and ModelRefused when nobody
        answers, and what else ``ask`` raises.
        """
        async with self.place():
            started = time.perf_counter()
            until = asyncio.get_running_loop().time() + self._patience.answer_s
            with calling(self._first[0].endpoint.name):
                try:
                    endpoint, reply = await self._persist(self._first, ask, until)
                except Failed as failed:
                    if not self._last:
                        raise failed.error from failed.__cause__
                    log.warning("the fallback is asked", of=self.where, because=str(failed.error))
                    endpoint, reply = await self._fall_back(ask)
            fallback = any(member.endpoint is endpoint for member in self._last)
            return Answered(reply, endpoint, fallback, time.perf_counter() - started)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place in the line; who waits for one is counted. Raises ModelBusy in a full line."""
        async with AsyncExitStack() as stack:
            with MODEL_WAITING.labels(self._first[0].endpoint.name).track_inprogress():
                await stack.enter_async_context(self.line.place())
            yield

    async def close(self) -> None:
        for member in (*self._first, *self._last):
            await member.endpoint.close()

    def _room(self) -> int:
        """How many requests fit now: where endpoints rest the line is served more slowly."""
        fit = sum(not member.breaker.rests_s for member in self._first)
        return self._patience.concurrent * max(1, fit)

    async def _fall_back(self, ask: Ask) -> tuple[Endpoint, Reply]:
        until = asyncio.get_running_loop().time() + self._patience.answer_s
        try:
            return await self._persist(self._last, ask, until)
        except Failed as failed:
            raise failed.error from failed.__cause__

    async def _persist(self, group: list[Member], ask: Ask, until: float) -> tuple[Endpoint, Reply]:
        """Goes round the group until one answers. Raises Failed when that will not help."""
        attempt = 0
        while True:
            try:
                return await self._round(group, ask, until)
            except Failed as failed:
                attempt += 1
                pause_s = pause(failed, attempt=attempt, patience=self._patience, rng=self._rng)
                if pause_s is None or asyncio.get_running_loop().time() + pause_s > until:
                    raise
            await asyncio.sleep(pause_s)

    async def _round(self, group: list[Member], ask: Ask, until: float) -> tuple[Endpoint, Reply]:
        """Asks one after the other, the least busy first; raises the failure that is most worth a retry."""
        untried, failures = list(group), list[Failed]()
        while (member := choose(untried)) is not None:
            untried.remove(member)
            try:
                return member.endpoint, await self._one(member, ask, until)
            except Failed as failed:
                failures.append(failed)
        if not failures:
            wait_s = min(member.breaker.rests_s for member in group)
            raise Failed(
                ModelUnavailable(
                    f"The model {group[0].endpoint.where} failed several times in a row. It is tried again "
                    f"in {wait_s:.0f} s."
                )
            )
        raise min(failures, key=lambda failed: (not failed.again, failed.after_s or 0.0))

    async def _one(self, member: Member, ask: Ask, until: float) -> Reply:
        """Asks one endpoint once, and tells its breaker how that ended."""
        member.under_way += 1
        member.asked += 1
        now, began_s = asyncio.get_running_loop().time, math.inf  # who waits for a place has not asked yet
        try:
            async with asyncio.timeout_at(until), member.places:
                began_s = now()
                reply = await ask(member.endpoint)
        except (ModelRefused, Rejected):
            member.breaker.succeeded()
            raise
        except Failed as failed:
            self._note(member, failed)
            raise
        except TimeoutError as error:
            if began_s < math.inf:
                member.breaker.failed()
            raise Failed(member.endpoint.too_slow(self._patience.answer_s)) from error
        except asyncio.CancelledError:
            # The game gives up sooner than a silent server is given up here: it must not go unnoticed.
            if now() - began_s > self._patience.read_s / 2:
                member.breaker.failed()
            raise
        finally:
            member.under_way -= 1
        member.breaker.succeeded()
        return reply

    def _note(self, member: Member, failed: Failed) -> None:
        if not failed.busy and not failed.unfit:
            member.breaker.failed()
        elif failed.unfit and len(self._first) + len(self._last) > 1:
            # A wrong key or name costs each player one try more, until somebody mends it.
            member.breaker.open()
            log.warning("an endpoint is left out", endpoint=member.endpoint.where, because=str(failed.error))


def choose(members: Iterable[Member]) -> Member | None:
    """Returns the one with the fewest requests under way, then the one asked least, among those not at rest.

    One whose rest is over is given its trial by this.
    """
    by_load = sorted(members, key=lambda member: (member.under_way, member.asked))
    return next((member for member in by_load if not member.breaker.wait_s()), None)


def pause(failed: Failed, *, attempt: int, patience: Patience, rng: random.Random) -> float | None:
    """Returns the seconds before the next attempt after ``attempt`` ones; None if there is to be none.

    Random between 0 and a bound that doubles ("full jitter"), so that those who failed together do not come
    back together; beyond what the server asked for, if it did.
    """
    if not failed.again or attempt >= patience.attempts:
        return None
    if failed.after_s is not None:
        beyond_s = rng.uniform(0.0, patience.first_wait_s)
        return failed.after_s + beyond_s if failed.after_s <= patience.longest_wait_s else None
    return rng.uniform(0.0, min(patience.longest_wait_s, patience.first_wait_s * 2 ** (attempt - 1)))
