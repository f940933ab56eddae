"""One OpenAI-compatible endpoint: bounded calls, retries, a breaker, and its errors in plain words.

Knows nothing of pictures or questions: ``openai.py`` asks about pictures through it, judges may ask about
texts. The key is only ever in the request header.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2
import stamina

from stumper.errors import BadSetting, ModelError, ModelRefused, ModelTimeout, ModelUnavailable
from stumper.vlm.breaker import Breaker
from stumper.vlm.reply import BrokenReply, Reply, read_reply, read_some, said_in

_NO_IMAGES: Final = re.compile(
    r"image_url|image inputs?|vision|multi-?modal|mmproj|images? (is|are) not supported|not support images?",
    re.I,
)


# Whoever asked gets one error in plain words; stamina's line for every attempt would only repeat it.
stamina.instrumentation.set_on_retry_hooks(())


class Rejected(Exception):
    """The endpoint cannot use this request (400 or 422); the caller may ask in another dialect."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said


class _TryAgain(Exception):
    def __init__(self, error: ModelError, *, after_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after_s = after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often an endpoint is waited for."""

    connect_s: float = 3.0
    pool_s: float = 5.0
    read_s: float = 60.0
    """Longest silence between two pieces of an answer."""
    answer_s: float = 90.0
    """Longest wait for a whole answer, retries included."""
    attempts: int = 3
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    """A Retry-After beyond this is reported, not waited for."""
    concurrent: int = 16


class Endpoint:
    """Chat completions at ``base`` (``http://host:port/v1``) by the model named ``name``."""

    def __init__(
        self,
        base: str,
        name: str,
        *,
        key: str | None = None,
        patience: Patience = Patience(),
        breaker: Breaker | None = None,
    ) -> None:
        if key and (not key.isascii() or not key.isprintable() or " " in key):
            raise BadSetting(
                "The endpoint's key holds spaces or letters that no key has. Set STUMPER_OPENAI_KEY anew."
            )
        self._base = base.rstrip("/")
        self._name = name
        self._key = key
        self._patience = patience
        self._breaker = breaker or Breaker()
        self._places = asyncio.Semaphore(patience.concurrent)
        self._client = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(patience.read_s, connect=patience.connect_s, pool=patience.pool_s),
            limits=httpx2.Limits(max_connections=patience.concurrent + 2),
            trust_env=False,
        )

    @property
    def where(self) -> str:
        """Model and address, for messages."""
        return f"{self._name!r} at {self._base}"

    async def chat(self, request: dict[str, Any]) -> Reply:
        """Posts a chat completion and returns the whole answer.

        Raises ModelUnavailable, ModelTimeout, ModelRefused, and Rejected for a request of the wrong form.
        """
        if self._client.is_closed:
            raise ModelUnavailable(f"The model {self.where} is closed. Open it again.")
        if wait_s := self._breaker.wait_s():
            raise ModelUnavailable(
                f"The model {self.where} failed several times in a row. It is tried again in {wait_s:.0f} s."
            )
        async with self._watched():
            return await self._patiently({"model": self._name, **request})

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        """Bounds the whole wait, and tells the breaker how the call ended."""
        try:
            async with asyncio.timeout(self._patience.answer_s):
                yield
        except (ModelRefused, Rejected):
            self._breaker.succeeded()
            raise
        except ModelError:
            self._breaker.failed()
            raise
        except TimeoutError as error:
            self._breaker.failed()
            raise self._too_slow(self._patience.answer_s) from error
        self._breaker.succeeded()

    async def _patiently(self, request: dict[str, Any]) -> Reply:
        patience = self._patience
        attempts = stamina.retry_context(
            on=self._wait_before_next,
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first_wait_s,
            wait_max=patience.longest_wait_s,
            wait_jitter=patience.first_wait_s,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    async with self._places:
                        return await self._once(request)
        except _TryAgain as last:
            raise last.error from last.__cause__
        raise AssertionError("the last attempt returns or raises")

    def _wait_before_next(self, error: Exception) -> bool | float:
        if not isinstance(error, _TryAgain):
            return False
        if error.after_s is None:
            return True
        return error.after_s if error.after_s <= self._patience.longest_wait_s else False

    async def _once(self, request: dict[str, Any]) -> Reply:
        try:
            async with self._client.stream(
                "POST", f"{self._base}/chat/completions", json=request
            ) as response:
                if response.status_code == 200:
                    return await read_reply(response)
                await self._refuse(response)
        except BrokenReply as error:
            raise ModelUnavailable(
                f"The model {self.where} broke off: {self._masked(str(error))}."
            ) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise _TryAgain(
                ModelUnavailable(
                    f"No model server answers at {self._base}. Start it, or correct the address in the model "
                    "reference."
                )
            ) from error
        except httpx2.PoolTimeout as error:
            raise ModelUnavailable(f"The model {self.where} has no free connection. Ask again.") from error
        except httpx2.TimeoutException as error:
            raise self._too_slow(self._patience.read_s) from error
        except httpx2.TransportError as error:
            raise _TryAgain(ModelUnavailable(f"The connection to {self.where} broke. Ask again.")) from error
        raise AssertionError("_refuse always raises")

    async def _refuse(self, response: httpx2.Response) -> None:
        """Raises what a response other than 200 means."""
        status = response.status_code
        said = self._masked(_said(await read_some(response)))
        if status in (401, 403):
            raise ModelRefused(self._key_message(status, said))
        if _NO_IMAGES.search(said) and status != 429:
            raise ModelRefused(
                f"The model {self.where} takes no pictures (it says: {said}). Choose a model with vision."
            )
        if status in (400, 422):
            raise Rejected(status, said)
        if status == 404:
            raise ModelRefused(await self._missing_message(said))
        if status == 429 and "quota" in said:
            raise ModelRefused(f"The account behind {self.where} has no quota left (it says: {said}).")
        if status == 429 or status >= 500:
            raise self._later(status, said, _retry_after_s(response.headers.get("retry-after")))
        raise ModelRefused(
            f"{self._base} answers with status {status} (it says: {said or 'nothing'}). Correct the address "
            "in the model reference; it usually ends in /v1."
        )

    def _later(self, status: int, said: str, after_s: float | None) -> _TryAgain:
        problem = "is busy" if status == 429 else "has an error of its own"
        when = f"Ask again in {after_s:.0f} s" if after_s else "Ask again later"
        words = f" (it says: {said})" if said else ""
        return _TryAgain(
            ModelUnavailable(f"The model {self.where} {problem} ({status}){words}. {when}."), after_s=after_s
        )

    def _key_message(self, status: int, said: str) -> str:
        if self._key is None:
            return f"{self._base} wants a key and none is set. Set STUMPER_OPENAI_KEY."
        return (
            f"{self._base} does not accept the key ({status}: {said}). Set STUMPER_OPENAI_KEY to a valid one."
        )

    async def _missing_message(self, said: str) -> str:
        if "model" not in said.lower() and self._name not in said:
            return (
                f"There is no chat at {self._base} (404). Correct the address in the model reference; it "
                "usually ends in /v1."
            )
        offered = await self._offered()
        choice = (
            f" It offers: {', '.join(offered)}." if offered else " See the list of models that it serves."
        )
        return f"{self._base} knows no model {self._name!r}.{choice}"

    async def _offered(self) -> list[str]:
        """Returns up to ten names of models that the endpoint lists; none if it does not say."""
        try:
            response = await self._client.get(f"{self._base}/models", timeout=self._patience.connect_s)
            return [str(entry["id"]) for entry in response.json()["data"]][:10]
        except (httpx2.HTTPError, ValueError, KeyError, TypeError):
            return []

    def _too_slow(self, waited_s: float) -> ModelTimeout:
        return ModelTimeout(f"The model {self.where} gave no answer within {waited_s:g} s. Ask again.")

    def _masked(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text

    async def close(self) -> None:
        await self._client.aclose()


def _said(body: str) -> str:
    try:
        parsed = json.loads(body)
    except ValueError:
        return " ".join(re.sub(r"<[^>]*>", " ", body).split())[:200]
    return said_in(parsed) if isinstance(parsed, dict) else said_in({"error": body})


def _retry_after_s(header: str | None, *, clock: Callable[[], float] = time.time) -> float | None:
    """Returns the seconds of a Retry-After header, in seconds or as a date; None if absent or unreadable."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - clock())
    except ValueError:
        return None
