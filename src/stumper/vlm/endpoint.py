"""One OpenAI-compatible endpoint: a request, its answer, and its errors in plain words.

Knows nothing of pictures or questions, and asks once: ``pool.py`` bounds the calls, tries again, and chooses
among the endpoints of one model. The key is only ever in the request header.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

from stumper.errors import BadSetting, ModelError, ModelRefused, ModelTimeout, ModelUnavailable
from stumper.observe.traces import headers
from stumper.vlm.guard import Guarded, check_address
from stumper.vlm.reply import BrokenReply, Reply, read_reply, read_some, said_in

_NO_IMAGES: Final = re.compile(
    r"image_url|image inputs?|vision|multi-?modal|mmproj|images? (is|are) not supported|not support images?",
    re.I,
)


class Rejected(Exception):
    """The endpoint cannot use this request (400 or 422); the caller may ask in another dialect."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said


class Failed(Exception):
    """This endpoint gives no answer; another one of the same model may. ``error`` says why in plain words."""

    def __init__(
        self,
        error: ModelError,
        *,
        again: bool = False,
        after_s: float | None = None,
        busy: bool = False,
        unfit: bool = False,
    ) -> None:
        """``again``: the same request may be sent here once more, ``after_s`` if the server said so.

        ``busy``: it lives and has too much to do. ``unfit``: it will refuse every request (key, name, quota).
        """
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.after_s = after_s
        self.busy = busy
        self.unfit = unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often the endpoints of a model are waited for, and how many questions at a time."""

    connect_s: float = 3.0
    pool_s: float = 5.0
    read_s: float = 60.0
    """Longest silence between two pieces of an answer."""
    answer_s: float = 90.0
    """Longest wait for a whole answer, retries included, the line in front of the model not."""
    attempts: int = 3
    first_wait_s: float = 0.5
    """The longest wait before the second attempt; it doubles with each one."""
    longest_wait_s: float = 20.0
    """A Retry-After beyond this is reported, not waited for."""
    concurrent: int = 16
    """Requests at a time to one endpoint."""
    line: int = 64
    """Questions that may wait for a place; one more is refused at once."""


class Endpoint:
    """Chat completions at ``base`` (``http://host:port/v1``) by the model named ``name``."""

    def __init__(
        self,
        base: str,
        name: str,
        *,
        key: str | None = None,
        patience: Patience = Patience(),
    ) -> None:
        if key and (not key.isascii() or not key.isprintable() or " " in key):
            raise BadSetting(
                "The endpoint's key holds spaces or letters that no key has. Set STUMPER_OPENAI_KEY anew."
            )
        check_address(base)
        self._base = base.rstrip("/")
        self._name = name
        self._key = key
        self._patience = patience
        self._client = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(patience.read_s, connect=patience.connect_s, pool=patience.pool_s),
            transport=Guarded(
                httpx2.AsyncHTTPTransport(
                    limits=httpx2.Limits(max_connections=patience.concurrent + 2), trust_env=False
                )
            ),
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def name(self) -> str:
        """The model, as it is asked for."""
        return self._name

    @property
    def where(self) -> str:
        """Model and address, for messages."""
        return f"{self._name!r} at {self._base}"

    async def chat(self, request: dict[str, Any]) -> Reply:
        """Posts a chat completion once and returns the whole answer.

        Raises Failed, ModelRefused, and Rejected for a request of the wrong form.
        """
        if self._client.is_closed:
            raise Failed(ModelUnavailable(f"The model {self.where} is closed. Open it again."))
        body = {"model": self._name, **request}
        try:
            async with self._client.stream(
                "POST", f"{self._base}/chat/completions", json=body, headers=headers()
            ) as response:
                if response.status_code == 200:
                    return await read_reply(response)
                await self._refuse(response)
        except BrokenReply as error:
            raise Failed(
                ModelUnavailable(f"The model {self.where} broke off: {self._masked(str(error))}.")
            ) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise Failed(
                ModelUnavailable(
                    f"No model server answers at {self._base}. Start it, or correct the address in the model "
                    "reference."
                ),
                again=True,
            ) from error
        except httpx2.PoolTimeout as error:
            full = ModelUnavailable(f"The model {self.where} has no free connection. Ask again.")
            raise Failed(full, busy=True) from error
        except httpx2.TimeoutException as error:
            raise Failed(self.too_slow(self._patience.read_s)) from error
        except (
            ModelRefused
        ) as error:  # the guard's: nothing may be sent there, but perhaps to another endpoint
            raise Failed(error, unfit=True) from None
        except httpx2.RequestError as error:
            broke = ModelUnavailable(f"The connection to {self.where} broke. Ask again.")
            raise Failed(broke, again=True) from error
        raise AssertionError("_refuse always raises")

    async def _refuse(self, response: httpx2.Response) -> None:
        """Raises what a response other than 200 means."""
        status = response.status_code
        said = self._masked(_said(await read_some(response)))
        if status in (401, 403):
            raise _unfit(self._key_message(status, said))
        if _NO_IMAGES.search(said) and status != 429:
            raise _unfit(
                f"The model {self.where} takes no pictures (it says: {said}). Choose a model with vision."
            )
        if status in (400, 422):
            raise Rejected(status, said)
        if status == 404:
            raise _unfit(await self._missing_message(said))
        if status == 429 and "quota" in said:
            raise _unfit(f"The account behind {self.where} has no quota left (it says: {said}).")
        if status == 429 or status >= 500:
            raise self._later(status, said, _retry_after_s(response.headers.get("retry-after")))
        raise _unfit(
            f"{self._base} answers with status {status} (it says: {said or 'nothing'}). Correct the address "
            "in the model reference; it usually ends in /v1."
        )

    def _later(self, status: int, said: str, after_s: float | None) -> Failed:
        problem = "is busy" if status == 429 else "has an error of its own"
        when = f"Ask again in {after_s:.0f} s" if after_s else "Ask again later"
        words = f" (it says: {said})" if said else ""
        error = ModelUnavailable(f"The model {self.where} {problem} ({status}){words}. {when}.")
        return Failed(error, again=True, after_s=after_s, busy=status == 429)

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

    def too_slow(self, waited_s: float) -> ModelTimeout:
        return ModelTimeout(f"The model {self.where} gave no answer within {waited_s:g} s. Ask again.")

    def _masked(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text

    async def close(self) -> None:
        await self._client.aclose()


def _unfit(message: str) -> Failed:
    return Failed(ModelRefused(message), unfit=True)


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
