"""All gates that read a claim's words: what refuses, what goes to the operator, and what passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.belief import STOPPED, Cause
from stumper.curate.classify import classify_many
from stumper.curate.gates.answerable import fault
from stumper.curate.gates.entrance import look
from stumper.curate.gates.text import stopped
from stumper.records import Category, ClaimStatus
from tests.curate.test_dedup import claim

REAL = Path(__file__).parents[4] / "shared" / "data" / "gap_vqa"
SAID = [
    ("How many cats?", "four"), ("How many cats?", "red"),
    ("What is that?", "@joe_bloggs"), ("fuck you", "no"),
    ("How many cats and what colour are they?", "two"),
    ("Is it stupid?", "yes"), ("What colour is it?", "blue"),
    ("asdf qwer", "zxcv"), ("Where is the dog?", "I can't tell"), ("What does the sign say?", "NO"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "correction"),
    [
        ("How many cats are there?", "red"),
        ("How many cats are there?", "yes"),
        ("Number of cats", "left"),
        ("How many cats are there?", "there are several"),
        ("What colour is the car?", "4"),
        ("What color is the car", "yes"),
        ("What is on the table?", "yes"),
        ("Where is the cat?", "no"),
        ("Where is the cat?", "I can't tell"),
        ("¿Dónde está el gato?", "no sé"),
        ("Где кошка?", "не видно"),
        ("猫在哪里？", "看不清"),
        ("बिल्ली कहाँ है?", "पता नहीं"),
        ("أين القطة؟", "لا أعرف"),
        ("Di mana kucing?", "tidak tahu"),
        ("Where is the cat?", "..."),
        ("Where is the cat?", "n/a"),
        ("Where is the cat?", ""),
        ("Where is the cat?", "under the table " * 20),
    ],
)
def test_a_correction_that_answers_nothing_is_refused(question: str, correction: str) -> None:
    assert fault(question, correction) is not None


@pytest.mark.parametrize(
    ("question", "correction"),
    [
        ("How many cats are there?", "no"),
        ("How many cats are there?", "none"),
        ("How many cats are there?", "about twenty"),
        ("How many cats are there?", "cuatro"),
        ("How many of the cats are red?", "two red ones"),
        ("What colour is the car?", "neither red nor blue"),
        ("What number is on the red car?", "4"),
        ("What is it, a cat?", "yes"),
        ("Is the car red or blue?", "red"),
        ("Are there two cats?", "3"),
        ("Which hand is raised?", "left"),
        ("猫在哪里？", "桌子下面"),
        ("Сколько кошек?", "четыре"),
    ],
)
def test_a_correction_that_may_answer_passes(question: str, correction: str) -> None:
    assert fault(question, correction) is None


def test_a_symbol_answers_what_is_to_be_read() -> None:
    assert fault("What does the sign show?", "?", category=Category.TEXT) is None


@pytest.mark.parametrize(
    ("question", "correction", "cause", "status"),
    [
        ("What the fuck is that?", "a cat", Cause.INSULT, ClaimStatus.REJECTED),
        ("What is that?", "an idiot", Cause.DOUBTFUL_WORDS, ClaimStatus.DISPUTED),
        ("What does the sign say?", "fuck", Cause.DOUBTFUL_WORDS, ClaimStatus.DISPUTED),
        ("What does the sign say?", "CALL 416-977-6629", Cause.PERSONAL, ClaimStatus.DISPUTED),
        ("How many cats and what colour are they?", "two", Cause.SEVERAL, ClaimStatus.REJECTED),
        ("How many cats?", "red", Cause.NO_ANSWER, ClaimStatus.REJECTED),
        ("hello", "hi", Cause.INVALID, ClaimStatus.REJECTED),
    ],
)
def test_each_gate_has_its_cause(question: str, correction: str, cause: Cause, status: ClaimStatus) -> None:
    (seen,) = look([claim("a", question, correction)])

    assert seen.stopped is not None
    assert (seen.stopped.cause, seen.stopped.status) == (cause, status)
    assert seen.stopped.words
    assert cause in STOPPED | {Cause.INVALID}


@given(st.permutations(SAID), st.integers(0, len(SAID)))
def test_company_and_order_change_nothing(said: list[tuple[str, str]], taken: int) -> None:
    seen = look([claim(str(n), *one) for n, one in enumerate(said[:taken])])

    alone = [look([claim("a", *one)])[0] for one in said[:taken]]
    assert [(one.category, one.stopped) for one in seen] == [(one.category, one.stopped) for one in alone]


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the published questions are not here")
def test_real_questions_pass() -> None:
    """By reading: one question of 2,369 is two in one, one answer has a shop's telephone."""
    judged = json.loads((REAL / "judge_part.json").read_text("utf-8"))
    trained = [one["conversations"] for one in json.loads((REAL / "train_part.json").read_text("utf-8"))]
    pairs = [(one["question"], one["correctAnswer"] or "") for one in judged]
    pairs += [(one[0]["content"].replace("<image>", "").strip(), one[1]["content"] or "") for one in trained]
    labels = classify_many([question for question, _ in pairs])
    found = [
        halted.cause
        for (question, answer), label in zip(pairs, labels, strict=True)
        if (halted := stopped(question, answer, category=label.category)) is not None
    ]

    assert found.count(Cause.INSULT) == found.count(Cause.DOUBTFUL_WORDS) == 0
    assert found.count(Cause.PERSONAL) <= 1
    assert found.count(Cause.SEVERAL) <= 1
