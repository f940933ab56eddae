"""How an answer reaches the page: word by word, at one pace, whatever the answer is.

The whole answer is known on the server before the first word leaves, and leaves on a fixed time grid. So
neither the wait nor the pace can tell a player whether an answer is the model's own.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeVar

from fastapi.sse import format_sse_event

GRID_S = 0.1
"""Answers leave at whole multiples of this after the question came; falsifying one takes well under 1 ms."""
WORD_S = 0.09
"""A quick reader's pace, about 11 words a second."""

LONG_S: Final = 1.5
"""A question that waits in line for longer is told its place; most are answered sooner."""
_LOOK_S: Final = 0.5
T = TypeVar("T")

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def on_the_grid(asked_s: float) -> None:
    """Sleeps until a whole number of grid steps has passed since ``asked_s`` (the event loop's time)."""
    waited = asyncio.get_running_loop().time() - asked_s
    await asyncio.sleep(GRID_S - waited % GRID_S)


def words(answer: str) -> list[str]:
    """Splits an answer into words with the blanks after them; joined again they are the answer."""
    return re.findall(r"\s*\S+\s*", answer)


async def events(answer: str, exchange: dict[str, Any]) -> AsyncIterator[bytes]:
    """Yields one ``word`` event for every word, then one ``exchange`` event with the whole exchange."""
    for word in words(answer):
        yield _event("word", word)
        await asyncio.sleep(WORD_S)
    yield _event("exchange", exchange)


async def in_line(
    asking: asyncio.Task[T],
    *,
    ahead: Callable[[], int | None],
    asked_s: float,
    shape: Callable[[T], dict[str, Any]],
    refusal: Callable[[Exception], dict[str, Any]],
) -> AsyncIterator[bytes]:
    """Yields a ``place`` event whenever the place in the line changes (null: out of it), then the answer.

    The status has left with the first byte: what is raised meanwhile becomes a ``refused`` event.
    """
    told: int | None = None
    while not asking.done():
        if (place := ahead()) != told:
            told = place
            yield _event("place", place)
        await asyncio.wait({asking}, timeout=_LOOK_S)
    try:
        out = shape(asking.result())
    except Exception as error:
        yield _event("refused", refusal(error))
        return
    await on_the_grid(asked_s)
    async for event in events(out["answer"] or "", out):
        yield event


def _event(name: str, data: Any) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))
