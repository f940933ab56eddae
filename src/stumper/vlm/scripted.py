"""An opponent that sees nothing: plausible answers, delays and failures on request, for tests and load."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from stumper.errors import BadSetting, ModelUnavailable
from stumper.vlm.base import Answer, Capabilities
from stumper.vlm.picture import ball, open_picture

# What the first words of a question ask for; the first match counts.
_PLAUSIBLE: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    (("how many", "count", "what number"), ("1", "2", "3", "4", "5", "6")),
    (
        ("what colour", "what color", "which colour", "which color"),
        ("red", "blue", "green", "yellow", "brown"),
    ),
    (("where", "which side"), ("on the left", "on the right", "in the middle", "at the top")),
    (("is ", "are ", "does ", "do ", "can ", "has ", "was "), ("yes", "no")),
    (("what time",), ("1 o'clock", "4 o'clock", "9 o'clock")),
    (("who",), ("a woman", "a man", "a child")),
    (("",), ("a dog", "a car", "a tree", "a house", "a person", "a bicycle")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a scripted model does."""

    text: str | None = None
    """The answer to every question not in ``answers``; None: a plausible one."""
    answers: Mapping[str, str] | None = None
    """Question -> answer."""
    slow_s: float = 0.0
    """Seconds before each answer."""
    fail_every: int = 0
    """Every n-th call raises ModelUnavailable; 0: none."""


class ScriptedModel:
    """Answers by its script; the same picture and question always get the same answer."""

    def __init__(self, script: Script = Script(), *, ref: str = "scripted:") -> None:
        self._script = script
        self._ref = ref
        self._calls = 0
        self._closed = False

    @property
    def ref(self) -> str:
        return self._ref

    @property
    def calls(self) -> int:
        """How often ``answer`` was called."""
        return self._calls

    async def answer(self, image: bytes, question: str) -> Answer:
        """Raises ModelUnavailable when the script says so, and BadImage for bytes that are no picture."""
        started = time.perf_counter()
        if self._closed:
            raise ModelUnavailable("The scripted model is closed. Open it again.")
        self._calls += 1
        call = self._calls
        open_picture(image)
        if self._script.slow_s:
            await asyncio.sleep(self._script.slow_s)
        if self._script.fail_every and call % self._script.fail_every == 0:
            raise ModelUnavailable("The scripted model fails here as its script says. Ask again.")
        text = self._text(image, question)
        return Answer(text, (time.perf_counter() - started) * 1000, len(text.split()))

    def _text(self, image: bytes, question: str) -> str:
        if self._script.answers is not None and question in self._script.answers:
            return self._script.answers[question]
        return self._script.text or plausible(image, question)

    async def check(self) -> Capabilities:
        answer = await self.answer(ball("red"), "What colour is the ball?")
        return Capabilities("scripted", "1", vision=True, streaming=False, latency_ms=answer.latency_ms)

    async def close(self) -> None:
        self._closed = True


def plausible(image: bytes, question: str) -> str:
    """Returns an answer of the right form, drawn by the hash of picture and question."""
    asked = question.strip().lower()
    choices = next(answers for starts, answers in _PLAUSIBLE if asked.startswith(starts))
    digest = hashlib.sha256(image + b"\0" + asked.encode("utf-8", "replace")).digest()
    return choices[int.from_bytes(digest[:4]) % len(choices)]


def open_scripted(rest: str) -> ScriptedModel:
    """Opens ``scripted:`` with any of ``slow=SECONDS``, ``fail=N`` and ``text=ANSWER``, joined by ``&``.

    Raises BadSetting for anything else.
    """
    try:
        given = dict(parse_qsl(rest, strict_parsing=True, keep_blank_values=True)) if rest else {}
        script = Script(
            text=given.pop("text", None),
            slow_s=float(given.pop("slow", 0)),
            fail_every=int(given.pop("fail", 0)),
        )
        if given or script.text == "" or script.slow_s < 0 or script.fail_every < 0:
            raise ValueError(rest)
    except ValueError as error:
        raise BadSetting(
            f"The model reference 'scripted:{rest}' cannot be read. Use scripted: or, for example, "
            "scripted:slow=2&fail=10&text=Yes"
        ) from error
    return ScriptedModel(script, ref=f"scripted:{rest}")
