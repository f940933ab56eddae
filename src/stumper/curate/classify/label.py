"""The category of a question, with a confidence: a small linear classifier over letters, words and cues.

Players write fragments ("number of hands", "colour of jeep") in any spelling; the classifier was trained on
questions written for it (`lessons`), never on a published data set. What is no question about a picture is
invalid: greetings, commands to the model, single symbols, gibberish. The answer helps where the question
alone leaves open what is asked. Needs numpy only; training is in `train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from stumper.curate.classify.model import CATEGORIES, shipped
from stumper.records import Category

_REMEMBERED: Final = 65_536
"""Questions."""
_BATCH: Final = 512
"""Questions at once: their arrays stay within a core's cache (1,024 took a third longer)."""


class Labelled(NamedTuple):
    category: Category
    confidence: float
    """0..1; of the questions labelled with 0.9, nine of ten are right (docs/guide/questions.md)."""


@lru_cache(maxsize=_REMEMBERED)
def classify(question: str, answer: str = "") -> Category:
    """Returns the category of a question; ``answer`` (short) decides where the question alone does not.

    One call costs as much as a batch of dozens: label many questions with ``classify_many``.
    """
    return classify_many([question], [answer])[0].category


def classify_many(questions: Sequence[str], answers: Sequence[str] | None = None) -> list[Labelled]:
    """Returns category and confidence of each question, in order; ``answers`` are as many, or none.

    A text without a letter is invalid. Raises ValueError if the lengths differ.
    """
    given = [""] * len(questions) if answers is None else answers
    if len(given) != len(questions):
        raise ValueError(f"{len(questions)} questions and {len(given)} answers")
    labelled: list[Labelled] = []
    for start in range(0, len(questions), _BATCH):
        labelled += _label(questions[start : start + _BATCH], given[start : start + _BATCH])
    return labelled


_known: dict[str, Category] = {}


def categories(questions: Sequence[str]) -> list[Category]:
    """Returns the category of each question, in order; those that were labelled before cost nothing."""
    found = {question: _known.get(question) for question in questions}
    new = [question for question, category in found.items() if category is None]
    labelled = dict(zip(new, (one.category for one in classify_many(new)), strict=True))
    if len(_known) + len(labelled) > _REMEMBERED:
        _known.clear()
    _known.update(labelled)
    return [found[question] or labelled[question] for question in questions]


def _label(questions: Sequence[str], answers: Sequence[str]) -> list[Labelled]:
    said = shipped().probabilities(questions, answers)
    best, confidence = said.argmax(axis=1).tolist(), said.max(axis=1).tolist()
    return [
        Labelled(CATEGORIES[at], sure) if any(map(str.isalpha, question)) else Labelled(Category.INVALID, 1.0)
        for question, at, sure in zip(questions, best, confidence, strict=True)
    ]
