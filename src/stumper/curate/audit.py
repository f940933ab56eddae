"""A random share of claims gets five votes whatever is believed of them (pure): what checks the beliefs."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import numpy as np

from stumper.curate.belief import MIN_VOTES
from stumper.records import ClaimId
from stumper.trust.crowd import Array

AUDIT_SHARE: Final = 0.03
AUDIT_VOTES: Final = 5
_BINS: Final = 5


def audited(claim_id: ClaimId) -> bool:
    """Returns whether a claim is one of the audited share: a coin that fell when it got its random id."""
    coin = hashlib.sha256(f"audit {claim_id}".encode()).digest()[:8]
    return int.from_bytes(coin, "big") < AUDIT_SHARE * 2**64


def least_votes(claim_id: ClaimId) -> int:
    """Returns how many votes a claim needs before it is decided."""
    return AUDIT_VOTES if audited(claim_id) else MIN_VOTES


class Audit(NamedTuple):
    """Audited claims that have their votes: what was expected of them, and what was found."""

    claims: int
    expected: float
    """Mean P(the model was wrong) before any vote, 0..1."""
    found: float
    """The same with all votes."""
    error: float
    """Mean distance of the two within fifths of the expectation, weighted by claims, 0..1."""

    def __str__(self) -> str:
        if not self.claims:
            return ""
        return (
            f"Audited claims: {self.claims}, with {AUDIT_VOTES} votes each whatever was believed. Before "
            f"any vote {self.expected:.0%} of them were expected to be errors of the model, by the votes "
            f"{self.found:.0%} are (calibration error {self.error:.2f})."
        )


def check(expected: Array, found: Array) -> Audit:
    """Compares P(the model was wrong) before and after votes, one pair an audited claim; all 0 if none."""
    n = len(expected)
    if not n:
        return Audit(0, 0.0, 0.0, 0.0)
    fifth = np.minimum((expected * _BINS).astype(np.int64), _BINS - 1)
    off = np.abs(np.bincount(fifth, expected - found, minlength=_BINS)).sum() / n
    return Audit(n, float(expected.mean()), float(found.mean()), float(off))
