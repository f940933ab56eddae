"""A panel's word on an examination: beside the rules, equal answers asked once, failures missing."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from stumper import rounds
from stumper.curate.panel.panel import Panel
from stumper.evaluate.benchmarks import compare
from stumper.evaluate.panel import panel_scores
from stumper.evaluate.run import Item, compared
from stumper.records import Category
from tests.curate.panel.judges import Says
from tests.evaluate.test_closing import few_items, release
from tests.evaluate.test_run import picture

__all__ = ["few_items"]

ITEMS = [
    Item(
        id=str(n),
        image=picture(n),
        question="How many cats?",
        reference="five",
        category=Category.COUNTING,
        image_id=str(n),
    )
    for n in range(4)
]


async def test_a_panel_scores_what_both_said_and_asks_equal_answers_once() -> None:
    before, after = ["three", "three", "five", None], ["five", "three", "five", "five"]
    outcomes = compared(ITEMS, before, after, base_ref="a", tuned_ref="b", seed=1).outcomes
    one, two = Says("one", {"five": 1.0, "three": 0.2}), Says("two", {"five": 0.8, "three": 0.0})

    found = await panel_scores(Panel([one, two]), outcomes, seed=1)

    assert found.base.mean == pytest.approx((0.1 + 0.1 + 0.9) / 3)
    assert found.tuned.mean == pytest.approx((0.9 + 0.1 + 0.9 + 0.9) / 4)
    assert found.missing == 1
    assert found.from_rules == pytest.approx(0.1)
    assert len(one.cases) == 5
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["judges"]["judges"][1]["scored"] == 5


async def test_a_panel_that_gives_no_score_is_missing_not_zero() -> None:
    outcomes = compared(ITEMS, ["three"] * 4, ["five"] * 4, base_ref="a", tuned_ref="b", seed=1).outcomes

    found = await panel_scores(Panel([Says("one", {}), Says("two", {"five": 1.0})]), outcomes, seed=1)

    assert found.missing == 4
    assert math.isnan(found.gain.mean)
    assert found.to_json()["gain"]["mean"] is None
    assert str(found) == "2 models: no item was scored both times, 4 missing"


async def test_an_evaluation_shows_both_and_the_rules_decide(tmp_path: Path) -> None:
    panel = Panel([Says("one", {"0": 1.0}), Says("two", {"0": 1.0})])

    told = await rounds.evaluate_on(
        release(tmp_path / "r"),
        base_ref="scripted:",
        tuned_ref="scripted:",
        report=tmp_path / "report.html",
        seed=1,
        secrets={},
        panel=panel,
        benchmarks=compare(None, None),
    )

    assert set(told) >= {"score", "panel"}
    assert told["panel"]["missing"] in range(7)
    assert "judged by a panel" in (tmp_path / "report.html").read_text()
    assert "The paper's ten benchmarks" in (tmp_path / "report.html").read_text()
