"""Which claims say the same about the same picture, and which contradict each other (pure).

Merging needs both: questions alike in their words, and corrections that mean the same to it.
Questions are alike if their content words agree but for spelling; numbers, colours and sides must agree
exactly, because 'the left cat' and 'the right cat' differ by little ink and much meaning. A contradiction
needs the very same words asked and other meanings answered: a false alarm there would drop two good claims.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
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
    exact: str
    """Numbers, colours, sides and comparisons, each once, in the order of letters."""
    content: str


def twins(
    claims: Sequence[Claim], *, known: Iterable[Claim] = (), alike: Mapping[ImageId, ImageId] = _NONE_ALIKE
) -> list[Twin]:
    """Returns the claims to merge, each with the oldest claim of its kind.

    ``claims`` come oldest first; ``known`` are claims of earlier rounds, older than all of them. Pictures of
    one leader in ``alike`` are taken for one picture.
    """
    older = _by_picture(known, alike)
    merged = {
        one.claim_id: one
        for picture, asked in _by_picture(claims, alike).items()
        for one in _twins(asked, older.get(picture, ()))
    }
    return [merged[claim.id] for claim in claims if claim.id in merged]


def _by_picture(claims: Iterable[Claim], alike: Mapping[ImageId, ImageId]) -> dict[ImageId, list[Claim]]:
    """One picture's claims are compared before the next one's: what was read of them is still remembered."""
    found: dict[ImageId, list[Claim]] = defaultdict(list)
    for claim in claims:
        found[alike.get(claim.image_id, claim.image_id)].append(claim)
    return found


def _twins(claims: Iterable[Claim], known: Iterable[Claim]) -> Iterator[Twin]:
    """Yields the twins about one picture."""
    kept: dict[tuple[str, str], list[tuple[str, Claim]]] = defaultdict(list)
    for claim in known:
        asks, exact, content = _question(claim.question)
        kept[asks, exact].append((content, claim))
    for claim in claims:
        asks, exact, content = _question(claim.question)
        others = kept[asks, exact]
        for worded, older in others:
            if fuzz.ratio(worded, content) >= ALIKE and means_the_same(
                older.question, older.correction, claim.correction
            ):
                yield Twin(claim.id, older.id)
                break
        else:
            others.append((content, claim))


def means_the_same(question: str, one: str, other: str) -> bool:
    """Tells whether two answers to a question mean the same: 'four' and 'There are four cats.'"""
    return same(one, other) or (score(question, one, other) == 1.0 and score(question, other, one) == 1.0)


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
    claims: Sequence[Claim], *, alike: Mapping[ImageId, ImageId] = _NONE_ALIKE
) -> list[list[list[Claim]]]:
    """Returns, for each picture and question with more than one answer, the claims of each answer.

    Pictures of one leader in ``alike`` are taken for one picture.
    Questions and answers come in the order they are first seen.
    """
    found = {
        answers[0][0].id: answers
        for asked in _by_picture(claims, alike).values()
        for answers in _answers(asked)
        if len(answers) > 1
    }
    return [found[claim.id] for claim in claims if claim.id in found]


def _answers(claims: Iterable[Claim]) -> Iterable[list[list[Claim]]]:
    """Returns, for each question about one picture, the claims of each answer."""
    asked: dict[_Question, list[list[Claim]]] = defaultdict(list)
    for claim in claims:
        answers = asked[_question(claim.question)]
        for agreeing in answers:
            if means_the_same(claim.question, agreeing[0].correction, claim.correction):
                agreeing.append(claim)
                break
        else:
            answers.append([claim])
    return asked.values()


@lru_cache(maxsize=65_536)
def _question(text: str) -> _Question:
    said = words(text)
    whole = " ".join(said)
    content = " ".join(sorted(word for word in said if word not in _SMALL))
    exact = " ".join(sorted({word for word in said if word in _EXACT or word[0].isdigit()}))
    return _Question(_asking(f" {whole} "), exact, content or whole)


def _asking(spaced: str) -> str:
    for mark, name in _ASKS:
        if mark in spaced:
            return name
    return ""


_ASKS: Final = tuple(
    (mark, name)
    for name, marks in (
        ("how many", (" how many ", " number of ", " count ")),
        ("what color", (" color ",)),
        ("where", (" where ", " which side ", " what side ")),
        ("who", (" who ", " whose ")),
        ("what", (" what ", " which ", " name ")),
        ("how", (" how ",)),
        ("why", (" why ",)),
    )
    for mark in marks
)
"""What is looked for among the words, the first that is there, and what it asks for."""
