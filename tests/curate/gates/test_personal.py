"""Personal data by pattern and check digit; what only looks like it is left alone."""

from __future__ import annotations

import pytest

from stumper.curate.gates.personal import traces

FOUND = [
    ("e-mail address", "mail joe.b+1@gmail.com"),
    ("e-mail address", "joe at gmail dot com"),
    ("e-mail address", "joe(at)mail(dot)ru"),
    ("e-mail address", "ｊｏｅ＠ｍａｉｌ．ｃｏｍ"),
    ("telephone number", "+44 20 7946 0958"),
    ("telephone number", "(555) 123-4567"),
    ("telephone number", "9876543210"),
    ("telephone number", "٠٥٥ ١٢٣ ٤٥٦٧"),
    ("telephone number", "९८७६५४३२१०"),
    ("payment card", "4111 1111 1111 1111"),
    ("bank account", "GB82 WEST 1234 5698 7654 32"),
    ("bank account", "DE89370400440532013000"),
    ("identity number", "529.982.247-25"),
    ("identity number", "11010519491231002X"),
    ("identity number", "12345678Z"),
    ("identity number", "078-05-1120"),
    ("passport", "passport no. AB1234567"),
    ("passport", "паспорт 45 08 123456"),
    ("handle", "follow @joe_b"),
    ("address of a person's page", "instagram.com/joe.b"),
    ("full name", "his name is John Smith"),
    ("full name", "Его зовут Иван Петров"),
    ("full name", "Se llama Ana María López"),
    ("full name", "namanya Budi Santoso"),
    ("full name", "他叫王小明"),
    ("full name", "उसका नाम राम शर्मा है"),
    ("full name", "اسمه محمد علي"),
]
HARMLESS = [
    "2017-11-23", "23/11/2017", "10:15-12:30",
    "1 000 000 000", "1,234,567,890", "3.14159265358", "12 34 56",
    "1 2 3 4 5 6 7 8 9 10 11 12", "123456789", "4111 1111 1111 1112",  "66 and 101",
    "12345678A", "3 @ 5", "Is it the Golden Gate Bridge?", "his name is not shown",
    "www.shop.com", "19 95 -- 2099", "What is his name?",
    "他叫什么?", "उसका नाम क्या है?", "A-380", "km/h 120 / 60",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), FOUND)
def test_personal_data_is_found_in_either_text(kind: str, text: str) -> None:
    assert kind in {trace.kind for trace in traces("", text)}
    assert kind in {trace.kind for trace in traces(text, "")}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_personal_is_left_alone(text: str) -> None:
    assert traces(text, text) == []


def test_a_bank_account_has_its_check_digits() -> None:
    assert "bank account" not in {trace.kind for trace in traces("", "GB83 WEST 1234 5698 7654 32")}


def test_a_whole_name_is_personal_only_to_who_asks_for_one() -> None:
    assert [trace.kind for trace in traces("What is her name?", "Jane Miller")] == ["full name"]
    assert traces("What does the sign say?", "Golden Gate") == []
    assert traces("What is her name?", "Jane") == []


@pytest.mark.parametrize("place", range(16))
def test_no_other_digit_passes_the_check_of_a_card(place: int) -> None:
    digits = list("4539148803436467")
    assert "payment card" in {trace.kind for trace in traces("", "".join(digits))}
    digits[place] = str((int(digits[place]) + 1) % 10)

    assert "payment card" not in {trace.kind for trace in traces("", "".join(digits))}
