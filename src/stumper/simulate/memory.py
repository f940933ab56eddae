"""What a simulated player remembers of their own questions, and what they hope of asking such a one again.

People come back to what stumped the model and drift away from what no longer does, but give nothing up for
good. So each chooses among kinds of questions in proportion to curiosity times hope, and hope is learned from
their own questions alone: the matching law (Herrnstein 1961, doi:10.1901/jeab.1961.4-267) with the forgetting
and the experimentation of Erev and Roth (1998, American Economic Review 88(4), 848-881).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from stumper.toytown.questions import Skill

AT_FIRST: Final = 0.5
"""Hope of a kind never tried, 0..1."""
PRIOR: Final = 2.0
"""Questions that this first hope is worth: after two of a kind, own experience counts for half."""
KEPT: Final = 0.5
"""What is left of an experience when another opponent comes: it is told to be better."""


class Tried(NamedTuple):
    """One question that a player asked and judged."""

    kind: Skill
    stumped: bool
    """In the player's eyes: they marked the answer wrong, and were not told that a later model learned it."""
    rounds_ago: int


def hopes(tried: Iterable[Tried]) -> Mapping[Skill, float]:
    """Returns the chance, 0..1, that a player gives each kind of question of stumping the model.

    A kind that was never tried has `AT_FIRST`. The order of what was tried does not matter.
    """
    wins: dict[Skill, float] = defaultdict(float)
    tries: dict[Skill, float] = defaultdict(float)
    for one in tried:
        weight = KEPT**one.rounds_ago
        tries[one.kind] += weight
        wins[one.kind] += weight * one.stumped
    return {kind: (PRIOR * AT_FIRST + wins[kind]) / (PRIOR + tries[kind]) for kind in Skill}


NO_MEMORY: Final[Mapping[Skill, float]] = hopes(())
"""Of somebody who has just come."""
