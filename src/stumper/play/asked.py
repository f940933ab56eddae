"""What a question asks for (pure): the kind of answer, and whether two questions ask the same.

Strict on purpose: two questions that ask the same in other words may be taken for different ones, which costs
one chance to falsify; two different ones must not be taken for the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from stumper.images.probes import Probe
from stumper.play.slots import Kind

_KINDS: Final = (
    (re.compile(r"\b(?:how many|number of|count(?:ing)?|total|how much)\b"), (Kind.NUMBER,)),
    (re.compile(r"\bcolou?rs?\b"), (Kind.COLOUR,)),
    (re.compile(r"\b(?:what time|o'?clock|hour|clock)\b"), (Kind.HOUR, Kind.NUMBER)),
    (re.compile(r"\b(?:say|says|written|read|word|letters?|sign|plate|text)\b"), (Kind.TEXT, Kind.WORD)),
    (re.compile(r"^where\b|^on wh|\bside\b|\bleft\b.*right|\btop\b.*bottom"), (Kind.SIDE, Kind.HEIGHT)),
    (re.compile(r"^(?:is|are|was|were|do|does|did|can|could|has|have|any|will|would)\b"), (Kind.YES_NO,)),
    (re.compile(r"^(?:what|which|who|name|tell)\b"), (Kind.THING, Kind.STATE, Kind.WORD)),
)  # fmt: skip
_SMALL: Final = frozenset(
    "a an the is are was were be been do does did this that these those there here it its in on at of and or "
    "to please can could would should will may might you u i we they them see tell me show shown visible "
    "picture image photo what whats which who where how many much number count total altogether color colour "
    "kind type object thing so hey name identify have has had got with any some just now look find found "
    "spot notice noticed seen say put place placed position located exactly".split()
)
_ACROSS: Final = frozenset("left middle center centre right side".split())
_UP: Final = frozenset("top bottom upper lower up down half".split())


class _Asked(NamedTuple):
    kinds: tuple[Kind, ...]
    words: tuple[str, ...]


def kinds_asked(question: str) -> tuple[Kind, ...]:
    """Returns the kinds of words that answer the question, the likeliest first; none if it does not tell."""
    asked = question.lower().strip()
    return next((kinds for pattern, kinds in _KINDS if pattern.search(asked)), ())


def known_answer(question: str, truths: Iterable[Probe]) -> str | None:
    """Returns the answer of the truth that asks the same as the question, by kind and telling words.

    None if there is none, if two of them differ, or for a question that is answered by yes or no, where the
    opposite needs no look at the picture.
    """
    asked = _asked(question)
    if not asked.kinds or not asked.words or Kind.YES_NO in asked.kinds:
        return None
    answers = {truth.answer for truth in truths if _asked(truth.question) == asked}
    answer = answers.pop() if len(answers) == 1 else None
    return None if answer is None or binary(answer) else answer


def binary(answer: str) -> bool:
    """Tells whether an answer says yes or no."""
    return bool(re.match(r"(?:yes|no)\b", answer.strip(), re.IGNORECASE))


def _asked(question: str) -> _Asked:
    """Returns kinds and sorted telling words; 'left, middle or right?' and 'which side?' are one word."""
    kinds = kinds_asked(question)
    plain = re.sub(r"\bright now\b", "", question.lower())
    words = {_bare(word) for word in re.findall(r"\w+", plain)}
    words = {word for word in words if word not in _SMALL and word + "s" not in _SMALL}
    if Kind.SIDE in kinds and not re.search(r"\b(?:left|right|top|bottom|middle) of\b", plain):
        for names, one in ((_ACROSS, "across"), (_UP, "up and down")):
            words = words - names | {one} if words & names else words
    return _Asked(kinds, tuple(sorted(words)))


def _bare(word: str) -> str:
    """Drops the plural: 'cats' and 'cat' ask for the same."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
