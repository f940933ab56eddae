"""What in an answer can be exchanged, and how it reads afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.play.slots import Kind, fill, find_slots


@pytest.mark.parametrize(
    ("answer", "kind", "value", "expected"),
    [
        ("two", Kind.NUMBER, "three", "three"),
        ("Two.", Kind.NUMBER, "three", "Three."),
        ("3", Kind.NUMBER, "4", "4"),
        ("there are two cats", Kind.NUMBER, "one", "there is one cat"),
        ("There is one bus here.", Kind.NUMBER, "two", "There are two buses here."),
        ("one person is on the left", Kind.NUMBER, "two", "two people are on the left"),
        ("there are three red cats in the tree.", Kind.NUMBER, "two", "there are two red cats in the tree."),
        ("The ball is red.", Kind.COLOUR, "blue", "The ball is blue."),
        ("it is an orange ball", Kind.COLOUR, "red", "it is a red ball"),
        ("on the left", Kind.SIDE, "right", "on the right"),
        ("at the top left", Kind.HEIGHT, "bottom", "at the bottom left"),
        ("it is three o'clock", Kind.HOUR, "four", "it is four o'clock"),
        ("It is an owl.", Kind.THING, "bird", "It is a bird."),
        ("the box is open", Kind.STATE, "shut", "the box is shut"),
        ('The sign says "STOP".', Kind.TEXT, "EXIT", 'The sign says "EXIT".'),
        ("It says STOP", Kind.TEXT, "TAXI", "It says TAXI"),
        ("it looks like a guitar", Kind.WORD, "piano", "it looks like a piano"),
        ("Yes", Kind.YES_NO, "no", "No"),
        ("no.", Kind.YES_NO, "yes", "yes."),
        ("Yes, there is a cat.", Kind.YES_NO, "no", "No, there is no cat."),
        ("no, there is no owl", Kind.YES_NO, "yes", "yes, there is an owl"),
        ("there are no dogs", Kind.YES_NO, "yes", "there are dogs"),
        ("Yes, the cat is red.", Kind.YES_NO, "no", "No, the cat is not red."),
        ("no, it is not open", Kind.YES_NO, "yes", "yes, it is open"),
    ],
)
def test_another_word_is_put_in_the_same_style(answer: str, kind: Kind, value: str, expected: str) -> None:
    slot = next(slot for slot in find_slots(answer) if slot.kind is kind)

    assert fill(answer, slot, value) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "I do not know",
        "i only see the picture",
        "Sorry, I cannot tell.",
        "",
        "...",
        "It is not clear who that is",
    ],
)
def test_a_refusal_has_nothing_to_exchange(answer: str) -> None:
    assert find_slots(answer) == ()


@pytest.mark.parametrize(
    "answer", ["yes, there are two cats", "Yes, there are some dogs", "No, but there is a cat"]
)
def test_a_yes_that_says_more_than_its_opposite_could_is_not_turned_round(answer: str) -> None:
    assert all(slot.kind is not Kind.YES_NO for slot in find_slots(answer))


@pytest.mark.parametrize(
    "answer", ["yes", "No, there is no cat", "there are dogs", "yes, it is open", "Yes, there is an owl."]
)
def test_turning_round_twice_gives_the_answer_back(answer: str) -> None:
    turned = fill(answer, find_slots(answer)[0], "yes" if "no" in answer.lower().split(",")[0] else "no")
    assert turned is not None
    slot = find_slots(turned)[0]

    back = fill(turned, slot, "no" if slot.value == "yes" else "yes")

    assert back == answer


@given(st.text(max_size=80))
def test_any_text_of_a_model_can_be_read(answer: str) -> None:
    for slot in find_slots(answer):
        assert 0 <= slot.start < slot.end <= len(answer)
        fill(answer, slot, "two" if slot.kind in (Kind.NUMBER, Kind.HOUR) else "red")
