"""What the gates that read only the claim's words say to it, the gravest first."""

from __future__ import annotations

from typing import Final, NamedTuple

from stumper.curate.belief import Cause
from stumper.curate.gates.answerable import fault
from stumper.curate.gates.manners import Rude, rude
from stumper.curate.gates.personal import traces
from stumper.curate.gates.single import several
from stumper.records import Category, ClaimStatus

_QUEUED: Final = frozenset({Cause.DOUBTFUL_WORDS, Cause.PERSONAL})
"""Causes that an operator looks at; the others refuse."""


class Stopped(NamedTuple):
    cause: Cause
    words: str
    """What was found, for the operator."""

    @property
    def status(self) -> ClaimStatus:
        return ClaimStatus.DISPUTED if self.cause in _QUEUED else ClaimStatus.REJECTED


def stopped(question: str, correction: str, *, category: Category | None) -> Stopped | None:
    """Returns what stops a claim at the gates, or None if it may go to the referees."""
    found = _rude(question, correction, category)
    if found is not None:
        return Stopped(Cause.INSULT if found.clear else Cause.DOUBTFUL_WORDS, found.word)
    if category is Category.INVALID:
        return Stopped(Cause.INVALID, "no question about a picture")
    if personal := traces(question, correction):
        return Stopped(Cause.PERSONAL, "; ".join(f"{one.kind}: {one.found}" for one in personal))
    if several(question):
        return Stopped(Cause.SEVERAL, "several questions")
    wrong = fault(question, correction, category=category)
    return None if wrong is None else Stopped(Cause.NO_ANSWER, wrong)


def _rude(question: str, correction: str, category: Category | None) -> Rude | None:
    """What a picture shows may be rude: a correction that reads it out is never refused at once."""
    asked, said = rude(question), rude(correction)
    if said is not None and category is Category.TEXT:
        said = said._replace(clear=False)
    both = [one for one in (asked, said) if one is not None]
    return max(both, key=lambda one: one.clear, default=None)
