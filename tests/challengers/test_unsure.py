"""Votes of a model on itself: what most say, and how far they agree."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.challengers.unsure import agreement, majority
from tests.examples import examples

SAID = st.sampled_from(["one", "1", "two", "2", "red", "a dog", "dog", "yes"])
VOTES = st.lists(SAID, min_size=1, max_size=7)


@given(VOTES)
@settings(max_examples=examples(100))
def test_there_is_a_majority_where_more_than_half_agree_and_only_there(votes: list[str]) -> None:
    found = majority(votes)

    assert (found is not None) == (agreement(votes) > 0.5)
    assert found is None or found in votes
    assert 1 / len(votes) <= agreement(votes) <= 1


@given(VOTES)
@settings(max_examples=examples(100))
def test_their_order_changes_neither(votes: list[str]) -> None:
    mixed = sorted(votes)

    assert agreement(mixed) == agreement(votes)
    assert (majority(mixed) is None) == (majority(votes) is None)
