"""The normal form: what people type for the same answer becomes the same text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.answers import fold, normal, same, singular, words


@pytest.mark.parametrize(
    ("variants", "expected"),
    [
        (["three o'clock", "3:00", "three", "3", "It is 3 pm.", "It shows 3 o’clock"], "3"),
        (["half past three", "3:30", "It's 3:30."], "3:30"),
        (["a quarter to one", "12:45"], "12:45"),
        (
            ["on the left", "left side", "the left-hand side", "It's at the left.", "LEFT", "to the left"],
            "left",
        ),
        (["The cat is on the left side of the picture.", "left"], "left"),
        (["yes", "Yes, there is.", "yeah", "Yep!", "yes it is"], "yes"),
        (["no", "No, there isn't.", "nope", "No."], "no"),
        (["grey", "It's gray.", "The colour is grey", "GREY!"], "gray"),
        (["two cats", "2 cats", "There are two cats.", "there are 2 cats in the picture"], "2 cat"),
        (["one", "There is only one.", "just 1"], "1"),
        (["none", "There are none.", "zero", "0"], "0"),
        (["a dog", "The dog", "dogs", "It is a dog.", "I think it's a dog"], "dog"),
        (["people", "a person", "Persons"], "person"),
        (["the red one", "red", "It is red."], "red"),
        (["stripes", "striped", "It has stripes"], "striped"),
        (["twenty-one", "twenty one", "21"], "21"),
        (["a hundred and five", "105", "one hundred five"], "105"),
        (["1,000", "a thousand", "one thousand"], "1000"),
        (["The sign says STOP.", "stop", "It reads “STOP”"], "stop"),
        (["bottom", "at the bottom", "the lower part"], "bottom"),
        (["in the middle", "the centre", "center"], "middle"),
        (["shut", "closed", "It's closed"], "closed"),
    ],
)
def test_variants_share_one_normal_form(variants: list[str], expected: str) -> None:
    assert {normal(variant) for variant in variants} == {expected}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("two", "three"),
        ("left", "right"),
        ("yes", "no"),
        ("red", "not red"),
        ("3:00", "3:30"),
        ("on the table", "under the table"),
        ("left hand", "right hand"),
        ("dog", "cat"),
        ("", ""),
        ("?", "!"),
        ("no dogs", "dogs"),
    ],
)
def test_different_answers_stay_different(a: str, b: str) -> None:
    assert not same(a, b)


@pytest.mark.parametrize("text", ["", "   ", "?!", "...", "'", '"'])
def test_nothing_said_is_empty(text: str) -> None:
    assert normal(text) == ""


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("boxes", "box"),
        ("buses", "bus"),
        ("bus", "bus"),
        ("glasses", "glass"),
        ("cherries", "cherry"),
        ("feet", "foot"),
        ("this", "this"),
        ("grass", "grass"),
        ("ties", "tie"),
        ("as", "as"),
    ],
)
def test_singular(word: str, one: str) -> None:
    assert singular(word) == one


def test_words_keep_order_and_drop_punctuation() -> None:
    assert words("Two dogs, one CAT; at 3:30!") == ("2", "dog", "1", "cat", "at", "3:30")


def test_fold_writes_contractions_out() -> None:
    assert (
        fold("There’s a cat; it isn't  RED, they're 'blue'")
        == "there is a cat; it is not red, they are 'blue'"
    )


_WORDS = st.sampled_from(
    "there is are it the a an two three no yes , . left right side on of in picture cat dogs boxes grey red "
    "one only hand clock o'clock 3:00 half past not isn't says STOP I think looks like thirty five hundred "
    "visible".split()
)


@given(st.lists(_WORDS, max_size=9).map(" ".join))
def test_the_normal_form_of_a_normal_form_is_itself(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@given(st.text(max_size=60))
def test_any_text_has_a_normal_form_that_ignores_case_at_its_ends(text: str) -> None:
    assert normal(text) == normal(f"  {text} ")
    assert normal(text) == normal(text.casefold())
