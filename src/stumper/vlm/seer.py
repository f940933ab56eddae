"""One JSON object about a picture, from any model: by the ladder of an endpoint, or out of a plain answer.

What people typed and other models said goes along as data (`vlm.question.as_data`), never as an instruction;
a text inside the picture is data as well, and the tasks say so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from stumper.vlm.base import Answer, Model
from stumper.vlm.openai import open_endpoint, shown
from stumper.vlm.picture import to_jpeg
from stumper.vlm.pool import Pool
from stumper.vlm.question import as_data
from stumper.vlm.reply import Reply
from stumper.vlm.structured import Message, Structured, Unreadable, readable

T = TypeVar("T")
LONGEST: Final = 1_000
"""Characters of a text that is sent along."""


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """What is asked of a seer: the instruction, the form of its answer, and how that is read.

    ``read`` raises ValueError, KeyError or TypeError for an object that will not do.
    """

    name: str
    says: str
    schema: Mapping[str, Any]
    read: Callable[[dict[str, Any]], T]


def object_of(**properties: Any) -> dict[str, Any]:
    """Returns the JSON schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@dataclass(slots=True)
class Meter:
    """What calls have cost so far."""

    calls: int = 0
    tokens: int = 0
    """Generated ones, where the model counts them."""
    seconds: float = 0.0

    def add(self, *, tokens: int, seconds: float) -> None:
        self.calls += 1
        self.tokens += tokens
        self.seconds += seconds


class Seer(Protocol):
    async def see(self, image: bytes, task: Task[T], told: Mapping[str, str]) -> T:
        """Returns what the task reads from the answer about a picture. Raises Unreadable, BadImage,
        ModelUnavailable, ModelTimeout and ModelRefused.
        """
        ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class _Metered:
    """An endpoint with a meter."""

    endpoint: Pool
    meter: Meter

    async def chat(self, request: dict[str, Any]) -> Reply:
        started, tokens = time.perf_counter(), 0
        try:
            reply = await self.endpoint.chat(request)
            tokens = reply.tokens
            return reply
        finally:
            self.meter.add(tokens=tokens, seconds=time.perf_counter() - started)


@dataclass(slots=True)
class _Structured:
    line: _Metered
    askers: dict[str, Structured] = field(default_factory=dict)

    async def see(self, image: bytes, task: Task[T], told: Mapping[str, str]) -> T:
        asker = self.askers.setdefault(task.name, Structured(self.line, task.schema, name=task.name))
        jpeg = await asyncio.to_thread(to_jpeg, image)
        messages: list[Message] = [
            {"role": "system", "content": task.says},
            {"role": "user", "content": shown(jpeg, as_data(told, longest=LONGEST))},
        ]
        return await asker.obtain(messages, task.read)

    async def close(self) -> None:
        await self.line.endpoint.close()


@dataclass(slots=True)
class _Prompted:
    """A model that takes one text only."""

    model: Model
    meter: Meter

    async def see(self, image: bytes, task: Task[T], told: Mapping[str, str]) -> T:
        asked = f"{task.says}\n{as_data(told, longest=LONGEST)}"
        found = readable((await metered(self.model, image, asked, self.meter)).text, task.read)
        if len(found) != 1:
            raise Unreadable("its answer holds no object that can be read" if not found else "it says two")
        return found[0]

    async def close(self) -> None:
        """The model belongs to whoever opened it."""


async def metered(model: Model, image: bytes, question: str, meter: Meter) -> Answer:
    """Returns the model's answer, and counts the call. Raises what the model raises."""
    started, tokens = time.perf_counter(), 0
    try:
        answer = await model.answer(image, question)
        tokens = answer.tokens
        return answer
    finally:
        meter.add(tokens=tokens, seconds=time.perf_counter() - started)


async def open_seer(
    ref: str,
    *,
    open_model: Callable[[str], Awaitable[Model]],
    secrets: Mapping[str, str],
    meter: Meter | None = None,
) -> Seer:
    """Opens any model reference. Raises BadSetting, and what ``open_model`` raises."""
    meter = meter or Meter()
    if ref.startswith("openai:"):
        return _Structured(_Metered(open_endpoint(ref, key=secrets.get("openai")), meter))
    return _Prompted(await open_model(ref), meter)


def text_of(answer: Mapping[str, Any], name: str) -> str:
    """Returns a text of an answer in one line. Raises KeyError or ValueError where there is none."""
    value = answer[name]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"no {name}")
    return " ".join(value.split())
