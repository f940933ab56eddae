"""What a question about Toytown is: its skill, its text, its true answer, and how things are named in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stumper.records import Category
from stumper.toytown.world import NAMED_KINDS, Scene, Thing, plural

NUMBERS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip


class Skill(StrEnum):
    """What it takes to answer a question; the `taught` ones are what the shipped model learns."""

    category: Category
    taught: bool

    EXISTENCE = "existence", Category.EXISTENCE, True
    IDENTIFICATION = "identification", Category.IDENTIFICATION, True
    COLOUR = "colour", Category.COLOR, True
    COUNT = "count", Category.COUNTING, True
    POSITION = "position", Category.SPATIAL, True
    INVALID = "invalid", Category.INVALID, True
    COUNT_MANY = "count_many", Category.COUNTING, False
    HAND = "hand", Category.ACTION, False
    PATTERN = "pattern", Category.ATTRIBUTE, False
    SIZE_MOST = "size_most", Category.COMPARISON, False
    NEW_KIND = "new_kind", Category.IDENTIFICATION, False
    SIGN_WORD = "sign_word", Category.TEXT, False
    CLOCK_HOUR = "clock_hour", Category.TEXT, False
    PLATE = "plate", Category.TEXT, False
    RELATION = "relation", Category.SPATIAL, False
    SCENE = "scene", Category.SCENE, False
    OPEN_SHUT = "open_shut", Category.ATTRIBUTE, False
    FACING = "facing", Category.ACTION, False
    COMPARE = "compare", Category.COMPARISON, False
    REASONING = "reasoning", Category.REASONING, False

    def __new__(cls, value: str, category: Category, taught: bool) -> Skill:
        member = str.__new__(cls, value)
        member._value_ = value
        member.category = category
        member.taught = taught
        return member


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a scene with its true answer."""

    text: str
    answer: str
    """Short and lower case: "two", "left", "stop"."""
    full: str
    """The answer as one sentence."""
    category: Category
    skill: Skill
    subject: tuple[int, ...] = ()
    """Ids of the things it is about."""
    form: str = ""
    """The form of `wording` it was asked in."""
    choices: tuple[str, ...] = ()
    """Every short answer that would fit this question, the true one among them; empty for text on plates."""


def name(thing: Thing, scene: Scene) -> str | None:
    """Returns words that mean this thing and no other of the scene ("cat", "red cat"), or None.

    Unnamed kinds have no name: a question that named one would teach it.
    """
    if thing.kind not in NAMED_KINDS:
        return None
    same = [other for other in scene.things if other.kind == thing.kind]
    if len(same) == 1:
        return thing.kind
    if sum(other.colour == thing.colour for other in same) == 1:
        return coloured(thing.kind, thing.colour)
    return None


def named(scene: Scene) -> list[tuple[Thing, str]]:
    """Returns the things that have a name, each with it."""
    pairs = [(thing, name(thing, scene)) for thing in scene.things]
    return [(thing, words) for thing, words in pairs if words is not None]


def coloured(kind: str, colour: str, *, many: bool = False) -> str:
    """Returns "red cat" or "red cats"; people wear their colour: "person in red"."""
    noun = plural(kind) if many else kind
    return f"{noun} in {colour}" if kind == "person" else f"{colour} {noun}"


def a(words: str) -> str:
    """Returns the words after "a" or "an"."""
    return ("an " if words[0] in "aeiou" else "a ") + words


def question(
    skill: Skill,
    form: str,
    text: str,
    answer: str,
    full: str,
    subject: tuple[int, ...],
    choices: tuple[str, ...],
) -> Question:
    """Returns a question of a skill in the skill's category."""
    return Question(text, answer, full, skill.category, skill, subject, form, choices)
