"""Opponents behind an OpenAI-compatible endpoint: vLLM, SGLang, Ollama, llama.cpp, transformers, OpenAI.

The picture travels as a JPEG data URI. Servers disagree about a few fields of the request; what one rejects
is left out or renamed once, and remembered.
"""

from __future__ import annotations

import asyncio
import base64
import time
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from stumper.errors import BadSetting, ModelRefused
from stumper.vlm.base import Answer, Capabilities
from stumper.vlm.endpoint import Endpoint, Patience, Rejected
from stumper.vlm.picture import ball, to_jpeg
from stumper.vlm.question import defused
from stumper.vlm.reply import Reply

_ANSWER_TOKENS: Final = 128
_THINKING_TOKENS: Final = 2048
"""Models that want ``max_completion_tokens`` count their thoughts as well."""
_CHECK_QUESTION: Final = "What colour is the ball?"
PATIENT: Final = Patience()


@dataclass(frozen=True, slots=True)
class _Dialect:
    """Which optional fields this endpoint takes."""

    completion_tokens: bool = False
    temperature: bool = True
    stream: bool = True
    usage: bool = True

    def fields(self) -> dict[str, Any]:
        if self.completion_tokens:
            chosen: dict[str, Any] = {"max_completion_tokens": _THINKING_TOKENS}
        else:
            chosen = {"max_tokens": _ANSWER_TOKENS}
        if self.temperature:
            chosen["temperature"] = 0
        if self.stream:
            chosen["stream"] = True
            if self.usage:
                chosen["stream_options"] = {"include_usage": True}
        return chosen

    def without(self, said: str) -> _Dialect | None:
        """Returns a dialect without what is complained about, or None if that is no field of ours."""
        if "max_completion_tokens" in said and not self.completion_tokens:
            return replace(self, completion_tokens=True)
        if "temperature" in said and self.temperature:
            return replace(self, temperature=False)
        if "stream_options" in said and self.stream and self.usage:
            return replace(self, usage=False)
        if "stream" in said and self.stream:
            return replace(self, stream=False)
        return None


class OpenAIModel:
    """The model ``name`` at ``base``; see ``Model`` for what its methods promise."""

    def __init__(
        self,
        base: str,
        name: str,
        *,
        key: str | None = None,
        patience: Patience = PATIENT,
    ) -> None:
        self._name = name
        self._ref = f"openai:{base}#{name}"
        self._endpoint = Endpoint(base, name, key=key, patience=patience)
        self._dialect = _Dialect()

    @property
    def ref(self) -> str:
        return self._ref

    async def answer(self, image: bytes, question: str) -> Answer:
        """Raises BadImage, ModelUnavailable, ModelTimeout and ModelRefused."""
        started = time.perf_counter()
        reply = await self._ask(image, question)
        return Answer(reply.text, (time.perf_counter() - started) * 1000, reply.tokens)

    async def check(self) -> Capabilities:
        """Asks about a red and a blue ball: a server that drops the picture gives the same answer to both."""
        started = time.perf_counter()
        red = await self._ask(ball("red"), _CHECK_QUESTION)
        latency_ms = (time.perf_counter() - started) * 1000
        blue = await self._ask(ball("blue"), _CHECK_QUESTION)
        return Capabilities(
            model=red.served or self._name,
            build="@".join(filter(None, (red.served or self._name, red.fingerprint))),
            vision=red.text.lower() != blue.text.lower(),
            streaming=red.streamed,
            latency_ms=latency_ms,
        )

    async def _ask(self, image: bytes, question: str) -> Reply:
        jpeg = await asyncio.to_thread(to_jpeg, image)
        reply = await self._chat([{"role": "user", "content": shown(jpeg, defused(question))}])
        if reply.text:
            return reply
        why = {
            "length": "it used up all its tokens before saying anything",
            "content_filter": "its filter stopped the answer",
        }.get(reply.finish, "it said nothing")
        raise ModelRefused(
            f"The model {self._endpoint.where} gave an empty answer: {why}. Ask in other words."
        )

    async def _chat(self, messages: list[dict[str, Any]]) -> Reply:
        while True:
            asked_in = self._dialect
            try:
                return await self._endpoint.chat({"messages": messages, **asked_in.fields()})
            except Rejected as error:
                # Another call may have changed the dialect meanwhile; then this one just asks again.
                other = asked_in.without(error.said)
                if other is None:
                    raise ModelRefused(
                        f"The model {self._endpoint.where} refuses the request ({error.status}: "
                        f"{error.said})."
                    ) from error
                self._dialect = other

    async def close(self) -> None:
        await self._endpoint.close()


def shown(jpeg: bytes, text: str) -> list[dict[str, Any]]:
    """Returns the content of a message that shows a picture and says a text."""
    url = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
    return [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": text}]


def open_openai(rest: str, *, key: str | None = None, patience: Patience = PATIENT) -> OpenAIModel:
    """Opens ``openai:`` followed by ``http://host:port/v1#model``; nothing is sent yet. Raises BadSetting."""
    return OpenAIModel(*place(rest), key=key, patience=patience)


def open_endpoint(ref: str, *, key: str | None = None, patience: Patience = PATIENT) -> Endpoint:
    """Opens ``openai:http://host:port/v1#model`` for texts; nothing is sent yet. Raises BadSetting."""
    scheme, _, rest = ref.partition(":")
    if scheme != "openai":
        raise BadSetting(f"{ref!r} is no endpoint. Only an openai:URL#NAME model can be asked about texts.")
    return Endpoint(*place(rest), key=key, patience=patience)


def place(rest: str) -> tuple[str, str]:
    """Returns address and model's name of ``http://host:port/v1#model``. Raises BadSetting."""
    base, _, name = rest.partition("#")
    try:
        address = urlsplit(base)
        usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        usable = False
    if not usable or not name:
        raise BadSetting(
            "An openai: reference needs an address and a model, such as "
            "openai:http://127.0.0.1:11434/v1#qwen2.5vl. Write the model's name after '#'."
        )
    if address.username or address.password or address.query:
        raise BadSetting("Keep the key out of the address: set STUMPER_OPENAI_KEY instead.")
    return base.rstrip("/"), name
