"""The points rule: hand calculations, and no blind strategy that gains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import BadSetting
from stumper.records import ExchangeId, Rules, Verdict
from stumper.trust.rewards import (
    Mark,
    Outcome,
    Reason,
    false_alarm_points,
    grade_lines,
    outcome,
    payable,
    shown,
)

RULES = Rules()


def mark(happened: Outcome, *, at: float, repeat: bool = False) -> Mark:
    return Mark(exchange_id=ExchangeId(f"x{at}"), position=0, outcome=happened, repeat=repeat, judged_at=at)


def reasons(*marks: Mark) -> list[tuple[Reason, int]]:
    lines = grade_lines(marks, rules=RULES, poison_rate=0.4, started_at=0.0)
    return [(line.reason, line.points) for line in lines]


def test_at_a_poison_rate_of_two_fifths_a_false_alarm_costs_what_a_catch_pays() -> None:
    assert false_alarm_points(RULES, poison_rate=0.4) == 20


@pytest.mark.parametrize(("rate", "cost"), [(0.1, 4), (0.2, 8), (0.25, 10), (0.5, 30), (0.6, 45), (0.8, 120)])
def test_the_cost_follows_the_poison_rate(rate: float, cost: int) -> None:
    assert false_alarm_points(RULES, poison_rate=rate) == cost


@given(rate=st.floats(0.01, 0.89), marks_wrong=st.floats(0.0, 1.0), kappa=st.floats(1.0, 3.0))
def test_no_blind_strategy_expects_points_at_any_poison_rate(
    rate: float, marks_wrong: float, kappa: float
) -> None:
    rules = Rules(false_alarm_factor=kappa)

    cost = false_alarm_points(rules, poison_rate=rate)

    expected = marks_wrong * (rate * rules.hit_points - (1.0 - rate) * cost)
    assert expected <= 1e-6


def test_an_attentive_player_expects_points() -> None:
    s, f, rate = 0.92, 0.04, 0.4

    expected = rate * s * RULES.hit_points - (1 - rate) * f * false_alarm_points(RULES, poison_rate=rate)

    assert expected == pytest.approx(6.88)


@pytest.mark.parametrize("rate", [0.0, -0.1, 0.9, 1.0, float("nan")])
def test_a_poison_rate_outside_its_range_is_refused(rate: float) -> None:
    with pytest.raises(BadSetting, match="poison rate"):
        false_alarm_points(RULES, poison_rate=rate)


def test_a_factor_that_would_pay_blind_play_is_refused() -> None:
    with pytest.raises(BadSetting, match="false alarm factor"):
        false_alarm_points(Rules(false_alarm_factor=0.9), poison_rate=0.4)


@pytest.mark.parametrize(
    ("poisoned", "verdict", "happened"),
    [
        (True, Verdict.WRONG, Outcome.HIT),
        (True, Verdict.CORRECT, Outcome.MISS),
        (False, Verdict.WRONG, Outcome.FALSE_ALARM),
        (False, Verdict.CORRECT, Outcome.CLEAN),
    ],
)
def test_coin_and_verdict_make_the_outcome(poisoned: bool, verdict: Verdict, happened: Outcome) -> None:
    assert outcome(poisoned=poisoned, verdict=verdict) is happened


def test_only_wrong_pays_or_costs() -> None:
    assert reasons(
        mark(Outcome.HIT, at=20.0),
        mark(Outcome.MISS, at=40.0),
        mark(Outcome.FALSE_ALARM, at=60.0),
        mark(Outcome.CLEAN, at=80.0),
    ) == [(Reason.HIT, 20), (Reason.MISS, 0), (Reason.FALSE_ALARM, -20), (Reason.CLEAN, 0)]


def test_a_catch_within_ten_seconds_of_the_last_paid_one_pays_nothing() -> None:
    assert reasons(mark(Outcome.HIT, at=10.0), mark(Outcome.HIT, at=19.9), mark(Outcome.HIT, at=20.0)) == [
        (Reason.HIT, 20),
        (Reason.TOO_SOON, 0),
        (Reason.HIT, 20),
    ]


def test_a_false_alarm_costs_however_soon_it_comes() -> None:
    assert reasons(mark(Outcome.FALSE_ALARM, at=1.0)) == [(Reason.FALSE_ALARM, -20)]


def test_a_repeated_question_can_only_lose() -> None:
    assert reasons(
        mark(Outcome.HIT, at=20.0, repeat=True), mark(Outcome.FALSE_ALARM, at=40.0, repeat=True)
    ) == [(Reason.REPEAT, 0), (Reason.FALSE_ALARM, -20)]


def test_every_line_says_in_words_what_it_is_for() -> None:
    (line,) = grade_lines([mark(Outcome.HIT, at=20.0)], rules=RULES, poison_rate=0.4, started_at=0.0)

    assert line.text == "+20: You caught a falsified answer."


def test_players_never_see_a_balance_below_zero() -> None:
    assert shown(-40) == 0
    assert shown(60) == 60


def test_points_count_for_prizes_only_once_trusted() -> None:
    assert payable(60, trusted=False) == 0
    assert payable(60, trusted=True) == 60
    assert payable(-20, trusted=True) == 0
