"""What an open answer says to its question: its telling words, without what the question already said.

'There is a dog to the left of the tree.' says 'dog' to 'What is to the left of the tree?'; 'The cat is
bigger than the dog.' says 'cat'; 'We see her from the front.' says 'front' to 'Front or back?'.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import OSA

from stumper.curate.answers import fold, normal, words
from stumper.curate.forms import COLOURS, first_sentence, opposes

STOP: Final = frozenset(
    "a an the is are was were be been being it its this that these those there here he she they i we you his "
    "her their my your of in on at to with by for and or from as has have had do does did doe what which who "
    "whom where when how many much image picture photo scene can could see shown visible appear seem look "
    "like some any one so very also just only currently would face point turn thing object".split()
)
_RELATIONS: Final = frozenset("on in at to of under behind beside before above inside with from than".split())
_SIDES: Final = frozenset(("left", "right", "top", "bottom"))
_LOOKS: Final = COLOURS | {"big", "small", "medium"}
_MORE: Final = re.compile(r"^(?:there are |i see |we see )?(more|fewer|less) (.+?)(?: than (.+))?$")
_THAN: Final = re.compile(
    r"^(.+?) (?:is|are|has|have|looks?) (?:the )?(?:\w+ )?(\w+er|more|fewer|less)\b.*? than (.+)$"
)


@lru_cache(maxsize=65_536)
def gist(text: str, question: str) -> frozenset[str]:
    """Returns the words that answer the question; all telling words if the question said them all before."""
    sentence = first_sentence(text)
    winner = _compared(sentence, question)
    if winner is None and (picked := _picked(sentence, question)):
        return picked
    asked = words(question)
    said = _telling(winner or _head(normal(sentence).split(), asked))
    new = frozenset(word for word in said if not _known(word, asked))
    return new or said - _LOOKS or said


def _head(said: list[str], asked: tuple[str, ...]) -> list[str]:
    """Returns 'dog' of 'dog left of tree' if the question had the rest; else all."""
    for at, word in enumerate(said):
        rest = said[at + 1 :]
        place = word in _RELATIONS or (
            word in _SIDES and (rest[:1] == ["of"] or (not rest and word in asked))
        )
        if at and place:
            known = all(_known(one, asked) or one in STOP for one in rest)
            return said[:at] if known and set(said[:at]) - STOP else said
    return said


def shared(right: frozenset[str], said: frozenset[str]) -> float:
    """Returns what both name over what either names, 0 if nothing is named."""
    return len(right & said) / len(right | said) if right | said else 0.0


def bare_of_looks(right: frozenset[str], said: frozenset[str]) -> frozenset[str]:
    """Returns what is said without colours and sizes, where the reference 'dog' leaves them open."""
    return said if right & _LOOKS else said - _LOOKS


def _telling(said: list[str]) -> frozenset[str]:
    return frozenset(said) - STOP or frozenset(said) - {"a", "an", "the"}


@lru_cache(maxsize=65_536)
def _known(word: str, asked: tuple[str, ...]) -> bool:
    """Tells whether the question has the word, also misspelt: 'umrella' asks for the umbrella."""
    slips = 2 if len(word) > 5 else 1 if len(word) > 3 else 0
    return any(OSA.distance(word, one, score_cutoff=slips) <= slips for one in asked)


def _compared(sentence: str, question: str) -> list[str] | None:
    """Returns the winner of 'more X than Y' or 'X is bigger than Y', turned to what was asked."""
    plain = re.sub(r"[^\w\s]", " ", fold(sentence)).strip()
    asked = words(question)
    if found := _MORE.match(plain):
        word, first, second = found.groups()
    elif found := _THAN.match(plain):
        first, word, second = found.groups()
    else:
        return None
    winner = second if second and any(opposes(one, asked) for one in words(word)) else first
    return [one for one in words(winner) if one not in STOP] or None


@lru_cache(maxsize=65_536)
def _options(question: str) -> tuple[str, ...]:
    """Returns the words on both sides of each 'or' of the question."""
    parts = [_content(part) for part in re.split(r"\bor\b", fold(question))]
    pairs = [(left[-1], right[0]) for left, right in pairwise(parts) if left and right]
    return tuple(dict.fromkeys(word for pair in pairs for word in pair))


def _content(part: str) -> list[str]:
    return [word for word in words(part) if word not in STOP]


def _picked(sentence: str, question: str) -> frozenset[str]:
    """Returns the offered option that the sentence names, if it names exactly one."""
    said = set(words(sentence))
    named = said.intersection(_options(question)) if "not" not in said else set()
    return frozenset(named) if len(named) == 1 else frozenset()
