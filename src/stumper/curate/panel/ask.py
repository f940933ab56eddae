"""One judge of the panel: one endpoint, asked twice about each answer, with the two texts in either order.

What cannot be read, and what was not answered, is missing with a reason, never 0.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar, cast

from stumper.curate.panel.rubric import Case, Dimensions, messages, read, schema
from stumper.errors import BadSetting, ModelTimeout, ModelUnavailable
from stumper.vlm.openai import open_endpoint
from stumper.vlm.reply import Reply
from stumper.vlm.structured import Structured, Unreadable

T = TypeVar("T")

AT_ONCE: Final = 16
"""As many as an endpoint takes: a call that waited for its turn inside would be counted as slow."""
LONGEST_NAME: Final = 200
"""Characters of a judge's reference that are kept with its opinions."""
_NAME: Final = "judgement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one judge thinks of one answer."""

    judge: str
    score: float | None = None
    """How right the answer is, 0..1; None is missing, and ``why`` says why."""
    dimensions: Dimensions | None = None
    """Means over both orders; None where missing, or from a judge without dimensions."""
    wavering: float | None = None
    """The largest difference that the order of the texts made in a dimension, 0..1."""
    why: str = ""
    away: bool = False
    """Missing because the endpoint did not answer: another time it may."""


@dataclass(slots=True)
class Cost:
    """What a judge has cost so far."""

    calls: int = 0
    """Answered ones, repairs included."""
    tokens: int = 0
    """That it wrote."""
    seconds: float = 0.0
    """Waited for answers, all calls together."""


class Judge(Protocol):
    """Whoever gives a case a score; safe for concurrent calls on one event loop."""

    @property
    def name(self) -> str: ...

    @property
    def cost(self) -> Cost: ...

    async def opinion(self, case: Case) -> Opinion:
        """Judges one case; its picture must be a JPEG. Raises ModelRefused (key, address, no vision)."""
        ...

    async def close(self) -> None: ...


class Line:
    """The way to one endpoint, for `Structured`: so many calls at once, and what they cost."""

    def __init__(self, ref: str, *, key: str | None = None) -> None:
        """Raises BadSetting for a reference that is no ``openai:URL#NAME``."""
        if len(ref) > LONGEST_NAME:
            raise BadSetting(f"The judge {ref[:60]!r}... has more than {LONGEST_NAME} letters.")
        self.name = ref
        self.cost = Cost()
        self._endpoint = open_endpoint(ref, key=key)
        self._places = asyncio.Semaphore(AT_ONCE)

    async def chat(self, request: dict[str, Any]) -> Reply:
        async with self._places:
            started = time.perf_counter()
            reply = await self._endpoint.chat(request)
        self.cost.calls += 1
        self.cost.tokens += reply.tokens
        self.cost.seconds += time.perf_counter() - started
        return reply

    async def close(self) -> None:
        await self._endpoint.close()


class ModelJudge:
    """A judge by the rubric, behind an OpenAI-compatible endpoint. See ``Judge``."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._askers = {seen: Structured(line, schema(seen=seen), name=_NAME) for seen in (False, True)}

    @property
    def name(self) -> str:
        return self._line.name

    @property
    def cost(self) -> Cost:
        return self._line.cost

    async def opinion(self, case: Case) -> Opinion:
        try:
            one, other = await together(self._order(case, swapped=False), self._order(case, swapped=True))
        except Unreadable as fault:
            return Opinion(judge=self.name, why=str(fault))
        except (ModelUnavailable, ModelTimeout) as fault:
            return Opinion(judge=self.name, why=str(fault), away=True)
        both = _mean(one, other)
        return Opinion(judge=self.name, score=both.correct, dimensions=both, wavering=_wavering(one, other))

    async def _order(self, case: Case, *, swapped: bool) -> Dimensions:
        seen = case.picture is not None
        return await self._askers[seen].obtain(
            messages(case, swapped=swapped), lambda found: read(found, seen=seen, swapped=swapped)
        )

    async def close(self) -> None:
        await self._line.close()


async def together(*work: Awaitable[T]) -> list[T]:
    """Returns what all of it returns, in order; raises the first error, but only when all of it has ended."""
    done = await asyncio.gather(*work, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
    return cast("list[T]", done)


def _mean(one: Dimensions, other: Dimensions) -> Dimensions:
    first, second = one.known(), other.known()
    return Dimensions(**{name: (first[name] + second[name]) / 2 for name in first})


def _wavering(one: Dimensions, other: Dimensions) -> float:
    first, second = one.known(), other.known()
    return max(abs(first[name] - second[name]) for name in first)
