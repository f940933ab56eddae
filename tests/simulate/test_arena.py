"""Honest play is paid best and what is accepted is true, on a small arena."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from stumper.errors import BadInput
from stumper.records import Rules
from stumper.simulate.arena import Income, arena, climb, incomes
from stumper.simulate.strategies import Sort
from stumper.trust.rewards import Form

RULES = Rules()


@pytest.fixture(scope="module")
def earned() -> list[Income]:
    return incomes(seed=21, sessions=3_000, rules=RULES)


def a_minute(one: Income) -> float:
    return float(one.points.sum() / one.minutes.sum())


@pytest.mark.slow
def test_no_strategy_beats_honest_play_by_the_minute_nor_by_the_session(earned: list[Income]) -> None:
    honest = next(one for one in earned if one.strategy.name == "honest")
    others = [one for one in earned if one.strategy.sort is not Sort.HONEST]

    assert len(others) >= 12
    for one in others:
        assert a_minute(one) < a_minute(honest), one.strategy.name
        assert one.points.mean() < honest.points.mean(), one.strategy.name
        assert one.payable.mean() < honest.payable.mean(), one.strategy.name


@pytest.mark.slow
def test_with_every_claim_at_the_highest_bounty_honest_play_still_leads_and_blind_play_gains_nothing(
    earned: list[Income],
) -> None:
    def best(one: Income) -> float:
        return float((one.points + one.bounties).sum() / one.minutes.sum())

    honest = next(one for one in earned if one.strategy.name == "honest")

    assert honest.bounties.sum() > 0.1 * honest.points.sum()
    for one in earned:
        assert one.strategy.sort is Sort.HONEST or best(one) < best(honest), one.strategy.name
        assert one.strategy.sort is not Sort.BLIND or best(one) <= 0.2, one.strategy.name
        assert one.strategy.form is Form.OPEN or not one.bounties.any()


def test_blind_play_gains_nothing_and_under_the_papers_rule_it_would_win(earned: list[Income]) -> None:
    honest = next(one for one in earned if one.strategy.name == "honest")

    def by_paper(one: Income) -> float:
        return float(one.paper.sum() / one.paper_minutes.sum())

    blind = [one for one in earned if one.strategy.sort is Sort.BLIND]
    assert all(a_minute(one) <= 0.2 for one in blind)
    assert sum(one.payable.sum() for one in blind) <= 0.02 * honest.payable.sum()
    assert max(by_paper(one) for one in blind) > 3 * by_paper(honest)


@pytest.mark.slow
def test_a_small_arena_meets_every_bound() -> None:
    figures = arena(seed=3, sessions=2_000)

    assert [figure.name for figure in figures if not figure.ok] == []
    assert sum(bool(figure.bound) for figure in figures) >= 25


def test_too_small_an_arena_is_refused() -> None:
    with pytest.raises(BadInput, match="too few"):
        arena(seed=1, sessions=10)


def test_who_looks_climbs_and_who_does_not_stays() -> None:
    rng = np.random.default_rng(1)

    skilled = climb(0.92, 0.04, players=500, rules=RULES, rng=rng)
    blind = climb(0.5, 0.5, players=5_000, rules=RULES, rng=rng)

    assert 9 <= np.median(skilled.needed) <= 13
    assert (skilled.best >= 100.0).mean() > 0.99
    assert (blind.best >= 100.0).mean() <= 0.014
    assert (skilled.best <= RULES.cap_e).all()


@pytest.mark.slow
def test_the_command_prints_one_json_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stumper", "arena", "--seed", "2", "--sessions", "2000", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    line = json.loads(done.stdout)
    assert done.returncode == (0 if line["ok"] else 1)
    assert line["ok"] == all(figure["ok"] for figure in line["figures"])
    again = [json.loads(json.dumps(asdict(figure))) for figure in arena(seed=2, sessions=2_000)]
    assert line["figures"] == again, "the same seed, the same figures"
    assert {*line["figures"][0]} == {"name", "value", "interval", "bound", "ok"}
