"""The counts, against hand calculations and a second way to get them."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.release.audit import Audit, audit
from stumper.release.audit.measure import _left_out, again, entropy, joined
from tests.release.audit.data import plain

FEW = st.integers(0, 3)


def value(found: Audit, name: str) -> float:
    return next(one.value for one in found.findings if one.name == name)


@given(st.lists(st.tuples(FEW, FEW), min_size=1, max_size=30))
def test_a_guess_never_knows_its_own_row(rows: list[tuple[int, int]]) -> None:
    groups, answers = (np.array(column, np.int64) for column in zip(*rows, strict=True))

    def slowly(place: int) -> float:
        others = Counter(a for at, (g, a) in enumerate(rows) if g == rows[place][0] and at != place)
        best = max(others.values(), default=0)
        top = [answer for answer, count in others.items() if count == best]
        return 0.0 if rows[place][1] not in top else 1.0 if len(top) == 1 else 0.5

    assert _left_out(groups, answers).tolist() == [slowly(place) for place in range(len(rows))]


@given(st.lists(st.tuples(FEW, st.integers(-5, 5), FEW), min_size=1, max_size=40))
def test_joined_numbers_are_equal_where_all_columns_are(rows: list[tuple[int, int, int]]) -> None:
    whole = joined(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))

    assert len(set(zip(whole.tolist(), rows, strict=True))) == len(set(rows)) == len(set(whole.tolist()))


@given(st.lists(FEW, max_size=30))
def test_what_comes_again_is_all_but_the_first(values: list[int]) -> None:
    expected = [(at, values.index(value)) for at, value in enumerate(values) if value in values[:at]]

    found = again(np.array(values, np.int64))

    assert list(zip(found.rows.tolist(), found.first.tolist(), strict=True)) == expected


@given(st.lists(st.integers(0, 1000), min_size=11, max_size=11).filter(any))
def test_entropy_lies_between_one_category_and_balance(counts: list[int]) -> None:
    found = entropy(counts, of=11)

    assert -1e-9 <= found <= 1 + 1e-9
    assert entropy(counts[::-1], of=11) == pytest.approx(found)


def test_entropy_by_hand() -> None:
    assert entropy([5] * 11, of=11) == pytest.approx(1)
    assert entropy([7, 0, 0], of=3) == 0
    assert entropy([1, 1, 0, 0], of=4) == pytest.approx(0.5)
    assert math.isnan(entropy([0, 0], of=2))


def test_repeats_and_contradictions_by_hand(tmp_path: Path) -> None:
    found = audit(
        plain(
            tmp_path / "a.jsonl",
            [
                ("a", "How many elephants are there?", "four"),
                ("a", "how many elephants are there", "There are four."),  # an exact repeat
                ("a", "How many elephants are there?", "five"),  # against both
                ("a", "How many elephannts are there?", "4"),  # nearly the same words
                ("b", "How many elephants are there?", "five"),  # another picture
                ("b", "Is there a dog?", "no"),
                ("b", "Is there a dog?", "I'm sorry, I can't tell."),  # says nothing, so contradicts nothing
                ("b", "Is there a dog?", "There is no dog."),
                ("", "Is there a dog?", "yes"),  # no picture: repeats only words
                ("", "Is there a dog?", "yes"),
            ],
        )
    )

    assert value(found, "duplicates") == pytest.approx(2 / 10)
    assert value(found, "near_duplicates") == pytest.approx(1 / 10)
    assert value(found, "contradictions") == pytest.approx(3 / 10)
    assert value(found, "repeated_wordings") == pytest.approx((3 + 5) / 10)
    assert value(found, "refusing") == pytest.approx(1 / 10)
    assert value(found, "no_picture") == pytest.approx(2 / 10)
    said = next(one for one in found.findings if one.name == "contradictions")
    assert said.says.startswith("1 of 2 questions")
    assert said.examples == ("How many elephants are there? → four ≠ five (line 1, line 3)",)


def test_the_blind_guess_by_hand(tmp_path: Path) -> None:
    rows = [(f"{n}", "How many cats are there?", "two" if n < 3 else "five") for n in range(4)]
    found = audit(plain(tmp_path / "a.jsonl", [*rows, ("x", "How many dogs are there?", "two")]))

    # cats: each two among the other two twos and a five, the five among three twos; the dog among all cats
    assert found.blind == pytest.approx((1 + 1 + 1 + 0 + 1) / 5)
    assert found.majority == pytest.approx((1 + 1 + 1 + 0 + 1) / 5)
    assert (found.kinds[0].common_answer, found.kinds[0].common_share) == ("2", 0.8)


def test_the_order_of_rows_changes_no_figure(tmp_path: Path) -> None:
    rows = [
        (f"{n % 7}", f"Is there a {kind}?", ["yes", "no"][n % 2])
        for n in range(40)
        for kind in ("cat", "dog")
    ]
    one, other = audit(plain(tmp_path / "a.jsonl", rows)), audit(plain(tmp_path / "b.jsonl", rows[::-1]))

    assert {f.name: f.value for f in one.findings} == pytest.approx({f.name: f.value for f in other.findings})
    assert one.per_image == other.per_image
    assert one.answer_words == other.answer_words
