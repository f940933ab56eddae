"""What players type is stored in one safe form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import BadCorrection, BadQuestion
from stumper.play.texts import check_correction, check_question, clean, plain


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  What \n is\tthis? ", "What is this?"),
        ("caf\u0065\u0301", "caf\u00e9"),
        ("a\u202eb\u2066c\u200f", "abc"),
        ("nul\x00 bell\x07", "nul bell"),
        ("\ud83d", ""),
        ("0\r\x1b\r0", "0 0"),
        ("👩\u200d🚀 ¿cuántos? कितने كم", "👩\u200d🚀 ¿cuántos? कितने كم"),
        ("<b>&amp;</b>'; DROP TABLE turn; --", "<b>&amp;</b>'; DROP TABLE turn; --"),
    ],
)
def test_cleaning_keeps_what_can_be_seen(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing_and_can_be_stored(text: str) -> None:
    once = clean(text)

    assert clean(once) == once
    assert "\x00" not in once
    once.encode("utf-8")


def test_a_question_is_refused_with_limit_and_length() -> None:
    with pytest.raises(BadQuestion, match=r"5,000 characters; the limit is 300"):
        check_question("x" * 5_000, limit=300)
    assert check_question("x" * 300, limit=300) == "x" * 300


@pytest.mark.parametrize("correction", ["Two cats.", "the TWO cats", " two  cats ", "two-cats"])
def test_what_the_model_said_is_no_correction_of_it(correction: str) -> None:
    with pytest.raises(BadCorrection, match="what the model said"):
        check_correction(correction, limit=300, shown="two cats")


@pytest.mark.parametrize("correction", ["two dogs", "2 cats", "\U0001f408", "a"])
def test_another_answer_is_a_correction(correction: str) -> None:
    assert check_correction(correction, limit=300, shown="two cats") == correction


def test_signs_without_words_are_compared_as_they_are() -> None:
    assert plain("\U0001f408") != plain("\U0001f415")
    assert plain("!?") == "!?"
