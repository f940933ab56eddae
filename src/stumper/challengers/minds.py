"""What a mind of a model that plays can do: think of a question, and mark what was answered to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from stumper.records import Verdict


@dataclass(frozen=True, slots=True)
class Mark:
    """What is thought of an answer; without a verdict nothing is marked."""

    verdict: Verdict | None
    correction: str | None = None

    @classmethod
    def right(cls) -> Mark:
        return cls(Verdict.CORRECT)

    @classmethod
    def wrong(cls, correction: str) -> Mark:
        return cls(Verdict.WRONG, correction)

    @classmethod
    def unsure(cls) -> Mark:
        return cls(None)


class Mind(Protocol):
    """Raises what `vlm.seer.Seer.see` raises, or what a model's ``answer`` does."""

    async def think(self, image: bytes, asked: list[str]) -> str | None:
        """Returns the next question about a picture, none of those ``asked``; None for no more."""
        ...

    async def mark(self, image: bytes, question: str, shown: str) -> Mark:
        """Returns what it thinks of the answer that is shown."""
        ...
