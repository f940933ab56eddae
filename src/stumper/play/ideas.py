"""Whether a question was made of an idea that its player was given (pure).

The server decides it by the words, not by what a phone says: it decides about points (decision 28).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

from stumper.play.texts import plain
from stumper.records import Suggestion

BLANK: Final = "…"
"""Stands in an opening where the player puts a word."""
MOST: Final = 3
"""Ideas a picture."""
IDEA_CHARS: Final = 120
_KEPT: Final = 0.8
"""Of an idea's words, in their order, are in a question that was made of it."""
# Chinese and Japanese write no spaces: each sign counts as a word.
_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")


def made_of(question: str, ideas: Sequence[Mapping[str, str]] | None) -> Suggestion | None:
    """Returns the kind of the idea that the question was made of; None if of none.

    >>> given = [{"kind": "need", "text": "How many … are there?"}]
    >>> made_of("how many red cars are there", given)
    <Suggestion.NEED: 'need'>
    >>> made_of("Is there a dog?", given) is None
    True
    """
    asked = _words(question)
    for idea in ideas or ():
        if _kept(_words(idea["text"]), asked) >= _KEPT:
            return Suggestion(idea["kind"])
    return None


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text))


def _kept(idea: list[str], asked: list[str]) -> float:
    """Returns the share of an idea's words that a question has in their order, 0..1."""
    if not idea:
        return 0.0
    blocks = SequenceMatcher(None, idea, asked, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(idea)
