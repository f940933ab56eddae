"""Daily quests (pure): what a player is asked to look for, drawn from what the data lack.

A quest pays no points: it would pay for volume. It lights a star.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from stumper.curate.classify import classify
from stumper.records import Category, PlayerId

GOAL: Final = 3
"""Questions of a category: one in three or four of a session's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quest:
    """What a player looks for on one of their days."""

    day: int
    category: Category
    goal: int
    found: int
    """Questions of this category that were judged that day, at most ``goal``."""
    done: bool


def choose(wanted: Mapping[Category, float], player_id: PlayerId, *, day: int) -> Category:
    """Returns the category of a player's day: drawn by how much each is wanted, the same whenever asked."""
    rng = random.Random(f"{player_id} {day}")
    categories = sorted(wanted)
    return rng.choices(categories, [wanted[one] for one in categories])[0]


def found(questions: Iterable[str], category: Category) -> int:
    """Returns how many of these questions are of the category; the same one twice counts once."""
    asked = {" ".join(question.casefold().split()) for question in questions}
    return sum(classify(question) is category for question in asked)
