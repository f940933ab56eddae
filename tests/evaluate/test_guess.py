"""Guess rates against hand calculations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stumper.evaluate.guess import LEAST_ITEMS, Asked, guess_scores
from stumper.evaluate.metrics import mean
from stumper.records import Category


def asked(question: str, references: list[str], category: Category, **more: object) -> list[Asked]:
    return [
        Asked(question=question, reference=reference, category=category, **more)  # type: ignore[arg-type]
        for reference in references
    ]


def test_the_better_constant_of_a_yes_no_question() -> None:
    items = asked("Is there a cat?", ["no"] * 30 + ["Yes, there is."] * 10, Category.EXISTENCE)

    assert mean(guess_scores(items)) == 0.75


def test_each_kind_of_question_is_guessed_by_itself() -> None:
    items = asked("Is there a cat?", ["yes"] * 20, Category.EXISTENCE) + asked(
        "How many cats?", ["4", "five", "6", "7"] * 5, Category.COUNTING
    )

    scores = guess_scores(items)

    assert mean(scores[:20]) == 1.0
    assert mean(scores[20:]) == pytest.approx(0.25)


def test_small_kinds_are_guessed_with_the_others_of_their_form() -> None:
    """One item's own reference must not be its best constant."""
    items = asked("What is it?", ["dog"] * LEAST_ITEMS, Category.IDENTIFICATION) + asked(
        "What is bigger?", ["cat"], Category.COMPARISON
    )

    scores = guess_scores(items)

    assert scores[-1] < 1.0


def test_known_choices_are_drawn_evenly() -> None:
    choices = ("left", "right", "both", "none")
    items = asked("Which hand is up?", list(choices) * 6, Category.ACTION, choices=choices)

    assert mean(guess_scores(items)) == pytest.approx(0.25)


def test_the_random_guesser_wins_where_no_constant_helps() -> None:
    """Each item has two choices of its own: a coin is right half the time, a constant once in twenty."""
    items = [
        Asked(
            question="What is it?",
            reference=f"a{place}b",
            category=Category.IDENTIFICATION,
            choices=(f"a{place}b", f"z{place}x"),
        )
        for place in range(20)
    ]

    assert mean(guess_scores(items)) == pytest.approx(0.5)


def test_an_unusable_reference_is_missing() -> None:
    items = asked("How many?", ["4"] * 20 + ["n/a"], Category.COUNTING)

    scores = guess_scores(items)

    assert math.isnan(scores[-1])
    assert mean(scores) == 1.0


def test_nothing_asked_is_nothing_guessed() -> None:
    assert np.array_equal(guess_scores([]), np.array([]))
