"""The E-value: figures of the mechanism study, the martingale property, and Ville's bound by simulation."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadSetting
from stumper.records import ExchangeId, Rules
from stumper.trust.evidence import LOWEST_E, Reference, control_share, factors, trusted, update
from stumper.trust.rewards import Mark, Outcome

references = st.tuples(st.floats(0.02, 0.9), st.floats(0.02, 0.95)).map(
    lambda f_way: (f_way[0] + f_way[1] * (0.99 - f_way[0]), f_way[0])
)
"""(s, f) with f < s < 1."""
poison_rates = st.floats(0.01, 0.89)


def marks(*happened: Outcome, repeat: bool = False) -> list[Mark]:
    return [
        Mark(exchange_id=ExchangeId("x"), position=0, outcome=one, repeat=repeat, judged_at=0.0)
        for one in happened
    ]


def test_the_factors_of_the_mechanism_study() -> None:
    found = factors(poison_rate=0.4)

    assert found == {
        Outcome.HIT: pytest.approx(2.105, abs=5e-4),
        Outcome.FALSE_ALARM: pytest.approx(0.263, abs=5e-4),
        Outcome.MISS: pytest.approx(0.323, abs=5e-4),
        Outcome.CLEAN: pytest.approx(1.452, abs=5e-4),
    }


@given(rate=poison_rates, reference=references, marks_wrong=st.floats(0.0, 1.0))
def test_one_answer_is_worth_one_on_average_to_every_blind_player(
    rate: float, reference: tuple[float, float], marks_wrong: float
) -> None:
    factor = factors(poison_rate=rate, reference=Reference(s=reference[0], f=reference[1]))

    after_wrong = rate * factor[Outcome.HIT] + (1 - rate) * factor[Outcome.FALSE_ALARM]
    after_correct = rate * factor[Outcome.MISS] + (1 - rate) * factor[Outcome.CLEAN]

    assert marks_wrong * after_wrong + (1 - marks_wrong) * after_correct == pytest.approx(1.0)


def expected_e(*, rate: float, plan: dict[str, float], past: str, depth: int) -> float:
    """E after ``depth`` more answers of a player whose mark depends on everything that happened before."""
    if depth == 0:
        return 1.0
    factor = factors(poison_rate=rate)
    wrong = plan.get(past, 0.5)
    total = 0.0
    for happened, chance in (
        (Outcome.HIT, wrong * rate),
        (Outcome.FALSE_ALARM, wrong * (1 - rate)),
        (Outcome.MISS, (1 - wrong) * rate),
        (Outcome.CLEAN, (1 - wrong) * (1 - rate)),
    ):
        later = expected_e(rate=rate, plan=plan, past=past + happened.value[0], depth=depth - 1)
        total += chance * factor[happened] * later
    return total


@settings(max_examples=40)
@given(
    rate=poison_rates,
    plan=st.dictionaries(st.text("hfmc", max_size=3), st.floats(0.0, 1.0), max_size=30),
)
def test_e_is_a_martingale_under_adaptive_blind_strategies(rate: float, plan: dict[str, float]) -> None:
    assert expected_e(rate=rate, plan=plan, past="", depth=4) == pytest.approx(1.0)


@settings(max_examples=40, deadline=None)
@given(
    rate=poison_rates,
    reference=references,
    plan=st.dictionaries(
        st.text("hfmc", max_size=3), st.tuples(st.floats(0.0, 1.0), st.booleans()), max_size=30
    ),
    cap=st.floats(1.0, 1000.0),
)
def test_caps_and_repeats_never_help_a_blind_player(
    rate: float, reference: tuple[float, float], plan: dict[str, tuple[float, bool]], cap: float
) -> None:
    """The plan says, for every past, how often to mark Wrong and whether to ask the same question again."""
    player = Reference(s=reference[0], f=reference[1])

    def expected(e_value: float, past: str) -> float:
        if len(past) == 4:
            return e_value
        wrong, repeat = plan.get(past, (0.5, False))
        chances = zip(
            Outcome,
            (wrong * rate, wrong * (1 - rate), (1 - wrong) * rate, (1 - wrong) * (1 - rate)),
            strict=True,
        )
        return sum(p * expected(after(e_value, one, repeat), past + one.value[0]) for one, p in chances if p)

    def after(e_value: float, one: Outcome, repeat: bool) -> float:
        return update(e_value, marks(one, repeat=repeat), poison_rate=rate, cap=cap, reference=player)

    assert expected(1.0, "") <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("e_value", "share"), [(1e-100, 0.5), (1.0, 0.5), (99.9, 0.5), (100.0, 0.2), (999.9, 0.2), (1000.0, 0.1)]
)
def test_who_is_trusted_meets_fewer_controls(e_value: float, share: float) -> None:
    assert control_share(e_value, rules=Rules()) == share


def test_a_campaign_with_few_controls_gives_nobody_more_of_them() -> None:
    assert control_share(100.0, rules=Rules(control_share=0.15)) == 0.15


def test_an_e_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(BadSetting, match="not a number"):
        control_share(float("nan"), rules=Rules())


def test_a_trusted_player_who_turns_bad_is_demoted_within_about_three_sessions() -> None:
    rng = random.Random(11)
    sessions = []
    for _ in range(400):
        e_value, played = 1000.0, 0
        while trusted(e_value, rules=Rules()) and played < 50:
            played += 1
            for _ in range(round(10 * control_share(e_value, rules=Rules()))):
                happened = Outcome.HIT if rng.random() < 0.4 else Outcome.FALSE_ALARM
                e_value = update(e_value, marks(happened), poison_rate=0.4, cap=1000.0)
        sessions.append(played)

    assert 2 <= sorted(sessions)[200] <= 4
    assert max(sessions) < 50


@pytest.mark.parametrize("strategy", ["always wrong", "always correct", "coin", "until it wins"])
def test_blind_players_seldom_reach_one_hundred(strategy: str) -> None:
    rng = random.Random(f"ville {strategy}")
    factor = factors(poison_rate=0.4)
    passed = 0
    for _ in range(4_000):
        e_value = best = 1.0
        for _ in range(120):
            wrong = {
                "always wrong": True,
                "always correct": False,
                "coin": rng.random() < 0.5,
                "until it wins": e_value < 10.0,
            }[strategy]
            poisoned = rng.random() < 0.4
            if wrong:
                e_value *= factor[Outcome.HIT if poisoned else Outcome.FALSE_ALARM]
            else:
                e_value *= factor[Outcome.MISS if poisoned else Outcome.CLEAN]
            best = max(best, e_value)
        passed += best >= 100.0

    # Ville: at most 1 %; 4,000 players put three standard errors at 0.5 %.
    assert passed / 4_000 <= 0.015


def test_a_skilled_player_is_trusted_after_about_a_dozen_answers() -> None:
    rng = random.Random(7)
    needed = []
    for _ in range(400):
        e_value, answers = 1.0, 0
        while e_value < 100.0 and answers < 400:
            poisoned = rng.random() < 0.4
            wrong = rng.random() < (0.92 if poisoned else 0.04)
            happened = {
                (True, True): Outcome.HIT,
                (True, False): Outcome.MISS,
                (False, True): Outcome.FALSE_ALARM,
                (False, False): Outcome.CLEAN,
            }[poisoned, wrong]
            e_value = update(e_value, marks(happened), poison_rate=0.4, cap=1000.0)
            answers += 1
        needed.append(answers)

    assert 9 <= sorted(needed)[200] <= 14
    assert max(needed) < 400


def test_e_is_capped_after_every_mark_so_that_a_good_past_buys_nothing() -> None:
    after = update(900.0, marks(Outcome.HIT, Outcome.HIT, Outcome.MISS), poison_rate=0.4, cap=1000.0)

    assert after == pytest.approx(1000.0 * 0.2 / 0.62)


def test_a_repeated_question_adds_no_evidence_but_may_take_some() -> None:
    assert update(5.0, marks(Outcome.HIT, repeat=True), poison_rate=0.4, cap=1000.0) == 5.0
    assert update(5.0, marks(Outcome.FALSE_ALARM, repeat=True), poison_rate=0.4, cap=1000.0) < 2.0


def test_a_long_losing_row_does_not_become_zero() -> None:
    assert update(1.0, marks(*[Outcome.FALSE_ALARM] * 800), poison_rate=0.4, cap=1000.0) == LOWEST_E


def test_no_marks_change_nothing() -> None:
    assert update(3.5, [], poison_rate=0.4, cap=1000.0) == 3.5


@pytest.mark.parametrize("rate", [0.0, 0.9, 1.2, -1.0])
def test_a_poison_rate_outside_its_range_is_refused(rate: float) -> None:
    with pytest.raises(BadSetting, match="poison rate"):
        factors(poison_rate=rate)


@pytest.mark.parametrize(("s", "f"), [(0.1, 0.8), (0.5, 0.5), (1.0, 0.1), (0.8, 0.0)])
def test_a_reference_player_that_does_not_tell_apart_is_refused(s: float, f: float) -> None:
    with pytest.raises(BadSetting, match="reference player"):
        factors(poison_rate=0.4, reference=Reference(s=s, f=f))
