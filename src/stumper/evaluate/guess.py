"""What guessing earns: the best that someone does who knows the form of an answer and never sees the picture.

Without it "before 0" looks like success: who answers "no" to every withheld yes/no question is right half
the time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stumper.curate.answers import normal
from stumper.curate.forms import form
from stumper.curate.judges import score
from stumper.evaluate.metrics import Scores, mean
from stumper.records import Category

LEAST_ITEMS: Final = 20
"""Smaller kinds of question are guessed with the others of their form: the best constant for one item is its
own reference, which no guesser knows."""
CONSTANTS: Final = 40
"""Most common references tried as constants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as a guesser sees it, with the reference to score the guess."""

    question: str
    reference: str
    category: Category
    group: str = ""
    choices: tuple[str, ...] = ()
    """Short answers that would fit, where known; else those of its kind of question."""


def guess_scores(asked: Sequence[Asked]) -> Scores:
    """Returns the expected score of the better guesser for each item, nan where the reference is unusable.

    For every kind of question (form, category and group) two guessers compete: one always gives the same
    answer, the best in hindsight; one draws an answer of the right form. The better stands for the kind.
    """
    scores = np.full(len(asked), np.nan)
    for members, peers in _kinds(asked):
        items, pool = [asked[place] for place in members], [asked[place] for place in peers]
        answers = _common(pool)
        constant = max(
            (answer for answer, _ in answers), key=lambda one: mean(_scores(pool, one)), default=""
        )
        same, drawn = _scores(items, constant), _random(items, answers)
        scores[members] = same if mean(same) >= mean(drawn) else drawn
    return scores


def _kinds(asked: Sequence[Asked]) -> list[tuple[list[int], list[int]]]:
    """Pairs of places: the items of a kind, and those whose references its guessers know."""
    fine: dict[tuple[str, ...], list[int]] = defaultdict(list)
    coarse: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(asked):
        shape = str(form(item.question, item.reference, category=item.category))
        fine[shape, str(item.category), item.group].append(place)
        coarse[shape].append(place)
    return [
        (members, members if len(members) >= LEAST_ITEMS else coarse[key[0]]) for key, members in fine.items()
    ]


def _random(items: Sequence[Asked], answers: Sequence[tuple[str, int]]) -> Scores:
    """Draws evenly from the choices of the item, else as often as references of its kind say it."""
    drawn = np.full(len(items), np.nan)
    for place, item in enumerate(items):
        weighted = [(choice, 1) for choice in item.choices] or answers
        pairs = [(_score(item, answer), weight) for answer, weight in weighted]
        known = [(value, weight) for value, weight in pairs if value is not None]
        if known:
            drawn[place] = sum(value * weight for value, weight in known) / sum(weight for _, weight in known)
    return drawn


def _common(items: Sequence[Asked]) -> list[tuple[str, int]]:
    """The most common references in normal form, ties in alphabetical order."""
    counts = Counter(normal(item.reference) for item in items)
    counts.pop("", None)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:CONSTANTS]


def _scores(items: Sequence[Asked], answer: str) -> Scores:
    """nan everywhere for an empty answer."""
    found = [_score(item, answer) for item in items]
    return np.array([np.nan if value is None else value for value in found])


def _score(item: Asked, answer: str) -> float | None:
    return score(item.question, item.reference, answer, category=item.category)
