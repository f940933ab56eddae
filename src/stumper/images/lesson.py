"""The two pictures on which a stranger learns the game: fixed scenes, and what is true of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final

from stumper.errors import NotFound
from stumper.images.probes import Probe
from stumper.images.toytown import png
from stumper.toytown.sample import sample_scene
from stumper.toytown.skills import NUMBERS
from stumper.toytown.world import NAMED_KINDS, Scene, plural

_SCENES: Final = ((1015, "simple"), (1032, "complex"))
"""Seed and style. On the first the shipped model knows every answer; on the second it counts three people
where there are five.
"""
LESSONS: Final = len(_SCENES)


@dataclass(frozen=True, slots=True)
class Lesson:
    scene: Scene
    truths: tuple[Probe, ...]
    """How many there are of each kind, which colour the only one of a kind has, and what is not there."""

    def truth(self, question: str) -> str:
        """Returns the answer to one of the truths' questions. Raises KeyError."""
        return {truth.question: truth.answer for truth in self.truths}[question]


@cache
def lesson(number: int) -> Lesson:
    """Returns lesson 1 or 2. Raises NotFound for another number."""
    if not 1 <= number <= LESSONS:
        raise NotFound(f"The tutorial has {LESSONS} pictures, and no picture {number}. Start at /tutorial.")
    seed, style = _SCENES[number - 1]
    scene = sample_scene(seed, style=style)
    return Lesson(scene, _truths(scene))


@cache
def lesson_png(number: int) -> bytes:
    """Returns the picture of a lesson; the first call takes a tenth of a second. Raises NotFound."""
    return png(lesson(number).scene)


def _truths(scene: Scene) -> tuple[Probe, ...]:
    counts = Counter(thing.kind for thing in scene.things)
    many = [Probe(f"How many {plural(kind)} are there?", NUMBERS[n]) for kind, n in counts.items()]
    colours = [
        Probe(f"What colour is the {thing.kind}?", thing.colour)
        for thing in scene.things
        if counts[thing.kind] == 1
    ]
    there = [Probe(f"Is there a {kind}?", "yes" if kind in counts else "no") for kind in NAMED_KINDS]
    return (*many, *colours, *there)
