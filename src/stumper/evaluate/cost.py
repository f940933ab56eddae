"""What a model's answers cost: how long each took and how many tokens it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stumper.vlm.base import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Over the answers that there are; None where none says it (missing, never 0)."""

    answers: int
    mean_ms: float | None
    """From question to answer, with as many on their way at once as an examination sends."""
    p95_ms: float | None
    """95 % of the answers took no longer."""
    tokens: float | None
    """Mean of the generated tokens of an answer, where the model counts them."""

    def to_json(self) -> dict[str, Any]:
        return {
            "answers": self.answers,
            "mean_ms": self.mean_ms,
            "p95_ms": self.p95_ms,
            "tokens": self.tokens,
        }


def cost(answers: Sequence[Answer | None]) -> Cost:
    """Returns what the answers cost; failed ones are left out."""
    there = [one for one in answers if one is not None]
    took = np.array([one.latency_ms for one in there], dtype=np.float64)
    took = took[np.isfinite(took)]
    counted = [one.tokens for one in there if one.tokens]  # an adapter that counts none says 0
    return Cost(
        answers=len(there),
        mean_ms=float(took.mean()) if len(took) else None,
        p95_ms=float(np.quantile(took, 0.95)) if len(took) else None,
        tokens=float(np.mean(counted)) if counted else None,
    )
