"""The normal form: what people type for the same answer becomes the same text."""

from __future__ import annotations

import json
import random
from pathlib import Path

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
        (["twenty-three thousand and four", "23,004", "23 thousand 4"], "23004"),
        (["two dozen", "24", "twenty four"], "24"),
        (["half a dozen eggs", "6 eggs", "six eggs"], "6 egg"),
        (["nine hundred ninety-nine thousand nine hundred and ninety nine", "999,999"], "999999"),
        (["5km", "5 kilometres", "five km", "5 Kilometers"], "5 km"),
        (["10%", "ten percent", "10 per cent"], "10 percent"),
        (["$5", "5 dollars", "five bucks"], "5 dollar"),
        (["6 ft", "six feet", "6 foot"], "6 foot"),
        (["30 km/h", "30 kph", "30 kilometers per hour"], "30 kmh"),
        (["21°C", "21 degrees C", "21 ° c"], "21 degree c"),
        (["navy blue", "navy", "It is navy-blue."], "navy"),
        (["light-blue", "light blue", "lightblue"], "light blue"),
        (["reddish", "red"], "red"),
        (["multi-coloured", "multicolored", "multi coloured"], "multicolor"),
        (["red and blue", "blue, red", "Blue & red.", "It is blue and red"], "blue and red"),
        (["red, white and blue", "white, blue, and red"], "blue and red and white"),
        (["15:30", "3:30 pm", "03:30", "3.30 p.m."], "3:30"),
        (["ten past three", "3:10", "10 minutes past 3"], "3:10"),
        (["five minutes to four", "3:55"], "3:55"),
        (["00:15", "12:15"], "12:15"),
        (["3rd", "third", "the third"], "third"),
        (["٣", "۳", "३", "৩", "３", "三", "三个", "3"], "3"),
        (["١٢", "१२", "十二", "twelve"], "12"),
        (["二十一", "21", "21个"], "21"),
        (["三百零五", "305"], "305"),
        (["两只", "2"], "2"),
        (["三点", "3"], "3"),
        (["righthand side", "right side"], "right"),
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
        ("two", "twelve"),
        ("navy", "blue"),
        ("red and blue", "red"),
        ("5 km", "5 m"),
        ("3:30", "3:31"),
        ("一样", "样"),
        ("10 to 12", "11:50"),
        ("second", "2"),
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


@given(st.integers(0, 999_999))
def test_a_number_in_words_is_the_number_in_digits(number: int) -> None:
    assert normal(_in_words(number)) == normal(f"{number:,}") == str(number)


@given(st.integers(0, 9_999), st.sampled_from(["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "০১২৩৪৫৬৭৮৯", "๐๑๒๓๔๕๖๗๘๙"]))
def test_digits_of_any_script_are_digits(number: int, script: str) -> None:
    assert normal("".join(script[int(one)] for one in str(number))) == str(number)


@given(st.integers(1, 9_999))
def test_a_chinese_numeral_is_its_number(number: int) -> None:
    assert normal(_in_han(number)) == str(number)


@given(st.integers(1, 12), st.integers(0, 59))
def test_a_time_of_the_afternoon_is_that_of_the_clock(hour: int, minute: int) -> None:
    assert normal(f"{hour}:{minute:02} pm") == normal(f"{hour % 12 + 12}:{minute:02}")


_ITEMS = st.lists(
    st.sampled_from("red,navy blue,two cats,a dog,left,the box,3:30,green,hat,5 km,striped shirt".split(",")),
    min_size=1,
    max_size=5,
    unique=True,
)


@given(_ITEMS, st.randoms(use_true_random=False))
def test_the_order_of_a_list_does_not_matter(items: list[str], rng: random.Random) -> None:
    shuffled = rng.sample(items, len(items))

    assert normal(", ".join(items)) == normal(" and ".join(shuffled))


@given(_ITEMS.map(" and ".join))
def test_the_normal_form_of_a_list_is_stable(text: str) -> None:
    assert normal(normal(text)) == normal(text)


_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()


def _in_words(number: int) -> str:
    """A second way, from the number to its words."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = f" and {_in_words(number % size)}" if number % size else ""
            return f"{_in_words(number // size)} {name}{rest}"
    raise AssertionError(number)


def _in_han(number: int) -> str:
    """As it is read in Chinese, with one zero for a gap."""
    said, gap = "", False
    for place, step in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // place % 10
        if digit:
            said += ("零" if gap and said else "") + "零一二三四五六七八九"[digit] + step
        gap = digit == 0 and (gap or bool(said))
    return said


@given(st.text(max_size=60))
def test_any_text_has_a_normal_form_that_ignores_case_at_its_ends(text: str) -> None:
    assert normal(text) == normal(f"  {text} ")
    assert normal(text) == normal(text.casefold())


def test_the_forms_are_those_of_the_plain_readers() -> None:
    """Written by the readers before they took short cuts: text, folded, its words, its normal form."""
    known = json.loads((Path(__file__).parent / "normal_forms.json").read_text(encoding="utf-8"))

    assert len(known) > 150
    for text, folded, said, form in known:
        assert (fold(text), " ".join(words(text)), normal(text)) == (folded, said, form), text
