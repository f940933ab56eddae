"""Questions whose answers are known: from a scene graph, from annotations, or from a model that is trusted.

A probe must have exactly one right answer, because a picture stays out of the controls for one wrong one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from stumper.records import Image
from stumper.toytown import questions as toytown
from stumper.toytown.skills import NUMBERS
from stumper.toytown.world import Scene
from stumper.vlm.base import Model

_PROBES: Final = 4
_ABSENT: Final = ("elephant", "airplane", "pizza", "sailboat", "giraffe", "piano")
_ASKED_OF_REFERENCE: Final = (
    "What is the main object in this picture? Answer with one word.",
    "What colour is the main object? Answer with one word.",
    "How many people are in this picture? Answer with a number.",
)
_IGNORED: Final = frozenset(("a", "an", "the"))


@dataclass(frozen=True, slots=True)
class Probe:
    question: str
    answer: str


class Prober(Protocol):
    """Knows questions about a picture; none if it knows nothing about this one."""

    async def __call__(self, image: Image, data: bytes) -> Sequence[Probe]: ...


def known_probes(*, n: int = _PROBES, seed: int = 0, reference: Model | None = None) -> Prober:
    """Returns a prober that takes the best truth there is: scene graph, annotations, or else ``reference``.

    The same ``seed`` asks the same questions of a picture.
    """

    async def probes(image: Image, data: bytes) -> Sequence[Probe]:
        rng = random.Random(f"probes:{seed}:{image.id}")
        if image.scene is not None:
            return scene_probes(image.scene, rng=rng, n=n)
        if image.labels:
            return label_probes(image.labels, rng=rng, n=n)
        return [] if reference is None else await reference_probes(reference, data)

    return probes


def scene_probes(scene: Mapping[str, object], *, rng: random.Random, n: int) -> list[Probe]:
    """Returns easy questions about a Toytown scene, in the wordings that the shipped model was taught."""
    return [
        Probe(question.text, question.answer) for question in toytown.probes(Scene.from_json(scene), rng, n)
    ]


def label_probes(labels: Mapping[str, int], *, rng: random.Random, n: int) -> list[Probe]:
    """Returns questions about annotated objects: what is there, how often, and something that is not."""
    absent = rng.choice([name for name in _ABSENT if name not in labels])
    found = [Probe(f"Is there {_article(absent)} in this picture?", "no")]
    for name, count in labels.items():
        found.append(Probe(f"Is there {_article(name)} in this picture?", "yes"))
        found.append(Probe(f"How many objects of the kind '{name}' are in this picture?", str(count)))
    rng.shuffle(found)
    return found[:n]


async def reference_probes(reference: Model, data: bytes) -> list[Probe]:
    """Returns fixed questions with a trusted model's answers. Raises what ``reference.answer`` raises."""
    return [
        Probe(question, (await reference.answer(data, question)).text) for question in _ASKED_OF_REFERENCE
    ]


def says(answer: str, expected: str) -> bool:
    """Whether an answer says what was expected, as it is or inside a short sentence.

    "There are two cats." says "2", "No, there is no cat" says "no" and not "yes"; a number or a yes beside
    another one ("two or three") says neither. Case, punctuation and articles do not count.

    >>> says("It is red.", "red"), says("Two.", "2"), says("two or three", "two"), says("none", "one")
    (True, True, False, False)
    """
    given, wanted = _words(answer), _words(expected)
    if not wanted:
        return False
    rivals = _rivals(wanted)
    if rivals and [word for word in given if word in rivals and word not in wanted]:
        return False
    size = len(wanted)
    return any(given[start : start + size] == wanted for start in range(len(given) - size + 1))


def _rivals(wanted: list[str]) -> frozenset[str]:
    """Words that beside the expected one make an answer mean something else."""
    if wanted[0] in ("yes", "no"):
        return frozenset(("yes", "no"))
    return frozenset(map(str, range(len(NUMBERS)))) if wanted[0].isdigit() else frozenset()


def _words(text: str) -> list[str]:
    words = re.findall(r"\w+", text.lower())
    return [str(NUMBERS.index(word)) if word in NUMBERS else word for word in words if word not in _IGNORED]


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
