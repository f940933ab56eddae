"""What is suggested to a player: kinds not asked yet, of these what the data have least of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.classify import classify
from stumper.curate.steer import SUGGESTED, uncovered
from stumper.records import Category


def test_what_was_asked_comes_last_and_what_the_data_lack_first() -> None:
    kept = dict.fromkeys(SUGGESTED, 5) | {Category.TEXT: 1, Category.COUNTING: 0}

    found = uncovered(["How many dogs are there?", "How many cats are there?"], kept)

    assert found[0] is Category.TEXT
    assert found[-1] is Category.COUNTING


@given(
    st.lists(st.sampled_from(["How many cats?", "What is behind the house?", "What colour is it?", "hello"])),
    st.dictionaries(st.sampled_from(SUGGESTED), st.integers(0, 9)),
)
def test_every_kind_is_there_once_in_the_order_of_need(
    questions: list[str], kept: dict[Category, int]
) -> None:
    found = uncovered(questions, kept)

    asked = [sum(classify(one) is category for one in questions) for category in found]
    assert sorted(found) == sorted(set(Category) - {Category.INVALID})
    assert asked == sorted(asked)
    assert all(
        kept.get(a, 0) <= kept.get(b, 0)
        for a, b, m, n in zip(found, found[1:], asked, asked[1:], strict=False)
        if m == n
    )
