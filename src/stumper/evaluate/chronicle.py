"""The rounds of a campaign side by side: what was asked and caught in each, and every model on every test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stumper.evaluate.metrics import Interval
from stumper.records import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One round as it was played, without controls: nothing can be claimed there."""

    number: int
    opponent: str
    questions: int
    """Answered and judged."""
    examples: int
    asked: Mapping[Category, int]
    claimed: Mapping[Category, int]
    """Of these, marked wrong."""
    verdict: str = ""
    """How its tuned model was judged; empty while the round is open."""
    score: tuple[float, float] | None = None
    """Of its opponent and its tuned model on its own held-out questions, 0..1."""
    guess: float | None = None
    """What guessing in the right form would score there."""
    wrong: float | None = None
    """Share of the answers that were really wrong, where the world knows the truth."""

    @property
    def claims(self) -> int:
        return sum(self.claimed.values())

    @property
    def per_100(self) -> float:
        """Claims a hundred questions; nan if nothing was asked."""
        return 100 * self.claims / self.questions if self.questions else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model on every round's held-out questions, and on the sets that never change."""

    name: str
    """'the first opponent', 'tuned in round 2'"""
    ref: str
    played: tuple[int, ...]
    """The rounds it was the opponent of."""
    tests: tuple[Interval, ...]
    """One a closed round, oldest first; nan where it could not be asked."""
    withheld: Interval
    known: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """All that is told of a campaign's rounds."""

    campaign: str
    rounds: tuple[Told, ...]
    models: tuple[Model, ...]
    tests: tuple[int, ...]
    """Numbers of the rounds whose held-out questions the models were asked."""

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; nan becomes None."""
        return {
            "campaign": self.campaign,
            "rounds": [_round(one) for one in self.rounds],
            "models": [
                {
                    "name": one.name,
                    "model": one.ref,
                    "played": list(one.played),
                    "tests": {str(n): _mean(at) for n, at in zip(self.tests, one.tests, strict=True)},
                    "withheld": _mean(one.withheld),
                    "known": _mean(one.known),
                }
                for one in self.models
            ],
        }


def _round(one: Told) -> dict[str, Any]:
    return {
        "round": one.number,
        "opponent": one.opponent,
        "questions": one.questions,
        "claims": one.claims,
        "claims_per_100": round(one.per_100, 2) if one.questions else None,
        "wrong_per_100": None if one.wrong is None else round(100 * one.wrong, 2),
        "examples": one.examples,
        "asked": {str(category): n for category, n in one.asked.items()},
        "claimed": {str(category): n for category, n in one.claimed.items()},
        "verdict": one.verdict,
    }


def _mean(at: Interval) -> float | None:
    return round(at.mean, 4) if at.n else None
