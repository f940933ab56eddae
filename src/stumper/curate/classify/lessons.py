"""The questions that the classifier learns from: written for this project, expanded from short templates.

``lessons/*.txt`` hold one question a line, a file a category; ``tongues.txt`` and ``exam.txt`` have parts by
``@category``. ``[a|b|]`` is a choice, ``{slot}`` a word of ``slots.txt``, what follows ``=>`` an answer.
Published data sets are never read here: what is measured on them has not been learned from them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from stumper.records import Category

_TONGUES: Final = "tongues"
_EXAM: Final = "exam"
_CHOICE: Final = re.compile(r"\[([^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{(\w+)\}")
_SMALL: Final = re.compile(r"\b(?:the|a|an|is|are|of|please) ")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

TELEGRAPHIC: Final = 0.15
"""Share of questions that lose one small word: 'color of hat'."""
MISSPELT: Final = 0.2
POLITE: Final = 0.06
UNHEARD: Final = 0.15
"""Share of things that get an invented name: what asks must be learned, not what is asked about."""


class Lesson(NamedTuple):
    question: str
    answer: str
    """Empty where the template has none."""
    category: Category


class _Template(NamedTuple):
    question: str
    answer: str
    category: Category


def lessons(*, per_line: int, seed: int) -> list[Lesson]:
    """Returns every template expanded up to ``per_line`` times, no two alike, in an order set by ``seed``.

    A question of the examination is left out where a template happens to make it.
    """
    rng = random.Random(seed)
    examined = {_plain(lesson.question) for lesson in exam()}
    found: dict[tuple[str, str], Lesson] = {}
    for template in _templates():
        for _ in range(per_line):
            lesson = _expand(template, rng)
            if _plain(lesson.question) not in examined:
                found.setdefault((lesson.question, lesson.answer), lesson)
    shuffled = list(found.values())
    rng.shuffle(shuffled)
    return shuffled


def exam() -> list[Lesson]:
    """Returns questions written by hand to examine with; none is taught."""
    return [Lesson(*template) for template in _read(_EXAM)]


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


@cache
def _templates() -> tuple[_Template, ...]:
    return tuple(
        template
        for name in (*(category.value for category in Category), _TONGUES)
        for template in _read(name)
    )


def _read(name: str) -> Iterator[_Template]:
    category = Category.INVALID if name in (_TONGUES, _EXAM) else Category(name)
    for line in _lines(name):
        if line.startswith("@"):
            category = Category(line[1:])
            continue
        question, _, answer = line.partition(" => ")
        yield _Template(question, answer, category)


def _lines(name: str) -> Iterator[str]:
    text = (files(__package__) / "lessons" / f"{name}.txt").read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line.strip() and not line.startswith("# "))


@cache
def _slots() -> dict[str, tuple[str, ...]]:
    pairs = (line.partition(": ") for line in _lines("slots"))
    # '|' inside [alternatives] of a choice belongs to them
    return {name: tuple(re.split(r"\|(?![^\[]*\])", choices)) for name, _, choices in pairs}


def _expand(template: _Template, rng: random.Random) -> Lesson:
    question = _filled(template.question, rng)
    if template.category is not Category.INVALID:
        question = _as_typed(question, rng)
    elif rng.random() < MISSPELT / 2:
        question = misspelt(question, rng)
    return Lesson(question, _filled(template.answer, rng), template.category)


def _filled(text: str, rng: random.Random) -> str:
    """Draws every choice and slot, the innermost first."""
    while True:
        drawn = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), text)
        drawn = _SLOT.sub(lambda found: _word(found[1], rng), drawn)
        if drawn == text:
            return " ".join(drawn.split())
        text = drawn


def _word(slot: str, rng: random.Random) -> str:
    if slot == "noise":
        return _noise(rng)
    if slot in ("thing", "things") and rng.random() < UNHEARD:
        return _invented(rng) + ("s" if slot == "things" else "")
    return rng.choice(_slots()[slot])


def _invented(rng: random.Random) -> str:
    """Returns a name that can be spoken and means nothing: 'blumet'."""
    return "".join(
        rng.choice(("b", "bl", "c", "d", "f", "gr", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v"))
        + rng.choice("aeiou")
        for _ in range(rng.randint(1, 2))
    ) + rng.choice(("ck", "d", "g", "l", "m", "n", "ner", "p", "r", "ring", "sh", "st", "t"))


def _noise(rng: random.Random) -> str:
    """Returns what a fist or a cat types: a run along a row of keys, or any letters."""
    length = rng.randint(3, 11)
    if rng.random() < 0.4:
        row = rng.choice(_ROWS)
        return "".join(rng.choice(row) for _ in range(length))
    return "".join(rng.choice(_LETTERS) for _ in range(length))


def _as_typed(question: str, rng: random.Random) -> str:
    if rng.random() < TELEGRAPHIC:
        question = _SMALL.sub("", question, count=1) or question
    if rng.random() < MISSPELT:
        question = misspelt(question, rng)
    if rng.random() < POLITE:
        question = f"{rng.choice(_slots()['please'])} {question}"
    return question


def misspelt(text: str, rng: random.Random) -> str:
    """Returns the text with one slip in one word: a letter lost, doubled, changed, or two swapped."""
    words = text.split()
    long = [at for at, word in enumerate(words) if len(word) > 3]
    if not long:
        return text
    at = rng.choice(long)
    words[at] = _slip(words[at], rng)
    return " ".join(words)


def _slip(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word) - 1)
    head, letter, tail = word[:place], word[place], word[place + 1 :]
    swapped = tail[:1] + letter + tail[1:]
    return head + rng.choice((tail, letter * 2 + tail, rng.choice(_LETTERS) + tail, swapped))
