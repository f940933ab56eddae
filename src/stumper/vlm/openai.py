"""Opponents behind an OpenAI-compatible endpoint: vLLM, SGLang, Ollama, llama.cpp, transformers, OpenAI.

The picture travels as a JPEG data URI. Servers disagree about a few fields of the request; what one rejects
is left out or renamed once, and remembered.
"""

from __future__ import annotations

import asyncio
import base64
import re
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from stumper.errors import BadSetting, ModelRefused
from stumper.vlm.base import Answer, Capabilities, Served
from stumper.vlm.endpoint import Endpoint, Patience, Rejected
from stumper.vlm.picture import ball, to_jpeg
from stumper.vlm.pool import Answered, Pool
from stumper.vlm.question import defused
from stumper.vlm.reply import Reply

_ANSWER_TOKENS: Final = 128
_THINKING_TOKENS: Final = 2048
"""Models that want ``max_completion_tokens`` count their thoughts as well."""
_CHECK_QUESTION: Final = "What colour is the ball?"
PATIENT: Final = Patience()
Place = tuple[str, str]
"""Address of an endpoint and name of the model there."""


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
    """One model at one endpoint or several; see ``Model`` and ``Repeats`` for what its methods promise."""

    def __init__(self, ref: str, pool: Pool) -> None:
        self._ref = ref
        self._pool = pool
        self._dialects: dict[Endpoint, _Dialect] = {}
        self._build: str | None = None

    @property
    def ref(self) -> str:
        return self._ref

    @property
    def build(self) -> str | None:
        """What the last answer said; None before the first, and where no temperature can be asked for."""
        return self._build

    async def stand_in_line(self) -> None:
        async with self._pool.place():
            pass

    async def answer(self, image: bytes, question: str) -> Answer:
        """Raises BadImage, ModelBusy, ModelUnavailable, ModelTimeout and ModelRefused."""
        answered = await self._ask(image, question)
        reply, build = answered.reply, _build(answered)
        if not answered.fallback:
            self._build = build if self._dialects[answered.endpoint].temperature else None
        served = Served(
            name=answered.endpoint.name,
            build=build,
            prompt_tokens=reply.prompt_tokens,
            fallback=answered.fallback,
        )
        return Answer(reply.text, answered.seconds * 1000, reply.tokens, served)

    async def check(self) -> Capabilities:
        """Asks about a red and a blue ball: a server that drops the picture gives the same answer to both."""
        red = await self._ask(ball("red"), _CHECK_QUESTION)
        blue = await self._ask(ball("blue"), _CHECK_QUESTION)
        return Capabilities(
            model=red.reply.served or red.endpoint.name,
            build=_build(red),
            vision=red.reply.text.lower() != blue.reply.text.lower(),
            streaming=red.reply.streamed,
            latency_ms=red.seconds * 1000,
        )

    async def _ask(self, image: bytes, question: str) -> Answered:
        jpeg = await asyncio.to_thread(to_jpeg, image)
        messages = [{"role": "user", "content": shown(jpeg, defused(question))}]
        answered = await self._pool.ask(lambda endpoint: self._chat(endpoint, messages))
        if answered.reply.text:
            return answered
        why = {
            "length": "it used up all its tokens before saying anything",
            "content_filter": "its filter stopped the answer",
        }.get(answered.reply.finish, "it said nothing")
        raise ModelRefused(
            f"The model {answered.endpoint.where} gave an empty answer: {why}. Ask in other words."
        )

    async def _chat(self, endpoint: Endpoint, messages: list[dict[str, Any]]) -> Reply:
        """Asks in the dialect of the endpoint; the servers of one model need not be of one kind."""
        while True:
            asked_in = self._dialects.setdefault(endpoint, _Dialect())
            try:
                return await endpoint.chat({"messages": messages, **asked_in.fields()})
            except Rejected as error:
                # Another call may have changed the dialect meanwhile; then this one just asks again.
                other = asked_in.without(error.said)
                if other is None:
                    raise ModelRefused(
                        f"The model {endpoint.where} refuses the request ({error.status}: {error.said})."
                    ) from error
                self._dialects[endpoint] = other

    async def close(self) -> None:
        await self._pool.close()


def _build(answered: Answered) -> str:
    served = answered.reply.served or answered.endpoint.name
    return "@".join(filter(None, (served, answered.reply.fingerprint)))


def shown(jpeg: bytes, text: str) -> list[dict[str, Any]]:
    """Returns the content of a message that shows a picture and says a text."""
    url = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
    return [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": text}]


def open_openai(rest: str, *, key: str | None = None, patience: Patience | None = None) -> OpenAIModel:
    """Opens what ``places`` reads, behind ``openai:``; nothing is sent yet. Raises BadSetting."""
    return OpenAIModel(f"openai:{rest}", _pool(rest, key=key, patience=patience))


def open_endpoint(ref: str, *, key: str | None = None, patience: Patience | None = None) -> Pool:
    """Opens ``openai:http://host:port/v1#model`` for texts; nothing is sent yet. Raises BadSetting."""
    scheme, _, rest = ref.partition(":")
    if scheme != "openai":
        raise BadSetting(f"{ref!r} is no endpoint. Only an openai:URL#NAME model can be asked about texts.")
    return _pool(rest, key=key, patience=patience)


def _pool(rest: str, *, key: str | None, patience: Patience | None) -> Pool:
    patience = patience or PATIENT
    first, last = places(rest)
    return Pool(
        [Endpoint(base, name, key=key, patience=patience) for base, name in first],
        [Endpoint(base, name, key=key, patience=patience) for base, name in last],
        patience=patience,
    )


def places(rest: str) -> tuple[list[Place], list[Place]]:
    """Returns the endpoints of a model and those that stand in for it, of ``URL,URL#NAME|URL#NAME``.

    Commas divide the addresses of one model; after ``|`` come those of the fallback, which has the same name
    unless it has its own. Raises BadSetting.
    """
    first, *more = re.split(r"\|(?=https?://)", rest)
    _, _, name = first.partition("#")
    last = [one if "#" in one else f"{one}#{name}" for one in more]
    return _addresses(first), [found for one in last for found in _addresses(one)]


def _addresses(rest: str) -> list[Place]:
    addresses, _, name = rest.partition("#")
    found = [place(f"{address.strip()}#{name}") for address in re.split(r",(?=\s*https?://)", addresses)]
    if len(set(found)) < len(found):
        raise BadSetting(f"The address {found[0][0]} stands twice in one reference. Name each server once.")
    return found


def place(rest: str) -> Place:
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
