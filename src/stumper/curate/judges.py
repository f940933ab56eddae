"""The judge by rules: scores an answer against a reference for a question, 0..1, on form and content.

Credit is strict so that guessing is not paid: a count, a yes/no, a time is right or wrong. Partial credit
exists where a part of the truth is said: lists of colours and sides (shared over all named, so hedging earns
what a coin would), long counts within a tenth, the right relation to another landmark (a quarter), written
texts word by word. A side that says nothing gives None (missing), never 0. No model is asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from stumper.curate.answers import fold, normal, words
from stumper.curate.forms import (
    SIDES,
    Form,
    clock,
    colours,
    count,
    first_sentence,
    form,
    opposes,
    polarity,
    refusal,
    sides,
    unusable,
    written,
)
from stumper.records import Category

NEAR_COUNT: Final = 0.25
"""For a count of ten or more that is off by at most a tenth; below ten one off is simply wrong, because a
constant guess in the middle of a small range would live on it."""
NEAR_TIME: Final = 0.25
"""For the right hour with other minutes."""
OTHER_LANDMARK: Final = 0.25
"""For 'under the tree' where 'under the table' is right."""
LEAST_OVERLAP: Final = 0.5
"""Open answers that share fewer of their words score 0: 'red car' for 'blue car' is an error, not a third."""

_STOP: Final = frozenset(
    "a an the is are was were be been being it its this that these those there here he she they i we you "
    "his her their my your of in on at to with by for and or from as has have had do does did doe what "
    "which who whom where when how many much image picture photo scene can could see shown visible appear "
    "seem look like some any one so very also just only currently".split()
)


@lru_cache(maxsize=65_536)
def score(
    question: str, reference: str | None, answer: str | None, *, category: Category | None = None
) -> float | None:
    """Returns how right the answer is, 0..1; None (missing) if either side is empty or the reference refuses.

    ``category`` helps to read a question without a question word; the words of the question come first. Full
    sentences and single words may stand on either side. An answer that refuses scores 0.
    """
    if reference is None or answer is None or unusable(reference) or unusable(answer) or refusal(reference):
        return None
    if normal(reference) == normal(answer):
        return 1.0
    if refusal(answer):
        return 0.0
    return _BY_FORM[form(question, reference, category=category)](question, reference, answer)


def _yes_no(question: str, reference: str, answer: str) -> float:
    return float(polarity(reference, question) is polarity(answer, question))


def _count(_question: str, reference: str, answer: str) -> float:
    right, said = count(reference), count(answer)
    if right is None or said is None:
        return 0.0
    if right == said:
        return 1.0
    return NEAR_COUNT if abs(right - said) <= right // 10 else 0.0


def _colour(question: str, reference: str, answer: str) -> float:
    right = _asked_for(colours(reference), question)
    said = colours(answer)
    return _shared(right, said if said <= right else _asked_for(said, question) | (said & right))


def _time(_question: str, reference: str, answer: str) -> float:
    right, said = clock(reference), clock(answer)
    if right is None or said is None or right.hour != said.hour:
        return 0.0
    return 1.0 if right.minute == said.minute else NEAR_TIME


def _side(question: str, reference: str, answer: str) -> float:
    right, said = sides(reference), sides(answer)
    together = _shared(right, said)
    landmarks, named = (_content(text, question) - SIDES for text in (reference, answer))
    if (
        not landmarks
        or together == 0
        or not right & {"under", "on", "behind", "before", "above", "inside", "beside"}
    ):
        return together
    return together * (OTHER_LANDMARK + (1 - OTHER_LANDMARK) * _shared(landmarks, named))


def _text(question: str, reference: str, answer: str) -> float:
    right, said = written(reference), written(answer)
    if "".join(right) == "".join(said):
        return 1.0
    asked = set(fold(question).split())
    spoken = frozenset(word for word in said if word in right or (word not in asked and word not in _STOP))
    return _shared(frozenset(right), spoken)


def _open(question: str, reference: str, answer: str) -> float:
    if " or " in fold(question) and _chosen(question, reference) is not None:
        return float(_chosen(question, reference) == _chosen(question, answer))
    reference, answer = first_sentence(reference), first_sentence(answer)
    if ("not" in words(reference)) != ("not" in words(answer)):
        return 0.0
    right, said = _content(reference, question), _content(answer, question)
    if not right:
        right, said = _content(reference, ""), _content(answer, "")
    overlap = _shared(right, said)
    return overlap if overlap >= LEAST_OVERLAP else 0.0


_BY_FORM: Final[dict[Form, Callable[[str, str, str], float]]] = {
    Form.YES_NO: _yes_no,
    Form.COUNT: _count,
    Form.COLOUR: _colour,
    Form.TIME: _time,
    Form.SIDE: _side,
    Form.TEXT: _text,
    Form.OPEN: _open,
}


def _content(text: str, question: str) -> frozenset[str]:
    """The words of a text that carry its meaning and were not already in the question."""
    return frozenset(words(text)) - _STOP - frozenset(words(question))


def _asked_for(found: frozenset[str], question: str) -> frozenset[str]:
    """Without the colours the question itself names ('the hat of the man in red'), unless none is left."""
    return found - colours(question) or found


def _shared(right: frozenset[str], said: frozenset[str]) -> float:
    """What both name over what either names; 0 if nothing is named."""
    return len(right & said) / len(right | said) if right | said else 0.0


def _chosen(question: str, text: str) -> frozenset[str] | None:
    """Which side of 'A or B' a text picks, as words; None if it picks neither.

    A sentence may name both: 'The cat is bigger than the dog' picks the first, with the opposite word
    ('smaller') the last.
    """
    left, _, right = fold(question).rpartition(" or ")
    left = left.rpartition(",")[2] or left
    first, last = frozenset(words(left)) - _STOP, frozenset(words(right)) - _STOP
    options = [first - last, last - first]
    said = [word for word in words(text) if any(word in option for option in options)]
    if not said:
        return None
    asked = set(words(question))
    turned = any(opposes(word, asked) for word in words(text))
    distinct = {place for place, option in enumerate(options) if option & set(said)}
    pick = said[-1] if turned and len(distinct) > 1 else said[0]
    return next(option for option in options if pick in option)
