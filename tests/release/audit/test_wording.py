"""What is wrong with one reference, and what it says in short."""

from __future__ import annotations

import pytest

from stumper.curate.classify import classify
from stumper.release.audit.wording import LONG, Flag, asked, flags, said


def about(question: str, answer: str) -> Flag:
    return flags(question, answer, classify(question, answer))


@pytest.mark.parametrize(
    ("question", "answer", "flag"),
    [
        ("What colour is it?", "", Flag.MISSING),
        ("What colour is it?", " N/A ", Flag.MISSING),
        ("What colour is it?", "I'm sorry, I can't determine that.", Flag.REFUSING),
        ("How many cats?", "As an AI, I do not see pictures.", Flag.REFUSING),
        ("What is written on the bag?", "The text on the bag is not legible.", Flag.UNANSWERABLE),
        ("Which foot is raised?", "His feet are not visible in the image.", Flag.UNANSWERABLE),
        ("How many leaves are there?", "There are several leaves on the ground.", Flag.UNANSWERABLE),
        ("How many chairs?", "More than ten. The exact number cannot be determined.", Flag.UNANSWERABLE),
        ("What colour is the mirror?", "The image does not feature a mirror.", Flag.UNANSWERABLE),
        ("What colour is it?", "x" * (LONG + 1), Flag.LONG),
        ("What is this?</s>", "a cat", Flag.CONTROL),
        ("What is this?", "a cafÃ©", Flag.GARBLED),
        ("What is this?", "It is a " + "very " * 30 + "big and old", Flag.CUT),
        # what looks like it and is an answer
        ("How many cats are visible?", "There are no visible cats.", Flag(0)),
        ("Is the dog visible?", "The dog is not visible.", Flag(0)),
        ("How many eyes are visible?", "One eye; the other is not visible.", Flag(0)),
        ("Is there text on the cup?", "Yes, but it is not legible.", Flag(0)),
        ("What is it made of?", "a plank 2 < 3 m", Flag(0)),
        ("How many cats?", "none", Flag(0)),
        ("Who is in the picture?", "A man who is sorry.", Flag(0)),
    ],
)
def test_what_is_wrong_with_a_reference(question: str, answer: str, flag: Flag) -> None:
    assert about(question, answer) == flag


@pytest.mark.parametrize(
    ("question", "answer", "short"),
    [
        ("How many tables?", "There are eight tables visible in the image.", "8"),
        ("How many dogs?", "No dogs are visible.", "0"),
        ("Is it open?", "Yes, it is open.", "yes"),
        ("What colour is the bag?", "The bag is black and white.", "black and white"),
        ("Which hand is raised?", "The man's left hand is raised.", "left"),
        ("What time is it?", "half past three", "3:30"),
        ("What is this?", "A heron.", "heron"),
        ("What is this?", "!?", "!?"),
    ],
)
def test_a_reference_in_short(question: str, answer: str, short: str) -> None:
    assert said(question, answer, classify(question, answer)) == short


def test_questions_are_equal_up_to_case_marks_and_number_words() -> None:
    assert asked("Are there two grey cats?") == asked("are there 2 gray cats")
    assert asked("the left cat") != asked("the right cat")
    assert asked("???") == "???"
    assert asked("有几只猫？") == asked("有几只猫")
