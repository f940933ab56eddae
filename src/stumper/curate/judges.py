"""The judge by rules: scores an answer against a reference for a question, 0..1, on form and content.

Credit is strict so that guessing is not paid: a count, a yes/no, a time is right or wrong. Partial credit
exists where a part of the truth is said: lists of colours and sides (shared over all named, so hedging earns
what a coin would), high counts within a twentieth, rough ones within a tenth, another shade of a colour, the
right relation to another landmark (a quarter), written texts word by word. A side that says nothing gives
None (missing), never 0. No model is asked here; what was read and why is in `reasons`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from stumper.curate.answers import fold, normal, words
from stumper.curate.classify import classify
from stumper.curate.forms import (
    LANDMARKED,
    SIDES,
    WHICH_SIDE,
    Form,
    clock,
    colours,
    count,
    first_sentence,
    form,
    limb_asked,
    polarity,
    refusal,
    rough,
    sides,
    uncounted,
    unusable,
    written,
)
from stumper.curate.gist import STOP, bare_of_looks, gist, shared
from stumper.curate.shades import near
from stumper.records import Category

NEAR_COUNT: Final = 0.25
"""For a count above twenty that is off by at most a twentieth; up to there one off is simply wrong, because a
constant guess in the middle of a small range would live on it."""
ROUGH_COUNT: Final = 0.75
"""For a count within a tenth of a reference that says it is rough: 'approximately 80'."""
NEAR_SHADE: Final = 0.75
"""For another shade of the same colour: navy where blue is right."""
NEAR_TIME: Final = 0.25
"""For the right hour with other minutes."""
OTHER_LANDMARK: Final = 0.25
"""For 'under the tree' where 'under the table' is right."""
LEAST_OVERLAP: Final = 0.5
"""Open answers that share fewer of their words score 0: 'red car' for 'blue car' is an error, not a third."""


@lru_cache(maxsize=65_536)
def score(
    question: str, reference: str | None, answer: str | None, *, category: Category | None = None
) -> float | None:
    """Returns how right the answer is, 0..1; None (missing) if either side is empty or the reference refuses.

    ``category`` helps to read a question without a question word; the words of the question come first. Full
    sentences and single words may stand on either side. An answer that refuses scores 0, unless the question
    is ``invalid`` and the reference refuses too.
    """
    if reference is None or answer is None or unusable(reference) or unusable(answer):
        return None
    if refusal(reference):
        return float(refusal(answer)) if category is Category.INVALID else None
    if uncounted(question, reference) and (category or classify(question)) is Category.COUNTING:
        return None
    if normal(reference) == normal(answer):
        return 1.0
    if refusal(answer):
        return 0.0
    return _BY_FORM[form(question, reference, category=category)](question, reference, answer)


def _yes_no(question: str, reference: str, answer: str) -> float:
    return float(polarity(reference, question) is polarity(answer, question))


def _count(question: str, reference: str, answer: str) -> float:
    right, said = _counted(question, reference), _counted(question, answer)
    if right is None or said is None:
        return 0.0
    if right == said:
        return 1.0
    if rough(reference) and abs(right - said) * 10 <= right:
        return ROUGH_COUNT
    return NEAR_COUNT if abs(right - said) <= (right - 1) // 20 else 0.0


def _counted(question: str, text: str) -> int | None:
    """'One person, and they are not looking at us' counts none of those who look."""
    denied = re.search(r"\d.*\b(?:they|he|she|it) (?:is|are|does|do) not (\w+)", fold(text))
    return 0 if denied and denied[1] in fold(question).split() else count(text)


def _colour(question: str, reference: str, answer: str) -> float:
    named = colours(question)
    right, said = _asked_for(colours(reference), named), colours(answer)
    said = said if said <= right else _asked_for(said, named) | (said & right)
    shaded = sum(any(near(one, other) for other in said - right) for one in right - said)
    return (len(right & said) + NEAR_SHADE * shaded) / max(1, len(right | said) - shaded)


def _time(_question: str, reference: str, answer: str) -> float:
    right, said = clock(reference), clock(answer)
    if right is None or said is None or right.hour != said.hour:
        return 0.0
    return 1.0 if right.minute == said.minute else NEAR_TIME


def _side(question: str, reference: str, answer: str) -> float:
    right, said = sides(reference), sides(answer)
    if " or " not in fold(question):  # there the sides it names are what it offers
        right, said = _asked_for(right, sides(question)), _asked_for(said, sides(question))
    if limb_asked(question) and right & WHICH_SIDE:
        return shared(right & WHICH_SIDE, said & WHICH_SIDE)
    if right <= {"inside", "on"} and not said:  # 'in the snow' and 'snow'
        return _open(question, reference, answer)
    together = shared(right, said)
    landmarks, named = (_landmarks(text, question) for text in (reference, answer))
    if not together or not landmarks or not right & LANDMARKED:
        return together
    return together * (OTHER_LANDMARK + (1 - OTHER_LANDMARK) * shared(landmarks, named))


def _landmarks(text: str, question: str) -> frozenset[str]:
    return frozenset(words(text)) - STOP - SIDES - frozenset(words(question))


def _text(question: str, reference: str, answer: str) -> float:
    right, said = written(reference), written(answer)
    if "".join(right) == "".join(said):
        return 1.0
    asked = set(fold(question).split())
    spoken = frozenset(word for word in said if word in right or (word not in asked and word not in STOP))
    return shared(frozenset(right), spoken)


def _open(question: str, reference: str, answer: str) -> float:
    if ("not" in words(first_sentence(reference))) != ("not" in words(first_sentence(answer))):
        return 0.0
    right, said = gist(reference, question), gist(answer, question)
    overlap = shared(right, bare_of_looks(right, said))
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


def _asked_for(found: frozenset[str], named: frozenset[str]) -> frozenset[str]:
    """Without what the question itself names ('the hat of the man in red'), unless nothing is left."""
    return found - named or found
