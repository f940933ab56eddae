"""Daily quests (pure): what a player is asked to look for, drawn from the bounties.

Looking lights a star and pays nothing: it would pay for volume. What others confirm of it pays the bounty's
points on top (`curate.dues.offers`), at most ``goal`` times.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from stumper.curate.bounties import Bounty
from stumper.curate.classify import categories
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
    points: int = 0
    """What each such claim gains on top once others confirm it."""
    thing: str | None = None
    """The claims must be about a picture with this."""


LEAST_WEIGHT: Final = 0.05
"""Of what is wanted but not missing: none is ever forgotten."""
THING_SHARE: Final = 0.5
"""Of the quests about one kind of thing, where one is rare."""


def choose(bounties: Sequence[Bounty], player_id: PlayerId, *, day: int) -> Bounty:
    """Returns the bounty of a player's day, drawn by weight and share, the same whenever it is asked for
    among the same ones (at least one).
    """
    rng = random.Random(f"{player_id} {day}")
    listed = sorted(bounties, key=lambda one: one.category)
    return rng.choices(listed, [one.share * max(LEAST_WEIGHT, one.weight) for one in listed])[0]


def about_a_thing(player_id: PlayerId, *, day: int) -> str | None:
    """Returns a place among the ids of pictures from which to look for a rare thing; None: not today."""
    rng = random.Random(f"thing {player_id} {day}")
    return None if rng.random() >= THING_SHARE else f"{rng.getrandbits(64):016x}"


def found(questions: Iterable[str], category: Category) -> int:
    """Returns how many of these questions are of the category; the same one twice counts once."""
    asked = {" ".join(question.casefold().split()) for question in questions}
    return sum(one is category for one in categories(sorted(asked)))
