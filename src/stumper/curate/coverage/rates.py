"""What is believed of the model's error rate on each category (pure): a Beta posterior.

Answers on busy pictures, as trusted players judged them: of ``judged``, ``wrong`` were marked; of the marks
that others decided a share was upheld; a player sees ``payday.SEES`` of the errors. So

    errors = wrong * upheld / SEES        posterior: Beta(m k + errors, (1 - m) k + judged - errors)

with m the model's rate over all and k such that categories differ by ``estimator.CATEGORY_SD`` in logits.

Approximated: SEES and ``upheld`` count as known, so the posterior is narrower than what is known; who asked
and which pictures they saw do not count (`stumper insight` knows them, in minutes instead of milliseconds).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from stumper.curate.dues.queries import Found
from stumper.curate.payday import PRIOR_CLAIMS, PRIOR_UPHELD, SEES, error_rate
from stumper.records import Category, ImageKind
from stumper.trust.estimator import CATEGORY_SD

_NOTHING: Final = Found(0, 0, 0, 0)


class Answer(NamedTuple):
    """An answer that a trusted player judged."""

    category: Category
    kind: ImageKind
    """Of its picture."""
    control: bool
    found: Found
    """Of this one answer: each 0 or 1."""


class Rate(NamedTuple):
    """The model's error rate, 0..1, and how well it is known."""

    mean: float
    sd: float
    judged: int


def total(answers: Iterable[Answer]) -> Found:
    """Counts the answers on busy pictures that were no control."""
    return _sum(one.found for one in answers if not one.control)


def _sum(parts: Iterable[Found]) -> Found:
    columns = list(zip(*parts, strict=True))
    return Found(*map(sum, columns)) if columns else _NOTHING


def by_category(answers: Iterable[Answer]) -> dict[Category, Rate]:
    """Returns the rate of every category; without any answer it is that of all, and hardly known."""
    parts: dict[Category, list[Found]] = defaultdict(list)
    for one in answers:
        if not one.control:
            parts[one.category].append(one.found)
    everything = _sum(found for each in parts.values() for found in each)
    return {category: posterior(_sum(parts[category]), everything=everything) for category in Category}


def posterior(found: Found, *, everything: Found) -> Rate:
    """Returns what is believed of one category, beside ``everything`` that was found.

    By hand: nothing found at all: m = .34, k + 1 = 1 / (.34 * .66) = 4.456, sd = sqrt(.2244 / 4.456) = .2244.
    """
    m = min(max(error_rate(everything), 0.01), 0.99)
    k = max(1.0, 1.0 / (CATEGORY_SD**2 * m * (1.0 - m)) - 1.0)
    overall = _upheld(everything, prior=PRIOR_UPHELD)
    errors = min(float(found.judged), found.wrong * _upheld(found, prior=overall) / SEES)
    a, b = m * k + errors, (1.0 - m) * k + found.judged - errors
    mean = a / (a + b)
    return Rate(mean, math.sqrt(mean * (1.0 - mean) / (a + b + 1.0)), found.judged)


def _upheld(found: Found, *, prior: float) -> float:
    decided = found.model_wrong + found.model_right
    return (found.model_wrong + prior * PRIOR_CLAIMS) / (decided + PRIOR_CLAIMS)
