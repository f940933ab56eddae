"""Simulated players: the types and mixes of the mechanism study, each person with a skill of their own.

A person is four probabilities of marking Wrong: s where the shown answer is wrong, f where it is right, each
on easy pictures (``_t``) and on busy ones (``_u``); plus how many questions they ask and how long they take.
What they see is the truth of the drawn scene, so what the platform concludes about them can be checked.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

from stumper.errors import BadInput


@dataclass(frozen=True, slots=True)
class Type:
    """A kind of player; probabilities 0..1, times in seconds."""

    name: str
    s_t: float
    f_t: float
    s_u: float
    f_u: float
    questions: int
    """At most so many questions a picture."""
    seconds: float
    """From the picture or the last answer to the next verdict."""
    logit_sd: float = 0.0
    """Spread of the four probabilities between people, in logits."""
    fatigue: float = 0.0
    """Logits by which s falls and f rises at every picture of a session."""
    corrects: float = 0.6
    """P(their correction is right | the model was wrong)."""
    honest: bool = False


TYPES: dict[str, Type] = {
    t.name: t
    for t in (
        Type("skilled", 0.92, 0.04, 0.82, 0.07, 4, 28, 0.35, corrects=0.85, honest=True),
        Type("careless", 0.65, 0.15, 0.55, 0.20, 3, 16, 0.35, honest=True),
        Type("fatigue", 0.92, 0.04, 0.82, 0.07, 4, 26, 0.35, fatigue=0.25, corrects=0.85, honest=True),
        Type("always_wrong", 0.995, 0.995, 0.995, 0.995, 1, 7),
        Type("always_correct", 0.01, 0.01, 0.01, 0.01, 3, 7),
        Type("random", 0.5, 0.5, 0.5, 0.5, 3, 7),
        Type("lazy", 0.97, 0.85, 0.97, 0.85, 1, 12),
        Type("bot", 0.70, 0.18, 0.50, 0.30, 4, 4),
        Type("colluder", 0.92, 0.04, 0.99, 0.99, 3, 20),
        Type("faker", 0.92, 0.04, 0.97, 0.92, 3, 20),
    )
}

MIXES: dict[str, dict[str, float]] = {
    "benign": {"skilled": 0.55, "careless": 0.25, "fatigue": 0.15, "always_wrong": 0.03, "random": 0.02},
    "mixed": {
        "skilled": 0.35,
        "careless": 0.20,
        "fatigue": 0.10,
        "always_wrong": 0.08,
        "always_correct": 0.04,
        "random": 0.06,
        "lazy": 0.07,
        "bot": 0.05,
        "colluder": 0.03,
        "faker": 0.02,
    },
    "hostile": {
        "skilled": 0.20,
        "careless": 0.15,
        "fatigue": 0.10,
        "always_wrong": 0.20,
        "random": 0.08,
        "lazy": 0.10,
        "bot": 0.07,
        "colluder": 0.05,
        "faker": 0.05,
    },
    "fakers": {
        "skilled": 0.40,
        "careless": 0.20,
        "fatigue": 0.10,
        "always_wrong": 0.05,
        "faker": 0.15,
        "colluder": 0.10,
    },
}

LEAVERS: Final = 0.2
"""Share of a crowd that does not play the next round; an assumption, no measurement."""


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated player: a type and its own shift in skill (in logits)."""

    index: int
    type: Type
    shift: float
    sessions: int

    @property
    def name(self) -> str:
        return f"{self.type.name}-{self.index}"

    def marks_wrong(self, *, answer_wrong: bool, easy: bool, picture: int, rng: random.Random) -> bool:
        """Draws the mark on an answer; ``picture`` is the 0-based place in the session (fatigue)."""
        kind = self.type
        s, f = (kind.s_t, kind.f_t) if easy else (kind.s_u, kind.f_u)
        tired = kind.fatigue * picture
        chance = _moved(s, self.shift - tired) if answer_wrong else _moved(f, tired - self.shift)
        return rng.random() < chance


def people(*, players: int, mix: str, seed: int) -> list[Person]:
    """Draws a crowd; shares of types are exact up to rounding, their order and sessions (1..5) are random.

    Raises BadInput for an unknown mix or a number outside 1..100,000.
    """
    if mix not in MIXES:
        raise BadInput(f"Unknown mix {mix!r}. Use one of: {', '.join(MIXES)}.")
    if not 1 <= players <= 100_000:
        raise BadInput(f"{players} players cannot be simulated. Use 1 to 100,000.")
    rng = random.Random(f"people {seed} {mix} {players}")
    names = _shares(MIXES[mix], players)
    rng.shuffle(names)
    return [_born(i, TYPES[name], rng) for i, name in enumerate(names)]


def crowd_of(*, players: int, mix: str, seed: int, round_number: int) -> list[Person]:
    """Draws who plays a round: the first crowd, of which after every round `LEAVERS` do not come back and as
    many newcomers of the same types do.

    Raises BadInput as `people` does.
    """
    crowd = people(players=players, mix=mix, seed=seed)
    leaving = round(LEAVERS * players)
    for number in range(2, round_number + 1):
        rng = random.Random(f"newcomers {seed} {mix} {players} {number}")
        first = players + (number - 2) * leaving
        for index, place in enumerate(rng.sample(range(players), leaving), start=first):
            crowd[place] = _born(index, crowd[place].type, rng)
    return crowd


def _born(index: int, kind: Type, rng: random.Random) -> Person:
    return Person(index, kind, rng.gauss(0.0, kind.logit_sd), rng.randint(1, 5))


def _shares(mix: dict[str, float], players: int) -> list[str]:
    """Types in the mix's shares by largest remainder, so that small crowds keep the mix."""
    exact = {name: share * players for name, share in mix.items()}
    count = {name: int(value) for name, value in exact.items()}
    for name in sorted(exact, key=lambda n: count[n] - exact[n])[: players - sum(count.values())]:
        count[name] += 1
    return [name for name, n in count.items() for _ in range(n)]


def _moved(p: float, logits: float) -> float:
    return 1.0 / (1.0 + math.exp(-(math.log(p / (1.0 - p)) + logits)))
