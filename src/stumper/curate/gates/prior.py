"""Whether a question is answered by what such questions are always answered by, without the picture (pure).

The law: among LEAST kept examples that ask the same and more, the commonest answer has at most SHARE. A
further claim with that answer is refused once it would be predicted with SHARE or more by those kept before
it; itself it never counts. Any other answer is welcome, and makes room for the common one again. So no set of
claims is wiped out, not even one that all says the same: the first LEAST stay. Yes and no, or left and right,
in any mixture up to nine to one are left alone; evening those out is for the release.

Two grains are looked at: the same words asked (`dedup.asks`), and the kind, which is what is asked (how many,
what colour) of the first thing named. What a question is worth more than its words is for `blind`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from functools import lru_cache
from typing import Final

from stumper.curate.answers import normal, words
from stumper.curate.dedup import asks
from stumper.curate.forms import COLOURS, SIDES, form
from stumper.curate.gist import STOP
from stumper.records import Claim, ClaimId

LEAST: Final = 20
"""Kept examples below which nothing is called predictable."""
SHARE: Final = 0.9


_NO_THING: Final = STOP | COLOURS | SIDES | frozenset("number count total color name kind type".split())


class Kept:
    """What kept examples answer, by what they ask."""

    def __init__(self, claims: Iterable[Claim] = ()) -> None:
        self._answers: defaultdict[Hashable, Counter[str]] = defaultdict(Counter)
        for claim in claims:
            self.add(claim)

    def add(self, claim: Claim) -> None:
        for key in _keys(claim.question, claim.correction):
            self._answers[key][normal(claim.correction)] += 1

    def predicts(self, claim: Claim) -> bool:
        """Tells whether the commonest answer to such questions is this claim's, with SHARE or more."""
        return any(
            self._says(key, normal(claim.correction)) for key in _keys(claim.question, claim.correction)
        )

    def _says(self, key: Hashable, answer: str) -> bool:
        answers = self._answers.get(key)
        return answers is not None and answers.total() >= LEAST and answers[answer] >= SHARE * answers.total()


def predictable(
    written: Iterable[Claim], accepted: Iterable[Claim], waiting: Iterable[Claim]
) -> Iterator[ClaimId]:
    """Yields accepted claims that ``written`` ones and those kept before them predict, oldest first, then
    those of ``waiting`` that all kept ones predict.
    """
    kept = Kept(written)
    for claim in sorted(accepted, key=lambda one: (one.created_at, one.id)):
        if kept.predicts(claim):
            yield claim.id
        else:
            kept.add(claim)
    yield from (claim.id for claim in waiting if kept.predicts(claim))


@lru_cache(maxsize=65_536)
def _keys(question: str, correction: str) -> tuple[Hashable, ...]:
    """Returns the question's own key and its kind's."""
    kind, content = asks(question)
    named = (word for word in words(question) if word not in _NO_THING)
    return ("words", kind, content), ("kind", form(question, correction), next(named, ""))
