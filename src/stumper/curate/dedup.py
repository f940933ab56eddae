"""Which claims say the same about the same picture, and which contradict each other (pure).

Merging needs both: questions alike in their words, and corrections that mean the same to it.
Questions are alike if their content words agree but for spelling; numbers, colours and sides must agree
exactly, because 'the left cat' and 'the right cat' differ by little ink and much meaning. A contradiction
needs the very same words asked and other meanings answered: a false alarm there would drop two good claims.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz import fuzz

from stumper.curate.answers import same, words
from stumper.curate.forms import COLOURS, SIDES
from stumper.curate.judges import score
from stumper.records import Claim, ClaimId, ImageId

ALIKE: Final = 92.0
"""Of 100 (rapidfuzz ratio over sorted content words): one slip in a question of two words or more."""
_SMALL: Final = frozenset(
    "a an any the is are was were do doe does did there this that these those in on of at to it its and so "
    "please can could you i we me tell see show picture image photo visible shown here have has what which "
    "how many number total exact exactly count kind type".split()
)
_EXACT: Final = (
    COLOURS
    | SIDES
    | frozenset(
        "open closed big small bigger smaller biggest smallest more fewer less most least not no".split()
    )
)


_NONE_ALIKE: Final[Mapping[ImageId, ImageId]] = {}


class Twin(NamedTuple):
    """A claim that says the same as an older one."""

    claim_id: ClaimId
    same_as: ClaimId


class _Question(NamedTuple):
    asks: str
    """The words that ask: what, which, how many, is there; a count is not an identification."""
    content: str
    exact: frozenset[str]


def twins(
    claims: Iterable[Claim], *, known: Iterable[Claim] = (), alike: Mapping[ImageId, ImageId] = _NONE_ALIKE
) -> list[Twin]:
    """Returns the claims to merge, each with the oldest claim of its kind.

    ``claims`` come oldest first; ``known`` are claims of earlier rounds, older than all of them. Pictures of
    one leader in ``alike`` are taken for one picture.
    """
    kept: dict[ImageId, list[Claim]] = defaultdict(list)
    for claim in known:
        kept[alike.get(claim.image_id, claim.image_id)].append(claim)
    merged: list[Twin] = []
    for claim in claims:
        others = kept[alike.get(claim.image_id, claim.image_id)]
        older = next((one for one in others if says_the_same(one, claim)), None)
        if older is None:
            others.append(claim)
        else:
            merged.append(Twin(claim.id, older.id))
    return merged


def says_the_same(one: Claim, other: Claim) -> bool:
    """Tells whether two claims about one picture ask alike and correct alike."""
    return asks_the_same(one.question, other.question) and means_the_same(
        one.question, one.correction, other.correction
    )


def means_the_same(question: str, one: str, other: str) -> bool:
    """Tells whether two answers to a question mean the same: 'four' and 'There are four cats.'"""
    return same(one, other) or score(question, one, other) == score(question, other, one) == 1.0


def asks_the_same(one: str, other: str) -> bool:
    """Tells whether two questions ask the same, up to order, small words and a slip of the finger."""
    a, b = _question(one), _question(other)
    return a.asks == b.asks and a.exact == b.exact and fuzz.ratio(a.content, b.content) >= ALIKE


def asks(text: str) -> tuple[Hashable, str]:
    """Returns what must agree exactly in questions that ask the same, and the words that may hold a slip.

    `asks_the_same` is: the first are equal, the second alike by at least ALIKE.
    """
    found = _question(text)
    return (found.asks, found.exact), found.content


def contradictions(
    claims: Iterable[Claim], *, alike: Mapping[ImageId, ImageId] = _NONE_ALIKE
) -> list[list[list[Claim]]]:
    """Returns, for each picture and question with more than one answer, the claims of each answer.

    Pictures of one leader in ``alike`` are taken for one picture.
    Questions and answers come in the order they are first seen.
    """
    asked: dict[tuple[ImageId, _Question], list[list[Claim]]] = defaultdict(list)
    for claim in claims:
        answers = asked[alike.get(claim.image_id, claim.image_id), _question(claim.question)]
        for agreeing in answers:
            if means_the_same(claim.question, agreeing[0].correction, claim.correction):
                agreeing.append(claim)
                break
        else:
            answers.append([claim])
    return [answers for answers in asked.values() if len(answers) > 1]


@lru_cache(maxsize=65_536)
def _question(text: str) -> _Question:
    said = words(text)
    whole = " ".join(said)
    asks = next((name for name, marks in _ASKS if any(mark in f" {whole} " for mark in marks)), "")
    content = " ".join(sorted(word for word in said if word not in _SMALL))
    exact = frozenset(word for word in said if word in _EXACT or word[0].isdigit())
    return _Question(asks, content or whole, exact)


_ASKS: Final = (
    ("how many", (" how many ", " number of ", " count ")),
    ("what color", (" color ",)),
    ("where", (" where ", " which side ", " what side ")),
    ("who", (" who ", " whose ")),
    ("what", (" what ", " which ", " name ")),
    ("how", (" how ",)),
    ("why", (" why ",)),
)
