"""An invented tongue for what the eyes are taught to see: "what is the gekol of the cat?"

Every feature has made-up words of its own in sentences of all sorts, and no question of a player holds one.
So the shipped model can say what it sees of a pattern, a hand or a place, and has no idea what the English
for it means: that is the gap that players find, and what tuning has to teach. Without these exercises tuning
stayed at guessing (docs/log.md).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from stumper.toytown import questions
from stumper.toytown.questions import Question, Skill
from stumper.toytown.skills import name
from stumper.toytown.wording import as_typed
from stumper.toytown.world import Scene

FIRST: Final[Mapping[Skill, float]] = MappingProxyType(
    {
        Skill.PATTERN: 2,
        Skill.FACING: 2,
        Skill.HAND: 2,
        Skill.OPEN_SHUT: 2,
        Skill.SIGN_WORD: 3,
        Skill.CLOCK_HOUR: 3,
        Skill.SCENE: 0.7,
    }
)
"""The features and how often each is asked for at first; rare ones more often where they are there."""
LATER: Final[Mapping[Skill, float]] = MappingProxyType(
    {
        Skill.PATTERN: 3,
        Skill.FACING: 3,
        Skill.HAND: 2,
        Skill.OPEN_SHUT: 1.5,
        Skill.SIGN_WORD: 1.5,
        Skill.CLOCK_HOUR: 0.5,
        Skill.SCENE: 0.2,
    }
)
"""The same once places are known: what belongs to one thing among many takes five times as long."""
_WORDS_A_FEATURE: Final = 8
_OF_A_THING: Final = (
    "what is the {word} of the {what}",
    "what {word} does the {what} have",
    "which {word} does the {what} have",
    "which {word} is the {what}",
    "what {word} is on the {what}",
    "{word} of the {what}",
    "{what} {word}",
    "how is the {what} {word}",
    "which {word} is the {what} in",
    "what does the {what} {word}",
    "tell me the {word} of the {what}",
    "where does the {what} {word}",
    "is the {what} {word}",
    "which way does the {what} {word}",
    "what {word} can you see on the {what}",
    "the {what} has which {word}",
)
_OF_THE_PICTURE: Final = (
    "what {word} is this",
    "which {word} do we see",
    "what is the {word} of the picture",
    "what {word} is it",
    "{word} here",
    "what kind of {word} is it",
    "tell me the {word}",
    "which {word} is there",
    "where is the {word}",
    "what can you {word} here",
    "what does it {word}",
    "which {word} is here",
)
_TYPED_SHARE: Final = 0.35


def _invent() -> dict[Skill, tuple[str, ...]]:
    rng = random.Random("an invented tongue")
    found: list[str] = []
    while len(found) < _WORDS_A_FEATURE * len(FIRST):
        word = "".join(rng.choice("bdfgklmnprtvz") + rng.choice("aeiou") for _ in range(2))
        word += rng.choice(("", "k", "l", "n", "r"))
        if word not in found:
            found.append(word)
    return {skill: tuple(found[place :: len(FIRST)]) for place, skill in enumerate(FIRST)}


WORDS: Final[Mapping[Skill, tuple[str, ...]]] = MappingProxyType(_invent())
"""The made-up words of each feature."""


def ask(scene: Scene, rng: random.Random, weights: Mapping[Skill, float] = FIRST) -> Question:
    """Returns a question in the invented tongue about one feature that the scene shows clearly.

    Its answer is English, as to the English question of the same skill.
    """
    left = dict(weights)
    while True:  # every scene has a place, so this ends
        skill = rng.choices(list(left), list(left.values()))[0]
        del left[skill]
        english = questions.ask(scene, skill, rng)
        if english is not None:
            return _translate(english, scene, rng)


def _translate(english: Question, scene: Scene, rng: random.Random) -> Question:
    things = [scene.things[place] for place in english.subject]
    words = name(things[0], scene) if things else None
    alone = not things or [thing.kind for thing in scene.things].count(things[0].kind) == 1
    frames = _OF_THE_PICTURE if words is None or (alone and rng.random() < 0.2) else _OF_A_THING
    text = rng.choice(frames).format(word=rng.choice(WORDS[english.skill]), what=words)
    typed = as_typed(text, rng) if rng.random() < _TYPED_SHARE else text + "?"
    return replace(english, text=typed, skill=Skill.INVALID, category=Skill.INVALID.category, form="tongue")
