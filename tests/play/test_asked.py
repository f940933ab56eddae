"""Whether two questions ask the same: different ones must not be taken for one."""

from __future__ import annotations

import random

import pytest

from stumper.images.probes import Probe, scene_probes
from stumper.play.asked import binary, kinds_asked, known_answer
from stumper.play.slots import Kind
from stumper.simulate.world import wonder
from stumper.toytown.sample import sample_scene

_TRUTHS = (
    Probe("How many objects of the kind 'dog' are in this picture?", "2"),
    Probe("what colour is the red car's door", "blue"),
    Probe("is the cat at the left, the middle or the right?", "left"),
    Probe("Is there a tree?", "yes"),
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many dogs are there?", "2"),
        ("number of dogs right now", "2"),
        ("which side is the cat on?", "left"),
        ("How many cats are there?", None),
        ("How many dogs are left of the tree?", None),
        ("how many legs has the dog", None),
        ("What colour is the dog?", None),
        ("is the cat at the top or at the bottom?", None),
        ("Is there a tree?", None),
        ("", None),
        ("?!", None),
        ("how many are there?", None),
    ],
)
def test_a_truth_answers_only_the_question_that_asks_for_it(question: str, answer: str | None) -> None:
    assert known_answer(question, _TRUTHS) == answer


def test_truths_that_differ_answer_nothing() -> None:
    assert known_answer("how many dogs?", [*_TRUTHS, Probe("number of dogs", "3")]) is None


def test_nothing_is_known_of_a_picture_without_truths() -> None:
    assert known_answer("how many dogs?", ()) is None


def test_what_is_answered_by_yes_or_no_is_binary() -> None:
    assert [binary(text) for text in ("Yes.", " no, there is none", "none", "north")] == [
        True,
        True,
        False,
        False,
    ]
    assert kinds_asked("are there any dogs?") == (Kind.YES_NO,)


def test_in_toytown_every_matched_question_has_that_answer() -> None:
    matched, wrong = 0, []
    for seed in range(25):
        scene = sample_scene(7_000_001 + 2 * seed, style="complex")
        rng = random.Random(seed)
        truths = scene_probes(scene.to_json(), rng=rng, n=48)
        for _ in range(15):
            asked = wonder(scene, image_id="any", easy=True, rng=rng)
            answer = known_answer(asked.question, truths)
            matched += answer is not None
            if answer is not None and not asked.holds(answer):
                wrong.append((asked.question, asked.answer, answer))

    assert matched > 60  # a fifth
    assert not wrong
