"""What goes into a release: the same from any order, disjoint, capped, and never moved from test to train."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.images.reserve import held_out, place
from stumper.records import Category, ImageId, PlayerKind, Split
from stumper.release.audit.wording import asked
from stumper.release.balance import FEW, LEAST_ENTROPY, MOST_OF_ONE
from stumper.release.columns import Columns, Examples
from stumper.release.plan import REASONS, Before, Plan, Reason, balance, make_plan
from stumper.release.splits import SPLITS

PICTURES = [ImageId(f"{n:04x}") for n in range(60)]
PLAYERS = [f"player{n}" for n in range(20)]
KINDS = [name for name in Category if name is not Category.INVALID]


def rows(n: int, *, seed: int, dealt: bool = True, common: float = 0.1, first: int = 0) -> list[Any]:
    """Accepted examples as `queries.slim` returns them; ``common`` is the share of one question."""
    rng = random.Random(seed)
    held = {one: held_out(place(one, seed=1)) for one in (*PICTURES, *PLAYERS)}
    made = []
    for number in range(first, first + n):
        player = rng.choice(PLAYERS)
        picture = rng.choice([one for one in PICTURES if not dealt or held[one] == held[player]])
        question = "Where is this?" if rng.random() < common else f"What is thing {number}?"
        made.append(
            SimpleNamespace(
                id=f"e{number}", image_id=picture, question=question, answer=rng.choice("abcdef"),
                category=rng.choices(KINDS, [40, *[3] * 10])[0].value, round=1,
                posterior=round(rng.uniform(0.95, 1.0), 3), player_id=player, kind=PlayerKind.HUMAN.value,
            )
        )  # fmt: skip
    return made


def examples(found: list[Any], *, leaders: dict[ImageId, ImageId] | None = None) -> Examples:
    columns = Columns(leaders=leaders or {})
    columns.add(found)
    return columns.unique()


def told(given_examples: Examples, plan: Plan) -> dict[int, tuple[int, int]]:
    return dict(
        zip(
            given_examples.key.tolist(),
            zip(plan.split.tolist(), plan.left_out.tolist(), strict=True),
            strict=True,
        )
    )


def before(given_examples: Examples, plan: Plan) -> Before:
    """What a release of this plan tells the next one."""
    conflict = plan.left_out == REASONS.index(Reason.PLAYER)
    held = (plan.split == SPLITS.index(Split.TEST)) != conflict
    return Before(
        images={
            given_examples.images[image]: SPLITS[split]
            for image, split in zip(given_examples.image, plan.split, strict=True)
        },
        keys=given_examples.key,
        held_out=np.empty(0, bool) if plan.why_not_apart else held,
    )


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.randoms())
def test_the_order_of_the_database_changes_nothing(seed: int, dealt: bool, random: Any) -> None:
    found = rows(150, seed=seed, dealt=dealt)
    one = examples(found)
    random.shuffle(found)
    two = examples(found)

    assert told(one, make_plan(one, seed=1)) == told(two, make_plan(two, seed=1))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.floats(0, 0.9))
def test_every_plan_keeps_the_laws(seed: int, dealt: bool, common: float) -> None:
    found = examples(rows(220, seed=seed, dealt=dealt, common=common))
    plan = make_plan(found, seed=1)

    kept = plan.kept
    assert set(plan.split[kept]) == {0, 1, 2}
    for split in range(3):
        here, elsewhere = kept & (plan.split == split), kept & (plan.split != split)
        assert not set(found.group[here]) & set(found.group[elsewhere])
    test = plan.split == SPLITS.index(Split.TEST)
    if not plan.why_not_apart:
        assert not set(found.player[kept & test]) & set(found.player[kept & ~test])
    counts = np.unique(found.question[kept], return_counts=True)[1]
    assert counts.max() <= max(FEW, MOST_OF_ONE * kept.sum())


def test_a_category_that_rules_is_thinned_and_the_rest_is_kept() -> None:
    made = rows(600, seed=3, common=0.0)
    for number, one in enumerate(made):  # 300 of one, 30 of each of the ten others
        one.category = KINDS[0 if number < 300 else 1 + number % 10].value
    found = examples(made)

    plan = make_plan(found, seed=1)

    assert balance(found, np.ones(len(found), bool)) == pytest.approx(0.769, abs=0.001)
    assert LEAST_ENTROPY <= balance(found, plan.kept) < LEAST_ENTROPY + 0.002
    thinned = plan.left_out == REASONS.index(Reason.CATEGORY)
    assert set(found.category[thinned]) == {list(Category).index(KINDS[0])}


def test_of_a_common_question_the_surest_stay_with_other_answers() -> None:
    made = rows(200, seed=4, common=0.0)
    for number, one in enumerate(made[:40]):
        one.question, one.answer = "Where is this?", "abcd"[number % 4]
    for number, one in enumerate(made):
        one.category = KINDS[number % 11].value
    found = examples(made)

    plan = make_plan(found, seed=1)

    common = np.unique(found.question, return_counts=True)[1].argmax()
    mine = np.unique(found.question, return_inverse=True)[1] == common
    assert (mine & plan.kept).sum() == FEW
    assert len(set(found.answer[mine & plan.kept])) >= 3


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_more_examples_move_no_picture_and_bring_no_test_player_into_train(seed: int, dealt: bool) -> None:
    made = rows(160, seed=seed, dealt=dealt)
    first = examples(made)
    earlier = make_plan(first, seed=1)
    second = examples(made + rows(120, seed=seed + 1, dealt=dealt, first=1000))

    later = make_plan(second, seed=1, before=before(first, earlier))

    was = told(first, earlier)
    now = told(second, later)
    assert all(now[key][0] == split for key, (split, _) in was.items())
    if not earlier.why_not_apart and not later.why_not_apart:
        test = SPLITS.index(Split.TEST)
        tested = {first.players[at] for at in first.player[earlier.kept & (earlier.split == test)]}
        trained = {second.players[at] for at in second.player[later.kept & (later.split != test)]}
        assert not tested & trained


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_planning_again_after_the_release_gives_the_same_plan(seed: int, dealt: bool) -> None:
    found = examples(rows(160, seed=seed, dealt=dealt))
    plan = make_plan(found, seed=1)

    again = make_plan(found, seed=1, before=before(found, plan))

    assert told(found, again) == told(found, plan)
    assert again.why_not_apart == plan.why_not_apart


def test_pictures_that_look_alike_are_in_one_split() -> None:
    twins = {PICTURES[n]: PICTURES[n - n % 2] for n in range(len(PICTURES))}
    found = examples(rows(300, seed=5, dealt=False), leaders=twins)

    plan = make_plan(found, seed=1)

    where = {found.images[image]: split for image, split in zip(found.image, plan.split, strict=True)}
    pairs = [pair for pair in twins.items() if pair[0] != pair[1] and {*pair} <= where.keys()]
    assert len(pairs) > 20
    assert all(where[one] == where[leader] for one, leader in pairs)


def test_look_alikes_that_were_in_two_splits_before_go_to_the_test() -> None:
    found = examples(rows(300, seed=5), leaders={PICTURES[1]: PICTURES[0]})
    known = Before(
        images={PICTURES[0]: Split.TRAIN, PICTURES[1]: Split.TEST},
        keys=np.empty(0, np.uint64),
        held_out=np.empty(0, bool),
    )

    plan = make_plan(found, seed=1, before=known)

    both = np.isin(found.image, [found.images.index(PICTURES[0]), found.images.index(PICTURES[1])])
    assert set(plan.split[both]) == {SPLITS.index(Split.TEST)}


def test_spelling_and_case_do_not_hide_a_question() -> None:
    assert asked("What colour is it?") == asked("what color is it")
    made = rows(30, seed=6, common=0.0)
    made[0].question, made[1].question = "What colour is it?", "what color is it"

    assert len(np.unique(examples(made).question)) == 29


@pytest.mark.parametrize("answer", ["Two.", " two", "TWO"])
def test_answers_count_as_one_up_to_case_and_punctuation(answer: str) -> None:
    made = rows(2, seed=7)
    made[0].answer, made[1].answer = "two", answer

    assert len(set(examples(made).answer)) == 1
