"""The arms of the controls: which pairs each is tuned on (pure).

All arms draw from one side of the release: what its test or validation split holds, picture or player, is in
none of them. A larger set begins with the smaller one of the same seed, so that a curve over sizes is one
collection that grows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Arm(StrEnum):
    """A way to come to training data."""

    COLLECTED = "collected"
    ORDINARY = "ordinary"
    UNVALIDATED = "unvalidated"
    RANDOM = "random"
    BALANCED = "balanced"


CONTROL: Final = Arm.ORDINARY
"""What every other arm is compared with."""
CURVE: Final = (Arm.BALANCED, Arm.ORDINARY)
"""Arms that are tuned on the smaller sizes too."""

_TRIES: Final = 8
"""Questions thought of for one that is not there yet."""

WHAT: Final = {
    Arm.COLLECTED: "accepted claims, the first that came, as they came",
    Arm.ORDINARY: "ordinary questions about the same pictures, asked without looking for mistakes",
    Arm.UNVALIDATED: "all claims, the first that came, with the correction as its player wrote it",
    Arm.RANDOM: "drawn at random from the release's training split",
    Arm.BALANCED: "drawn from the release's training split by its weights, which balance the categories",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One pair of question and answer about a picture of the pool."""

    image_id: str
    question: str
    answer: str
    weight: float = 1.0
    """How much the release wants it; above 0."""


AskOrdinary = Callable[[str, random.Random], "Example | None"]
"""Asks an ordinary question about a picture; None if there is none about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the arms are drawn from, all of the training side."""

    accepted: tuple[Example, ...]
    """In the order in which they were claimed."""
    claimed: tuple[Example, ...]
    """Likewise."""
    released: tuple[Example, ...]
    """The release's training split."""
    ask: AskOrdinary
    ordinary: str
    """Where the ordinary questions come from, in words."""


def draw(arm: Arm, sources: Sources, *, n: int, seed: int) -> list[Example]:
    """Returns ``n`` pairs of an arm, fewer if there are not as many.

    The same arguments give the same pairs, and a larger ``n`` begins with them.
    """
    if arm is Arm.COLLECTED:
        return list(sources.accepted[:n])
    if arm is Arm.UNVALIDATED:
        return list(sources.claimed[:n])
    if arm is Arm.RANDOM:
        return _shuffled(sources.released, seed=seed, weighted=False)[:n]
    balanced = _shuffled(sources.released, seed=seed, weighted=True)
    return balanced[:n] if arm is Arm.BALANCED else _ordinary(balanced, sources.ask, n=n, seed=seed)


def _shuffled(examples: Sequence[Example], *, seed: int, weighted: bool) -> list[Example]:
    """Draws all, one after the other, each with a chance as its weight among those that are left.

    By the keys of Efraimidis and Spirakis (2006, doi:10.1016/j.ipl.2005.11.003).
    """
    rng = random.Random(f"arm {weighted} {seed}")
    keys = [rng.random() ** (1.0 / one.weight if weighted else 1.0) for one in examples]
    return [examples[at] for at in sorted(range(len(examples)), key=keys.__getitem__, reverse=True)]


def _ordinary(pictured: Sequence[Example], ask: AskOrdinary, *, n: int, seed: int) -> list[Example]:
    """Asks about the pictures of the balanced arm, as often as it has each; no question twice.

    So the two arms show the same pictures, and differ in what is asked about them.
    """
    rng = random.Random(f"ordinary {seed}")
    found: dict[tuple[str, str], Example] = {}
    for one in pictured:
        if len(found) == n:
            break
        for _ in range(_TRIES):
            asked = ask(one.image_id, rng)
            if asked is not None and (key := (asked.image_id, asked.question)) not in found:
                found[key] = asked
                break
    return list(found.values())
