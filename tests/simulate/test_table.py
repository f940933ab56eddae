"""Sessions in columns against the same rules one mark at a time, and against arithmetic by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stumper.records import ExchangeId, Rules, Verdict
from stumper.simulate.people import TYPES
from stumper.simulate.strategies import STRATEGIES, Act, Sort, Strategy
from stumper.simulate.table import EASY, SESSIONS_A_DAY, Played, Seats, play, seat
from stumper.trust.evidence import update
from stumper.trust.rewards import Mark, grade_lines, outcome


def rows(
    *strategies: Strategy, each: int, sessions: int, seed: int, rules: Rules | None = None
) -> tuple[Seats, Played]:
    rng = np.random.default_rng(seed)
    counts = [each] * len(strategies)
    seats = seat(strategies, counts, np.full(sum(counts), sessions), rng)
    return seats, play(seats, rules=rules or Rules(), pictures=100, rng=rng)


def named(name: str) -> Strategy:
    return next(one for one in STRATEGIES if one.name == name)


def marks(played: Played, player: int, session: int) -> list[Mark]:
    table = played.controls
    chosen = np.flatnonzero((table["player"] == player) & (table["session"] == session))
    return [
        Mark(
            exchange_id=ExchangeId(str(row)),
            position=0,
            outcome=outcome(
                poisoned=bool(table["poisoned"][row]),
                verdict=Verdict.WRONG if table["wrong"][row] else Verdict.CORRECT,
            ),
            repeat=False,
            judged_at=float(table["at"][row]),
        )
        for row in chosen
    ]


@pytest.mark.parametrize(("paid_day_s", "least"), [(7200.0, 5), (600.0, 50)])
def test_pay_and_evidence_are_those_of_the_rules_mark_by_mark(paid_day_s: float, least: int) -> None:
    # A limit of ten minutes a day is reached by most; the blind bot is too fast to be paid at times.
    rules = Rules(paid_day_s=paid_day_s)
    chosen = [named("honest"), named("blind bot"), named("random"), named("skips controls")]
    _, played = rows(*chosen, each=6, sessions=5, seed=3, rules=rules)

    limited = 0
    for player in range(len(chosen) * 6):
        e_value = 1.0
        for session in range(5):
            done = marks(played, player, session)
            today = played.seconds[player, session - session % SESSIONS_A_DAY : session].sum()
            lines = grade_lines(done, rules=rules, poison_rate=0.4, started_at=0.0, played_today_s=today)
            e_value = update(e_value, done, poison_rate=0.4, cap=rules.cap_e)

            assert sum(line.points for line in lines) == played.paid[player, session]
            assert played.e_values[player, session] == pytest.approx(e_value)
            limited += sum(line.reason.value in {"day_limit", "too_soon"} for line in lines)
    assert limited >= least


def test_trusted_players_meet_fewer_controls_and_blind_ones_half() -> None:
    _, played = rows(named("honest"), named("always wrong"), each=40, sessions=10, seed=1)

    def turns(who: range, session: int) -> float:
        table = played.controls
        ends = (table["session"] == session) & np.isin(table["player"], list(who)) & (table["wrong"] > 0)
        return float(ends.sum() / len(who))

    assert turns(range(40), 0) > 3.5
    assert turns(range(40), 9) < 1.5
    assert turns(range(40, 80), 0) == turns(range(40, 80), 9) == 5.0


def test_under_the_papers_rule_players_earn_what_the_study_measured() -> None:
    # 6.16, 19.95, 12.2, 13.6, 17.5 points a minute there; the two unknown times of `table` were chosen by it.
    wanted = {
        "honest": 6.16,
        "always wrong": 19.95,
        "random": 12.2,
        "first question, then wrong": 13.6,
        "blind bot": 26.6,
        "seeing bot": 17.5,
        "fast easy questions": 10.6,
    }
    rng = np.random.default_rng(2)
    seats = seat([named(name) for name in wanted], [150] * len(wanted), np.full(150 * len(wanted), 10), rng)
    played = play(seats, rules=Rules(), pictures=500, rng=rng, adapts=False)

    for number, expected in enumerate(wanted.values()):
        who = seats.strategy == number
        rate = 20.0 * played.catches[who].sum() / (played.seconds[who].sum() / 60.0)
        assert rate == pytest.approx(expected, rel=0.06)


def test_who_skips_what_looks_like_a_control_judges_few_controls() -> None:
    _, played = rows(named("honest"), named("skips controls"), each=100, sessions=1, seed=4)

    controls = np.bincount(played.controls["player"].astype(int), minlength=200)

    assert controls[100:].sum() / controls[:100].sum() == pytest.approx(0.15, abs=0.04)


def test_easy_questions_are_of_their_own_kind_and_seldom_wrong() -> None:
    _, played = rows(named("fast easy questions"), named("honest"), each=60, sessions=2, seed=5)

    easy = played.items["player"] < 60
    assert (played.items["category"][easy] == EASY).all()
    assert (played.items["category"][~easy] != EASY).all()
    assert played.items["truth"][easy].mean() == pytest.approx(0.05, abs=0.02)
    assert played.items["truth"][~easy].mean() == pytest.approx(0.34, abs=0.04)


def test_a_correction_is_right_only_where_the_answer_was_wrong() -> None:
    _, played = rows(*STRATEGIES, each=10, sessions=2, seed=6)

    items = played.items
    assert not (items["right"] * (1 - items["truth"] * items["claimed"])).any()
    assert items["right"].sum() > 100


def test_a_tired_player_sees_less_at_the_end() -> None:
    tired = Strategy("tired", Sort.HONEST, replace(TYPES["fatigue"], fatigue=1.0))
    seats, _ = rows(tired, each=3, sessions=1, seed=7)

    fresh, late = seats.rate("s_t"), seats.rate("s_t", seats.of("fatigue") * 9)

    assert (late < 0.1).all()
    assert (fresh > 0.8).all()
    assert (seats.rate("f_t", seats.of("fatigue") * 9) > seats.rate("f_t")).all()


def test_players_of_two_strategies_are_equally_gifted() -> None:
    seats, _ = rows(named("honest"), named("skips controls"), each=9, sessions=1, seed=8)

    assert seats.shift[:9] == pytest.approx(seats.shift[9:])
    assert seats.finding[:9] == pytest.approx(seats.finding[9:])
    assert seats.finding[:9].mean() == pytest.approx(0.0, abs=1e-12)


def test_nobody_plays_without_sessions() -> None:
    _, played = rows(named("honest"), each=2, sessions=0, seed=9)

    assert played.seconds.shape == (2, 0)
    assert len(played.items["player"]) == len(played.controls["player"]) == 0


def test_every_strategy_that_acts_on_what_it_takes_for_controls_can_recognise_them() -> None:
    for one in STRATEGIES:
        assert one.detects > 0.5 or (one.tainted is one.untainted is Act.PLAY)
