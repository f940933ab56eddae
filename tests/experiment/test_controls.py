"""The controls' figures against hand calculation, and what they say."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from stumper.evaluate.metrics import Interval
from stumper.experiment.arms import Arm
from stumper.experiment.bench import Run
from stumper.experiment.controls import Controls, Place, Plan, run_controls
from stumper.experiment.figures import Difference, sentence
from stumper.experiment.page import render_controls, write_controls
from stumper.experiment.study import About, seconds
from tests.experiment.fakes import FakeTuner, Models, bench, items, pairs

TESTS = {"caught": items("cat", 8), "known": items("dog", 4)}
CATS = [one.question for one in TESTS["caught"]]
DOGS = [one.question for one in TESTS["known"]]
KNOWS = {
    "onnx:": DOGS,
    "balanced-20-1": [*CATS[:6], *DOGS],
    "balanced-20-2": [*CATS[:4], *DOGS[:3]],
    "ordinary-20-1": [*CATS[:1], *DOGS],
    "ordinary-20-2": [*CATS[:1], *DOGS],
    "balanced-10-1": CATS[:2],
}
ABOUT = About(
    campaign="toytown", round=1, release="abc", played="onnx:", recipe="tiny", ordinary="drawn", apart=True,
    notes=("<b>note</b>",),
)  # fmt: skip


def made(out: Path, *, fails: frozenset[str] = frozenset(), arms: dict[Arm, str] | None = None) -> Controls:
    places = [Place(arm, 20, seed) for arm in (Arm.BALANCED, Arm.ORDINARY) for seed in (1, 2)]
    places.append(Place(Arm.BALANCED, 10, 1))
    runs = {
        one: Run(name=one.name, base="onnx:", seed=one.seed, pairs=pairs(one.pairs, prefix=one.arm))
        for one in places
    }
    plan = Plan(runs, arms or {}, (10, 20))
    one = bench(out, TESTS, FakeTuner(fails=fails), Models(KNOWS))
    return asyncio.run(run_controls(one, plan, base="onnx:", seed=1, on_progress=lambda *_: None))


def test_the_figures_are_those_counted_by_hand(tmp_path: Path) -> None:
    found = made(tmp_path)
    cell = found.at(Arm.BALANCED, 20)

    assert cell is not None
    assert cell.seeds == (1, 2)
    caught, known = cell.tests["caught"], cell.tests["known"]
    assert (caught.before, caught.after.mean) == (0.0, pytest.approx(10 / 16))
    assert caught.gain.mean == pytest.approx(10 / 16)
    assert caught.per_100.mean == pytest.approx(5 * 10 / 16)
    assert caught.per_100.high == pytest.approx(5 * caught.gain.high)
    assert caught.guess == 1.0  # who always says yes
    assert (known.before, known.gain.mean) == (1.0, pytest.approx(-1 / 8))
    assert [(one.arm, one.pairs) for one in found.cells] == [
        (Arm.ORDINARY, 20),
        (Arm.BALANCED, 10),
        (Arm.BALANCED, 20),
    ]


def test_arms_are_compared_with_ordinary_data_answer_by_answer(tmp_path: Path) -> None:
    caught, known = made(tmp_path).differences

    assert (caught.arm, caught.test, caught.pairs) == (Arm.BALANCED, "caught", 20)
    assert caught.difference.mean == pytest.approx((5 + 3) / 16)
    assert known.difference.mean == pytest.approx(-1 / 8)
    assert caught.difference.low > 0
    assert "beat ordinary data of the same size by +0.500 [" in sentence(caught)
    assert "do not beat" in sentence(known)


def test_a_failed_run_takes_its_seed_out_of_the_comparison(tmp_path: Path) -> None:
    found = made(tmp_path, fails=frozenset({"ordinary-20-2"}))

    ordinary = found.at(Arm.ORDINARY, 20)
    assert ordinary is not None
    assert ordinary.seeds == (1,)
    assert found.differences[0].difference.mean == pytest.approx(5 / 8)  # of seed 1 alone
    assert found.missing == {"ordinary-20-2": "The loss of ordinary-20-2 is nan."}


def test_an_arm_without_runs_is_missing_and_not_nought(tmp_path: Path) -> None:
    found = made(tmp_path, fails=frozenset({"ordinary-20-1", "ordinary-20-2"}))

    assert found.at(Arm.ORDINARY, 20) is None
    assert found.differences == ()
    assert found.verdicts == [
        "Balanced adversarial data cannot be compared with ordinary data: an arm is missing."
    ]
    assert "ordinary-20-1" in render_controls(found, ABOUT)


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (Interval(0.1, 0.02, 0.2, 9), "beat ordinary data of the same size by +0.100 [+0.020, +0.200]."),
        (
            Interval(-0.1, -0.2, -0.02, 9),
            "fall behind ordinary data of the same size: -0.100 [-0.200",
        ),
        (Interval(0.1, 0.0, 0.2, 9), "do not beat ordinary data"),
        (Interval(float("nan"), float("nan"), float("nan"), 0), "nothing was scored"),
    ],
)
def test_the_sentence_says_what_the_interval_says(interval: Interval, said: str) -> None:
    one = Difference(arm=Arm.BALANCED, test="ordinary", pairs=20, difference=interval)

    assert sentence(one).startswith("On ordinary questions, balanced adversarial data ")
    assert said in sentence(one)


def test_a_second_time_nothing_is_tuned_and_all_is_the_same(tmp_path: Path) -> None:
    first = made(tmp_path)
    again = made(tmp_path, fails=frozenset(KNOWS))  # would fail if it were tuned

    assert again == first


def test_only_what_is_not_made_is_planned_in_time(tmp_path: Path) -> None:
    made(tmp_path, fails=frozenset({"ordinary-20-2"}))
    one = bench(tmp_path, TESTS, FakeTuner(), Models(KNOWS))
    runs = [
        Run(name=f"ordinary-20-{seed}", base="onnx:", seed=seed, pairs=pairs(20, prefix="ordinary"))
        for seed in (1, 2)
    ]

    assert list(seconds(one, ["base"], runs)) == ["base", "ordinary-20-2"]


def test_page_and_figures_are_whole_and_hold_no_nan(tmp_path: Path) -> None:
    found = made(tmp_path / "runs", arms={Arm.RANDOM: "it has 3 pairs, and 20 are compared"})

    page = write_controls(tmp_path, found, ABOUT).read_text(encoding="utf-8")

    figures = json.loads((tmp_path / "experiment.json").read_text(), parse_constant=pytest.fail)
    assert figures["arms"][0]["tests"]["caught"]["gain"]["mean"] == pytest.approx(1 / 8)
    assert figures["left_out"] == {"random": "it has 3 pairs, and 20 are compared"}
    assert figures["verdicts"] == found.verdicts
    assert "it has 3 pairs" in page
    assert "&lt;b&gt;note" in page
    assert "<b>note" not in page
    assert page.count('class="chart curve"') == 2
    assert page.count('class="chart whisker"') == 4
    assert "nan" not in page.replace("nanum", "")
