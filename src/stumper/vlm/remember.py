"""Answers that were given before: the same build, picture and question make no second call.

A kept answer must not be a quick one. Controls are shown to many players, so a question that was asked before
is more likely on a control, and a quick answer would give that away. A kept answer therefore waits in the
model's line like any other (without taking a place there) and then as long as a real answer took lately. It
spares the model the work and the campaign the money; it spares the player nothing.

The store is bounded: every answer has one of ``slots`` keys, by its hash, and a newer one takes it over.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from stumper.store.cache import Cache
from stumper.vlm.base import Answer, Capabilities, Model, Repeats, Served

TTL_S: Final = 3600.0
"""A server that was started anew with other weights under the same name is noticed after so long, at most."""
_LATELY: Final = 64
"""Real answers whose time is remembered."""


class Remembering:
    """A model that answers from ``cache`` what it has answered before; else see ``Model``."""

    def __init__(
        self,
        model: Repeats,
        cache: Cache,
        *,
        slots: int,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._cache = cache
        self._slots = slots
        self._rng = rng or random.SystemRandom()
        self._sleep = sleep
        self._lately: deque[float] = deque(maxlen=_LATELY)
        self.hits = 0
        """Answers that came from the cache, in this process."""

    @property
    def ref(self) -> str:
        return self._model.ref

    async def answer(self, image: bytes, question: str) -> Answer:
        """Raises what the model raises, ModelBusy for a kept answer as well: the line is as long for all."""
        build = self._model.build
        digest = "" if build is None else digest_of(self.ref, build, image, question)
        kept = await self._look(digest) if digest else None
        if kept is not None:
            return await self._again(kept)
        answer = await self._model.answer(image, question)
        self._lately.append(answer.latency_ms)
        if digest and self._model.build == build and _by(build, answer):
            await self._keep(digest, answer)
        return answer

    async def _again(self, kept: Answer) -> Answer:
        await self._model.stand_in_line()
        started = time.perf_counter()
        await self._sleep((self._rng.choice(self._lately) if self._lately else kept.latency_ms) / 1000)
        self.hits += 1
        return replace(kept, latency_ms=(time.perf_counter() - started) * 1000)

    async def _look(self, digest: str) -> Answer | None:
        found = json.loads(await self._cache.get(self._slot(digest)) or "null")
        if found is None or found["of"] != digest:
            return None
        served = None if found["served"] is None else Served(**found["served"], kept=True)
        return Answer(found["text"], found["latency_ms"], 0, served)

    async def _keep(self, digest: str, answer: Answer) -> None:
        served = answer.served
        known = None if served is None else {"name": served.name, "build": served.build}
        value = {"of": digest, "text": answer.text, "latency_ms": answer.latency_ms, "served": known}
        await self._cache.set(self._slot(digest), json.dumps(value), ttl_s=TTL_S)

    def _slot(self, digest: str) -> str:
        return f"answer:{int(digest[:15], 16) % self._slots}"

    async def check(self) -> Capabilities:
        return await self._model.check()

    async def close(self) -> None:
        await self._model.close()


def remembering(model: Model, cache: Cache, *, slots: int, rng: random.Random | None = None) -> Model:
    """Returns the model with its answers kept, if it says the same again and ``slots`` is not 0."""
    return Remembering(model, cache, slots=slots, rng=rng) if slots and isinstance(model, Repeats) else model


def _by(build: str | None, answer: Answer) -> bool:
    """Whether this build gave the answer: of several endpoints another one, or a fallback, may have."""
    served = answer.served
    return served is None or (served.build == build and not served.fallback)


def digest_of(ref: str, build: str, image: bytes, question: str) -> str:
    """Returns the SHA-256 of all that an answer depends on, in hex; the question to the letter.

    The reference, too: two servers may call what they serve by one name.
    """
    head = json.dumps([ref, build, question]).encode()
    return hashlib.sha256(b"%d:%b%b" % (len(head), head, image)).hexdigest()
