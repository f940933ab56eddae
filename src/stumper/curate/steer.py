"""Which kinds of questions to suggest to a player (pure): those they have not asked and the data lack.

It sees questions and counts only, nothing of the picture: what is suggested is the same on a control.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from stumper.curate.classify import classify
from stumper.records import Category

SUGGESTED: Final = (
    Category.SPATIAL,
    Category.COUNTING,
    Category.TEXT,
    Category.COMPARISON,
    Category.ATTRIBUTE,
    Category.ACTION,
    Category.COLOR,
    Category.EXISTENCE,
    Category.REASONING,
    Category.IDENTIFICATION,
    Category.SCENE,
)
"""All that can be suggested; of equals the first, so that not everybody begins with "How many"."""


def uncovered(questions: Iterable[str], kept: Mapping[Category, float]) -> list[Category]:
    """Returns every category but ``invalid``: what the player has asked least first, then what ``kept`` (the
    campaign's examples, by number or beside what is wanted) has least of.
    """
    asked = Counter(classify(question) for question in questions)
    return sorted(SUGGESTED, key=lambda one: (asked[one], kept.get(one, 0)))
