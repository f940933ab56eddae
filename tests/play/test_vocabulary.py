"""Frequencies of words and the exchanges that keep them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.play.slots import Kind, find_slots
from stumper.play.vocabulary import AnswerVocabulary, flows

_WORDS = ("one", "two", "three", "four", "five", "six")


@given(st.dictionaries(st.sampled_from(_WORDS), st.floats(0.5, 500), min_size=2))
def test_as_many_answers_become_a_word_as_cease_to_be_it(frequencies: dict[str, float]) -> None:
    found = flows(frequencies, Kind.NUMBER)

    for a in frequencies:
        assert sum(found[a].values()) <= frequencies[a] * (1 + 1e-9)
        for b in frequencies:
            if a != b:
                assert found[a][b] == pytest.approx(found[b][a])
                assert found[a][b] == 0 or abs(_WORDS.index(a) - _WORDS.index(b)) <= 2


def test_without_a_word_of_more_than_half_every_answer_can_be_exchanged() -> None:
    frequencies = {"red": 40.0, "blue": 30.0, "green": 20.0, "pink": 10.0}

    found = flows(frequencies, Kind.COLOUR)

    for colour, frequency in frequencies.items():
        assert sum(found[colour].values()) == pytest.approx(frequency, rel=0.03)


def test_of_a_word_of_more_than_half_only_a_share_is_exchanged() -> None:
    vocabulary = AnswerVocabulary({"yes": 7000, "no": 3000})

    yes, no = (vocabulary.alternatives(find_slots(word)[0]) for word in ("yes", "no"))

    assert yes.share == pytest.approx(3 / 7, rel=0.01)
    assert no.share == pytest.approx(1.0, rel=0.01)


def test_a_model_that_counts_to_three_is_hardly_ever_shown_to_say_four() -> None:
    vocabulary = AnswerVocabulary({"one": 300, "two": 400, "three": 300})

    found = vocabulary.alternatives(find_slots("three")[0])

    weights = dict(zip(found.words, found.weights, strict=True))
    assert sum(w for word, w in weights.items() if word not in ("one", "two")) < 0.01 * sum(weights.values())


def test_a_word_never_said_before_finds_words_that_were() -> None:
    vocabulary = AnswerVocabulary(Counter({"a cat": 20, "a dog": 20, "a car": 10}))

    found = vocabulary.alternatives(find_slots("an elephant")[0])

    assert found.share > 0.9
    assert {"cat", "dog"} <= set(found.words)


def test_a_form_said_in_one_way_only_is_never_turned_round() -> None:
    vocabulary = AnswerVocabulary({"yes, there is a cat": 50, "no": 50})

    assert vocabulary.alternatives(find_slots("yes, there is a cat")[0]).share == 0.0
