"""How far to believe a panel: figures by hand, by second implementations, and on judges of known worth."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.panel.calibrate import Calibration, calibrate
from stumper.curate.panel.queries import Settled
from stumper.curate.panel.reliability import agreement, best_bar, brier, scaled
from stumper.records import (
    CampaignId,
    Category,
    Claim,
    ClaimId,
    ClaimStatus,
    ExchangeId,
    ImageId,
    PlayerId,
    RoundId,
)

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=1, max_size=30)


def settled(n: int, *, good: bool, category: Category = Category.COUNTING) -> Settled:
    claim = Claim(
        id=ClaimId(f"c{n}"),
        exchange_id=ExchangeId(f"x{n}"),
        campaign_id=CampaignId("c"),
        round_id=RoundId("r"),
        player_id=PlayerId("p"),
        image_id=ImageId(f"i{n // 2}"),
        question="How many?",
        model_answer="three",
        correction="four",
        status=ClaimStatus.ACCEPTED if good else ClaimStatus.REJECTED,
        category=category,
        created_at=float(n),
    )
    return Settled(claim, good)


def crowd(n: int, *, sharp: float, seed: int = 1) -> Calibration:
    """Settled claims and two judges whose backing leans to the truth by ``sharp`` (0: lots, 1: certain)."""
    rng = random.Random(seed)
    cases = [settled(k, good=rng.random() < 0.7, category=rng.choice(list(Category)[:2])) for k in range(n)]
    backed = {
        one.claim.id: {
            name: round(sharp * one.good + (1 - sharp) * rng.random(), 6) for name in ("one", "two")
        }
        for one in cases
    }
    return calibrate(cases, backed, least=2)


def test_a_panel_that_knows_is_told_from_one_that_draws_lots() -> None:
    knows, lots = crowd(600, sharp=0.6), crowd(600, sharp=0.0)

    assert knows.panel.auc == 1.0
    assert knows.held_out.agreement > 0.98
    assert knows.held_out.ece < knows.panel.ece  # what was scaled is nearer to the truth
    assert knows.alpha > 0.5
    assert abs(lots.panel.auc - 0.5) < 0.06
    assert abs(lots.alpha) < 0.1
    assert lots.held_out.agreement <= lots.held_out.commonest + 0.03
    assert [one.name for one in knows.categories] == ["counting", "existence"]
    assert [one.name for one in knows.judges] == ["one", "two"]


def test_claims_with_too_few_opinions_are_missing_not_zero() -> None:
    cases = [settled(0, good=True), settled(2, good=False)]
    found = calibrate(cases, {ClaimId("c0"): {"one": 0.9, "two": 0.8}, ClaimId("c2"): {"one": 0.1}}, least=2)

    assert (found.settled, found.missing, found.panel.claims) == (2, 1, 1)
    assert found.panel.brier == pytest.approx(0.15**2)
    assert math.isnan(found.panel.auc)  # one sort only
    assert [one.claims for one in found.judges] == [2, 1]


def test_nothing_settled_is_no_figure_and_valid_json() -> None:
    found = calibrate([], {}, least=2)
    line = json.loads(json.dumps(found.to_json(), allow_nan=False))

    assert line["settled"] == 0
    assert line["panel"]["auc"] is None
    assert line["held_out"]["agreement"] is None


def test_by_hand() -> None:
    truth, p = np.array([True, True, False, False]), np.array([0.9, 0.6, 0.4, 0.2])

    assert brier(truth, p) == pytest.approx((0.01 + 0.16 + 0.16 + 0.04) / 4)
    assert best_bar(truth, p) == 0.5
    assert agreement(truth, p, 0.5) == 1.0
    assert best_bar(truth, np.array([0.4, 0.35, 0.3, 0.2])) == pytest.approx(0.325)


@given(ROWS)
def test_no_other_bar_agrees_better(rows: list[tuple[bool, int]]) -> None:
    truth, p = np.array([good for good, _ in rows]), np.array([value / 10 for _, value in rows])
    best = agreement(truth, p, best_bar(truth, p))

    assert all(agreement(truth, p, bar) <= best for bar in np.linspace(0.0, 1.05, 22))


def test_scaling_keeps_the_order_and_mends_a_judge_that_is_too_sure() -> None:
    rng = np.random.default_rng(2)
    honest = rng.random(2000)
    truth = rng.random(2000) < honest
    odds = (honest / (1 - honest)) ** 3
    sure = odds / (1 + odds)

    found = scaled(sure, truth=truth, taught=sure)

    assert np.all(np.diff(found[np.argsort(sure)]) >= 0)
    assert brier(truth, found) < brier(truth, sure)
    assert np.abs(found - honest).mean() < 0.5 * np.abs(sure - honest).mean()


def test_nothing_to_learn_from_leaves_scores_as_they_are() -> None:
    p, nothing = np.array([0.2, 0.7]), np.array([])

    assert scaled(p, truth=nothing.astype(bool), taught=nothing) == pytest.approx(p)
