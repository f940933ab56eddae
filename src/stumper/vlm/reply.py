"""Reading what an OpenAI-compatible endpoint answers: one JSON object, or a stream of server-sent events.

Servers differ: a closing ``[DONE]`` or only a finish reason, usage in a chunk without choices, an ``error``
in the middle of the stream, content as text or as a list of parts, thoughts inside ``<think>``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

_LONGEST_BODY: Final = 4_000_000
_LONGEST_TEXT: Final = 20_000
_THOUGHTS: Final = re.compile(r"^\s*<think>.*?(</think>|\Z)", re.DOTALL)


class BrokenReply(Exception):
    """The endpoint stopped in the middle, reported an error there, or does not speak this protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer, without spaces at its ends; ``text`` may be empty."""

    text: str
    tokens: int
    """Generated ones."""
    prompt_tokens: int = 0
    """Read ones, the picture's included; 0 where the server does not count."""
    finish: str
    """stop, length, content_filter ...; empty if the server named none."""
    streamed: bool
    served: str
    """The model as the server names it."""
    fingerprint: str
    """What the server says about its build; often empty."""


@dataclass(slots=True)
class _Parts:
    text: list[str] = field(default_factory=list)
    length: int = 0
    tokens: int = 0
    prompt_tokens: int = 0
    finish: str = ""
    served: str = ""
    fingerprint: str = ""

    def add(self, event: dict[str, Any], *, part: str) -> None:
        """Takes one chunk (``part`` is delta) or the only object (message). Raises BrokenReply."""
        if event.get("error"):
            raise BrokenReply(said_in(event))
        self.served = str(event.get("model") or self.served)
        self.fingerprint = str(event.get("system_fingerprint") or self.fingerprint)
        usage = event.get("usage")
        if isinstance(usage, dict):
            self.tokens = _count(usage.get("completion_tokens"))
            self.prompt_tokens = _count(usage.get("prompt_tokens"))
        for choice in (event.get("choices") or [])[:1]:
            self.finish = str(choice.get("finish_reason") or self.finish)
            message = choice.get(part) or {}
            piece = _text_of(message.get("content")) or str(message.get("refusal") or "")
            self.text.append(piece)
            self.length += len(piece)

    def reply(self, *, streamed: bool) -> Reply:
        text = _THOUGHTS.sub("", "".join(self.text)).strip()
        return Reply(
            text=text,
            tokens=self.tokens,
            prompt_tokens=self.prompt_tokens,
            finish=self.finish,
            streamed=streamed,
            served=self.served,
            fingerprint=self.fingerprint,
        )


async def read_reply(response: httpx2.Response) -> Reply:
    """Collects the answer of a 200 response. Raises BrokenReply, and httpx2's errors if the line breaks."""
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        return await _read_stream(response)
    body = await read_some(response)
    parts = _Parts()
    try:
        parts.add(_object(body), part="message")
    except (ValueError, TypeError, AttributeError) as error:
        raise BrokenReply(f"no chat completion but {body[:80]!r}") from error
    return parts.reply(streamed=False)


async def _read_stream(response: httpx2.Response) -> Reply:
    parts = _Parts()
    async for event in httpx2.EventSource(response):
        if event.data == "[DONE]":
            return parts.reply(streamed=True)
        try:
            parts.add(_object(event.data), part="delta")
        except (ValueError, TypeError, AttributeError) as error:
            raise BrokenReply(f"an unreadable event: {event.data[:80]!r}") from error
        if parts.length > _LONGEST_TEXT:
            break
    if not parts.finish and parts.length <= _LONGEST_TEXT:
        raise BrokenReply("the stream ended before the answer did")
    return parts.reply(streamed=True)


async def read_some(response: httpx2.Response) -> str:
    """Returns the body as text, at most about 4 MB of it."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _LONGEST_BODY:
            break
    return body.decode("utf-8", "replace")


def said_in(body: dict[str, Any]) -> str:
    """Returns the message of an error body: ``error`` as text or object, ``detail``, or ``message``."""
    error = body.get("error") or body.get("detail") or body.get("message") or body
    if isinstance(error, dict):
        error = " ".join(str(error[key]) for key in ("message", "code", "param") if error.get(key)) or error
    return " ".join(str(error).split())[:300]


def _count(value: object) -> int:
    """What a server says it counted; a server that counts below nothing is not believed."""
    return max(0, value) if isinstance(value, int) else 0


def _object(text: str) -> dict[str, Any]:
    parsed = json.loads(text)
    if not isinstance(parsed, dict):
        raise ValueError("not an object")
    return parsed


def _text_of(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
