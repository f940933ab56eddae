"""A panel's word on an examination: beside the rules, equal answers asked once, failures missing."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from stumper import rounds
from stumper.curate.panel.panel import Panel
from stumper.evaluate.benchmarks import compare
from stumper.evaluate.panel import panel_scores
from stumper.evaluate.run import Item, compared
from stumper.records import Category
from stumper.rounds import examining
from stumper.vlm.base import Answer
from stumper.vlm.scripted import Script, ScriptedModel
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
    assert str(found).startswith("2 models: no item was scored both times, 4 missing (missing: 0 of 2 judges")
    assert found.to_json()["why"].endswith("one: no idea; two: no idea")


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
    assert "judged by a panel: 2 models" in (tmp_path / "report.html").read_text()
    assert "The paper's ten benchmarks" in (tmp_path / "report.html").read_text()


class Killed(Exception):
    """Stands for the end of the process: nothing of Stumper catches it."""


class Dies(ScriptedModel):
    """Answers so many questions, and then the process ends."""

    def __init__(self, text: str, *, after: int) -> None:
        super().__init__(Script(text=text), ref=f"scripted:text={text}")
        self._after = after

    async def answer(self, image: bytes, question: str) -> Answer:
        if self.calls >= self._after:
            raise Killed
        return await super().answer(image, question)


@pytest.mark.parametrize("after", [1, 20, 33])
async def test_an_evaluation_that_was_killed_goes_on_with_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    folder, report = release(tmp_path / "r"), tmp_path / "report.html"

    async def evaluated(base: ScriptedModel, tuned: ScriptedModel) -> dict[str, Any]:
        models = {"base": base, "tuned": tuned}

        async def opened(ref: str, **_: object) -> ScriptedModel:
            return models[ref]

        monkeypatch.setattr(examining, "open_model", opened)
        return await rounds.evaluate_on(
            folder, base_ref="base", tuned_ref="tuned", report=report, seed=1, secrets={}
        )

    uncut = Dies("three", after=10**6)
    whole = await evaluated(uncut, Dies("five", after=10**6))
    report.unlink()
    with pytest.raises(Killed):
        await evaluated(Dies("three", after=after), Dies("five", after=10**6))
    assert not report.exists()
    kept = rounds.answers_beside(report)
    answered = sum(len(path.read_text().splitlines()) for path in kept.rglob("base.jsonl"))

    base = Dies("three", after=10**6)
    again = await evaluated(base, Dies("five", after=10**6))

    assert again["score"] == whole["score"]
    assert base.calls <= uncut.calls - answered
    assert answered >= after // 2
    assert report.exists()
    assert not kept.exists()
