"""Prices and budgets, against sums by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadInput, BadSetting
from stumper.spending import Budget, Price, Spent, Unit, read_prices
from stumper.spending.till import cost_of, counted, name_in, names_in
from stumper.vlm.base import Answer, Served
from tests.examples import examples


def test_a_call_costs_what_the_price_list_says() -> None:
    """Half a million tokens read at 2.50 a million and 2,000 generated at 10 are 1.25 and 0.02."""
    price = read_prices("gpt-4o=2.5/10")["gpt-4o"]

    assert price.of(prompt_tokens=500_000, tokens=2_000) == 1_270_000_000


def test_several_models_have_a_price_each_and_names_may_hold_an_equals_sign() -> None:
    assert read_prices(" a=0/0  org/b:7b=0.15/0.6\n c=d=1/2 ") == {
        "a": Price(0, 0),
        "org/b:7b": Price(150, 600),
        "c=d": Price(1000, 2000),
    }
    assert read_prices("") == {}


@pytest.mark.parametrize(
    "text", ["gpt", "=1/2", "a=1", "a=1/", "a=x/1", "a=-1/1", "a=nan/1", "a=1/inf", "a=1/2 a=1/2"]
)
def test_prices_that_cannot_be_read_are_refused_with_the_form_they_should_have(text: str) -> None:
    with pytest.raises(BadSetting, match=r"STUMPER_PRICES cannot be read.*gpt-4o=2\.5/10"):
        read_prices(text)


def answer(*, tokens: int = 3, kept: bool = False, name: str = "m") -> Answer:
    return Answer("x", 1.0, tokens, Served(name=name, build="m-1", prompt_tokens=40, kept=kept))


def test_an_answer_is_counted_by_what_it_was() -> None:
    prices = {"m": Price(1000, 2000)}

    assert cost_of(answer(), prices) == Spent(calls=1, prompt_tokens=40, tokens=3, cost_nano=46_000)
    assert cost_of(answer(kept=True), prices) == Spent(kept=1)
    assert cost_of(answer(name="free"), prices) == Spent(calls=1, prompt_tokens=40, tokens=3)
    assert cost_of(Answer("x", 1.0, 3), prices) == Spent()


def test_a_server_that_counts_no_tokens_is_not_free() -> None:
    """It is taken to have read 1,000: a budget of 5,000 tokens ends after five calls."""
    uncounted = Answer("x", 1.0, 0, Served(name="m", build="m-1"))
    took = Spent(calls=1, prompt_tokens=1_000, cost_nano=1_000_000)
    assert cost_of(uncounted, {"m": Price(1_000, 2_000)}) == took
    assert cost_of(replace(uncounted, tokens=3), {}) == Spent(calls=1, tokens=3)


@pytest.mark.parametrize(
    ("ref", "names"),
    [
        ("openai:http://a/v1,http://b/v1#org/m:7b|http://c/v1#other|http://d/v1", {"org/m:7b", "other"}),
        ("openai:http://a/v1#a|b", {"a|b"}),
    ],
)
def test_every_model_that_may_answer_wants_a_price(ref: str, names: set[str]) -> None:
    assert names_in(ref) == names


@pytest.mark.parametrize(
    ("ref", "name", "paid"),
    [
        ("openai:http://a/v1,http://b/v1#org/m:7b|http://c/v1#other", "org/m:7b", True),
        ("openai:http://a/v1#a|b", "a|b", True),
        ("onnx:", "", False),
        ("scripted:slow=1", "", False),
    ],
)
def test_only_endpoints_are_counted_by_the_name_they_are_asked_for(ref: str, name: str, paid: bool) -> None:
    assert (name_in(ref), counted(ref)) == (name, paid)


@settings(max_examples=examples(60))
@given(
    unit=st.sampled_from(Unit),
    calls=st.integers(1, 1000),
    prompt=st.integers(0, 10**6),
    tokens=st.integers(0, 10**6),
    cost=st.integers(0, 10**12),
)
def test_the_next_question_is_expected_to_take_the_mean_of_those_before(
    unit: Unit, calls: int, prompt: int, tokens: int, cost: int
) -> None:
    spent = Spent(calls=calls, prompt_tokens=prompt, tokens=tokens, cost_nano=cost)
    total = {Unit.CALLS: calls, Unit.TOKENS: prompt + tokens, Unit.MONEY: cost}[unit]

    assert Budget(unit, 5).one_more(spent) == max(1, math.ceil(Fraction(total, calls)))


def test_the_first_question_is_expected_to_take_a_picture_and_a_short_answer() -> None:
    assert Budget(Unit.CALLS, 5).one_more(Spent()) == 1
    assert Budget(Unit.TOKENS, 5).one_more(Spent()) == 1000
    assert Budget(Unit.MONEY, 5).one_more(Spent(), first_cost_nano=700) == 700
    assert Budget(Unit.MONEY, 5).one_more(Spent()) == 1


@settings(max_examples=examples(60))
@given(most=st.integers(0, 10**18), calls=st.integers(0, 10**18))
def test_the_spent_part_is_between_nothing_and_all(most: int, calls: int) -> None:
    expected = min(Fraction(1), Fraction(calls, most)) if most else 1
    assert math.isclose(Budget(Unit.CALLS, most).used(Spent(calls=calls)), expected, abs_tol=1e-12)


def test_a_budget_is_told_in_words_and_bounded() -> None:
    assert Budget(Unit.CALLS, 1200).told(1200) == "1,200 calls"
    assert Budget(Unit.MONEY, 1).told(3_500_000_000) == "3.5000 in money"
    assert Budget(Unit.TOKENS, 10).left(Spent(prompt_tokens=9, tokens=4)) == 0
    for wrong in (-1, 10**18 + 1):
        with pytest.raises(BadInput, match="cannot be kept"):
            Budget(Unit.MONEY, wrong)
