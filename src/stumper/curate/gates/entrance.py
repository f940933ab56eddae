"""Gates at the entrance: a claim gets its category and is looked at before anybody spends a vote on it.

A claim without a category was not looked at yet. Both are written together, once, so that a run that was
killed goes on where it stood; what others decided meanwhile is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stumper.curate.classify import classify_many
from stumper.curate.gates.text import Stopped, stopped
from stumper.records import Category, Claim, ClaimStatus


@dataclass(frozen=True, slots=True)
class Seen:
    """A claim as it was looked at."""

    claim: Claim
    category: Category
    stopped: Stopped | None


def look(claims: Sequence[Claim]) -> list[Seen]:
    """Names the category of each claim, in order, and tells what stops it (pure).

    A claim that is decided gets its category only.
    """
    found = classify_many([claim.question for claim in claims], [claim.correction for claim in claims])
    return [
        Seen(
            claim,
            labelled.category,
            stopped(claim.question, claim.correction, category=labelled.category)
            if claim.status is ClaimStatus.OPEN
            else None,
        )
        for claim, labelled in zip(claims, found, strict=True)
    ]
