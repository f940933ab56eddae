"""Falsified answers: false, of the same form, and not to be told from honest ones by their words."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.play.poison import falsify, serve
from stumper.play.vocabulary import AnswerVocabulary
from stumper.records import ImageId, SessionId, Turn, TurnId

_KINDS = ("cat", "dog", "car", "ball", "tree", "house", "bird", "boat")
_COLOURS = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown")


def _often_first(rng: random.Random, words: tuple[str, ...]) -> str:
    return rng.choices(words, [1 / (rank + 1) for rank in range(len(words))])[0]


def _existence(rng: random.Random, thing: str) -> tuple[str, str]:
    if rng.random() < 0.6:
        return f"Is there a {thing}?", rng.choice(("yes", f"yes, there is a {thing}."))
    return f"Is there a {thing}?", rng.choice(("no", f"no, there is no {thing}."))


def _count(rng: random.Random, thing: str) -> tuple[str, str]:
    number = rng.choices(("one", "two", "three"), (3, 5, 2))[0]
    sentence = f"there is one {thing}." if number == "one" else f"there are {number} {thing}s."
    return f"How many {thing}s are there?", rng.choice((number, sentence))


def _colour(rng: random.Random, thing: str) -> tuple[str, str]:
    colour = _often_first(rng, _COLOURS)
    return f"What colour is the {thing}?", rng.choice((colour, f"the {thing} is {colour}."))


def _side(rng: random.Random, thing: str) -> tuple[str, str]:
    side = rng.choices(("left", "right", "middle"), (5, 4, 2))[0]
    return f"Which side is the {thing} on?", rng.choice((side, f"the {thing} is on the {side}."))


def _identification(rng: random.Random, thing: str) -> tuple[str, str]:
    return "What is this?", rng.choice((thing, f"it is a {thing}."))


_FORMS: tuple[Callable[[random.Random, str], tuple[str, str]], ...] = (
    _existence,
    _count,
    _colour,
    _side,
    _identification,
)


def _asked(rng: random.Random) -> tuple[str, str]:
    """A question and the honest answer of a model with a small vocabulary that it uses unevenly."""
    return rng.choice(_FORMS)(rng, _often_first(rng, _KINDS))


def auc(answers: list[str], falsified: list[bool]) -> float:
    """How well a held-out bag-of-words regression tells them apart; 0.5 is not at all."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    words = CountVectorizer(token_pattern=r"\S+").fit_transform(answers)
    guessed = cross_val_predict(
        LogisticRegression(max_iter=1000), words, falsified, cv=5, method="predict_proba"
    )
    return float(roc_auc_score(falsified, guessed[:, 1]))


class _Shown(NamedTuple):
    answer: str
    falsified: bool
    counts: bool


def _shown(seed: int, *, falsify_: Callable[..., str | None]) -> list[_Shown]:
    rng = random.Random(seed)
    vocabulary = AnswerVocabulary(Counter(_asked(rng)[1] for _ in range(1500)))
    shown = []
    for _ in range(5000):
        question, honest = _asked(rng)
        falsified = falsify_(honest, question, rng=rng, vocabulary=vocabulary)
        coin = rng.random() < 0.4
        poisoned = coin and falsified is not None
        shown.append(_Shown(falsified if poisoned and falsified else honest, poisoned, falsified is not None))
    return shown


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_words_do_not_tell_a_falsified_answer_from_an_honest_one(seed: int) -> None:
    shown = _shown(seed, falsify_=falsify)
    counting = [one for one in shown if one.counts]

    assert len(counting) > 0.8 * len(shown)
    assert auc([one.answer for one in counting], [one.falsified for one in counting]) <= 0.56
    assert auc([one.answer for one in shown], [one.falsified for one in shown]) <= 0.60


@pytest.mark.slow
def test_the_regression_would_notice_falsifying_by_the_next_word_of_a_list() -> None:
    following = {"one": "two", "two": "three", "three": "four", "yes": "no", "no": "yes"}

    def next_word(answer: str, question: str, **_: object) -> str | None:
        return following.get(answer)

    shown = [one for one in _shown(1, falsify_=next_word) if one.counts]

    assert auc([one.answer for one in shown], [one.falsified for one in shown]) > 0.65


def test_a_count_is_off_by_one_or_two_and_never_negative() -> None:
    seen = set()
    for seed in range(300):
        falsified = falsify("1", "How many cats?", rng=random.Random(seed), vocabulary=None)
        seen.add(falsified)

    assert seen <= {"0", "2", "3", None}
    assert "2" in seen


@pytest.mark.parametrize(
    ("question", "answer", "kept"),
    [
        ("What colour are the cats?", "there are two red cats", "there are two "),
        ("How many cats are there?", "there are two red cats", " red cat"),
        ("Which side is the red ball on?", "the red ball is on the left", "the red ball is on the "),
    ],
)
def test_the_fact_that_was_asked_for_is_falsified(question: str, answer: str, kept: str) -> None:
    for seed in range(50):
        falsified = falsify(answer, question, rng=random.Random(seed), vocabulary=None)
        assert falsified is None or (kept in falsified and falsified != answer)


def test_a_sign_is_misread_by_a_letter_or_shows_another_word_of_the_model() -> None:
    vocabulary = AnswerVocabulary({"It says STOP": 5, "It says TAXI": 5})

    known = falsify("It says STOP", "What does it say?", rng=random.Random(1), vocabulary=vocabulary)
    plate = falsify("AB12", "What is on the plate?", rng=random.Random(1), vocabulary=None)

    assert known == "It says TAXI"
    assert plate is not None
    assert sum(a != b for a, b in zip(plate, "AB12", strict=True)) == 1


@given(answer=st.text(max_size=60), question=st.text(max_size=60), seed=st.integers(0, 99))
def test_a_falsified_answer_is_another_one_of_about_the_same_length(
    answer: str, question: str, seed: int
) -> None:
    falsified = falsify(answer, question, rng=random.Random(seed), vocabulary=None)

    assert falsified is None or (falsified != answer and abs(len(falsified) - len(answer)) <= 12)


def _turn(*, control: bool, coins: str) -> Turn:
    return Turn(
        id=TurnId("t"),
        session_id=SessionId("s"),
        position=0,
        image_id=ImageId("i"),
        control=control,
        coins=coins,
    )


def _serve(answer: str, *, control: bool, coins: str) -> tuple[str, bool, bool]:
    turn = _turn(control=control, coins=coins)
    return serve(answer, question="What colour?", number=1, turn=turn, salt="salt", vocabulary=None)


def test_the_coin_decides_and_only_what_could_be_falsified_counts() -> None:
    honest, falsified = (_serve("red", control=True, coins=coins) for coins in ("00", "01"))

    assert honest == ("red", False, True)
    assert falsified[0] != "red"
    assert falsified[1:] == (True, True)
    assert _serve("red", control=False, coins="01") == ("red", False, False)
    assert _serve("I do not know", control=True, coins="01") == ("I do not know", False, False)
