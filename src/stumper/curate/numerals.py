"""Numbers, units and clock times in a text, written one way: 'two dozen' -> '24', '٣' -> '3', '3 pm' -> '3'.

Works on text in lower case with plain quotes; `answers.fold` calls it. Number words are English; digits are
those of every script, and Chinese numerals where they count.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMBERS: Final = {
    **{word: value for value, word in enumerate(_UNITS)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
    "none": 0,
}
_SMALL: Final = re.compile(r"\b(?=[efnostz])(?:" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r")\b")
_TWO_PARTS: Final = re.compile(rf"\b({'|'.join(_TENS)})[ -]({'|'.join(_UNITS[1:10])})\b")
_HUNDRED: Final = re.compile(r"(?:\b(\d{1,2}) )?\bhundred\b(?: and)?(?: (\d{1,2})\b)?")
_THOUSAND: Final = re.compile(r"(?:\b(\d{1,3}) )?\bthousand\b(?: and)?(?: (\d{1,3})\b)?")
_HALF_DOZEN: Final = re.compile(r"\bhalf (?:a )?dozen\b(?: of\b)?")
_DOZEN: Final = re.compile(r"(?:\b(\d{1,3}) )?\bdozen\b(?: of\b)?")
_LARGE: Final = re.compile("dozen|hundred|thousand")
_ORDINALS: Final = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_ORDINAL: Final = re.compile(r"\b(10|[1-9])(?:st|nd|rd|th)\b")

_PAST: Final = re.compile(r"\b(\d{1,2}) (?:minutes? )?(?:past|after) (\d{1,2})\b")
_TO: Final = re.compile(r"\b(\d{1,2}) minutes? (?:to|before|till) (\d{1,2})\b")
_HALF: Final = re.compile(r"\bhalf past (\d{1,2})\b")
_QUARTER_PAST: Final = re.compile(r"\b(?:a )?quarter (?:past|after) (\d{1,2})\b")
_QUARTER_TO: Final = re.compile(r"\b(?:a )?quarter (?:to|before) (\d{1,2})\b")
_HALF_DAY: Final = re.compile(r"\b(\d{1,2})([:.]\d\d)? ?(?:a\.?m\b\.?|p\.?m\b\.?|oclock)")
_AFTERNOON: Final = re.compile(r"\b(00|1[3-9]|2[0-3]):([0-5]\d)\b")
_FULL_HOUR: Final = re.compile(r"\b0?(\d{1,2}):00\b(?: oclock)?")
_PADDED: Final = re.compile(r"\b0(\d:[0-5]\d)\b")

_MEASURES: Final = {
    "kmh": "kmh|kph|km/h|km per hour|kilomet(?:er|re)s? (?:per|an) hour",
    "mph": "mph|miles? (?:per|an) hour",
    "km": "km|kms|kilomet(?:er|re)s?",
    "cm": "cm|cms|centimet(?:er|re)s?",
    "mm": "mm|millimet(?:er|re)s?",
    "m": "m|met(?:er|re)s?",
    "foot": "ft|feet|foot",
    "inch": "inch|inches",
    "kg": "kg|kgs|kilos?|kilograms?|kilogrammes?",
    "gram": "g|grams?|grammes?",
    "liter": "l|lit(?:er|re)s?",
    "ml": "ml|millilit(?:er|re)s?",
    "percent": "%|per ?cent",
    "degree": "degrees?|deg",
    "hour": "h|hrs?|hours?",
    "minute": "mins?|minutes?",
    "second": "secs?|seconds?",
    "dollar": r"\$|dollars?|usd|bucks?",
    "euro": "€|euros?|eur",
    "pound": "£|pounds?|gbp",
}
# one pass for all units: the group that matched names the unit
_MEASURE: Final = re.compile(
    r"(?<=\d) ?(?:" + "|".join(f"({forms})" for forms in _MEASURES.values()) + r")(?![a-z/])"
)
_MEASURE_NAMES: Final = tuple(_MEASURES)
_DIGIT: Final = re.compile(r"\d")
_MONEY_FIRST: Final = re.compile(r"([$€£]) ?(\d+(?:\.\d+)?)")

_HAN: Final = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "兩": 2, "壹": 1, "贰": 2, "叁": 3,
}  # fmt: skip
_HAN_STEPS: Final = {"十": 10, "百": 100, "千": 1000}
_HAN_COUNTERS: Final = "个個只隻条條辆輛位名张張把本件朵棵块塊片根台架双雙匹头頭人点點"
_HAN_RUN: Final = re.compile(
    rf"(?<![^\W\d_])([{''.join(_HAN)}{''.join(_HAN_STEPS)}]+)(?:([点點](?:钟|鐘)?)|[{_HAN_COUNTERS}])?(?=\W|$)"
)


def plain_numbers(text: str) -> str:
    """Returns the text with numbers as ASCII digits, units in one form and clock times as 3 or 3:30."""
    text = _words(_han(_ascii(text)))
    if not _DIGIT.search(text):
        return text
    text = _ORDINAL.sub(_ordinal, text)
    return _times(_measures(text)) if _DIGIT.search(text) else text


def _ascii(text: str) -> str:
    """Writes the digits of any script as 0 to 9: Arabic-Indic, Devanagari, Bengali, Thai ..."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(one, one)) for one in text)


def _han(text: str) -> str:
    """Writes Chinese numerals alone or before a counter as digits: '三个' -> '3', '二十一' -> '21'."""
    if text.isascii():
        return text
    text = re.sub(rf"(?<![^\W\d_])(\d+)[{_HAN_COUNTERS}](?=\W|$)", r"\1", text)
    return _HAN_RUN.sub(lambda found: str(_han_value(found[1])), text)


def _han_value(numeral: str) -> int:
    if not set(numeral) & set(_HAN_STEPS):
        return int("".join(str(_HAN[one]) for one in numeral))
    total = digit = 0
    for one in numeral:
        if one in _HAN_STEPS:
            total += (digit or 1) * _HAN_STEPS[one]
            digit = 0
        else:
            digit = _HAN[one]
    return total + digit


def _words(text: str) -> str:
    """Writes number words as digits: 'twenty-one' -> '21', 'two thousand and five' -> '2005'."""
    if "ty" in text:
        text = _TWO_PARTS.sub(lambda m: str(_NUMBERS[m[1]] + _NUMBERS[m[2]]), text)
    text = _SMALL.sub(lambda m: str(_NUMBERS[m[0]]), text)
    if _LARGE.search(text):
        text = _HALF_DOZEN.sub("6", text)
        text = re.sub(r"\ba (?=dozen\b|hundred\b|thousand\b)", "", text)
        text = _DOZEN.sub(lambda m: str(int(m[1] or 1) * 12), text)
        text = _HUNDRED.sub(lambda m: str(int(m[1] or 1) * 100 + int(m[2] or 0)), text)
        text = _THOUSAND.sub(lambda m: str(int(m[1] or 1) * 1000 + int(m[2] or 0)), text)
    return text


def _ordinal(found: re.Match[str]) -> str:
    return _ORDINALS[int(found[1]) - 1]


def _measures(text: str) -> str:
    """Writes units after a number in one form: '5km', '5 kilometres' -> '5 km'; '$5' -> '5 dollar'."""
    text = _MONEY_FIRST.sub(r"\2\1", text).replace("°", " degree ")
    return _MEASURE.sub(lambda found: f" {_MEASURE_NAMES[(found.lastindex or 1) - 1]}", text)


def _times(text: str) -> str:
    """Writes clock times as 3 or 3:30: "3 o'clock", 'half past 3', 'quarter to 4', '3 pm', '15:00'."""
    if "half" in text:
        text = _HALF.sub(r"\1:30", text)
    if "quarter" in text:
        text = _QUARTER_PAST.sub(r"\1:15", text)
        text = _QUARTER_TO.sub(lambda m: f"{(int(m[1]) - 2) % 12 + 1}:45", text)
    if "past" in text or "after" in text:
        text = _PAST.sub(lambda m: _clock(int(m[2]), int(m[1])) or m[0], text)
    if "minute" in text:
        text = _TO.sub(lambda m: _clock((int(m[2]) - 2) % 12 + 1, 60 - int(m[1])) or m[0], text)
    if "m" in text or "oclock" in text:
        text = _HALF_DAY.sub(lambda m: m[1] + (m[2] or "").replace(".", ":"), text)
    if ":" not in text:
        return text
    text = _AFTERNOON.sub(lambda m: f"{(int(m[1]) - 1) % 12 + 1}:{m[2]}", text)
    return _FULL_HOUR.sub(r"\1", _PADDED.sub(r"\1", text))


def _clock(hour: int, minute: int) -> str | None:
    return f"{hour}:{minute:02}" if 0 <= hour <= 24 and 0 <= minute < 60 else None
