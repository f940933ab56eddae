"""What each arm is made of: sizes, order, weights, and that larger sets begin with smaller ones."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadInput
from stumper.experiment.arms import Arm, Example, Sources, draw
from stumper.experiment.controls import plan_runs
from tests.examples import examples


def made(prefix: str, number: int, *, heavy: int = 0) -> tuple[Example, ...]:
    """``number`` pairs on half as many pictures; the first ``heavy`` weigh ten times as much."""
    return tuple(
        Example(
            image_id=f"i{at // 2}",
            question=f"{prefix} {at}?",
            answer=str(at),
            weight=10.0 if at < heavy else 1.0,
        )
        for at in range(number)
    )


def ask(image_id: str, rng: random.Random) -> Example | None:
    return Example(image_id=image_id, question=f"ordinary {rng.randrange(30)}?", answer="yes")


def sources(number: int = 60, *, heavy: int = 0) -> Sources:
    return Sources(
        accepted=made("accepted", number),
        claimed=made("claimed", 2 * number),
        released=made("released", number, heavy=heavy),
        ask=ask,
        ordinary="made up",
    )


@settings(max_examples=examples(50), deadline=None)
@given(st.sampled_from(Arm), st.integers(0, 60), st.integers(0, 60), st.integers(0, 3))
def test_a_larger_set_begins_with_the_smaller_one(arm: Arm, one: int, other: int, seed: int) -> None:
    small, large = sorted((one, other))
    less, more = (draw(arm, sources(), n=n, seed=seed) for n in (small, large))

    assert len(less) == small
    assert more[:small] == less


def test_claims_come_as_they_came() -> None:
    assert draw(Arm.COLLECTED, sources(), n=5, seed=1) == list(sources().accepted[:5])
    assert draw(Arm.UNVALIDATED, sources(), n=5, seed=1) == list(sources().claimed[:5])


def test_drawn_arms_differ_by_seed_and_repeat_nothing() -> None:
    for arm in (Arm.RANDOM, Arm.BALANCED, Arm.ORDINARY):
        first, second = (draw(arm, sources(), n=40, seed=seed) for seed in (1, 2))
        assert first != second
        assert len({(one.image_id, one.question) for one in first}) == 40


def test_balanced_draws_by_weight() -> None:
    """Ten of weight 10 among fifty of 1: the first drawn is heavy in 100 of 150 cases."""
    heavy = {one.question for one in sources(heavy=10).released[:10]}
    first = Counter(
        draw(Arm.BALANCED, sources(heavy=10), n=1, seed=seed)[0].question in heavy for seed in range(600)
    )
    alike = Counter(
        draw(Arm.RANDOM, sources(heavy=10), n=1, seed=seed)[0].question in heavy for seed in range(600)
    )

    assert first[True] / 600 == pytest.approx(100 / 150, abs=0.06)
    assert alike[True] / 600 == pytest.approx(10 / 60, abs=0.05)


def test_ordinary_questions_are_about_the_balanced_pictures_as_often() -> None:
    ordinary, balanced = (draw(arm, sources(), n=40, seed=4) for arm in (Arm.ORDINARY, Arm.BALANCED))

    assert [one.image_id for one in ordinary] == [one.image_id for one in balanced]
    assert all(one.question.startswith("ordinary") for one in ordinary)


def test_without_sizes_the_scarcest_arm_decides() -> None:
    plan = plan_runs(sources(100), base="onnx:", arms=list(Arm), seeds=[1, 2], sizes=None)

    assert plan.sizes == (12, 25, 50, 100)
    assert Counter((place.arm, place.pairs) for place in plan.runs) == {
        **{(arm, 100): 2 for arm in Arm},
        **{(arm, size): 2 for arm in (Arm.BALANCED, Arm.ORDINARY) for size in (12, 25, 50)},
    }
    assert all(len(run.pairs) == place.pairs for place, run in plan.runs.items())
    assert [place.pairs for place in plan.runs] == sorted((p.pairs for p in plan.runs), reverse=True)


def test_an_arm_with_too_few_pairs_is_left_out_with_the_reason() -> None:
    plan = plan_runs(sources(50), base="onnx:", arms=list(Arm), seeds=[1], sizes=[80])

    assert [place.arm for place in plan.runs] == [Arm.UNVALIDATED]
    assert plan.left_out[Arm.BALANCED] == "it has 50 pairs, and 80 are compared"


@pytest.mark.parametrize("sizes", [[4], [4, 40], None])
def test_a_size_that_teaches_nothing_is_refused(sizes: list[int] | None) -> None:
    with pytest.raises(BadInput, match="teaches nothing"):
        plan_runs(sources(4), base="onnx:", arms=list(Arm), seeds=[1], sizes=sizes)
