"""The points rule: hand calculations, and no blind strategy that gains."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadSetting
from stumper.records import ExchangeId, Rules, Verdict
from stumper.trust.rewards import (
    BLIND_VALID,
    BONUS_WINDOW,
    Bonus,
    Form,
    Mark,
    Outcome,
    Pay,
    Reason,
    bonus_points,
    bonus_value,
    claim_bonus,
    control_pay,
    false_alarm_points,
    grade_lines,
    outcome,
    paid_line,
    payable,
    shown,
    waiting_line,
)
from tests.examples import examples

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


@given(rate=st.floats(0.01, 0.89), marks_wrong=st.floats(0.0, 1.0), kappa=st.floats(1.0, 3.0))
def test_nor_where_the_poison_rate_varies(rate: float, marks_wrong: float, kappa: float) -> None:
    pay = control_pay(Rules(false_alarm_factor=kappa), poison_rate=rate, varies=True)

    assert marks_wrong * (rate * pay.hit - (1.0 - rate) * pay.false_alarm) <= 1e-6


@given(rate=st.floats(0.02, 0.5), mistaken=st.floats(0.0, 0.1))
def test_the_margin_covers_a_true_rate_somewhat_above_the_one_in_force(rate: float, mistaken: float) -> None:
    # kappa = 1.5 pays nobody blind up to true odds of 1.5 p / (1 - p): at p = 0.4 up to a true rate of 0.5.
    true_rate = 1.5 * rate / (1.0 + 0.5 * rate) * (1.0 - mistaken)

    pay = control_pay(RULES, poison_rate=rate)

    assert true_rate * pay.hit - (1.0 - true_rate) * pay.false_alarm <= 1e-6


def run_of_blind_play(
    *, plan: dict[str, float], gaps: tuple[float, ...], rate: float, used_s: float
) -> float:
    """Exact expected points of a session whose marks depend on all earlier outcomes and come after ``gaps``
    (s).
    """

    def expected(past: tuple[Mark, ...]) -> float:
        if len(past) == len(gaps):
            lines = grade_lines(past, rules=RULES, poison_rate=rate, started_at=0.0, played_today_s=used_s)
            return float(sum(line.points for line in lines))
        wrong = plan.get("".join(one.outcome.value[0] for one in past), 0.5)
        at = sum(gaps[: len(past) + 1])
        chances = {
            Outcome.HIT: wrong * rate,
            Outcome.FALSE_ALARM: wrong * (1 - rate),
            Outcome.MISS: (1 - wrong) * rate,
            Outcome.CLEAN: (1 - wrong) * (1 - rate),
        }
        return sum(p * expected((*past, mark(one, at=at))) for one, p in chances.items() if p)

    return expected(())


@settings(max_examples=examples(60), deadline=None)
@given(
    plan=st.dictionaries(st.text("hfmc", max_size=3), st.floats(0.0, 1.0), max_size=20),
    gaps=st.tuples(*[st.floats(0.5, 40.0)] * 4),
    rate=st.floats(0.05, 0.85),
    used_s=st.sampled_from([0.0, 7150.0, 8000.0]),
)
def test_no_adaptive_blind_strategy_gains_at_any_speed_or_hour(
    plan: dict[str, float], gaps: tuple[float, ...], rate: float, used_s: float
) -> None:
    assert run_of_blind_play(plan=plan, gaps=gaps, rate=rate, used_s=used_s) <= 1e-6


def test_varying_pay_is_eight_over_p_and_twelve_over_the_rest() -> None:
    assert control_pay(RULES, poison_rate=0.4, varies=True) == Pay(20, 20)
    assert control_pay(RULES, poison_rate=0.25, varies=True) == Pay(32, 16)
    assert control_pay(RULES, poison_rate=0.5, varies=True) == Pay(16, 24)


@pytest.mark.parametrize(
    ("error_rate", "bonus"),
    [(0.34, Bonus(47, 19)), (0.5, Bonus(32, 13)), (0.2, Bonus(80, 32)), (0.05, Bonus(106, 43))],
)
def test_the_bonus_is_sixteen_over_the_error_rate(error_rate: float, bonus: Bonus) -> None:
    assert claim_bonus(error_rate, rules=RULES) == bonus


def test_yes_or_no_pays_less_and_costs_more() -> None:
    # V = 47.06: 1.4 V (1 - .65) = 23.06 and 1.4 V .65 = 42.82.
    assert claim_bonus(0.34, form=Form.YES_NO, rules=RULES) == Bonus(23, 43)


@pytest.mark.parametrize(("rate", "least", "most"), BONUS_WINDOW)
def test_the_bonus_stays_in_its_window(rate: float, least: float, most: float) -> None:
    assert least <= bonus_value(rate, rules=RULES) <= most
    assert bonus_value(rate, rules=Rules(bonus_stake=1.0)) == least
    assert bonus_value(rate, rules=Rules(bonus_stake=999.0)) == most


@given(low=st.floats(0.0, 1.0), high=st.floats(0.0, 1.0))
def test_the_harder_an_error_is_to_find_the_more_it_pays(low: float, high: float) -> None:
    low, high = sorted((low, high))

    assert bonus_value(low, rules=RULES) >= bonus_value(high, rules=RULES) - 1e-9


@given(
    error_rate=st.floats(0.0, 1.0),
    form=st.sampled_from(Form),
    share=st.floats(0.0, 1.0),
    stake=st.floats(1, 60),
)
def test_claims_made_without_looking_never_gain(
    error_rate: float, form: Form, share: float, stake: float
) -> None:
    bonus = claim_bonus(error_rate, form=form, rules=Rules(bonus_stake=stake))

    valid = share * BLIND_VALID[form]
    assert valid * bonus.confirmed - (1.0 - valid) * bonus.rejected <= 1e-6


@pytest.mark.parametrize("error_rate", [-0.1, 1.1, float("nan")])
def test_an_error_rate_that_is_no_share_is_refused(error_rate: float) -> None:
    with pytest.raises(BadSetting, match="error rate"):
        claim_bonus(error_rate, rules=RULES)


@pytest.mark.parametrize(
    ("points", "reason", "text"),
    [
        (
            47,
            Reason.CONFIRMED,
            "+47: Others confirmed it: the robot was wrong, and your answer is right.",
        ),
        (-19, Reason.REJECTED, "-19: Others did not confirm it."),
        (0, Reason.DAY_LIMIT, "0: You have played all the time that pays today."),
    ],
)
def test_a_judged_claim_is_told_in_words(points: int, reason: Reason, text: str) -> None:
    line = paid_line(ExchangeId("x"), points)

    assert line.reason is reason
    assert line.text.startswith(text)
    assert int(line.text.split(":")[0]) == line.points


def test_a_gain_that_waits_is_told_in_words_and_pays_nothing_yet() -> None:
    line = waiting_line(ExchangeId("x"), 47)

    assert (line.reason, line.points) == (Reason.WAITING, 0)
    assert line.text == "0: Others confirmed it. +47 wait until we know you better."


def test_a_confirmed_claim_pays_those_who_are_trusted_and_a_rejected_one_costs_everybody() -> None:
    bonus = claim_bonus(0.34, rules=RULES)

    paid = [
        bonus_points(bonus, confirmed=confirmed, trusted=trusted)
        for confirmed, trusted in ((True, True), (True, False), (False, True), (False, False))
    ]
    assert paid == [47, 0, -19, -19]


def test_after_the_time_that_pays_nothing_pays_or_costs() -> None:
    lines = grade_lines(
        [mark(Outcome.HIT, at=20.0), mark(Outcome.HIT, at=60.0), mark(Outcome.FALSE_ALARM, at=90.0)],
        rules=RULES,
        poison_rate=0.4,
        started_at=0.0,
        played_today_s=RULES.paid_day_s - 50.0,
    )

    assert [(line.reason, line.points) for line in lines] == [
        (Reason.HIT, 20),
        (Reason.DAY_LIMIT, 0),
        (Reason.DAY_LIMIT, 0),
    ]


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
