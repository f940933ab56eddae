"""The audited share: who is in it, and what it says about beliefs."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stumper.curate.audit import AUDIT_VOTES, Audit, audited, check, least_votes
from stumper.curate.belief import MIN_VOTES
from stumper.records import ClaimId
from stumper.trust.crowd import Array

SHARES = arrays(float, 30, elements=st.floats(0, 1))


def test_three_claims_in_a_hundred_are_audited() -> None:
    drawn = [audited(ClaimId(hashlib.md5(str(n).encode()).hexdigest())) for n in range(20_000)]

    assert 0.026 <= np.mean(drawn) <= 0.034


def test_who_is_audited_is_known_from_the_id_alone() -> None:
    """Written down, because a claim that was dealt five times must not leave the share with an update."""
    assert [n for n in range(60) if audited(ClaimId(f"c{n}"))] == [6, 57]
    assert (least_votes(ClaimId("c5")), least_votes(ClaimId("c6"))) == (MIN_VOTES, AUDIT_VOTES)


def test_an_audit_by_hand() -> None:
    """Two claims in the first fifth, off by .1 and -.1; one in the last, off by .3."""
    got = check(np.array([0.1, 0.1, 1.0]), np.array([0.0, 0.2, 0.7]))

    assert got == pytest.approx((3, 0.4, 0.3, 0.1))


@given(SHARES, SHARES)
def test_the_calibration_error_is_at_least_the_difference_of_the_means(expected: Array, found: Array) -> None:
    got = check(expected, found)

    assert abs(got.expected - got.found) - 1e-9 <= got.error <= 1.0
    assert check(expected, expected).error == 0.0


def test_an_audit_is_told_in_words_once_there_is_one() -> None:
    assert str(check(np.empty(0), np.empty(0))) == ""
    assert "Audited claims: 12, with 5 votes" in str(Audit(12, 0.7, 0.65, 0.08))
