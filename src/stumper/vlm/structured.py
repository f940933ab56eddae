"""One JSON object out of any OpenAI-compatible endpoint, by a ladder: schema, JSON mode, prompt, one repair.

Servers differ in what they enforce: some follow ``json_schema``, some only ``json_object``, some ignore both
or refuse the field. What a server refuses is not asked of it again. What cannot
be read is None, never a guess. What a model said is not sent back to it: a text that it was given as data
could stand there as its own word.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from stumper.errors import ModelRefused, ModelTimeout, ModelUnavailable
from stumper.vlm.endpoint import Rejected
from stumper.vlm.reply import Reply

T = TypeVar("T")
Message = dict[str, Any]
_RUNGS: Final = ("json_schema", "json_object", "prompt")
_TOKENS: Final = 400
_NOTHING: Final = "{}"


class Chat(Protocol):
    """What `pool.Pool` offers."""

    async def chat(self, request: dict[str, Any]) -> Reply: ...


class Unreadable(Exception):
    """An endpoint answered, and nothing in it will do; the same question would hardly do better."""


class Structured:
    """Asks one endpoint for objects of one schema; safe for concurrent calls."""

    def __init__(self, chat: Chat, schema: Mapping[str, Any], *, name: str) -> None:
        self._chat = chat
        self._schema = dict(schema)
        self._name = name
        self._rung = 0
        self._fields: dict[str, Any] = {"max_tokens": _TOKENS, "temperature": 0}
        self._proven = False  # the form has worked: a refusal is about what was asked

    async def ask(self, messages: Sequence[Message], read: Callable[[dict[str, Any]], T]) -> T | None:
        """Returns what ``obtain`` does, or None (missing): unreadable, or the endpoint is away, busy, slow.

        ModelRefused (key, address) is raised: no other call does better.
        """
        try:
            return await self.obtain(messages, read)
        except (ModelUnavailable, ModelTimeout, Unreadable):
            return None

    async def obtain(self, messages: Sequence[Message], read: Callable[[dict[str, Any]], T]) -> T:
        """Returns what ``read`` makes of the answer; an unreadable one is repaired once.

        ``read`` raises ValueError, KeyError or TypeError for an object that will not do. Raises Unreadable,
        ModelUnavailable, ModelTimeout and ModelRefused.
        """
        asked = list(messages)
        for _attempt in range(2):
            reply = await self._reply(asked)
            found = readable(reply.text, read)
            if len(found) == 1:
                return found[0]
            asked = [*messages, {"role": "assistant", "content": _NOTHING}, self._repair()]
        raise Unreadable("its answer holds no object that can be read" if not found else "it answers twice")

    async def _reply(self, messages: list[Message]) -> Reply:
        while True:
            rung, fields = self._rung, dict(self._fields)
            try:
                reply = await self._chat.chat({"messages": messages, **fields, **self._format(rung)})
            except Rejected as error:
                if self._proven:
                    raise Unreadable(f"it refuses this request ({error.status}: {error.said})") from error
                self._step_down(error, rung=rung, fields=fields)
            else:
                self._proven = True
                return reply

    def _step_down(self, error: Rejected, *, rung: int, fields: dict[str, Any]) -> None:
        """Leaves out what was refused, unless another call did meanwhile. Raises ModelRefused at the foot."""
        if (rung, fields) != (self._rung, self._fields):
            return
        if "max_completion_tokens" in error.said and "max_tokens" in fields:
            # a model that thinks counts its thoughts as well
            rest = {key: value for key, value in fields.items() if key != "max_tokens"}
            self._fields = {**rest, "max_completion_tokens": 8 * _TOKENS}
        elif "temperature" in error.said and "temperature" in fields:
            self._fields = {key: value for key, value in fields.items() if key != "temperature"}
        elif rung + 1 < len(_RUNGS):
            self._rung = rung + 1
        else:
            raise ModelRefused(f"The model refuses the request ({error.status}: {error.said}).") from error

    def _format(self, rung: int) -> dict[str, Any]:
        if _RUNGS[rung] == "json_schema":
            wrapped = {"name": self._name, "strict": True, "schema": self._schema}
            # llama.cpp reads the schema one level higher
            form = {"type": "json_schema", "json_schema": wrapped, "schema": self._schema}
            return {"response_format": form}
        return {"response_format": {"type": "json_object"}} if _RUNGS[rung] == "json_object" else {}

    def _repair(self) -> Message:
        wanted = json.dumps(self._schema)
        return {
            "role": "user",
            "content": f"Answer with one JSON object of this schema and nothing else: {wanted}",
        }


def readable(text: str, read: Callable[[dict[str, Any]], T]) -> list[T]:
    """Returns what can be read, each once: who quotes an object beside their own has said two things."""
    found: list[T] = []
    for one in objects(text):
        try:
            value = read(one)
        except (ValueError, KeyError, TypeError):
            continue
        if value not in found:
            found.append(value)
    return found


def objects(text: str) -> Iterator[dict[str, Any]]:
    """Yields the JSON objects in a text, the outermost ones, in order: bare, fenced, or within prose."""
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found
        at = text.find("{", end)
