"""A right answer that stays right: rewritings that are safe, mirrors, and what a missing variant does."""

from __future__ import annotations

import io
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stumper.errors import ModelUnavailable
from stumper.evaluate.consistency import Case, cases, consistency, judged, mirror
from stumper.evaluate.items import reworded_items
from stumper.evaluate.rewording import mirrored_text, reworded
from stumper.evaluate.run import Item
from stumper.records import Category
from stumper.vlm.base import Answer
from stumper.vlm.scripted import Script, ScriptedModel
from tests.evaluate.test_run import picture


def item(question: str = "Which side is the cat on?", reference: str = "left", number: int = 1) -> Item:
    return Item(
        id=f"{question}{number}", image=picture(number), question=question, reference=reference,
        category=Category.SPATIAL,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("How many cats are there in the picture?", "What is the number of cats in the picture?"),
        ("how many red cars are there", "What is the number of red cars?"),
        ("What color is the dog's collar?", "Which colour is the dog's collar?"),
        ("Which colour are the doors?", "What colour are the doors?"),
        ("Is there a heron?", "Can you see a heron?"),
        ("Where is the cup?", "Where can you see the cup?"),
        ("Who owns it?", "Look at the picture: Who owns it?"),
        ("How many cats are there, and dogs?", "Look at the picture: How many cats are there, and dogs?"),
    ],
)
def test_a_question_is_put_in_other_words_where_that_is_safe(question: str, other: str) -> None:
    assert reworded(question)[0] == other


@given(st.text(max_size=60))
def test_there_are_always_two_other_wordings(question: str) -> None:
    assert len({question, *reworded(question)}) == 3


@pytest.mark.parametrize(
    ("question", "reference", "mirrored"),
    [
        ("Is the cat left of the dog?", "Yes, left.", ("Is the cat right of the dog?", "Yes, right.")),
        ("What is in the LEFT hand?", "a cup", ("What is in the RIGHT hand?", "a cup")),
        ("What is the leftmost thing?", "a car", ("What is the rightmost thing?", "a car")),
        ("How many cats?", "two", ("How many cats?", "two")),
        ("What colour is the bright car?", "red", ("What colour is the bright car?", "red")),
    ],
)
def test_sides_change_places_in_the_mirror(question: str, reference: str, mirrored: tuple[str, str]) -> None:
    assert mirrored_text(question, reference, category=Category.SPATIAL) == mirrored


@pytest.mark.parametrize(
    "question",
    [
        "What time is it?", "What does the sign say?", "How many apples are left?", "Is it all right?",
        "What is he doing right now?", "Which word is on the left?", "Is it facing west?",
    ],
)  # fmt: skip
def test_what_may_read_otherwise_in_the_mirror_is_left_out(question: str) -> None:
    assert mirrored_text(question, "two", category=Category.SPATIAL) is None


def test_a_mirror_exchanges_left_and_right_and_twice_gives_the_picture_back() -> None:
    there = Image.new("RGB", (2, 1))
    there.putpixel((0, 0), (255, 0, 0))
    target = io.BytesIO()
    there.save(target, "PNG")

    once = mirror(target.getvalue())
    assert once is not None
    assert Image.open(io.BytesIO(once)).getpixel((1, 0)) == (255, 0, 0)
    twice = mirror(once)
    assert twice is not None
    assert Image.open(io.BytesIO(twice)).tobytes() == there.tobytes()
    assert mirror(b"no picture") is None


def test_drawn_questions_come_in_three_wordings_of_one_answer() -> None:
    found = reworded_items(seed=1, n=12)

    assert len(found) == 12
    assert found == reworded_items(seed=1, n=12)
    assert all(len({one.item.question, *one.others}) == 3 for one in found)
    assert len({one.item.picture for one in found}) == 12


def test_at_most_half_the_sample_is_drawn_and_a_small_release_is_taken_whole() -> None:
    found = cases([item(number=n) for n in range(3)], seed=1, n=10)

    assert [case.item.group for case in found[:3]] == [""] * 3
    assert len(found) == 8
    assert cases([], seed=1, n=4)[0].item.group


async def test_who_always_says_left_is_right_but_not_consistent(tmp_path: Path) -> None:
    found = [case for number in range(4) for case in [_case(item(number=number))]]
    one, two = ScriptedModel(Script(text="left")), _Sees()

    told = await consistency(one, two, found, seed=1, cache=tmp_path)
    again = await consistency(one, two, found, seed=1, cache=tmp_path)

    assert told.to_json() == again.to_json()
    assert (told.as_asked.base.mean, told.as_asked.tuned.mean) == (1.0, 1.0)
    assert (told.in_other_words.base.mean, told.in_other_words.tuned.mean) == (1.0, 1.0)
    assert (told.mirrored.base.mean, told.mirrored.tuned.mean) == (0.0, 1.0)


async def test_a_variant_that_was_not_answered_is_missing_not_wrong() -> None:
    found = [_case(item(number=number)) for number in range(3)]

    told = await consistency(_FailsAt("Please tell me"), _Sees(), found, seed=1)

    assert (told.as_asked.missing, told.in_other_words.missing, told.mirrored.missing) == (0, 3, 0)
    assert math.isnan(told.in_other_words.base.mean)
    assert told.to_json()["in_other_words"]["base"]["mean"] is None


def test_the_shares_by_hand() -> None:
    found = [_case(item(number=1)), _case(item(number=2)), _case(item("What time is it?", "noon", 3))]
    base = [[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]

    told = judged(found, base, [[1.0] * len(one) for one in base], seed=1)

    assert told.as_asked.base.mean == pytest.approx(2 / 3)
    assert told.in_other_words.base.mean == pytest.approx(1 / 3)
    assert (told.mirrored.base.mean, told.mirrored.items) == (0.5, 2)
    assert told.in_other_words.gain.mean == pytest.approx(2 / 3)


def _case(one: Item) -> Case:
    (made,) = cases([one], seed=1, n=2)[:1]
    return made


class _Sees(ScriptedModel):
    """Knows on which side the cat is: left in `picture`, right in its mirror."""

    async def answer(self, image: bytes, question: str) -> Answer:
        return Answer("left" if image in {picture(number) for number in range(9)} else "right", 1.0)


class _FailsAt(_Sees):
    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    async def answer(self, image: bytes, question: str) -> Answer:
        if question.startswith(self._words):
            raise ModelUnavailable("away")
        return await super().answer(image, question)
