"""What a question is always answered by is refused past the first twenty; nothing is wiped out."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.curate.gates.blind import given_away
from stumper.curate.gates.prior import LEAST, SHARE, predictable
from stumper.records import Claim
from tests.curate.test_dedup import claim


def asked(answers: Sequence[str], question: str = "How many legs has the dog?") -> list[Claim]:
    """One claim for each answer, each on a picture of its own, in order of time."""
    return [
        replace(claim(f"{n:03}", question, answer, image=f"i{n}"), created_at=float(n))
        for n, answer in enumerate(answers)
    ]


def refused(claims: Sequence[Claim], written: Sequence[Claim] = ()) -> list[int]:
    return [int(id_) for id_ in predictable(written, claims, [])]


def test_the_first_twenty_stay_and_further_ones_are_refused() -> None:
    assert refused(asked(["four"] * 50)) == list(range(LEAST, 50))


def test_another_answer_is_welcome_and_makes_room() -> None:
    answers = ["four"] * 20 + ["three"] * 3 + ["four"] * 10
    # 20 of 23 is below 0.9; with the seventh further four it is 27 of 30, which is 0.9
    assert refused(asked(answers)) == [30, 31, 32]


def test_even_mixtures_are_left_to_the_release() -> None:
    assert refused(asked(["yes", "no"] * 100, "Is the door open?")) == []
    assert refused(asked((["left"] * 4 + ["right"]) * 40, "Which hand is raised?")) == []


def test_other_questions_with_the_same_answer_do_not_count() -> None:
    apart = [
        replace(one, question=f"How many {word}?")
        for one, word in zip(
            asked(["four"] * 60), (f"{a}{b}ups" for a in "bcdfghjklmnprst" for b in "aeiou"), strict=False
        )
    ]
    assert refused(apart) == []


def test_other_words_about_the_same_thing_count_by_their_kind() -> None:
    first = asked(["four"] * 20)
    more = replace(claim("900", "Number of legs under the table?", "4"), created_at=99.0)

    assert refused([*first, more]) == [900]


def test_what_waits_is_refused_by_what_is_kept_and_counts_for_nothing() -> None:
    written = asked(["four"] * 20)
    waiting = [
        claim("800", "How many legs has the dog?", "4"),
        claim("801", "How many legs has the dog?", "5"),
    ]

    assert [*predictable(written, [], waiting)] == ["800"]
    assert [*predictable([], [], asked(["four"] * 50))] == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["1", "2", "3"]), max_size=80), st.integers(0, 9))
def test_the_law_holds_whatever_is_answered_and_in_whatever_order_it_is_read(
    answers: list[str], seed: int
) -> None:
    claims = asked(answers)
    mixed = random.Random(seed).sample(claims, len(claims))
    gone = set(refused(claims))

    assert set(refused(mixed)) == gone
    kept = [answer for n, answer in enumerate(answers) if n not in gone]
    if len(kept) > LEAST:
        # the one before the last kept was below the share, or the last had another answer
        assert Counter(kept).most_common(1)[0][1] <= max(LEAST, SHARE * len(kept) + 1)
    assert len(kept) >= min(LEAST, len(claims))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["1", "2"]), max_size=60))
def test_a_second_run_over_what_was_kept_refuses_no_more(answers: list[str]) -> None:
    claims = asked(answers)
    gone = set(refused(claims))

    kept = [one for n, one in enumerate(claims) if n not in gone]
    assert refused(kept) == []


@pytest.mark.parametrize(
    ("question", "correction", "blind", "away"),
    [
        ("How many legs has the dog?", "four", "It has 4 legs.", True),
        ("How many legs has the dog?", "three", "4", False),
        ("Is there a dog?", "yes", "yes", False),
        ("Which hand is raised?", "left", "left", False),
        ("Is it a cat or a dog?", "a cat", "cat", False),
        ("What colour is the banana?", "yellow", "Yellow", True),
        ("What colour is the banana?", "yellow", "", False),
    ],
)
def test_a_guess_that_is_right_by_more_than_chance_gives_the_claim_away(
    question: str, correction: str, blind: str, away: bool
) -> None:
    assert bool([*given_away([replace(claim("a", question, correction), blind=blind)])]) is away
