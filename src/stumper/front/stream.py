"""How an answer reaches the page: word by word, at one pace, whatever the answer is.

The whole answer is known on the server before the first word leaves, and leaves on a fixed time grid. So
neither the wait nor the pace can tell a player whether an answer is the model's own.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from fastapi.sse import format_sse_event

GRID_S = 0.1
"""Answers leave at whole multiples of this after the question came; falsifying one takes well under 1 ms."""
WORD_S = 0.09
"""A quick reader's pace, about 11 words a second."""

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


def _event(name: str, data: Any) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))
